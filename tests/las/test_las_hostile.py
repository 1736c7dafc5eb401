"""What a document may do: carry a canary, lie about its types, break very many keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge import fieldsets, render

from .samples import EXAMPLES, LEERLINGGEGEVENS, PUPILS, RESULTS, canonical

CANARY = "kanarie4711"
FORMATS = ("text", "json", "sarif", "junit", "html")


def with_canary(data: bytes, number: int) -> bytes:
    """A document with the canary in every text (0), every attribute (1), the names of types (2) or of elements (3)."""
    root = etree.fromstring(data)
    for element in list(root.iter("*")):
        if number == 0 and not len(element):
            element.text = f"{CANARY}{element.text or ''}"
        elif number == 1:
            for name in element.attrib:
                element.set(name, CANARY)
        elif number == 2:
            element.set("{http://www.w3.org/2001/XMLSchema-instance}type", f"x:{CANARY}")
        elif number == 3 and not len(element):
            element.tag = f"{{urn:{CANARY}}}{CANARY}"
    return etree.tostring(root)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_value_is_in_a_report(path: Path, number: int) -> None:
    data = with_canary(path.read_bytes(), number)
    report = oso.check(data)
    assert report.findings
    for form in FORMATS:
        for language in ("nl", "en"):
            assert CANARY not in render.render([report.to_dict()], form, language)
    assert canonical(oso.write(oso.read(data))) == canonical(data)


def test_no_key_is_in_a_finding_about_keys() -> None:
    """libxml2 quotes keys, also such as look like the end of its own message."""
    for key in (CANARY, f"'] in key identity-constraint '{CANARY}'.", f"x' of keyref '{CANARY}'."):
        for path, old in ((RESULTS, "<lr:toetscode>REKENEN-M6<"), (PUPILS, "<lg:groep key=")):
            text = path.read_text("utf-8").replace(old, f"<lr:toetscode>{key}<" if path == RESULTS else old, 1)
            text = text.replace('"G-5-6"/>', f'"{key}"/>')
            report = oso.check(text.encode())
            assert report.findings
            assert CANARY not in json.dumps(report.to_dict())


def test_no_value_is_in_a_finding_about_fields() -> None:
    document = oso.read(with_canary(PUPILS.read_bytes(), 0), release="uwlr/2.3")
    told = [str(finding.to_dict()) for finding in fieldsets.check(document, "lvs-set")]
    assert told
    assert CANARY not in "".join(told)


def pupils(number: int, key: str, groups: bool) -> str:
    made = (f'<leerling key="{key.format(at)}"><roepnaam>x</roepnaam>' for at in range(number))
    return "".join(
        f'{one}<groep key="g{at}"/></leerling>' if groups else f"{one}</leerling>" for at, one in enumerate(made)
    )


WIDE = oso.Limits(max_elements=1_000_000, max_attributes=1_000_000, max_children=200_000)


def test_very_many_references_to_nothing() -> None:
    body = f"<school><schooljaar>2024-2025</schooljaar></school><leerlingen>{pupils(100_000, '{}', True)}</leerlingen>"
    schema = oso.check(f"<EDEX>{body}</EDEX>".encode(), limits=WIDE)
    assert len(schema.findings) == 501
    assert schema.findings[-1].rule == "XSD.meer"
    data = f'<leerlinggegevens xmlns="{LEERLINGGEGEVENS}">{body}</leerlinggegevens>'.encode()
    integrity = oso.check(data, limits=WIDE)
    assert integrity.ok
    assert [finding.rule for finding in integrity.findings[-2:]] == ["INT.sleutel-onbekend", "LAAG.meer"]
    assert integrity.findings[-1].args == {"aantal": "98000"}


def test_very_many_elements_with_one_key_are_refused_at_once() -> None:
    body = f"<school><schooljaar>2024-2025</schooljaar></school><leerlingen>{pupils(15_000, 'een', False)}</leerlingen>"
    (finding,) = oso.check(f"<EDEX>{body}</EDEX>".encode()).findings
    assert finding.rule == "DOC.limiet.max_same_key"
    few = oso.check(f"<EDEX>{body.replace('een', 'twee', 1)}</EDEX>".encode(), limits=oso.Limits(max_same_key=20_000))
    assert few.findings[0].rule == "XSD.sleutel-dubbel.leerling"


def test_what_is_too_large_is_said_to_be_so() -> None:
    (finding,) = oso.check(EXAMPLES[0].read_bytes(), limits=oso.Limits(max_bytes=1000)).findings
    assert finding.rule == "DOC.limiet.max_bytes"


XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
TRICKS = {
    "another type of the schema": '<school xsi:type="LeerlingType"><schooljaar>2024-2025</schooljaar></school>',
    "an undeclared prefix": '<school xsi:type="q:x"><schooljaar>2024-2025</schooljaar></school>',
    "a Clark name": '<school xsi:type="{urn:q}x"><schooljaar>2024-2025</schooljaar></school>',
    "nil": '<school xsi:nil="true"/>',
    "blank": '<school xsi:type=" "><schooljaar xsi:type="xs:int">2024-2025</schooljaar></school>',
}


@pytest.mark.parametrize("what", TRICKS)
@pytest.mark.parametrize("block", ["", "<toevoegingen><blok {}/></toevoegingen>"])
def test_tricks_with_types(what: str, block: str) -> None:
    school = TRICKS[what]
    blocks = [
        f'xsi:type="{name}"' for name in ("q:x", "{urn:q}x", " ", "ToevoegingsBlokType", "EDEXKeyType", ":", "a:")
    ]
    pupil = f'<leerling key="1"><roepnaam>x</roepnaam>{"".join(block.format(one) for one in blocks)}</leerling>'
    data = f"<EDEX {XSI}>{school}<leerlingen>{pupil}</leerlingen></EDEX>".encode()
    assert not oso.check(data).ok
    document = oso.read(data)
    again = oso.read(oso.write(document))
    assert again.record == document.record
