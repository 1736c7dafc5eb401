"""A school with an endpoint of UWLR, and applications that ask it; everything is fictional."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lxml import etree

import oso_bridge as oso
from oso_bridge.exchange import soap, uwlr
from oso_bridge.exchange.uwlr.operations import ACCESS, PUPILS
from oso_bridge.model.administratie import (
    Administratieleerling,
    Administratieschool,
    Groep,
    Groepstaak,
    Groepsverwijzing,
    Leerkracht,
    Schooladministratie,
)
from oso_bridge.parcels import Parcel
from oso_bridge.transports.loopback import LoopbackLine

CHECKOUT = Path(__file__).resolve().parents[3]
EDEX = CHECKOUT / "examples" / "edex.xml"
RESULTS_FILE = CHECKOUT / "examples" / "uwlr-resultaten.xml"
SCHOOL = uwlr.Schoolid("00AA", "00", "wilgenroos-1")
YEAR = "2024-2025"
KEY = "sleutel-van-de-wilgenroos"
AUTORISATIE = uwlr.Autorisatie("code-1", "Voorbeeldleermiddel", KEY)
VERZOEK = uwlr.Verzoek(uwlr.Schoolid("00AA"), YEAR)


def clients(*, sets: tuple[str, ...] = ("smalle-set", "lvs-set"), oin: str = "") -> uwlr.Klanten:
    """The one application that is let in, with a second one of another school."""
    own = uwlr.Klant("code-1", "Voorbeeldleermiddel", sets, oin)
    other = uwlr.Klant("code-2", "Ander leermiddel")
    return uwlr.Klanten([(own, {KEY: SCHOOL}), (other, {"sleutel-van-de-es": uwlr.Schoolid("00BB")})])


@dataclass
class Scene:
    """An endpoint around an administration, and a line to it that remembers what went by."""

    bron: uwlr.Schoolgegevens
    versies: Sequence[str] = ("uwlr/2.2",)
    toegang: uwlr.Klanten = field(default_factory=clients)
    sent: list[Parcel] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.endpoint = uwlr.Endpoint(self.bron, self.toegang, versies=self.versies)
        self.line = LoopbackLine(handler=self.handle)

    def handle(self, parcel: Parcel) -> Parcel:
        """Answer, and remember."""
        reply = self.endpoint(parcel)
        self.sent.append(parcel)
        self.answers.append(reply.content)
        return reply

    def client(self, autorisatie: uwlr.Autorisatie = AUTORISATIE, **options: Any) -> uwlr.Client:
        """A client of the endpoint."""
        return uwlr.Client(self.line, autorisatie, **options)

    def ask(self, envelope: bytes, **routing: str) -> etree._Element:
        """The child of the body of what an envelope is answered."""
        return soap.unwrap(self.handle(Parcel(envelope, soap.MEDIA_TYPE, routing=routing)).content)


def from_file(tmp_path: Path | None = None) -> Scene:
    """The example file, with a folder for results when one is given."""
    return Scene(uwlr.EdexBron(EDEX, resultaten=uwlr.Resultatenmap(tmp_path) if tmp_path else None))


# --- messages by hand -------------------------------------------------------------------------------------------------

HEADER = (
    f'<a:autorisatie xmlns:a="{ACCESS}"><a:autorisatiesleutel>{KEY}</a:autorisatiesleutel>'
    "<a:klantcode>code-1</a:klantcode><a:klantnaam>Voorbeeldleermiddel</a:klantnaam></a:autorisatie>"
)
BASIS = (
    "<schooljaar>2024-2025</schooljaar><brincode>00AA</brincode><dependancecode>00</dependancecode>"
    "<xsdversie>2.2</xsdversie>"
)


def envelope(body: str, header: str = HEADER) -> bytes:
    """An envelope out of text."""
    return (
        f'<s:Envelope xmlns:s="{soap.NAMESPACE}"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def question(element: str = "leerlinggegevens_verzoek", inside: str = BASIS) -> str:
    """A request for pupil data."""
    return f'<{element} xmlns="{PUPILS}">{inside}</{element}>'


def results(*edits: tuple[str, str]) -> str:
    """The results of the example as text, with changes."""
    text = RESULTS_FILE.read_text("utf-8")
    text = text[text.index("?>") + 2 :]
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def code(payload: etree._Element) -> str:
    """The faultcode as it is written."""
    assert soap.is_fault(payload), "an answer and no fault"
    return str(payload.findtext("faultcode"))


def whole(payload: etree._Element) -> oso.Document:
    """What came in the body, as a document."""
    return oso.read(etree.tostring(payload), release="uwlr/2.2")


# --- an administration of its own -------------------------------------------------------------------------------------


@dataclass
class Gemaakt:
    """A school that is made while it is asked for; nobody in it exists."""

    leerlingental: int = 3
    fout: Exception | None = None
    eigen_kop: Schooladministratie | None = None
    eerder: datetime | None = None
    ontvangen: list[uwlr.Levering] = field(default_factory=list)
    gevraagd: list[str] = field(default_factory=list)

    def kent(self, school: uwlr.Schoolid) -> bool:
        """Whether it is the school."""
        return SCHOOL.is_same(school)

    def kop(self, vraag: uwlr.Vraag) -> Schooladministratie | None:
        """The school with two groups, and one that is composed."""
        if self.fout is not None:
            raise self.fout
        if vraag.schooljaar != YEAR:
            return None
        return self.eigen_kop or Schooladministratie(
            schooljaar=YEAR,
            school=Administratieschool(brincode="00AA", vestigingscode="00"),
            aanmaakdatum=datetime.fromisoformat("2024-10-01T09:00:00"),
            groepen=[
                Groep(soort="stamgroep", sleutel="G-0", naam="Groep 3", jaargroep="3"),
                Groep(soort="samengesteld", sleutel="S-1", naam="Plusklas"),
                Groep(soort="stamgroep", sleutel="G-1", naam="Groep 4", jaargroep="4"),
            ],
        )

    def leerlingen(self, vraag: uwlr.Vraag) -> Iterator[Administratieleerling]:
        """The pupils: in one group, in the other, in none, and so on."""
        self.gevraagd.append("leerlingen")
        for number in range(self.leerlingental):
            yield Administratieleerling(
                leerlingid=f"L-{number}",
                achternaam=f"Zilverschoon <{number}> & zonen",
                roepnaam="Jildou",
                geboortedatum=date(2015, 1, 1 + number % 28),
                geslacht="1",
                jaargroep="3",
                groep=f"G-{number % 3}" if number % 3 < 2 else None,
                samengestelde_groepen=[Groepsverwijzing(sleutel="S-1")] if number % 2 else [],
                bsn="123456789",
                etniciteit="1",
            )

    def leerkrachten(self, vraag: uwlr.Vraag) -> Iterable[Leerkracht]:
        """One for all groups, and one for none."""
        self.gevraagd.append("leerkrachten")
        tasks = [Groepstaak(soort="stamgroep", sleutel=f"G-{number}") for number in range(2)]
        yield Leerkracht(sleutel="K-1", achternaam="Duinhoorn", emailadres="saar@wilgenroos.invalid", groepen=tasks)
        yield Leerkracht(sleutel="K-2", achternaam="Kamperfoelie", emailadres="kim@wilgenroos.invalid")

    def vorige(self, school: uwlr.Schoolid, klant: str) -> datetime | None:
        """When the last results were made."""
        return self.eerder

    def ontvang(self, levering: uwlr.Levering) -> None:
        """Keep results in memory."""
        if self.fout is not None:
            raise self.fout
        self.ontvangen.append(levering)
        self.eerder = levering.aanmaakdatum
