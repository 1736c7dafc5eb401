"""The OSR: what is asked, what is made of the answer, what is refused, and what is never shown."""

from __future__ import annotations

import json
import logging
import re
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from responses.matchers import header_matcher, query_param_matcher

import oso_bridge as oso
from oso_bridge.exchange.osr import Mandaat, Osr, OsrError, shown
from oso_bridge.pki import Authority, fictional_oin

from .conftest import API_KEY, HOST

Make = Callable[..., Osr]
SUPPLIER, SCHOOL = fictional_oin("las"), fictional_oin("school")
ROUTING = "0000000700000YY00931"
BAD = "KANARIE"  # by its name, for a traceback quotes the lines of this file
NAMESPACE = "http://xml.kennisnet.nl/schemas/Overstapservice/20200910"
TOKEN = "KANARIE-token"
MANDATE = {
    "token": TOKEN,
    "start_date": "2022-08-15",
    "end_date": None,
    "links": [{"rel": "endpoints", "href": f"{HOST}/api/v2/endpoints?mandate_token={TOKEN}"}],
}
ENDPOINT = {
    "id": 12,
    "routing_id": ROUTING,
    "service_version_namespace": NAMESPACE,
    "url": "https://las.invalid/oso",
    "attributes": ["LAS"],
    "start_date": "2022-08-15T00:00:00+02:00",
    "iets_nieuws": {"a": 1},
}


def answer(path: str, body: object = None, method: str = "GET", **options: Any) -> None:
    """What the OSR says to a call of V2."""
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    responses.add(method, f"{HOST}/api/v2/{path}", body=content, content_type="application/json", **options)


def refusal(action: Callable[[], object], kind: type[oso.OsoBridgeError] = OsrError) -> Any:
    """What an action raises; nothing secret is in it, wherever one looks."""
    with pytest.raises(kind) as caught:
        action()
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "KANARIE" not in told
    return caught.value


# --- the calls ----------------------------------------------------------------------------------------------------


@responses.activate
def test_a_mandate(osr: Make) -> None:
    wanted = {"supplier_oin": SUPPLIER, "school_oin": SCHOOL, "service_version_namespace": NAMESPACE}
    asked = query_param_matcher({**wanted, "reference_date": "2026-08-01"})
    answer("mandates", MANDATE, match=[asked, header_matcher({"X-API-Key": API_KEY, "Accept": "application/json"})])
    with osr() as register:
        found = register.mandates(SUPPLIER, SCHOOL, NAMESPACE, date(2026, 8, 1))
    assert (found.token, found.start, found.end) == (TOKEN, date(2022, 8, 15), None)
    assert found.wire["links"] == MANDATE["links"]
    assert "Content-Type" not in responses.calls[0].request.headers


@responses.activate
@pytest.mark.parametrize("body", [[MANDATE], {"mandates": [MANDATE]}])
def test_a_mandate_in_a_list_is_one_as_well(osr: Make, body: object) -> None:
    answer("mandates", body)
    assert osr().mandates(SUPPLIER, SCHOOL, NAMESPACE).token == TOKEN


@responses.activate
@pytest.mark.parametrize(("body", "status"), [([], 404), ([MANDATE, MANDATE], None)])
def test_no_mandate_and_several_are_errors(osr: Make, body: object, status: int | None) -> None:
    answer("mandates", body)
    assert refusal(lambda: osr().mandates(SUPPLIER, SCHOOL, NAMESPACE)).status == status


@responses.activate
def test_endpoints_of_a_school(osr: Make) -> None:
    asked = {
        "service_version_namespace": NAMESPACE,
        "school_oin": SCHOOL,
        "attributes": "LAS",
        "reference_date": "2026-08-01",
        "include_future_endpoints": "true",
    }
    answer("endpoints", [ENDPOINT, {}], match=[query_param_matcher(asked)])
    first, second = osr().endpoints(
        NAMESPACE,
        school_oin=SCHOOL,
        attributes=["LAS"],
        reference_date=datetime(2026, 8, 1, 12, tzinfo=UTC),
        include_future=True,
    )
    assert (first.id, first.routing_id, first.namespace) == ("12", ROUTING, NAMESPACE)
    assert (first.url, first.attributes, first.end) == ("https://las.invalid/oso", ("LAS",), None)
    assert first.start == datetime.fromisoformat("2022-08-15T00:00:00+02:00")
    assert first.wire["iets_nieuws"] == {"a": 1}
    assert (second.url, second.attributes, dict(second.wire)) == (None, (), {})
    assert "X-API-Key" not in responses.calls[0].request.headers


@responses.activate
def test_the_endpoint_of_a_routeringskenmerk(osr: Make) -> None:
    answer(
        "endpoints",
        ENDPOINT,
        match=[query_param_matcher({"service_version_namespace": NAMESPACE, "routing_id": ROUTING})],
    )
    (found,) = osr(api_key=None).endpoints(NAMESPACE, routing_id=ROUTING)
    assert found.url == "https://las.invalid/oso"


@responses.activate
def test_registering_an_endpoint(osr: Make) -> None:
    answer("endpoints", ENDPOINT, "POST", status=201, match=[header_matcher({"X-Sleutel": API_KEY})])
    mandate = Mandaat(TOKEN, None, None, {})
    found = osr(api_key_header="X-Sleutel").add_endpoint(
        mandate,
        routing_id=ROUTING,
        namespace=NAMESPACE,
        url="https://las.invalid/oso",
        attributes=("LAS",),
        start=date(2026, 8, 1),
    )
    assert found
    assert found.id == "12"
    request = responses.calls[0].request
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {
        "mandate_token": TOKEN,
        "routing_id": ROUTING,
        "service_version_namespace": NAMESPACE,
        "url": "https://las.invalid/oso",
        "attributes": ["LAS"],
        "start_date": "2026-08-01",
    }


@responses.activate
def test_a_registration_may_be_taken_without_a_word(osr: Make) -> None:
    responses.post(f"{HOST}/api/v2/endpoints", status=204)
    assert osr().add_endpoint(TOKEN, routing_id=ROUTING, namespace=NAMESPACE, url="https://las.invalid/") is None


@responses.activate
def test_schools(osr: Make) -> None:
    asked = {"name": "De Wegwijzer & Zn", "oin": SCHOOL, "brin": "00YY", "oa_id": "123A456"}
    answer("schools", {"schools": [{**asked, "oa_id": 7}], "page": 1}, match=[query_param_matcher(asked)])
    found = osr().schools("De Wegwijzer & Zn", SCHOOL, "00YY", "123A456")
    assert [(one.name, one.oin, one.brin, one.oa_id) for one in found] == [("De Wegwijzer & Zn", SCHOOL, "00YY", "7")]
    assert dict(found.around) == {"page": 1}


@responses.activate
def test_services_versions_and_mandates_of_a_service(osr: Make) -> None:
    answer("services", [{"service_code": "OSO-OV", "omschrijving": "Overstap"}])
    answer("service-versions", {"service_versions": [{"service_version_namespace": NAMESPACE}]})
    answer("school-mandates", [{"school_oin": SCHOOL}], match=[query_param_matcher({"service_code": "OSO-OV"})])
    with osr() as register:
        assert [(one.code, one.wire["omschrijving"]) for one in register.services()] == [("OSO-OV", "Overstap")]
        assert [one.namespace for one in register.service_versions()] == [NAMESPACE]
        assert [one.school_oin for one in register.school_mandates("OSO-OV")] == [SCHOOL]


@responses.activate
def test_version_3_is_version_2_with_what_is_known_to_differ(osr: Make) -> None:
    register = osr(version="V3")
    responses.get(f"{HOST}/api/v3/endpoints", json=[{**ENDPOINT, "uuid": "een-uuid"}])
    responses.get(f"{HOST}/api/v3/boards/12345", json={"naam": "Bestuur"})
    responses.post(f"{HOST}/api/v3/endpoints", status=400)
    assert [one.id for one in register.endpoints(NAMESPACE, school_oin=SCHOOL)] == ["een-uuid"]
    assert dict(register.board("12345")) == {"naam": "Bestuur"}
    add = refusal(
        lambda: register.add_endpoint(TOKEN, routing_id=ROUTING, namespace=NAMESPACE, url="https://l.invalid")
    )
    assert "whole board" in add.remedy
    refused = refusal(lambda: osr().board("12345"), oso.UsageError)
    assert refused.what == "OSR V2 has no call board, as far as is known."


@pytest.mark.parametrize(("version", "told"), [("V1", "ended on 14 November 2019"), ("V4", "no such version")])
def test_other_versions_are_refused(osr: Make, version: str, told: str) -> None:
    with pytest.raises(oso.UsageError, match=told):
        osr(version=version)


# --- what is refused before anything is sent ------------------------------------------------------------------------


@responses.activate
@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda o: o.mandates(BAD, SCHOOL, NAMESPACE), r"no oin \(supplier_oin: lengte\)"),
        (lambda o: o.mandates(SUPPLIER, "", NAMESPACE), "needs school_oin|no oin"),
        (lambda o: o.mandates(SUPPLIER, SCHOOL, ""), "no service_version_namespace"),
        (lambda o: o.mandates(SUPPLIER, SCHOOL, NAMESPACE, BAD), "no reference_date"),
        (lambda o: o.mandates(None, SCHOOL, NAMESPACE), "needs supplier_oin"),
        (lambda o: o.endpoints(NAMESPACE), "exactly one of school_oin and routing_id"),
        (lambda o: o.endpoints(NAMESPACE, school_oin=SCHOOL, routing_id=ROUTING), "exactly one of"),
        (lambda o: o.endpoints(NAMESPACE, routing_id=BAD), "no routing_id"),
        (lambda o: o.endpoints(f"{NAMESPACE}\n{BAD}", school_oin=SCHOOL), "no service_version_namespace"),
        (lambda o: o.endpoints(NAMESPACE, school_oin=SCHOOL, attributes=[f"{BAD}\r"]), "no attribute"),
        (lambda o: o.endpoints(NAMESPACE, school_oin=12), r"no oin \(school_oin: vorm\)"),
        (lambda o: o.schools(brin="00YY01"), r"no brin \(brin: lengte\)"),
        (lambda o: o.schools(oa_id=f"../{BAD}"), "no oa_id"),
        (lambda o: o.school_mandates(""), "no service_code"),
        (lambda o: add(o, mandate=Mandaat(None, None, None, {})), "needs mandate_token"),
        (lambda o: add(o, mandate=f"{BAD}\n"), "no mandate_token"),
        (lambda o: add(o, url="http://las.invalid/"), "Without TLS nothing is sent"),
        (lambda o: add(o, url=f"https://las:{BAD}@las.invalid/"), "no place for a password"),
    ],
)
def test_a_question_that_cannot_be_asked(osr: Make, ask: Callable[[Osr], object], told: str) -> None:
    error = refusal(lambda: ask(osr()), oso.UsageError)
    assert re.search(told, str(error))
    assert len(responses.calls) == 0


def add(register: Osr, *, mandate: Any = TOKEN, url: str = "https://las.invalid/") -> object:
    return register.add_endpoint(mandate, routing_id=ROUTING, namespace=NAMESPACE, url=url)


@responses.activate
@pytest.mark.parametrize("ask", [lambda o: o.mandates(SUPPLIER, SCHOOL, NAMESPACE), add])
def test_what_needs_an_api_key_is_not_asked_without(osr: Make, ask: Callable[[Osr], object]) -> None:
    assert "needs an API key" in refusal(lambda: ask(osr(api_key=None)), oso.UsageError).what


@pytest.mark.parametrize(
    "options",
    [{"api_key": "KANARIE\r\nX: 1"}, {"api_key": ""}, {"api_key_header": "X: KANARIE"}, {"version": "KANARIE"}],
)
def test_what_cannot_be_set(osr: Make, options: dict[str, str]) -> None:
    refusal(lambda: osr(**options), oso.UsageError)


@pytest.mark.parametrize("url", ["http://osr.invalid", "https://osr.invalid/?a=KANARIE", "osr.invalid", ""])
def test_an_address_that_may_not_be(identity: oso.Identity, url: str) -> None:
    refusal(lambda: Osr(url, identity=identity), oso.UsageError)


def test_only_our_own_calls_are_made(identity: oso.Identity) -> None:
    from oso_bridge.transports.http import ResourceLine

    line = ResourceLine(HOST, identity=identity)
    for operation in ("GET:../x", "GET:a/../b", "GET:a?b", "GET://x.invalid", "DELETE:a", "GET", "GET:a b", "GET:.env"):
        with pytest.raises(oso.UsageError, match="no method and path"):
            line.send(oso.Parcel(b"", operation=operation))
    with pytest.raises(oso.UsageError, match="no query"):
        line.send(oso.Parcel(b"a#b", operation="GET:a"))


# --- what the OSR refuses -------------------------------------------------------------------------------------------


@responses.activate
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_a_refusal_says_what_to_do_and_never_what_the_osr_wrote(osr: Make, status: int) -> None:
    answer("mandates", {"message": f"Validation error(s): {TOKEN}", "school_oin": "KANARIE", "oin": 1}, status=status)
    error = refusal(lambda: osr().mandates(SUPPLIER, SCHOOL, NAMESPACE))
    assert (error.status, error.named, error.where) == (status, ("school_oin",), "GET mandates")
    assert f"It names school_oin. Status {status}." in error.what
    assert bool(error.remedy) == (status != 409)


@responses.activate
def test_a_server_in_trouble_is_asked_again_for_reads_only(osr: Make) -> None:
    register = osr(retry=None)
    answer("services", "", status=502)
    answer("services", [])
    assert register.services() == ()
    answer("endpoints", "", "POST", status=502)
    error = refusal(lambda: add(register), oso.TransportError)
    assert error.sent == "unknown"
    assert [call.request.method for call in responses.calls] == ["GET", "GET", "POST"]


# --- what comes in is not believed ----------------------------------------------------------------------------------

DEEP = b"[" * 100_000 + b"]" * 100_000


@responses.activate
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "a list was expected"),
        (b"<html>KANARIE</html>", "no JSON"),
        (b'[{"url": "KANARIE", "url": "b"}]', "has a name twice"),
        (b"[NaN]", "no JSON"),
        (b'["\xff"]', "no JSON"),
        (b"[" + b"1" * 5000 + b"]", "no JSON"),
        (DEEP, "no JSON"),
        (b'[{"a": ' + b"[" * 40 + b"]" * 40 + b"}]", "deeper than 16"),
        (b'"KANARIE"', "a list was expected"),
        (b'{"KANARIE": []}', "a list was expected"),
        (b'["KANARIE"]', "an object was expected"),
        (b'[{"url": ["KANARIE"]}]', "url is no text"),
        (b'[{"routing_id": true}]', "routing_id is no text"),
        (b'[{"attributes": {"KANARIE": 1}}]', "attributes is no list of texts"),
        (b'[{"attributes": ["LAS", 1]}]', "attributes is no list of texts"),
        (b'[{"start_date": "KANARIE"}]', "start_date is no date"),
        (b'[{"start_date": "2022-02-30"}]', "start_date is no date"),
        (b'[{"end_date": 20220815.0}]', "end_date is no text"),
    ],
)
def test_an_answer_that_is_not_understood(osr: Make, body: bytes, told: str) -> None:
    answer("endpoints", body)
    error = refusal(lambda: osr().endpoints(NAMESPACE, school_oin=SCHOOL))
    assert told in error.what
    assert error.status is None


@responses.activate
def test_an_answer_that_is_too_large(osr: Make) -> None:
    answer("schools", b"[" + b" " * 2000 + b"]")
    assert "larger than 1000 bytes" in refusal(lambda: osr(max_bytes=1000).schools(), oso.TransportError).what


@responses.activate
def test_a_redirect_is_not_followed(osr: Make) -> None:
    answer("mandates", "", status=307, headers={"Location": "https://elders.invalid/KANARIE"})
    error = refusal(lambda: osr().mandates(SUPPLIER, SCHOOL, NAMESPACE), oso.TransportError)
    assert "sends us elsewhere" in error.what
    assert len(responses.calls) == 1


# --- nothing secret is shown ------------------------------------------------------------------------------------------


@responses.activate
def test_the_key_and_the_token_are_nowhere(osr: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer("mandates", MANDATE)
    answer("endpoints", {**ENDPOINT, "mandate_token": TOKEN}, "POST")
    with osr() as register:
        mandate = register.mandates(SUPPLIER, SCHOOL, NAMESPACE)
        made = add(register, mandate=mandate)
        shown_texts = [repr(each) + str(each) for each in (register, mandate, made, [mandate], register._lines)]
    assert "KANARIE" not in "".join(shown_texts) + caplog.text
    assert "GET:mandates" in caplog.text
    assert repr(register) == "<Osr V2 provisional, with an API key>"


def test_what_is_shown_of_an_answer_holds_no_token() -> None:
    odd = {**MANDATE, "Mandate_Token": {"value": "KANARIE-2"}, "also": ["x KANARIE-2 y", 3]}
    told = shown(odd)
    assert "KANARIE" not in json.dumps(told)
    assert told["links"][0]["rel"] == "endpoints"
    assert told["also"] == ["x *** y", 3]
    assert shown(odd, token=True) == odd


def test_it_says_that_it_is_provisional() -> None:
    assert Osr.mark == "provisional"
    assert "Provisional" in str(__import__("oso_bridge.exchange.osr", fromlist=["osr"]).__doc__)


# --- over a real line -------------------------------------------------------------------------------------------------


class Register(BaseHTTPRequestHandler):
    """An OSR of our own: it knows one school, and wants a certificate, and a key for mandates."""

    seen: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        oin = self.connection.peer.oin  # type: ignore[attr-defined]
        self.seen.append((oin, parts.path))
        if parts.path == "/api/v2/mandates" and self.headers["X-API-Key"] != API_KEY:
            self.say(401, {})
        elif parse_qs(parts.query)["school_oin"] != [SCHOOL]:
            self.say(404, {"message": "KANARIE"})
        else:
            self.say(200, MANDATE if parts.path.endswith("mandates") else [ENDPOINT])

    def say(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def register(authority: Authority) -> Iterator[str]:
    trust = authority.trust(allowed_oins={SUPPLIER})
    context: ssl.SSLContext = authority.identity("server", name="osr", trust=trust).server_context()
    server = HTTPServer(("127.0.0.1", 0), Register)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> dict[str, Path]:
    """What stands on a command line: certificates as files."""
    authority.save(tmp_path / "pki", ["las"])
    return {name: tmp_path / "pki" / f"{name}.pem" for name in ("las-client", "root", "crls")}


def test_over_mutual_tls(register: str, identity: oso.Identity, authority: Authority) -> None:
    Register.seen.clear()
    with Osr(register, identity=identity, api_key=API_KEY) as osr:
        assert osr.mandates(SUPPLIER, SCHOOL, NAMESPACE).token == TOKEN
        assert [one.url for one in osr.endpoints(NAMESPACE, school_oin=SCHOOL)] == ["https://las.invalid/oso"]
        assert refusal(lambda: osr.endpoints(NAMESPACE, school_oin=SUPPLIER)).status == 404
    assert Register.seen[0] == (SUPPLIER, "/api/v2/mandates")
    with Osr(register, identity=identity, api_key="KANARIE-anders") as osr:
        assert refusal(lambda: osr.mandates(SUPPLIER, SCHOOL, NAMESPACE)).status == 401
    with Osr(register, identity=Authority().identity("client"), deadline=5) as osr:
        error = refusal(lambda: osr.endpoints(NAMESPACE, school_oin=SCHOOL), oso.TransportError)
    assert error.sent == "no"


def test_the_program(register: str, files: dict[str, Path], run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSO_PROEF", API_KEY)
    us = [
        "osr",
        "--url",
        register,
        "--identity",
        files["las-client"],
        "--roots",
        files["root"],
        "--crls",
        files["crls"],
    ]
    endpoints = ["endpoints", "--namespace", NAMESPACE, "--school-oin"]
    result = run(*us, *endpoints, SCHOOL, "--json")
    assert (result.code, json.loads(result.out), result.err) == (0, [ENDPOINT], "")
    result = run(*us, *endpoints, SCHOOL)
    assert f"routing_id: {ROUTING}\n" in result.out
    assert 'attributes: ["LAS"]\n' in result.out
    result = run(*us, *endpoints, SUPPLIER)
    assert (result.code, result.out, "Status 404" in result.err, "KANARIE" in result.err) == (1, "", True, False)
    mandates = ["mandates", "--namespace", NAMESPACE, "--supplier-oin", SUPPLIER, "--school-oin", SCHOOL, "--json"]
    result = run(*us, "--api-key-env", "OSO_PROEF", *mandates)
    assert json.loads(result.out)[0]["start_date"] == "2022-08-15"
    assert "KANARIE" not in result.out + result.err
    result = run(*us, "--api-key-env", "OSO_PROEF", *mandates, "--show-token")
    assert json.loads(result.out) == [MANDATE]
    assert run(*us, *mandates).code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["services"], "Give --url and --identity"),
        (["--url", HOST, "services"], "Give --url and --identity"),
        (["--url", HOST, "--identity", "nergens.pem", "services"], "This file is not there"),
        (["services", "--lang", "fy"], "fy"),
    ],
)
def test_wrong_use_of_the_program(run: Any, arguments: list[str], told: str) -> None:
    result = run("osr", *arguments)
    assert (result.code, result.out) == (2, "")
    assert told in result.err


@responses.activate
def test_what_the_program_says_of_lists(run: Any, files: dict[str, Path]) -> None:
    us = ["osr", "--url", HOST, "--identity", files["las-client"], "--roots", files["root"]]
    answer("services", [{"service_code": "a"}, {"service_code": "b\x1b[2J"}])
    answer("service-versions", {"service_versions": [], "page\n": 1})
    answer("schools", [{"name": "De Wegwijzer"}])
    answer("school-mandates", [{"school_oin": SCHOOL}])
    assert run(*us, "services").out == "service_code: a\n\nservice_code: b\ufffd[2J\n"
    result = run(*us, "service-versions", "--lang", "en")
    assert "Nothing was found." in result.err
    assert "Round the list stands page " in result.err
    assert run(*us, "schools", "--name", "Weg").out == "name: De Wegwijzer\n"
    assert run(*us, "school-mandates", "--service-code", "OSO-OV").out == f"school_oin: {SCHOOL}\n"
