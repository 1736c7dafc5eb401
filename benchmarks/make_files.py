"""Makes the three fictional dossiers of the race, schema-valid for release 2019.1 and the same at every run.

``rich``   a dossier like those that schools send: 820 elements, 173 KB, most of it attachments
``plain``  one without attachments: 430 elements, 18 KB
``large``  20,000 elements, far more than a pupil gathers: what a hostile or a broken sender may offer
"""

from __future__ import annotations

import base64
import io
import random
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

NAMESPACE = "http://www.edustandaard.nl/oso_gegevensset/2019/dossier"
CATEGORIES = (
    "metadata",
    "ouderinzage",
    "school",
    "leerling",
    "oudersverzorgers",
    "vve",
    "schoolloopbaan",
    "overstapadvies",
    "onderwijsondersteuning",
    "verzuim",
    "eindtoetsbo",
    "toetsresultaten",
    "handelingsplannen",
    "cijferlijsten",
    "vombo",
    "bijlagedocs",
)
GOALS = ("AE", "IV", "FN", "DLE", "Percentiel", "T-score")


@dataclass(frozen=True)
class Size:
    """How much of everything a file holds.

    Attributes:
        years: School years in the schoolloopbaan.
        carers: Verzorgers.
        contacts: Ways of contact of each person and of the school.
        tests: Toetsen.
        scores: Referentiescores of each toets.
        attachments: Documents at the end.
        attachment_bytes: Size of each of them before base64.
        elements: Elements in all; vakken of the cijferlijst and given names fill up what is missing.
    """

    years: int
    carers: int
    contacts: int
    tests: int
    scores: int
    attachments: int
    attachment_bytes: int
    elements: int


SIZES = {
    "rich": Size(10, 3, 3, 12, 3, 15, 6700, 820),
    "plain": Size(10, 3, 2, 4, 2, 0, 0, 430),
    "large": Size(12, 4, 3, 600, 3, 4, 400, 20_000),
}


def el(name: str, *content: str) -> str:
    """An element with children, made before, or with one text, escaped by :func:`text`."""
    return f"<{name}>{''.join(content)}</{name}>"


def text(name: str, value: object) -> str:
    """An element with a text."""
    return f"<{name}>{escape(str(value))}</{name}>"


def texts(**values: object) -> str:
    """Elements with a text, in the order given."""
    return "".join(text(name, value) for name, value in values.items())


def adres(number: int) -> str:
    return el(
        "adres",
        texts(soortadres="bezoek", straat="Proeflaan", nummer=number, toevoeging="b", postcode="9999ZZ"),
        texts(plaats="Verzonnen", gemeente="Verzonnen"),
    )


def contacten(count: int, name: str) -> str:
    def one(index: int) -> str:
        if index % 2:
            return texts(soort="e-mail", aanduiding="werk", nummer=f"{name}{index}@school.invalid", noodnummer="false")
        return texts(soort="telefoon", aanduiding="prive", nummer="0100000000", geheim="false", noodnummer="true")

    return el("communicatielijst", *(el("communicatie", one(index)) for index in range(count)))


def document(index: int, size: int) -> str:
    """An attachment: a ZIP in base64 with one text that does not compress."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("verslag.txt"), random.Random(index).randbytes(size))
    inhoud = base64.b64encode(packed.getvalue()).decode()
    return el("document", texts(bestandsnaam=f"verslag-{index}.txt", omschrijving="Een verslag", bestandsinhoud=inhoud))


def verzorger(index: int, size: Size) -> str:
    return el(
        "verzorger",
        texts(voornaam="Sam", **{"voorletters-1": "S"}, achternaam=f"Proef{index}", adresgeheim="false"),
        el("adreslijst", adres(index + 1)),
        contacten(size.contacts, f"ouder{index}"),
        texts(relatietotkind=1 + index % 2, overleden="false", wettigevertegenwoordiger="true"),
    )


def schooljaar(index: int) -> str:
    year = 2008 + index
    return el(
        "schoolloopbaan",
        texts(schooljaar=f"{year}-{year + 1}", groepscode=f"G{index}", groepsnaam="Uilen", jaargroep=index % 8 + 1),
        texts(begindatum=f"{year}-08-01", einddatum=f"{year + 1}-07-31", brincode="00YY", vestigingscode="00"),
        texts(schoolsoort="BAO", schooltype="BO"),
    )


def toets(index: int, size: Size) -> str:
    def score(number: int) -> str:
        goal = GOALS[(index + number) % len(GOALS)]
        return texts(codereferentiescore=goal, codevergelijkingsgroep="Landelijk", waarde=number + 1, kwalificatie="B")

    scores = (el("referentiescore", score(number)) for number in range(size.scores))
    return el(
        "toets",
        el("toetsidentificatie", texts(eldtoetscode=f"T{index}", leergebied="RW", toetsnaam="Rekenen", toetsversie=1)),
        el("afname", texts(afnamedatum=f"2018-0{index % 8 + 1}-15", jaargroep="8", dl=55)),
        el("resultaat", el("toetsscore", texts(aantalgoed=30, aantalfout=4, vaardigheidsscore="101.5")), *scores),
    )


def cijferlijst(vakken: int) -> str:
    """Subjects of uneven shape: what repeats here is a sequence, and a reader must keep its groups apart."""
    score = el("score", texts(waarde="7.5", kwalificatie="ruim voldoende"))
    odd = text("naam", "Rekenen") + el("onderdeel", text("naam", "Meten"), score) + score + score
    even = text("naam", "Taal") + score
    return el(
        "cijferlijstlijst",
        el("cijferlijst", el("cijferlijstTypelijst", even, odd, even * vakken), text("jaargroep", 8)),
    )


def metadata() -> str:
    open_ones = {f"cat_{name}": "OPTIONEEL" for name in CATEGORIES}
    return el(
        "metadata",
        texts(deeldossier="LASLVS", pakketnaam="Voorbeeld", pakketversie="1", datum="2019-05-01"),
        texts(standaardversie="2019.1", validatieversie="2019.1.1"),
        el("categorie_uitlevering", texts(**open_ones)),
        texts(overstap="POVO"),
    )


def leerling(size: Size, names: int, vakken: int) -> Iterator[str]:
    yield text("voornaam", "Robin") * names
    yield texts(**{"voorletters-1": "R"}, achternaam="Proefleerling", roepnaam="Robin")
    yield texts(geboortedatum="2007-03-17", geslacht=1, adresgeheim="false")
    yield el("adreslijst", adres(1)) + contacten(size.contacts, "leerling")
    yield texts(onderwijsnummer="101211151", leerlingid="L-1", datuminschrijving="2011-08-01")
    yield texts(verzorgersaansprakelijk="true")
    yield el("overstapadvies", texts(advies="60", profiel="basis", contactnodig="false"))
    yield el("schoolloopbaanlijst", *(schooljaar(index) for index in range(size.years)))
    yield el("verzuim", texts(dagdelengeoorloofd=3, dagdelenongeoorloofd=0))
    yield el("toetslijst", *(toets(index, size) for index in range(size.tests)))
    yield cijferlijst(vakken)
    if size.attachments:
        bijlagen = (document(index, size.attachment_bytes) for index in range(size.attachments))
        yield el("overigdocumentlijst", *bijlagen)
    yield from (verzorger(index, size) for index in range(size.carers))


def dossier(size: Size, names: int, vakken: int) -> str:
    huidigeschool = el(
        "huidigeschool",
        texts(naam="De Proefschool"),
        el("adreslijst", adres(2)),
        contacten(size.contacts, "school"),
        texts(brincode="00YY", vestigingscode="00", aanleverpunt="1", soort="BAO"),
        el("leerling", *leerling(size, names, vakken)),
    )
    inzage = texts(voorlopigdossier="false", inzage="true", inzagedatum="2019-04-15", akkoord="Ja", toestemming="Ja")
    body = metadata() + texts(overdrachtsoort="overstapdossier") + el("inzage", inzage) + huidigeschool
    return f'<dossier xmlns="{NAMESPACE}">{body}</dossier>'


def indented(xml: str) -> bytes:
    """Two spaces a level, as the systems of schools write it."""
    from lxml import etree

    root = etree.fromstring(xml)
    etree.indent(root)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"


def make(name: str) -> bytes:
    """The bytes of the file of that name: ``rich``, ``plain`` or ``large``."""
    size = SIZES[name]
    missing = size.elements - dossier(size, 1, 1).count("</")
    if missing < 0:
        raise ValueError(f"{name} already holds {-missing} elements too many")
    return indented(dossier(size, 1 + missing % 4, 1 + missing // 4))


def main(folder: Path) -> None:
    """Write the three files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SIZES:
        path = folder / f"{name}.xml"
        path.write_bytes(make(name))
        print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("benchmarks/files"))
