"""An official schema takes the place of ours by configuration; the one here is made up, and differs on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge import data, releases
from oso_bridge.exchange import load, messages, official
from oso_bridge.exchange.messages import DocumentResponse

from .samples import PGN, samples
from .scene import POVO, Scene

NS = "http://xml.kennisnet.nl/schemas/Overstapservice/20200910"
OURS = (Path(load("2022").release.folder) / "berichten.xsd").read_text("utf-8")


def replaced(text: str, element: str, inside: str) -> str:
    """The schema with another content for one message."""
    root = etree.fromstring(text.encode())
    xs = "{http://www.w3.org/2001/XMLSchema}"
    found = root.find(f"{xs}element[@name='{element}']/{xs}complexType/{xs}sequence")
    assert found is not None
    wanted = etree.fromstring(f'<xs:sequence xmlns:xs="{xs[1:-1]}">{inside}</xs:sequence>')
    found[:] = list(wanted)
    return etree.tostring(root, encoding="unicode")


OFFICIAL = replaced(
    OURS,
    "documentResponse",
    '<xs:element name="resultaatCode" type="xs:token"/>'
    '<xs:element name="dossierBericht" minOccurs="0"><xs:complexType><xs:sequence>'
    '<xs:element name="versie" type="xs:token"/><xs:element name="inhoud" type="xs:base64Binary"/>'
    "</xs:sequence></xs:complexType></xs:element>",
)
OFFICIAL = replaced(
    OFFICIAL,
    "documentRequest",
    '<xs:element name="sessieId" type="xs:token"/><xs:element name="persoonsgebondenNummer" type="xs:token"/>'
    '<xs:element name="soort" type="xs:token"/>'
    '<xs:element name="bronBrin" type="xs:token"/><xs:element name="bronRouteringsKenmerk" type="xs:token"/>'
    '<xs:element name="doelBrin" type="xs:token"/><xs:element name="doelRouteringsKenmerk" type="xs:token"/>',
)
LAYOUTS = {
    "inbedding": {"hoe": "base64", "in": "dossierBericht/inhoud"},
    "bericht": {
        "documentResponse": {"namen": {"resultaat": "resultaatCode"}},
        "documentRequest": {"namen": {"pgn": "persoonsgebondenNummer", "overdrachtsoort": "soort"}},
    },
}
WSDL = (
    '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    f' xmlns:oso="{NS}"><wsdl:types>{{}}</wsdl:types></wsdl:definitions>'
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("OSO_BRIDGE_DATA", str(tmp_path / "data"))
    releases.forget()
    yield tmp_path
    monkeypatch.undo()
    releases.forget()


def put(folder: Path, text: str, name: str = "officieel.xsd") -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_ours_is_replaced(home: Path) -> None:
    official.install(put(home, OFFICIAL), "2022", layouts=LAYOUTS)
    wire = load("2022")
    assert wire.release.folder == data.user_folder() / "schemas" / "oso-exchange" / "2022"
    assert {layout.mark for layout in wire.layouts.values()} == {"confirmed"}
    root = etree.fromstring(messages.write(samples("2022")[2].__class__(**_facts()), wire))
    assert [etree.QName(child).localname for child in root][:3] == ["sessieId", "persoonsgebondenNummer", "soort"]
    assert root[1].text == PGN


def _facts() -> dict[str, object]:
    found = samples("2022")[2]
    assert isinstance(found, messages.DocumentRequest)
    names = ("bron", "doel", "pgn", "overdrachtsoort", "sessie_id")
    return {name: getattr(found, name) for name in names}


def test_a_response_of_another_make_is_written_and_read(home: Path) -> None:
    text = OFFICIAL.replace(
        '<xs:element name="versie" type="xs:token"/>', '<xs:element name="versie" type="xs:token" minOccurs="0"/>'
    ).replace('name="resultaatCode" type="xs:token"', 'name="resultaatCode" type="xs:token" minOccurs="0"')
    official.install(put(home, text), "2022", layouts=LAYOUTS)
    scene = Scene("2022")
    scene.ready()
    found = scene.fetch()
    assert found.uitkomst.ok
    assert found.ontvangsten[0].dossier == POVO
    assert {step.mark for step in found.stappen} == {"confirmed"}


def test_what_the_official_schema_wants_besides_is_not_forgotten(home: Path) -> None:
    official.install(put(home, OFFICIAL), "2022", layouts=LAYOUTS)
    with pytest.raises(oso.UsageError, match="ontbreekt resultaatCode"):
        messages.write(DocumentResponse(dossier=POVO), load("2022"))


def test_a_wsdl_will_do(home: Path) -> None:
    inside = OFFICIAL[OFFICIAL.index("<xs:schema") :]
    official.install(put(home, WSDL.format(inside), "oso.wsdl"), "2022.1", layouts=LAYOUTS)
    assert load("2022.1").layouts["documentResponse"].mark == "confirmed"
    # ours is still there beside it
    assert load("2022").layouts["documentResponse"].mark == "provisional"


def test_what_stays_uncertain_can_be_said(home: Path) -> None:
    rows = {"bericht": {"terugkoppelingRequest": {"mark": "inferred"}}}
    made = official.install(put(home, OURS), "2022", layouts=rows)
    assert made.layouts["terugkoppelingRequest"].mark == "inferred"
    assert load("2022").layouts["terugkoppelingRequest"].mark == "inferred"


REFUSED = {
    "not XML": ("weg", "not begin as XML"),
    "another schema": ('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>', "none of the messages"),
    "no schema": ("<a/>", "no XSD"),
    "two schemas": (WSDL.format(OURS[OURS.index("<xs:schema") :] * 2), "exactly one schema"),
    "one that needs others": (
        OURS.replace(
            "<xs:simpleType", '<xs:import namespace="urn:x" schemaLocation="file:///etc/passwd"/><xs:simpleType', 1
        ),
        "needs others",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(home: Path, what: str) -> None:
    text, told = REFUSED[what]
    with pytest.raises(oso.OsoBridgeError, match=told):
        official.install(put(home, text), "2022")
    assert not (home / "data").exists()


def test_a_layout_that_is_refused_leaves_ours_in_place(home: Path) -> None:
    with pytest.raises(oso.UsageError, match="mark of documentRequest"):
        official.install(put(home, OURS), "2022", layouts={"bericht": {"documentRequest": {"mark": "vast wel"}}})
    assert not (home / "data").exists()
    assert load("2022").layouts["documentRequest"].mark == "provisional"


@pytest.mark.parametrize("name", ["", "../x", "2022-eigen", "/etc"])
def test_a_version_is_digits(home: Path, name: str) -> None:
    with pytest.raises(oso.UsageError, match="digits"):
        official.install(put(home, OURS), name)


def test_a_table_that_does_not_exist(home: Path) -> None:
    with pytest.raises(oso.UsageError, match="no table"):
        official.install(put(home, OURS), "2022", layouts={"inbeding": {"hoe": "xml"}})


def test_it_can_be_put_back(home: Path) -> None:
    official.install(put(home, OURS), "2022")
    official.remove("2022")
    assert load("2022").layouts["documentResponse"].mark == "provisional"
    with pytest.raises(oso.UsageError, match="this package has itself"):
        official.remove("2022")
    assert load("2022").release.folder.is_dir()


def test_one_that_is_broken_can_be_put_back(home: Path) -> None:
    official.install(put(home, OURS), "2022")
    layouts = next((home / "data").rglob("layouts.toml"))
    layouts.write_text("this is no TOML", "utf-8")
    official.remove("2022")
    assert load("2022").layouts["documentResponse"].mark == "provisional"


def test_a_message_that_the_schema_does_not_have(home: Path) -> None:
    with pytest.raises(oso.UsageError, match=r"no message 'documentReqest'\. Do you mean documentRequest"):
        official.install(put(home, OURS), "2022", layouts={"bericht": {"documentReqest": {"namen": {}}}})
    assert load("2022").layouts["documentResponse"].mark == "provisional"


MORE = """
[inbedding]
hoe = "base64"
in = "dossierBericht/inhoud"
[bericht.documentResponse]
namen = { resultaat = "resultaatCode" }
[bericht.documentRequest]
namen = { pgn = "persoonsgebondenNummer", overdrachtsoort = "soort" }
"""


def test_from_the_command_line(home: Path, run: Any) -> None:
    schema, more = put(home, OFFICIAL), put(home, MORE, "meer.toml")
    before = run("exchange", "messages").out
    assert "provisional  documentResponse " in before
    made = run("exchange", "official", schema, "--wire", "2022", "--layouts", more)
    assert made.code == 0
    assert "confirmed    documentResponse\n" in made.out
    assert "oso-bridge exchange remove 2022" in made.err
    assert (load("2022").embedding, load("2022").embedded_in) == ("base64", "dossierBericht/inhoud")
    rows = json.loads(run("exchange", "messages", "--json").out)
    assert {row["mark"] for row in rows} == {"confirmed"}
    assert run("exchange", "remove", "2022").err == "oso-bridge: Removed: 2022.\n"
    assert run("exchange", "messages").out == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["messages", "--wire", "2020"], "no wire '2020'"),
        (["official", "weg.xsd", "--wire", "2022"], "weg.xsd"),
        (["official", "goed.xsd", "--wire", "x"], "digits and dots"),
        (["official", "goed.xsd", "--wire", "2022", "--layouts", "fout.toml"], "not valid TOML"),
        (["remove", "2022"], "this package has itself"),
    ],
)
def test_mistakes_on_the_command_line(
    home: Path, run: Any, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(home)
    put(home, OURS, "goed.xsd")
    put(home, "[a", "fout.toml")
    made = run("exchange", *arguments)
    assert (made.code, made.out) == (2, "")
    assert told in made.err
    assert made.err.count("\n") == 1


def test_the_commands_for_releases_point_to_those_of_the_exchange(home: Path, run: Any) -> None:
    wsdl = (
        f'<d:definitions xmlns:d="http://schemas.xmlsoap.org/wsdl/"><d:types>{WITHOUT_HEAD}</d:types></d:definitions>'
    )
    for name, text in {"los.xsd": OURS, "dienst.wsdl": wsdl}.items():
        made = run("release", "add", put(home, text, name))
        assert (made.code, made.out) == (2, "")
        assert "oso-bridge exchange official FILE --wire VERSION" in made.err
    other = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="anders"/></xs:schema>'
    for name, text in {"anders.xsd": other, "geen.xsd": "<a", "geen.wsdl": "<a/>"}.items():
        assert "exchange official" not in run("release", "add", put(home, text, name)).err
    made = run("release", "remove", "oso-exchange/2022")
    assert (made.code, "oso-bridge exchange remove 2022" in made.err) == (2, True)
    assert load("2022").id == "2022"


WITHOUT_HEAD = OURS[OURS.index("?>") + 2 :]
