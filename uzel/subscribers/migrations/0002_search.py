"""What the search stands on: plain forms of names and streets, a dictionary of their words, and indexes.

All of it is in the database, so that no way of writing a row (COPY, the importer, the admin) can leave it out. The
columns are generated and unknown to the models on purpose: nobody may write them.
"""

from django.db import migrations

# The two strings of uzel.core.words as they were when this was written; a test compares the function with the core.
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯІЇЄҐЎӘӨҮҖҢҺҚҒҰ"
LOWER = "abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюяіїєґўәөүҗңһқғұ"
MARKS = (
    "\t\n\r!\"#$%&''()*+,-./:;<=>?@[\\\\]^_`{|}~«»„“”‘’‹›—–‐‑‒―−…№·•°§"
    "\\u00a0\\u00ad\\u2007\\u2009\\u202f\\u200b\\ufeff"
)
MARKS_COUNT = 64

PLAIN = f"""
CREATE FUNCTION uzel_plain(source text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN btrim(regexp_replace(
  translate(normalize(source), E'{UPPER}Ёё{MARKS}', '{LOWER}ее{" " * MARKS_COUNT}'), ' +', ' ', 'g'));

-- The word itself and each form of it with one letter left out: two words one mistake apart share one of them.
CREATE FUNCTION uzel_one_letter_off(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN ARRAY(SELECT left(word, i - 1) || substr(word, i + 1) FROM generate_series(1, length(word)) i) || word;
"""

COLUMNS = """
ALTER TABLE subscribers_subscriber
  ADD COLUMN name_plain text COLLATE "C" GENERATED ALWAYS AS (uzel_plain(name)) STORED,
  ADD COLUMN name_words tsvector
    GENERATED ALWAYS AS (array_to_tsvector(string_to_array(nullif(uzel_plain(name), ''), ' '))) STORED;
ALTER TABLE subscribers_building
  ADD COLUMN address_words tsvector
    GENERATED ALWAYS AS (
      array_to_tsvector(string_to_array(nullif(uzel_plain(locality || ' ' || street), ''), ' '))) STORED;

CREATE INDEX subscriber_name_plain ON subscribers_subscriber (name_plain) INCLUDE (id);
CREATE INDEX subscriber_name_words ON subscribers_subscriber USING gin (name_words);
CREATE INDEX building_address_words ON subscribers_building USING gin (address_words);
CREATE INDEX phone_tail ON subscribers_phone (reverse(digits) text_pattern_ops);
CREATE INDEX service_mac_tail ON subscribers_service (reverse(mac) text_pattern_ops) WHERE mac <> '';
"""

# kind: 'n' words of names, 's' words of streets and towns. holders: in how many rows, so that a search begins with
# the rarest word and never walks through a hundred thousand Ivanovs.
WORDS = """
CREATE TABLE subscribers_word (
  kind "char" NOT NULL,
  word text COLLATE "C" NOT NULL,
  holders integer NOT NULL,
  PRIMARY KEY (kind, word)
);
CREATE INDEX word_one_letter_off ON subscribers_word USING gin (uzel_one_letter_off(word))
  WHERE holders > 0 AND length(word) BETWEEN 4 AND 30;

CREATE PROCEDURE uzel_count_words(of_kind "char", texts text[], step integer)
LANGUAGE sql AS $$
  INSERT INTO subscribers_word AS known (kind, word, holders)
  SELECT of_kind, word, step * count(*)
  FROM unnest(texts) AS source(body)
  CROSS JOIN LATERAL (SELECT DISTINCT unnest(string_to_array(body, ' ')) AS word) AS one
  WHERE word <> ''
  GROUP BY word
  ORDER BY word -- one order for everybody, so that two writers never wait for each other
  ON CONFLICT (kind, word) DO UPDATE SET holders = known.holders + excluded.holders;
$$;
"""


def _triggers(table: str, kind: str, expression: str, sources: str) -> str:
    """Statement triggers that keep the dictionary in step with one table."""
    old, new = (f"(SELECT array_agg({expression}) FROM {name})" for name in ("gone", "come"))
    changed = f"""
      SELECT array_agg({expression.replace("row.", "o.")}), array_agg({expression.replace("row.", "n.")})
      INTO before, after FROM gone o JOIN come n USING (id) WHERE ({sources.replace("row.", "o.")})
        IS DISTINCT FROM ({sources.replace("row.", "n.")});"""
    old, new = old.replace("gone)", "gone AS row)"), new.replace("come)", "come AS row)")
    return f"""
CREATE FUNCTION {table}_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text[]; after text[];
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM subscribers_word WHERE kind = '{kind}';
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    after := {new};
  ELSIF TG_OP = 'DELETE' THEN
    before := {old};
  ELSE{changed}
  END IF;
  IF before IS NOT NULL THEN CALL uzel_count_words('{kind}', before, -1); END IF;
  IF after IS NOT NULL THEN CALL uzel_count_words('{kind}', after, 1); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER {table}_words_come AFTER INSERT ON {table}
  REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION {table}_words();
CREATE TRIGGER {table}_words_gone AFTER DELETE ON {table}
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION {table}_words();
CREATE TRIGGER {table}_words_changed AFTER UPDATE ON {table}
  REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION {table}_words();
CREATE TRIGGER {table}_words_emptied AFTER TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION {table}_words();
"""


NAME_TRIGGERS = _triggers("subscribers_subscriber", "n", "row.name_plain", "row.name_plain")
STREET_TRIGGERS = _triggers(
    "subscribers_building",
    "s",
    "uzel_plain(row.locality || ' ' || row.street)",
    "row.locality, row.street",
)

FILL = """
INSERT INTO subscribers_word
SELECT kind, word, count(*) FROM (
  SELECT DISTINCT 'n'::"char" AS kind, id, unnest(string_to_array(name_plain, ' ')) AS word FROM subscribers_subscriber
  UNION ALL
  SELECT DISTINCT 's'::"char", id, unnest(string_to_array(uzel_plain(locality || ' ' || street), ' '))
  FROM subscribers_building
) AS every WHERE word <> '' GROUP BY kind, word;
"""

UNDO = """
DROP TRIGGER subscribers_subscriber_words_come ON subscribers_subscriber;
DROP TRIGGER subscribers_subscriber_words_gone ON subscribers_subscriber;
DROP TRIGGER subscribers_subscriber_words_changed ON subscribers_subscriber;
DROP TRIGGER subscribers_subscriber_words_emptied ON subscribers_subscriber;
DROP TRIGGER subscribers_building_words_come ON subscribers_building;
DROP TRIGGER subscribers_building_words_gone ON subscribers_building;
DROP TRIGGER subscribers_building_words_changed ON subscribers_building;
DROP TRIGGER subscribers_building_words_emptied ON subscribers_building;
DROP FUNCTION subscribers_subscriber_words();
DROP FUNCTION subscribers_building_words();
DROP PROCEDURE uzel_count_words("char", text[], integer);
DROP TABLE subscribers_word;
DROP INDEX phone_tail, service_mac_tail;
ALTER TABLE subscribers_subscriber DROP COLUMN name_words, DROP COLUMN name_plain;
ALTER TABLE subscribers_building DROP COLUMN address_words;
DROP FUNCTION uzel_one_letter_off(text);
DROP FUNCTION uzel_plain(text);
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0001_initial")]
    operations = [
        migrations.RunSQL(
            PLAIN + COLUMNS + WORDS + NAME_TRIGGERS + STREET_TRIGGERS + FILL, UNDO
        )
    ]
