"""The client of UWLR: what it asks, what it makes of answers, and what it keeps zeep from."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge.errors import DataError, TransportError, UsageError
from oso_bridge.exchange import soap, uwlr
from oso_bridge.exchange.uwlr import faults
from oso_bridge.exchange.uwlr.operations import OPERATIONS, PUPILS
from oso_bridge.exchange.uwlr.soapclient import SoapClient
from oso_bridge.model import Leerresultaten
from oso_bridge.parcels import Parcel, Receipt
from oso_bridge.transports import Guarded
from oso_bridge.transports.base import Line

from .scene import AUTORISATIE, RESULTS_FILE, VERZOEK, Gemaakt, Scene, from_file


def test_a_whole_school() -> None:
    answer = from_file().client().leerlinggegevens(VERZOEK)
    assert answer.soort == "gegevens"
    assert answer.rapport.ok
    assert [pupil.roepnaam for pupil in answer.administratie.leerlingen] == ["Jildou", "Teun"]
    assert answer.moment == datetime.fromisoformat("2024-10-01T08:30:00")
    assert "Jildou" not in repr(answer)


def test_what_did_not_change_does_not_come_again() -> None:
    client = from_file().client()
    moment = client.leerlinggegevens(VERZOEK).moment
    again = client.leerlinggegevens(replace(VERZOEK, sinds=moment))
    assert (again.soort, again.moment) == ("geenwijzigingen", None)
    with pytest.raises(UsageError, match="geenwijzigingen"):
        again.administratie  # noqa: B018 - it is a property
    earlier = replace(VERZOEK, sinds=datetime.fromisoformat("2024-10-01T08:29:59"))
    assert client.leerlinggegevens(earlier).soort == "gegevens"


def test_another_year_has_no_data() -> None:
    assert from_file().client().structuur(replace(VERZOEK, schooljaar="2001-2002")).soort == "geengegevens"


def test_steps() -> None:
    client = Scene(Gemaakt(6)).client()
    assert [groep.sleutel for groep in client.structuur(VERZOEK).administratie.groepen] == ["G-0", "S-1", "G-1"]
    answer = client.leerlingen(VERZOEK, groepen=["G-0", None], samengesteld=["S-1"])
    assert [one.leerlingid for one in answer.administratie.leerlingen] == ["L-0", "L-1", "L-2", "L-3", "L-5"]
    staff = client.leerkrachten(VERZOEK, samengesteld=[None])
    assert [one.sleutel for one in staff.administratie.leerkrachten] == ["K-1", "K-2"]
    with pytest.raises(UsageError, match="by group"):
        client.leerlingen(VERZOEK)


@pytest.mark.parametrize("per", [1, 2, 10])
def test_all_steps_together_are_the_whole_school(per: int) -> None:
    scene = Scene(Gemaakt(7))
    client = scene.client()
    found, whole = client.getrapt(VERZOEK, per=per), client.leerlinggegevens(VERZOEK)
    assert found.rapport.ok
    assert not found.rapport.findings
    ids = sorted(str(one.leerlingid) for one in found.administratie.leerlingen)
    assert ids == sorted(str(one.leerlingid) for one in whole.administratie.leerlingen)
    assert [one.sleutel for one in found.administratie.leerkrachten] == ["K-1", "K-2"]
    assert found.administratie.groepen == whole.administratie.groepen


def test_steps_end_where_there_is_nothing() -> None:
    scene = Scene(Gemaakt(7))
    assert scene.client().getrapt(replace(VERZOEK, schooljaar="2001-2002")).soort == "geengegevens"
    moment = datetime.fromisoformat("2030-01-01T00:00:00")
    assert scene.client().getrapt(replace(VERZOEK, sinds=moment)).soort == "geenwijzigingen"
    assert len(scene.sent) == 2


def test_references_of_steps_are_checked_over_all_of_them() -> None:
    class Forgetful(Scene):
        def handle(self, parcel: Parcel) -> Parcel:
            reply = super().handle(parcel)
            return replace(reply, content=reply.content.replace(b'<groep key="G-0"/>', b'<groep key="G-8"/>'))

    answer = Forgetful(Gemaakt(7)).client().getrapt(VERZOEK)
    assert {finding.rule for finding in answer.rapport.findings} == {"INT.sleutel-onbekend"}


def test_results_are_brought(tmp_path: Path) -> None:
    client = from_file(tmp_path).client()
    results = oso.read(RESULTS_FILE).leerresultaten()
    client.breng(results)
    (file,) = tmp_path.glob("*.xml")
    assert oso.read(file).leerresultaten() == results
    with pytest.raises(uwlr.UwlrFault) as refused:
        client.breng(results)
    assert refused.value.code == faults.MESSAGE


def test_what_is_wrong_does_not_leave() -> None:
    scene = from_file()
    with pytest.raises(oso.WriteRefused):
        scene.client().breng(Leerresultaten(schooljaar="2024-2025"))
    assert scene.sent == []


def test_every_request_has_its_header_and_action() -> None:
    scene = Scene(Gemaakt())
    client = scene.client()
    client.leerlinggegevens(VERZOEK)
    client.getrapt(VERZOEK)
    client.breng(oso.read(RESULTS_FILE).leerresultaten())
    assert [parcel.operation for parcel in scene.sent] == [operation.action for operation in OPERATIONS]
    for parcel in scene.sent:
        (header,) = soap.headers(soap.unwrap(parcel.content))
        texts = [(etree.QName(child).localname, child.text) for child in header]
        assert texts == list(AUTORISATIE.texts.items())


def test_a_school_that_is_named_by_its_key() -> None:
    scene = Scene(Gemaakt())
    school = uwlr.Schoolid(schoolkey="wilgenroos-1")
    assert scene.client().leerlinggegevens(replace(VERZOEK, school=school)).soort == "gegevens"
    assert b"dependancecode" not in scene.sent[0].content


def test_keys_do_not_show() -> None:
    assert AUTORISATIE.sleutel not in repr(AUTORISATIE)
    for wrong in ("", "x" * 65):
        with pytest.raises(UsageError, match="1 to 64"):
            uwlr.Autorisatie("code-1", wrong, "sleutel")


# --- faults and other answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", faults.codes())
def test_every_fault_comes_through(code: str) -> None:
    client = Scene(Gemaakt(fout=uwlr.UwlrFault(code))).client()
    for call in (client.leerlinggegevens, client.structuur):
        with pytest.raises(uwlr.UwlrFault) as raised:
            call(VERZOEK)
        assert (raised.value.code, raised.value.side) == (code, code.partition(".")[0])
        assert raised.value.retryable is (code == faults.UNAVAILABLE)
        assert raised.value.text("nl") != raised.value.text("en")
    with pytest.raises(uwlr.UwlrFault) as raised:
        client.breng(oso.read(RESULTS_FILE).leerresultaten())
    assert raised.value.code == code


class Says(Line):
    """A line that says the same to everything."""

    def __init__(self, content: bytes | None, status: str = "delivered") -> None:
        self.content, self.status = content, status

    def send(self, parcel: Parcel) -> Receipt:
        """Say it."""
        reply = None if self.content is None else Parcel(self.content, "text/xml")
        return Receipt(self.status, parcel.digest, reply)  # type: ignore[arg-type]


CANARY = "KANARIE-4711"


def fault(code: str, *, attributes: str = "", prefix: str = "") -> bytes:
    text = f"<faultcode>{code}</faultcode><faultstring>{CANARY} OngeldigBericht?</faultstring>"
    body = f"<s:Fault{attributes}>{text}<detail>{CANARY}</detail></s:Fault>"
    return f'<s:Envelope xmlns:s="{soap.NAMESPACE}"{prefix}><s:Body>{body}</s:Body></s:Envelope>'.encode()


@pytest.mark.parametrize(
    ("content", "code", "side"),
    [
        (fault("Client.LeerlingOngeldig"), "Client.LeerlingOngeldig", "Client"),
        (fault("s:Client.LeerlingOngeldig"), "Client.LeerlingOngeldig", "Client"),
        (fault("Client.LeerlingOngeldig", attributes=' xmlns="urn:x"'), "Client.LeerlingOngeldig", "Client"),
        (fault("Client.LeerlingOngeldig", prefix=f' xmlns="{PUPILS}"'), "Client.LeerlingOngeldig", "Client"),
        (fault(CANARY).replace(b"OngeldigBericht", b""), faults.UNKNOWN, ""),
        (fault("s:Server").replace(b"OngeldigBericht", b""), faults.UNKNOWN, "Server"),
        (fault("s:MustUnderstand").replace(b"OngeldigBericht", b""), faults.UNKNOWN, "Client"),
    ],
)
def test_faults_of_others_keep_their_code_and_lose_their_text(content: bytes, code: str, side: str) -> None:
    for status in ("delivered", "refused"):
        with pytest.raises(uwlr.UwlrFault) as raised:
            uwlr.Client(Says(content, status), AUTORISATIE).leerlinggegevens(VERZOEK)
        assert (raised.value.code, raised.value.side) == (code, side)
        assert CANARY not in f"{raised.value}{raised.value!r}{raised.value.text()}"


def answer(inside: str) -> bytes:
    return soap.wrap(f'<leerlinggegevens_antwoord xmlns="{PUPILS}">{inside}</leerlinggegevens_antwoord>'.encode())


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"<html>KANARIE-4711</html>",
        b"KANARIE-4711",
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        soap.wrap(f'<structuur_antwoord xmlns="{PUPILS}"><geengegevens/></structuur_antwoord>'.encode()),
        soap.wrap(b"<leerlinggegevens_antwoord><geengegevens/></leerlinggegevens_antwoord>"),
        answer(""),
        answer(f"<iets>{CANARY}</iets>"),
        answer("<?x y?><geengegevens/>"),
    ],
)
def test_what_is_no_answer_is_an_error_without_a_word_of_it(content: bytes | None) -> None:
    with pytest.raises(TransportError) as raised:
        uwlr.Client(Says(content), AUTORISATIE).leerlinggegevens(VERZOEK)
    assert raised.value.sent == "yes"
    assert CANARY not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_an_answer_in_another_order_is_read_all_the_same() -> None:
    school = "<dependancecode>00</dependancecode><brincode>00AA</brincode><schooljaar>2024-2025</schooljaar>"
    pupil = (
        '<leerling key="L-1"><roepnaam>Jildou</roepnaam><voorvoegsel/><achternaam>Zilverschoon</achternaam></leerling>'
    )
    content = answer(f"<leerlinggegevens><school>{school}</school><leerlingen>{pupil}</leerlingen></leerlinggegevens>")
    found = uwlr.Client(Says(content), AUTORISATIE).leerlinggegevens(VERZOEK)
    assert not found.rapport.ok
    assert found.administratie.leerlingen[0].achternaam == "Zilverschoon"


WCF = (
    f'<s:Envelope xmlns:s="{soap.NAMESPACE}"><s:Header><ActivityId CorrelationId="1" '
    'xmlns="http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics">2</ActivityId></s:Header>'
    '<s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
    f'<leerlinggegevens_antwoord xmlns="{PUPILS}"><leerlinggegevens><school><schooljaar>2024-2025</schooljaar>'
    "<brincode>00AA</brincode><aanmaakdatum>%s</aanmaakdatum></school><leerlingen>"
    '<leerling key="L-1"><achternaam>Zilverschoon</achternaam><voorvoegsel xsi:nil="true"/>'
    '<geboortedatum xsi:nil="true"/></leerling></leerlingen></leerlinggegevens></leerlinggegevens_antwoord>'
    "</s:Body></s:Envelope>"
)


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2024-10-01T09:00:00.1234567+02:00", "2024-10-01T09:00:00.123456+02:00"),
        ("2024-10-01T09:00:00.9999999Z", "2024-10-01T09:00:00.999999+00:00"),
        ("2024-10-01T09:00:00", "2024-10-01T09:00:00"),
        ("gisteren", None),
        ("12024-10-01T09:00:00", None),
    ],
)
def test_an_answer_of_dotnet(told: str, moment: str | None) -> None:
    """Ticks of a tenth of a microsecond: too late a moment would lose a change, so it is cut off."""
    found = uwlr.Client(Says(b"\xef\xbb\xbf" + (WCF % told).encode()), AUTORISATIE).leerlinggegevens(VERZOEK)
    assert found.moment == (datetime.fromisoformat(moment) if moment else None)
    pupil = found.administratie.leerlingen[0]
    assert (pupil.achternaam, pupil.geboortedatum) == ("Zilverschoon", None)


def test_nothing_is_logged_of_what_goes_by(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    from_file().client().leerlinggegevens(VERZOEK)
    assert "Jildou" not in caplog.text
    assert AUTORISATIE.sleutel not in caplog.text


DEFINITIONS = '<t:definitions xmlns:t="http://schemas.xmlsoap.org/wsdl/">'


# --- the WSDL of a vendor ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["https://voorbeeld.invalid/a.wsdl", "http://127.0.0.1:9/a.xsd", "//server/map/a.xsd", "ftp://x.invalid/a.xsd"],
)
def test_nothing_is_fetched(name: str, tmp_path: Path) -> None:
    file = tmp_path / "a.wsdl"
    schema = f'<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema"><s:include schemaLocation="{name}"/></s:schema>'
    file.write_text(f"{DEFINITIONS}<t:types>{schema}</t:types></t:definitions>", "utf-8")
    with pytest.raises(DataError):
        SoapClient(file)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "geen xml",
        "<a/>",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        f'{DEFINITIONS}<t:import location="/etc/passwd" namespace="x"/></t:definitions>',
        f"{DEFINITIONS}<t:portType/></t:definitions>",
    ],
)
def test_a_file_that_is_no_wsdl(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.wsdl"
    file.write_text(text, "utf-8")
    with pytest.raises((DataError, UsageError)):
        uwlr.Client(Says(None), AUTORISATIE, wsdl=[file]).leerlinggegevens(VERZOEK)


def test_a_wsdl_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be loaded"):
        SoapClient(tmp_path / "a.wsdl")
    with pytest.raises(DataError, match="no schema"):
        SoapClient("/etc/passwd")


def test_what_a_wsdl_cannot_say(tmp_path: Path) -> None:
    own = Path(uwlr.wsdl.path("leerlinggegevens"))
    file = tmp_path / "a.wsdl"
    file.write_text(own.read_text("utf-8").replace('name="schooljaar"', 'name="jaar"'), "utf-8")
    client = uwlr.Client(Says(None), AUTORISATIE, wsdl=[file])
    with pytest.raises(UsageError, match="cannot say this request") as raised:
        client.leerlinggegevens(VERZOEK)
    assert "2024" not in str(raised.value)
    with pytest.raises(UsageError, match="leerresultaten_verzoek"):
        client.breng(oso.read(RESULTS_FILE).leerresultaten())


def test_lines_of_their_own_for_steps_and_results() -> None:
    whole, steps, results = (Scene(Gemaakt()) for _ in range(3))
    client = uwlr.Client(whole.line, AUTORISATIE, getrapt=steps.line, resultaten=results.line)
    client.leerlinggegevens(VERZOEK)
    client.structuur(VERZOEK)
    client.breng(oso.read(RESULTS_FILE).leerresultaten())
    assert [len(scene.sent) for scene in (whole, steps, results)] == [1, 1, 1]


def test_2_3_says_so() -> None:
    scene = Scene(Gemaakt(), versies=("uwlr/2.3",))
    found = scene.client(release="uwlr/2.3").leerlinggegevens(VERZOEK)
    assert found.administratie.xsdversie == "2.3"
    assert found.document.release.id == "uwlr/2.3"


class Fails(Line):
    """A line on which everything may have arrived."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, parcel: Parcel) -> Receipt:
        """Count it."""
        self.sent.append(parcel.operation)
        raise TransportError("It may have arrived.", retryable=True, sent="unknown")


@pytest.mark.parametrize("action", ["BrengLeerresultaten", "urn:other/breng"])
def test_results_are_not_sent_again_on_a_guess(action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oso_bridge.transports.guarded.time.sleep", lambda seconds: None)
    files = []
    for name in ("leerlinggegevens", "leerresultaten"):
        text = Path(uwlr.wsdl.path(name)).read_text("utf-8")
        file = tmp_path / f"{name}.wsdl"
        file.write_text(text.replace('soapAction="BrengLeerresultaten"', f'soapAction="{action}"'), "utf-8")
        files.append(file)
    inner = Fails()
    client = uwlr.Client(Guarded(inner, retry=uwlr.HERHALEN), AUTORISATIE, wsdl=files)
    with pytest.raises(TransportError):
        client.breng(oso.read(RESULTS_FILE).leerresultaten())
    assert inner.sent == [action]
    with pytest.raises(TransportError):
        client.leerlinggegevens(VERZOEK)
    assert len(inner.sent) > 2, "asking twice does no harm"


def test_an_answer_that_is_none_says_its_status_and_what_to_look_at() -> None:
    line = Says(b"<html>Kanarie</html>", "refused")
    with pytest.raises(TransportError) as raised:
        uwlr.Client(line, AUTORISATIE).leerlinggegevens(VERZOEK)
    assert raised.value.remedy == "Is this the address of that service?"
    assert "Kanarie" not in str(raised.value)


def test_at_least_one_group_at_a_time() -> None:
    scene = Scene(Gemaakt())
    with pytest.raises(UsageError, match="At least one"):
        scene.client().getrapt(VERZOEK, per=0)
    assert scene.sent == []
