"""A million invented subscribers, made by PostgreSQL itself in half a minute or so.

Surnames follow a Zipf law as Russian ones do (the commonest is held by about one person in seventy); the tail is made
of syllables. Streets are shared out the same way: a few long ones, many short ones.
"""

import random
from importlib import import_module
from itertools import product

from django.core.management import call_command
from django.db import connection, connections

_SURNAMES = (
    "иванов смирнов кузнецов попов васильев петров соколов михайлов новиков федоров морозов волков алексеев лебедев"
    " семенов егоров павлов козлов степанов николаев орлов андреев макаров никитин захаров зайцев соловьев борисов"
    " яковлев григорьев романов воробьев сергеев кузьмин фролов александров дмитриев королев гусев киселев ильин"
    " максимов поляков сорокин виноградов ковалев белов медведев антонов тарасов жуков баранов филиппов комаров"
    " давыдов беляев герасимов богданов осипов сидоров матвеев титов марков миронов крылов куликов карпов власов"
    " мельников денисов гаврилов тихонов казаков афанасьев данилов савельев тимофеев фомин чернов абрамов мартынов"
    " ефимов федотов щербаков назаров калинин исаев чернышев быков маслов родионов коновалов лазарев воронин климов"
    " филатов пономарев голубев кудрявцев прохоров наумов потапов журавлев овчинников трофимов леонов соболев ермаков"
    " колесников гончаров емельянов никифоров грачев котов гришин ефремов архипов громов кириллов малышев панов моисеев"
    " румянцев акимов кондратьев бирюков горбунов анисимов еремин тихомиров галкин лукьянов михеев скворцов юдин"
    " белоусов"
)
_MEN = (
    "александр сергей дмитрий алексей андрей владимир николай михаил иван евгений игорь олег юрий виктор павел"
    " анатолий константин максим артем денис роман никита илья кирилл василий петр виталий антон егор ярослав"
)
_WOMEN = (
    "елена ольга наталья татьяна ирина анна светлана мария людмила екатерина галина валентина юлия надежда марина"
    " нина любовь александра вера тамара оксана анастасия дарья лариса зоя алла полина ксения яна эмма"
)
_STREETS = (
    "Ленина Мира Советская Октябрьская Садовая Гагарина Победы Московская Лесная Центральная Школьная Молодежная"
    " Набережная Заводская Кирова Пушкина Первомайская Комсомольская Некрасова Чехова Горького Труда Чапаева Щорса"
)


def use_own_database(name: str) -> bool:
    """Point Django at the database `name` on the same server, made when it is not there, its tables up to date.

    True when it was made.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        is_new = cursor.fetchone() is None
        if is_new:
            cursor.execute(f'CREATE DATABASE "{name}"')
    connections.close_all()
    connection.settings_dict["NAME"] = name
    call_command("migrate", verbosity=0, interactive=False)
    return is_new


def _surnames(count: int, rng: random.Random) -> list[str]:
    heads = "ба бе ва го да до жа за ка ке ко ла ма мо на но па пе ра ро са се та то фа ха ча ша ще ю я э"
    middles = "ба ва ге до зе ка ли мо ни пу ре си ту фе хо че ше бер вен гор дун кан лен мар нас пол рат"
    tails = "ин ов ев унов енко ский ак юк ец"
    made = ["".join(parts) for parts in product(heads.split(), middles.split(), middles.split(), tails.split())]
    rng.shuffle(made)
    return [*_SURNAMES.split(), *made][:count]


def _streets(count: int, rng: random.Random) -> list[str]:
    kinds = ["ул. {}", "ул. {}", "ул. {}", "{} улица", "пр-т {}", "пер. {}", "б-р {}", "{} проезд"]
    named = [
        *_STREETS.split(),
        *(f"{s.capitalize()}{'ая' if s.endswith(('ов', 'ев', 'ин')) else ''}" for s in _surnames(count, rng)),
    ]
    special = ["ул. 8 Марта", "ул. 40 лет Октября", "1-я Садовая ул.", "2-я Садовая ул."]
    return [*(rng.choice(kinds).format(name) for name in named[: count - len(special)]), *special]


def fill(subscribers: int, *, seed: int = 1) -> None:
    """Fill an empty database: 80 subscribers a building, 1.3 phones and one internet service each."""
    rng = random.Random(seed)
    with connection.cursor() as cursor:
        for table, words in {
            "bench_surname": _surnames(20_000, rng),
            "bench_street": _streets(900, rng),
            "bench_man": _MEN.split(),
            "bench_woman": _WOMEN.split(),
        }.items():
            cursor.execute(f"CREATE UNLOGGED TABLE {table} (n int PRIMARY KEY, word text)")
            cursor.execute(
                f"INSERT INTO {table} SELECT n - 1, w FROM unnest(%s::text[]) WITH ORDINALITY t (w, n)", [words]
            )
        cursor.execute("SELECT setseed(0.5)")
        # Rows first, then what follows from them: references are right by construction, indexes are built at once.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_INDEXES)
        indexes = cursor.fetchall()
        cursor.execute(";".join(f'DROP INDEX "{name}"' for name, _ in indexes))
        cursor.execute(_FILL.replace("%%subscribers%%", str(subscribers)))
        cursor.execute(import_module("uzel.subscribers.migrations.0002_search").FILL)
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("DROP TABLE bench_surname, bench_street, bench_man, bench_woman")
        cursor.execute("VACUUM ANALYZE")


_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid IN ('subscribers_subscriber'::regclass, 'subscribers_phone'::regclass, 'subscribers_service'::regclass)
  AND NOT i.indisunique
"""

_FILL = """
CREATE FUNCTION pg_temp.patronymic(name text, woman boolean) RETURNS text LANGUAGE sql IMMUTABLE RETURN
  CASE WHEN name ~ '[йь]$' THEN left(name, -1) || 'е' WHEN name ~ '[аья]$' THEN left(name, -1) ELSE name || 'о' END
  || CASE WHEN woman THEN 'вна' ELSE 'вич' END;
INSERT INTO network_site (code, name, level, address) VALUES ('centre', 'Центр', 0, '');
INSERT INTO network_site (code, name, level, address, parent_id)
SELECT 'o1-h' || n, 'Дом ' || n, 4, '', (SELECT id FROM network_site WHERE code = 'centre')
FROM generate_series(1, %%subscribers%% / 80) n;
INSERT INTO network_device (code, site_id, kind, vendor, model, serial, is_source, address)
SELECT code || '-sw1', id, 'switch', 'D-Link', 'DES-3200-28', '', false, '172.16.0.0'::inet + id FROM network_site;
INSERT INTO network_port (device_id, name, if_index, speed_mbps, is_uplink)
SELECT id, '1', 1, 100, false FROM network_device;
INSERT INTO subscribers_building (code, locality, street, number, site_id)
SELECT 'b' || i, 'Узловск', word, b.number, s.id
FROM generate_series(1, %%subscribers%% / 80) AS made (i)
JOIN network_site s ON s.code = 'o1-h' || i
CROSS JOIN LATERAL (SELECT (i / 7 % 180 + 1) || (ARRAY['', '', '', 'а', '/1', ' корп. 2'])[i % 6 + 1] AS number) b
CROSS JOIN LATERAL (SELECT floor(900 * power(random() + 0 * i, 2.2))::int AS r) d
JOIN bench_street ON bench_street.n = d.r;
INSERT INTO subscribers_subscriber (account, kind, name, status, building_id, entrance, floor, flat, note)
SELECT 100000000 + i, CASE WHEN i % 25 = 0 THEN 'business' ELSE 'person' END,
  CASE WHEN i % 50 = 0 THEN 'ООО «' || initcap(s.word) || '-Сервис ' || i % 997 || '»'
  WHEN i % 50 = 25 THEN 'ИП ' ELSE '' END ||
  CASE WHEN i % 50 = 0 THEN ''
  WHEN i % 2 = 0 THEN initcap(s.word || ' ' || m.word || ' ' || pg_temp.patronymic(f.word, false))
  ELSE initcap(s.word || CASE WHEN s.word ~ '(ов|ев|ин)$' THEN 'а' ELSE '' END || ' ' || w.word || ' '
    || pg_temp.patronymic(f.word, true)) END,
  'active', b.id, '', '', (i % 80 + 1)::text, ''
FROM generate_series(0, %%subscribers%% - 1) AS made (i)
CROSS JOIN LATERAL (SELECT floor(power(20001::float, random() + 0 * i))::int - 1 AS r, random() a, random() c) d
JOIN bench_surname s ON s.n = least(d.r, 19999)
JOIN bench_man m ON m.n = floor(30 * d.a * d.a)::int
JOIN bench_woman w ON w.n = floor(30 * d.a * d.a)::int
JOIN bench_man f ON f.n = floor(30 * d.c * d.c)::int
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM subscribers_building) b ON b.n = i / 80;
INSERT INTO subscribers_phone (subscriber_id, digits, note)
SELECT id, CASE WHEN id % 3 = 0 THEN '74852' || lpad((id * 7919 % 1000000)::text, 6, '0')
  ELSE '79' || lpad((id * 104729 % 1000000000)::text, 9, '0') END, '' FROM subscribers_subscriber
UNION ALL
SELECT id, '79' ||
  lpad(((id + 5) * 1299709 % 1000000000)::text, 9, '0'), '' FROM subscribers_subscriber WHERE id % 10 < 3;
INSERT INTO subscribers_service (code, subscriber_id, kind, device_id, port_id, is_active, speed_mbps, ip, mac)
SELECT 's' || u.id, u.id, 'internet', d.id, p.id, true, 100, '10.0.0.0'::inet + u.id,
  lpad(to_hex((u.id * 2654435761) % 281474976710656), 12, '0')
FROM subscribers_subscriber u
JOIN subscribers_building b ON b.id = u.building_id
JOIN network_device d ON d.site_id = b.site_id
JOIN network_port p ON p.device_id = d.id;
"""
