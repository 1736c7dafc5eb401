"""A school administration (LAS) as small as can be: tables in memory with fictional rows.

The other examples start from here. It knows nothing of OSO: names and the way of writing are those of a program that
has had them for years; only advice, tests and decisions bear the codes that all Dutch schools use. All people and
schools are made up, the numbers of pupils are public test numbers.
"""

from __future__ import annotations

import sqlite3

TABELLEN = """
CREATE TABLE scholen (
    brin TEXT, vestiging TEXT, aanleverpunt TEXT, naam TEXT, soort TEXT, directeur TEXT, adres INTEGER,
    telefoon TEXT, email TEXT);
CREATE TABLE adressen (id INTEGER PRIMARY KEY, straat TEXT, huisnummer TEXT, postcode TEXT, plaats TEXT);
CREATE TABLE leerlingen (
    nummer TEXT PRIMARY KEY, brin TEXT, vestiging TEXT, bsn TEXT, voornamen TEXT, roepnaam TEXT, tussenvoegsel TEXT,
    achternaam TEXT, geboren TEXT, geslacht TEXT, adres INTEGER);
CREATE TABLE plaatsingen (
    leerling TEXT, eerste_schooldag TEXT, dit_onderwijs_sinds TEXT, ingeschreven TEXT, uitgeschreven TEXT);
CREATE TABLE verzorgers (
    leerling TEXT, relatie TEXT, voorletters TEXT, tussenvoegsel TEXT, achternaam TEXT, geslacht TEXT, gezag INTEGER,
    adres INTEGER, mobiel TEXT, email TEXT);
CREATE TABLE inschrijvingen (
    leerling TEXT, schooljaar TEXT, groep TEXT, leerjaar INTEGER, begin TEXT, eind TEXT);
CREATE TABLE toetsen (
    leerling TEXT, code TEXT, vakgebied TEXT, naam TEXT, datum TEXT, leerjaar INTEGER, opgaven INTEGER, goed INTEGER,
    vaardigheid TEXT, niveau TEXT);
CREATE TABLE adviezen (leerling TEXT, moment TEXT, code TEXT, toelichting TEXT);
CREATE TABLE eindtoetsen (leerling TEXT, soort TEXT, niveau TEXT, naam TEXT, datum TEXT, score INTEGER, advies TEXT);
CREATE TABLE cijfers (leerling TEXT, vak TEXT, cijfer TEXT, datum TEXT, leerjaar INTEGER, periode TEXT);
CREATE TABLE verzuim (leerling TEXT, geoorloofd INTEGER, ongeoorloofd INTEGER, keren INTEGER);
CREATE TABLE besluiten (
    leerling TEXT, soort TEXT, nummer TEXT, swv TEXT, categorie TEXT, begin TEXT, eind TEXT, bestand TEXT);
CREATE TABLE inzages (leerling TEXT, datum TEXT, akkoord INTEGER, toestemming INTEGER);
"""

RIJEN: dict[str, list[tuple[str | int | None, ...]]] = {
    "scholen": [
        ("00YY", "00", "1", "Basisschool De Rietkraag", "BO", "M. Veldhuis", 1, "0300000101", "info@rietkraag.invalid"),
        ("01SS", "00", "2", "College De Brug", "VO", "H. Ubbink", 2, "0300000102", "info@debrug.invalid"),
    ],
    "adressen": [
        (1, "Lisdodde", "3", "1234AB", "Voorbeeldstad"),
        (2, "Brugstraat", "40", "1234CD", "Voorbeeldstad"),
        (3, "Waterjuffer", "12", "1235EF", "Voorbeelddorp"),
        (4, "Kokmeeuw", "7", "1235GH", "Voorbeelddorp"),
    ],
    "leerlingen": [
        ("P1", "00YY", "00", "310008475", "Fenna Johanna", "Fenna", None, "Akkerman", "2011-04-02", "v", 3),
        ("P2", "00YY", "00", "274957462", "Daan", "Daan", "van den", "Bosch", "2007-01-23", "m", 3),
        ("V1", "01SS", "00", "088584574", "Yara", "Yara", None, "Demir", "2004-09-14", "v", 4),
        ("B1", "00YY", "00", "238521436", "Sem", "Sem", "de", "Groot", "2012-11-30", "m", 4),
        ("P3", "00YY", "00", "482782481", "Lotte", "Lot", None, "Hendriks", "2010-06-08", "v", 3),
        ("V2", "01SS", "00", "662460613", "Bram", "Bram", "ter", "Horst", "2006-02-17", "m", 4),
    ],
    "plaatsingen": [
        ("P1", "2015-04-06", "2015-04-06", "2015-04-06", "2019-10-18"),
        ("P2", "2011-01-24", "2011-01-24", "2011-01-24", "2019-07-31"),
        ("V1", "2008-09-15", "2016-08-01", "2016-08-01", "2019-07-31"),
        ("B1", "2016-12-01", "2016-12-01", "2016-12-01", None),
        ("P3", "2014-06-09", "2014-06-09", "2014-06-09", None),
        ("V2", "2010-02-22", "2018-08-01", "2018-08-01", None),
    ],
    "verzorgers": [
        ("P1", "moeder", "J.", None, "Akkerman", "v", 1, 3, "0600000111", "j.akkerman@post.invalid"),
        ("P2", "vader", "R.", "van den", "Bosch", "m", 1, 3, "0600000112", "r.vandenbosch@post.invalid"),
        ("P2", "moeder", "E.", None, "Jansma", "v", 1, 3, "0600000113", "e.jansma@post.invalid"),
        ("V1", "vader", "K.", None, "Demir", "m", 1, 4, "0600000114", "k.demir@post.invalid"),
        ("B1", "voogd", "A.", "de", "Groot", "v", 1, 4, "0600000115", "a.degroot@post.invalid"),
        ("P3", "vader", "W.", None, "Hendriks", "m", 1, 3, "0600000116", "w.hendriks@post.invalid"),
        ("V2", "moeder", "T.", None, "Smeets", "v", 1, 4, "0600000117", "t.smeets@post.invalid"),
    ],
    "inschrijvingen": [
        ("P1", "2018-2019", "4A", 4, "2018-08-01", "2019-07-31"),
        ("P1", "2019-2020", "5A", 5, "2019-08-01", "2019-10-18"),
        ("P2", "2017-2018", "7B", 7, "2017-08-01", "2018-07-31"),
        ("P2", "2018-2019", "8B", 8, "2018-08-01", "2019-07-31"),
        ("V1", "2018-2019", "H3C", 3, "2018-08-01", "2019-07-31"),
        ("B1", "2018-2019", "2C", 2, "2018-08-01", "2019-07-31"),
        ("B1", "2019-2020", "3C", 3, "2019-08-01", None),
        ("P3", "2019-2020", "6A", 6, "2019-08-01", None),
        ("V2", "2019-2020", "B2A", 2, "2019-08-01", None),
    ],
    "toetsen": [
        ("P1", "VB-REK-M4", "Rekenen", "Rekentoets M4", "2019-01-22", 4, 60, 41, "212.5", "II"),
        ("P2", "VB-LEZ-M8", "Begrijpend lezen", "Leestoets M8", "2019-01-15", 8, 50, 44, "61", "I"),
        ("P3", "VB-REK-M5", "Rekenen", "Rekentoets M5", "2019-01-23", 5, 60, 18, "143", "V"),
        ("B1", "VB-TAAL-2", "Taal", "Taaltoets kleuters", "2019-06-04", 2, 48, 30, "55", "III"),
    ],
    "adviezen": [
        ("P2", "definitief", "60", None),
        ("P2", "herzien", "61", "De eindtoets viel hoger uit dan het advies; het team heeft het advies bijgesteld."),
        ("V1", "definitief", "60", None),
    ],
    "eindtoetsen": [("P2", "0013", "G", "Eindtoets van het voorbeeldbureau", "2019-04-16", 87, "havo/vwo")],
    "cijfers": [
        ("V1", "Nederlands", "6,4", "2019-06-21", 3, "3"),
        ("V1", "Wiskunde", "7,1", "2019-06-21", 3, "3"),
        ("V1", "Geschiedenis", "8", "2019-06-21", 3, "3"),
    ],
    "verzuim": [("P1", 6, 0, 3), ("P2", 2, 0, 1), ("V1", 14, 3, 5), ("B1", 4, 0, 2), ("V2", 40, 12, 9)],
    "besluiten": [
        ("P3", "tlv", "2019-0412", "PO9999", "L", "2020-01-01", "2021-07-31", "beschikking-2019-0412.pdf"),
        ("V2", "lwoo", "19-LW-077", "VO9998", None, "2019-09-16", "2023-07-31", "beschikking-19-LW-077.pdf"),
    ],
    "inzages": [("P1", "2019-10-10", 1, None), ("P2", "2019-06-03", 1, None), ("V1", "2019-07-02", 1, 1)],
}


def openen() -> sqlite3.Connection:
    """The administration; columns of its rows are found by name."""
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.executescript(TABELLEN)
    for tabel, rijen in RIJEN.items():
        plaatsen = ", ".join("?" * len(rijen[0]))
        db.executemany(f"INSERT INTO {tabel} VALUES ({plaatsen})", rijen)  # noqa: S608 - the tables are named above
    return db
