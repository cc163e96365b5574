"""The SQL of the search. Every statement is bounded: a limit, or a set known to be small."""

# How many rows hold a word that begins so, and those words where they are few; `kind` is 'n' for names, 's' for
# streets and towns.
LOOK_UP = """
SELECT kinds.kind, typed.word, coalesce(known.holders, 0), CASE WHEN known.words <= %(few)s THEN known.forms END
FROM unnest(%(words)s::text[]) AS typed (word)
CROSS JOIN (VALUES ('n'::"char"), ('s'::"char")) AS kinds (kind)
CROSS JOIN LATERAL (
  SELECT sum(holders) AS holders, count(*) AS words, array_agg(word) AS forms FROM subscribers_word
  WHERE subscribers_word.kind = kinds.kind AND holders > 0
    AND word >= typed.word COLLATE "C" AND word < (typed.word || chr(1114111)) COLLATE "C"
) AS known
"""

# Known words at most one mistake away, with a few that are not: the core looks closer.
SIMILAR_WORDS = """
SELECT word, holders FROM subscribers_word
WHERE kind = %(kind)s AND holders > 0 AND length(word) BETWEEN 4 AND 30
  AND uzel_one_letter_off(word) && %(forms)s::text[]
ORDER BY holders DESC LIMIT 100
"""

# Names in the order of the alphabet from `start` on that hold the other words too. A word begins after a space, so the
# patterns are "% word%"; LIKE is several times faster than a regular expression and knows no locale.
NAMES_FROM = """
SELECT id FROM (
  SELECT id, name_plain FROM subscribers_subscriber
  WHERE name_plain >= %(start)s COLLATE "C" AND name_plain < (%(start)s || chr(1114111)) COLLATE "C"
  ORDER BY name_plain LIMIT %(reach)s
) AS near WHERE name_plain LIKE ALL (%(patterns)s::text[]) ORDER BY name_plain LIMIT %(limit)s
"""

NAMES_WITH = """
SELECT id FROM subscribers_subscriber
WHERE name_words @@ %(query)s::tsquery AND ' ' || name_plain LIKE ALL (%(patterns)s::text[])
LIMIT %(limit)s
"""

BUILDINGS = """
SELECT id, number FROM subscribers_building
WHERE address_words @@ %(query)s::tsquery AND number LIKE %(number)s
ORDER BY street, length(number), number LIMIT %(limit)s
"""

# Whoever has the word as a surname first; flats in the order that people count them.
SUBSCRIBERS_IN = """
SELECT id, flat FROM subscribers_subscriber
WHERE building_id = ANY (%(buildings)s)
  AND (%(flat)s = '' OR uzel_plain(flat) = %(flat)s)
  AND (%(query)s = '' OR name_words @@ %(query)s::tsquery)
ORDER BY NOT starts_with(name_plain, %(surname)s), building_id, length(flat), flat LIMIT %(limit)s
"""

PHONES = "SELECT subscriber_id, digits FROM subscribers_phone WHERE digits = %(value)s LIMIT %(limit)s"
PHONES_FROM = "SELECT subscriber_id, digits FROM subscribers_phone WHERE digits LIKE %(value)s || '%%' LIMIT %(limit)s"
PHONES_TO = """
SELECT subscriber_id, digits FROM subscribers_phone
WHERE reverse(digits) LIKE reverse(%(value)s) || '%%' LIMIT %(limit)s
"""
ACCOUNTS = """
SELECT id, account FROM subscribers_subscriber WHERE account = %(value)s
UNION ALL
(SELECT id, account FROM subscribers_subscriber
 WHERE account LIKE %(like)s AND account <> %(value)s LIMIT %(limit)s)
LIMIT %(limit)s
"""
ADDRESSES = "SELECT subscriber_id, host(ip) FROM subscribers_service WHERE ip = %(value)s::inet LIMIT %(limit)s"
ADDRESSES_BETWEEN = """
SELECT subscriber_id, host(ip) FROM subscribers_service
WHERE ip BETWEEN %(first)s::inet AND %(last)s::inet ORDER BY ip LIMIT %(limit)s
"""
MACS = "SELECT subscriber_id, mac FROM subscribers_service WHERE mac = %(value)s LIMIT %(limit)s"
MACS_PART = """
(SELECT subscriber_id, mac FROM subscribers_service
 WHERE mac <> '' AND reverse(mac) LIKE reverse(%(value)s) || '%%' LIMIT %(limit)s)
UNION ALL
(SELECT subscriber_id, mac FROM subscribers_service WHERE mac LIKE %(value)s || '%%' LIMIT %(limit)s)
"""
