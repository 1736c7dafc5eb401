"""The endpoint of UWLR with a school of 2,000 pupils, beside lxml that writes the same XML.

The endpoint takes a request, checks who asks and what, asks the administration for its pupils one by one, brings each
back to the field set, looks at keys and references, writes, holds what it wrote against the schema, and gives the
answer in pieces.  lxml is given what is to be written, makes a tree of it and writes that: no model, no check.  The two
take turns; what is shown is the median of the ratios of the rounds.  Making the pupils themselves is left out: they
stand ready for both.

Then the memory: the peak of a process that answers ten times for 2,000 pupils, and for 20,000, beside that of one for
200.  The pupils are made while they are asked for, so what grows is the answer alone.

Usage: ``python benchmarks/uwlr.py [--rounds 7] [--pupils 2000]``
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import date, datetime

from lxml import etree

from oso_bridge.exchange import soap, uwlr
from oso_bridge.exchange.uwlr.operations import ACCESS, PUPILS
from oso_bridge.model.administratie import (
    Administratieleerling,
    Administratieschool,
    Groep,
    Leerkracht,
    Schooladministratie,
)
from oso_bridge.parcels import Parcel

WANTED_MEMORY = 1.1
SCHOOL = uwlr.Schoolid("00AA")
REQUEST = f"""<s:Envelope xmlns:s="{soap.NAMESPACE}"><s:Header><a:autorisatie xmlns:a="{ACCESS}">
<a:autorisatiesleutel>sleutel</a:autorisatiesleutel><a:klantcode>code</a:klantcode><a:klantnaam>naam</a:klantnaam>
</a:autorisatie></s:Header><s:Body><leerlinggegevens_verzoek xmlns="{PUPILS}"><schooljaar>2024-2025</schooljaar>
<brincode>00AA</brincode><xsdversie>2.2</xsdversie></leerlinggegevens_verzoek></s:Body></s:Envelope>""".encode()


class School:
    """A fictional school."""

    def __init__(self, pupils: int, *, ready: bool) -> None:
        self.number = pupils
        self.kept = list(self.made()) if ready else None

    def made(self) -> Iterable[Administratieleerling]:
        """The pupils, one by one."""
        for number in range(self.number):
            yield Administratieleerling(
                leerlingid=f"L-{number:06}",
                eckid=f"https://ketenid.nl/voorbeeld/{number:0128x}",
                achternaam=random.choice(("Zilverschoon", "Duinhoorn", "Kamperfoelie")),
                roepnaam="Jildou",
                geboortedatum=date(2013 + number % 6, 1 + number % 12, 1 + number % 28),
                geslacht="1",
                jaargroep=str(1 + number % 8),
                groep=f"G-{number % 80}",
                bsn_ondwnr4=f"{number % 10000:04}",
            )

    def kent(self, school: uwlr.Schoolid) -> bool:
        """Every school."""
        return True

    def kop(self, vraag: uwlr.Vraag) -> Schooladministratie:
        """Eighty groups."""
        groups = [Groep(soort="stamgroep", sleutel=f"G-{n}", naam=f"Groep {n}", jaargroep="C") for n in range(80)]
        school = Administratieschool(brincode="00AA", vestigingscode="00")
        when = datetime.fromisoformat("2024-10-01T09:00:00")
        return Schooladministratie(schooljaar="2024-2025", school=school, groepen=groups, aanmaakdatum=when)

    def leerlingen(self, vraag: uwlr.Vraag) -> Iterable[Administratieleerling]:
        """The pupils."""
        return self.made() if self.kept is None else self.kept

    def leerkrachten(self, vraag: uwlr.Vraag) -> Iterable[Leerkracht]:
        """Nobody."""
        return ()

    def vorige(self, school: uwlr.Schoolid, klant: str) -> None:
        """Nothing."""

    def ontvang(self, levering: uwlr.Levering) -> None:
        """Keep nothing."""


def endpoint(school: School, fieldset: str) -> uwlr.Endpoint:
    """An endpoint that lets one application in."""
    return uwlr.Endpoint(school, uwlr.Klanten([(uwlr.Klant("code", "naam", (fieldset,)), {"sleutel": SCHOOL})]))


def answered(made: uwlr.Endpoint) -> int:
    """The bytes of an answer, each piece let go of at once."""
    found = made.answer(Parcel(REQUEST, soap.MEDIA_TYPE))
    assert not isinstance(found, bytes), found
    return sum(map(len, found))


Plain = tuple[str, str, dict[str, str], list["Plain"]]


def plain(element: etree._Element) -> Plain:
    """An element as plain values, which is what lxml gets to write."""
    return str(element.tag), element.text or "", dict(element.attrib), [plain(child) for child in element]


def built(what: Plain, parent: etree._Element | None = None) -> etree._Element:
    """A tree out of plain values."""
    tag, text, attributes, children = what
    made = etree.Element(tag, attributes) if parent is None else etree.SubElement(parent, tag, attributes)
    made.text = text
    for child in children:
        built(child, made)
    return made


def timed(action: Callable[[], object]) -> float:
    """The seconds that something takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def pace(fieldset: str, pupils: int, rounds: int) -> float:
    """How much longer the endpoint takes than lxml."""
    ours = endpoint(School(pupils, ready=True), fieldset)
    found = ours.answer(Parcel(REQUEST, soap.MEDIA_TYPE))
    assert not isinstance(found, bytes), found
    content = plain(etree.fromstring(b"".join(found)))
    actions = {"ours": lambda: answered(ours), "lxml": lambda: etree.tostring(built(content), encoding="UTF-8")}
    ratios = []
    for turn in range(rounds + 1):
        took = {name: timed(actions[name]) for name in random.sample(sorted(actions), 2)}
        ratios += [took["ours"] / took["lxml"]] if turn else []
    return statistics.median(ratios)


def memory(fieldset: str, pupils: int) -> int:
    """The peak of a process that answers ten times, in KB."""
    command = [sys.executable, __file__, "--answer", fieldset, "--pupils", str(pupils)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def answer(fieldset: str, pupils: int) -> None:
    """Answer ten times, and tell the peak of this process."""
    made = endpoint(School(pupils, ready=False), fieldset)
    for _ in range(10):
        answered(made)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main() -> None:
    """Show the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pupils", type=int, default=2000)
    parser.add_argument("--answer", choices=("smalle-set", "lvs-set"))
    given = parser.parse_args()
    if given.answer:
        answer(given.answer, given.pupils)
        return
    wrong = False
    many = given.pupils * 10
    print(f"{'field set':<12} {'time, of that of lxml':>22} {f'memory, {given.pupils}':>14} {f'memory, {many}':>14}")
    for name in ("smalle-set", "lvs-set"):
        ratio = pace(name, given.pupils, given.rounds)
        few = memory(name, 200)
        growth = [memory(name, number) / few for number in (given.pupils, many)]
        wrong |= growth[0] > WANTED_MEMORY
        print(f"{name:<12} {ratio:>22.1f} {growth[0]:>14.2f} {growth[1]:>14.2f}", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
