"""Makes an administration of fictional pupils in EDEXML 2.1, of any number, piece by piece.

``python benchmarks/make_las.py NUMBER FILE`` writes one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

GROUPS = 40
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<EDEX>
  <school>
    <schooljaar>2024-2025</schooljaar>
    <brincode>00YY</brincode>
    <dependancecode>00</dependancecode>
    <xsdversie>2.1</xsdversie>
  </school>
  <groepen>
"""
_GROUP = """    <groep key="G-{0}">
      <naam>Groep {0}</naam>
      <jaargroep>{1}</jaargroep>
    </groep>
"""
_PUPIL = """    <leerling key="L-{0:07}" eckid="https://ketenid.nl/voorbeeld/{0:0128x}">
      <achternaam>Achternaam{0}</achternaam>
      <voorvoegsel>van</voorvoegsel>
      <voornamen>Voornaam</voornamen>
      <voorletters-1>V</voorletters-1>
      <roepnaam>Roepnaam{0}</roepnaam>
      <geboortedatum>2014-{2:02}-{3:02}</geboortedatum>
      <geslacht>{4}</geslacht>
      <jaargroep>{5}</jaargroep>
      <groep key="G-{1}"/>
      <gebruikersnaam>pupil{0}</gebruikersnaam>
      <land>NL</land>
      <bsn_ondwnr-4>{6:04}</bsn_ondwnr-4>
      <postcodenl>1000AA</postcodenl>
      <instroomdatum>2018-08-01</instroomdatum>
      <mutatiedatum>2024-08-01T12:00:00</mutatiedatum>
    </leerling>
"""


def administration(number: int) -> Iterator[bytes]:
    """The pieces of a document with so many pupils, each of some 750 bytes."""
    yield _HEAD.encode()
    for at in range(GROUPS):
        yield _GROUP.format(at, at % 8 + 1).encode()
    yield b"  </groepen>\n  <leerlingen>\n"
    for at in range(number):
        numbers = (at % GROUPS, at % 12 + 1, at % 28 + 1, at % 2 + 1, at % 8 + 1, at % 10_000)
        yield _PUPIL.format(at, *numbers).encode()
    yield b"  </leerlingen>\n</EDEX>\n"


def write(number: int, file: Path) -> Path:
    """Write a document with so many pupils."""
    with file.open("wb") as opened:
        opened.writelines(administration(number))
    return file


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
