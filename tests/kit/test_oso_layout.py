"""The official layout: a WSDL or an XSD of the vendor decides what is certain, and what fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from oso_bridge.errors import DataError
from oso_bridge.testing.kit import run, scenarios
from oso_bridge.testing.kit.oso_layout import Layout
from oso_bridge.testing.kit.oso_stage import body_of
from oso_bridge.testing.kit.scenario import pick
from oso_bridge.testing.simulator import messages
from oso_bridge.testing.simulator.messages import Message

from .stage import XSD, make_stage

NAMESPACE = "http://xml.kennisnet.nl/schemas/Overstapservice/20200910"
WSDL = '<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/"><w:types>%s</w:types></w:definitions>'


def answer(dossier: str = "") -> etree._Element:
    """A documentResponse as it stands in its envelope."""
    payload = f'<documentResponse xmlns="{NAMESPACE}">{dossier}</documentResponse>'
    found = body_of(f'<e:Envelope xmlns:e="{messages.SOAP}"><e:Body>{payload}</e:Body></e:Envelope>'.encode())
    assert found is not None
    return found


@pytest.mark.parametrize("as_wsdl", [False, True])
def test_what_it_describes(tmp_path: Path, as_wsdl: bool) -> None:
    schema = XSD.read_text("utf-8")
    path = tmp_path / "oso.wsdl"
    path.write_text(WSDL % schema.partition("?>")[2] if as_wsdl else schema, "utf-8")
    layout = Layout([path])
    assert layout.knows(f"{{{NAMESPACE}}}documentRequest")
    assert not layout.knows(f"{{{NAMESPACE}}}bestaatNiet")
    assert layout.fits(answer("<resultaat>SessieAfwijkend</resultaat>"))
    assert not layout.fits(answer("<onbekend/>"))


def test_a_large_dossier_fits() -> None:
    """More than the ten million characters that libxml2 takes in one text unless it is told otherwise."""
    large = f'<d:dossier xmlns:d="urn:x">{"A" * 11_000_000}</d:dossier>'
    assert Layout([XSD]).fits(answer(large))


@pytest.mark.parametrize(
    "content",
    ["geen XML", "<x/>", WSDL % "", '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element/></xs:schema>'],
)
def test_what_is_no_schema(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.xsd"
    path.write_text(content, "utf-8")
    with pytest.raises(DataError):
        Layout([path])


def test_a_layout_that_the_kit_does_not_write_is_not_run(tmp_path: Path) -> None:
    other = XSD.read_text("utf-8").replace('name="pgn"', 'name="persoonsgebondenNummer"')
    path = tmp_path / "anders.xsd"
    path.write_text(other, "utf-8")
    stage = make_stage()
    stage._layout = Layout([path])
    results = run(stage, pick(scenarios("oso"), ["OSO.B01", "OSO.B05"]))
    stage.close()
    assert [(one.state, one.code) for one in results.outcomes] == [("not_run", "andere_indeling"), ("passed", "")]


def test_an_answer_that_does_not_fit_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "anders.xsd"
    path.write_text(XSD.read_text("utf-8").replace('<xs:element name="notificatieResponse">', '<xs:element name="x">'))
    stage = make_stage(wsdl=False)
    stage._layout = Layout([path])
    assert stage.mark("documentRequest") == "confirmed"
    content = messages.write(Message("notificatieResponse", "2022", {"resultaat": "x"}))
    payload = body_of(content)
    assert payload is not None
    assert stage._layout.fits(payload)  # it is not described there
    assert not stage._layout.knows(payload.tag)
    stage.close()
