"""Attacks on the endpoint of UWLR: size, secrets, mixed answers, and results that come a second time."""

from __future__ import annotations

import gc
import logging
import socket
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import UsageError
from oso_bridge.exchange import soap, uwlr
from oso_bridge.exchange.server import make_server
from oso_bridge.exchange.uwlr import faults
from oso_bridge.exchange.uwlr.edex import EdexBron, Resultatenmap
from oso_bridge.exchange.uwlr.operations import PUPILS
from oso_bridge.model.administratie import (
    Administratieleerling,
    Administratieschool,
    Groep,
    Leerkracht,
    Schooladministratie,
)
from oso_bridge.parcels import Parcel

from ..soap_attacks import Ear, hostile, pointers
from .scene import (
    BASIS,
    EDEX,
    HEADER,
    KEY,
    VERZOEK,
    YEAR,
    Gemaakt,
    Scene,
    code,
    envelope,
    from_file,
    question,
    results,
    whole,
)
from .test_foreign import raw
from .test_wsdl import url  # noqa: F401 - a fixture

CANARY = "KANARIE-4711"


@pytest.fixture
def bron() -> Gemaakt:
    return Gemaakt(5)


# --- rows that hold for every message ---------------------------------------------------------------------------------

ROWS = tuple(hostile(envelope(question()), "http://127.0.0.1:9/"))


@pytest.fixture
def ear() -> Iterator[Ear]:
    found = Ear()
    yield found
    found.door.close()


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("body", [question(), results()], ids=["question", "results"])
def test_refused(row: str, body: str, ear: Ear) -> None:
    """A1 to A6, A8, A9, A12, A23: refused, at little cost, and nothing is fetched, kept or sent back."""
    bron = Gemaakt()
    message, begin = hostile(envelope(body), ear.url)[row], time.process_time()
    reply = Scene(bron).endpoint(Parcel(message, soap.MEDIA_TYPE))
    assert time.process_time() - begin < 5
    assert code(soap.unwrap(reply.content)) == faults.MESSAGE
    assert len(reply.content) < 2000
    assert (bron.gevraagd, bron.ontvangen, ear.heard) == ([], [], 0)


@pytest.mark.parametrize("row", tuple(pointers(envelope(question()), "")))
def test_a_schema_that_a_message_points_to_is_not_fetched(row: str, ear: Ear) -> None:
    """A7."""
    message = pointers(envelope(question()), ear.url)[row]
    assert not soap.is_fault(Scene(Gemaakt()).ask(message))
    assert ear.heard == 0


ADDRESSING = "http://www.w3.org/2005/08/addressing"


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo", "From", "To"])
def test_an_answer_goes_to_who_asked(name: str, ear: Ear) -> None:
    """A16: there is no addressing in UWLR, so nothing is done with it; who insists is refused."""
    block = f'<a:{name} xmlns:a="{ADDRESSING}"{{}}><a:Address>{ear.url}</a:Address></a:{name}>'
    insists = block.format(f' q:mustUnderstand="1" xmlns:q="{soap.NAMESPACE}"')
    assert not soap.is_fault(Scene(Gemaakt()).ask(envelope(question(), block.format("") + HEADER)))
    assert code(Scene(Gemaakt()).ask(envelope(question(), insists + HEADER))) == "soap:MustUnderstand"
    assert ear.heard == 0


def test_a_soapaction_of_something_else_changes_nothing() -> None:
    """A15: who may only ask cannot bring, and the other way round; the body says what is done."""
    bron = Gemaakt()
    Scene(bron).ask(envelope(question("structuur_verzoek")), soapaction="BrengLeerresultaten")
    assert (bron.ontvangen, bron.gevraagd) == ([], [])
    assert not soap.is_fault(Scene(bron).ask(envelope(results()), soapaction="HaalLeerlinggegevens"))
    assert (len(bron.ontvangen), bron.gevraagd) == (1, [])


HTTP = {
    "A12 packed": ("Content-Encoding: gzip\r\nContent-Length: 10\r\n", b"\x1f\x8b" + bytes(8), b"415"),
    "A12 packed and in chunks": ("Transfer-Encoding: gzip, chunked\r\n", b"2\r\n\x1f\x8b\r\n0\r\n\r\n", b"501"),
    "A11 a huge header": (f"X-Veel: {'x' * 70_000}\r\n", b"", b"413"),
    "A11 very many headers": ("".join(f"X-{n}: y\r\n" for n in range(5_000)), b"", b"413"),
    "A11 a length that is too large": ("Content-Length: 99999999999\r\n", b"", b"413"),
}


@pytest.mark.parametrize("what", HTTP)
def test_refused_by_its_headers(what: str, url: str) -> None:  # noqa: F811 - a fixture
    head, body, status = HTTP[what]
    assert raw(url, head, body)[9:12] in (status, b"")


@pytest.mark.parametrize("how", ["Content-Length: 5000\r\n", "Transfer-Encoding: chunked\r\n"])
def test_a_slow_body_ends(how: str) -> None:
    """A13: a byte now and then is no life, in chunks neither."""
    application = uwlr.Application(Scene(Gemaakt()).endpoint)
    server = make_server(application, "127.0.0.1", 0, context=None, threads=2, seconds=1)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        with socket.create_connection(("127.0.0.1", server.bind_addr[1]), timeout=10) as line:
            line.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n{how}\r\n".encode())
            begin = time.monotonic()
            with pytest.raises(OSError):  # noqa: PT012 - it is noticed at a write, some time
                while time.monotonic() - begin < 8:
                    line.sendall(b"1\r\n \r\n" if "chunked" in how else b" ")
                    time.sleep(0.05)
            assert time.monotonic() - begin < 5
    finally:
        server.stop()


# --- more than anyone asks --------------------------------------------------------------------------------------------

DEEP = 5_000
MANY = "".join(f'<groep key="{number}"/>' for number in range(100_000))
FLOOD = " ".join(f'a{number}=""' for number in range(2_000))
INCLUDE = '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
LONG = f'<groep key="{"k" * 10**7}"/>'
WRONG = '<groep sleutel="a"/>'
WIDE = {
    "A9 a hundred thousand groups": question("leerlingen_verzoek", f"{BASIS}<groepen>{MANY}</groepen>"),
    "A9 a hundred thousand times the same group": question(
        "leerlingen_verzoek", f"{BASIS}<groepen>{'<groep/>' * 100_000}</groepen>"
    ),
    "A9 as many groups as may be, and each is wrong": question(
        "leerlingen_verzoek", f"{BASIS}<groepen>{WRONG * 19_999}</groepen>"
    ),
    "A9 attributes": question(inside=BASIS.replace("<brincode", f"<brincode {FLOOD}")),
    "A9 schools": question(inside=BASIS.replace("<brincode>00AA</brincode>", "<brincode>00AA</brincode>" * 19_000)),
    "A8 depth": question(inside=f"{BASIS}{'<a>' * DEEP}{'</a>' * DEEP}"),
    "A5 XInclude": question(inside=BASIS.replace("00AA", INCLUDE)),
    "A10 a key of ten megabytes": question("leerlingen_verzoek", f"{BASIS}<groepen>{LONG}</groepen>"),
}


@pytest.mark.parametrize("what", WIDE)
def test_what_is_too_much_costs_little(what: str) -> None:
    endpoint = Scene(Gemaakt()).endpoint
    content, begin = envelope(WIDE[what]), time.process_time()
    reply = endpoint(Parcel(content, soap.MEDIA_TYPE))
    assert time.process_time() - begin < 10
    assert code(soap.unwrap(reply.content)) in (faults.MESSAGE, faults.ACCESS)
    assert len(reply.content) < 2000


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace(KEY, "k" * 10**6),
        HEADER.replace("code-1", "k" * 10**6),
        HEADER.replace("</a:autorisatie>", f"{'<a:meer/>' * 19_000}</a:autorisatie>"),
        HEADER * 5_000,
        f"{'<x/>' * 19_000}{HEADER.replace('code-1', 'code-9')}",
    ],
    ids=["key", "code", "children", "repeated", "others"],
)
def test_a_header_that_is_too_much(header: str) -> None:
    begin = time.process_time()
    assert code(Scene(Gemaakt()).ask(envelope(question(), header))) in (faults.ACCESS, faults.CLIENT)
    assert time.process_time() - begin < 5


def test_as_many_groups_as_may_be_are_answered_at_once() -> None:
    groups = [Groep(soort="stamgroep", sleutel=f"G-{n}", naam="Groep", jaargroep="3") for n in range(15_000)]
    kop = Schooladministratie(schooljaar=YEAR, school=Administratieschool(brincode="00AA"), groepen=groups)
    asked = "".join(f'<groep key="G-{n}"/>' for n in range(15_000))
    begin = time.process_time()
    body = question("leerlingen_verzoek", f"{BASIS}<groepen>{asked}</groepen>")
    assert not soap.is_fault(Scene(Gemaakt(1, eigen_kop=kop)).ask(envelope(body)))
    assert time.process_time() - begin < 10


# --- children ---------------------------------------------------------------------------------------------------------


@dataclass
class Kanaries(Gemaakt):
    """A school in which every value is a canary; ``wrong`` is put into every pupil."""

    wrong: dict[str, Any] | None = None

    def leerlingen(self, vraag: uwlr.Vraag) -> Iterator[Administratieleerling]:
        """Pupils that must not be seen."""
        for one in super().leerlingen(vraag):
            named = {"achternaam": CANARY, "roepnaam": CANARY, "voornamen": CANARY, "gebruikersnaam": CANARY}
            named |= {"leerlingid": f"{CANARY}-{one.leerlingid}", "eckid": f"{CANARY}/{one.leerlingid}"}
            yield one.model_copy(update=named | (self.wrong or {}))

    def leerkrachten(self, vraag: uwlr.Vraag) -> Iterable[Leerkracht]:
        """Staff that must not be seen."""
        return [one.model_copy(update={"achternaam": CANARY}) for one in super().leerkrachten(vraag)]


class Told(Exception):
    """What a database says, with the value in its message, its notes, its cause and its text."""

    def __init__(self) -> None:
        super().__init__(f"duplicate key ({CANARY})", {"bsn": CANARY})
        self.add_note(CANARY)
        self.__cause__ = ValueError(CANARY)

    def __repr__(self) -> str:
        return CANARY


@dataclass
class Raises(Gemaakt):
    """An administration of which one method raises."""

    method: str = ""

    def __post_init__(self) -> None:
        if self.method:
            setattr(self, self.method, self._raise)

    def _raise(self, *_: object) -> Any:
        raise Told


GROUP = f'{BASIS}<groepen><groep key="G-0"/></groepen>'
ASKED = {
    "all": question(),
    "structure": question("structuur_verzoek"),
    "pupils": question("leerlingen_verzoek", GROUP),
    "staff": question("leerkrachten_verzoek", GROUP),
    "results": results(),
}


@pytest.mark.parametrize(
    ("asked", "method"),
    [
        *((asked, "kent") for asked in ASKED),
        *((asked, "kop") for asked in ("all", "structure", "pupils", "staff")),
        ("all", "leerlingen"),
        ("pupils", "leerlingen"),
        ("staff", "leerkrachten"),
        ("results", "vorige"),
        ("results", "ontvang"),
    ],
)
def test_whatever_an_administration_raises_stays_here(
    asked: str, method: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene(Raises(method=method))
    assert code(scene.ask(envelope(ASKED[asked]))) == faults.INTERNAL
    assert CANARY.encode() not in scene.answers[0]
    told = "".join(logging.Formatter().format(record) for record in caplog.records)
    assert CANARY not in told + caplog.text + "".join(capfd.readouterr())
    assert "soort=Told" in told


@pytest.mark.parametrize("method", ["klant", "scholen"])
def test_whatever_the_table_of_who_may_ask_raises_stays_here(method: str, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(uwlr.Klanten):
        def _raise(self, *_: object) -> Any:
            raise Told

    table = Broken([(uwlr.Klant("code-1", "Voorbeeldleermiddel"), {KEY: uwlr.Schoolid("00AA")})])
    setattr(table, method, table._raise)
    scene = Scene(Gemaakt(), toegang=table)
    assert code(scene.ask(envelope(question()))) == faults.INTERNAL
    assert CANARY.encode() not in scene.answers[0]
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {"jaargroep": CANARY},
        {"groep": CANARY},
        {"vestiging": CANARY},
        {"eckid": CANARY},
        {"leerlingid": CANARY},
        {"geboortedatum": CANARY},
        {"achternaam": CANARY * 30},
        {"achternaam": f"{CANARY}\x00"},
        {"achternaam": f"{CANARY}\ud800"},
        {"samengestelde_groepen": [CANARY]},
    ],
)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_pupils_are_in_answers_and_nowhere_else(
    wrong: dict[str, Any] | None, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene(Kanaries(wrong=wrong))
    payload = scene.ask(envelope(question()))
    if wrong is not None:
        assert code(payload) == faults.INTERNAL
        assert CANARY.encode() not in scene.answers[0]
    told = "".join(logging.Formatter().format(record) for record in caplog.records)
    assert CANARY not in told + "".join(capfd.readouterr())
    assert CANARY not in repr(scene.endpoint)


def test_what_a_client_holds_shows_no_pupil(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = Scene(Kanaries(6)).client()
    found = [client.leerlinggegevens(VERZOEK), client.getrapt(VERZOEK), client.leerlingen(VERZOEK, groepen=["G-0"])]
    assert found[0].administratie.leerlingen[0].achternaam == CANARY
    shown = "".join(f"{one!r}{one}{one.rapport!r}{one.rapport.findings}{one.document!r}" for one in found)
    assert CANARY not in shown + repr(client) + repr(vars(client)) + caplog.text


def test_an_error_of_a_client_holds_no_pupil() -> None:
    """Not in its text, and not in a traceback that shows no local values."""

    class Mangled(Scene):
        def handle(self, parcel: Parcel) -> Parcel:
            reply = super().handle(parcel)
            return replace(reply, content=reply.content.replace(b"leerlinggegevens_antwoord", CANARY.encode()))

    with pytest.raises(oso.TransportError) as raised:
        Mangled(Kanaries()).client().leerlinggegevens(VERZOEK)
    assert CANARY not in "".join(traceback.format_exception(raised.value))


# --- many at once -----------------------------------------------------------------------------------------------------

SCHOOLS = [f"{number:02d}ZZ" for number in range(20)]


class Scholen(Gemaakt):
    """Twenty schools, whose pupils are known by the school they are of."""

    def kent(self, school: uwlr.Schoolid) -> bool:
        """Whether it is one of them."""
        return school.brincode in SCHOOLS

    def kop(self, vraag: uwlr.Vraag) -> Schooladministratie:
        """The school."""
        groups = [Groep(soort="stamgroep", sleutel=f"G-{vraag.school.brincode}", naam="Groep", jaargroep="3")]
        own = Administratieschool(brincode=vraag.school.brincode)
        return Schooladministratie(schooljaar=YEAR, school=own, groepen=groups)

    def leerlingen(self, vraag: uwlr.Vraag) -> Iterator[Administratieleerling]:
        """Its pupils, slowly."""
        own = vraag.school.brincode
        for number in range(150):
            if number % 50 == 0:
                time.sleep(0.001)
            yield Administratieleerling(
                leerlingid=f"{own}-{number}", achternaam=own, jaargroep="3", groep=f"G-{own}", geboortedatum=None
            )

    def leerkrachten(self, vraag: uwlr.Vraag) -> Iterable[Leerkracht]:
        """Its staff."""
        return [Leerkracht(sleutel=f"K-{vraag.school.brincode}", achternaam=vraag.school.brincode)]


def test_twenty_schools_at_once_get_their_own_pupils() -> None:
    rows = [(uwlr.Klant(f"code-{own}", f"naam-{own}"), {f"sleutel-{own}": uwlr.Schoolid(own)}) for own in SCHOOLS]
    scene = Scene(Scholen(), toegang=uwlr.Klanten(rows))
    lined = threading.Barrier(len(SCHOOLS))

    def ask(own: str) -> list[tuple[str, set[str]]]:
        known = uwlr.Autorisatie(f"code-{own}", f"naam-{own}", f"sleutel-{own}")
        client = uwlr.Client(scene.line, known)
        lined.wait(60)
        seen = []
        for call in (client.leerlinggegevens, client.getrapt) * 2:
            found = call(replace(VERZOEK, school=uwlr.Schoolid(own))).administratie
            persons = [*found.leerlingen, *found.leerkrachten]
            groups = {str(one.sleutel)[2:] for one in found.groepen}
            seen.append(
                (str(found.school and found.school.brincode), groups | {str(one.achternaam) for one in persons})
            )
            assert len(persons) == 151
        return seen

    with ThreadPoolExecutor(len(SCHOOLS)) as pool:
        for own, seen in zip(SCHOOLS, pool.map(ask, SCHOOLS), strict=True):
            assert seen == [(own, {own})] * 4


def test_one_client_for_all_threads_mixes_no_requests() -> None:
    rows = [(uwlr.Klant("code", "naam", ("smalle-set",)), {"sleutel": [uwlr.Schoolid(own) for own in SCHOOLS]})]
    scene = Scene(Scholen(), toegang=uwlr.Klanten(rows))
    client = uwlr.Client(scene.line, uwlr.Autorisatie("code", "naam", "sleutel"))

    def ask(own: str) -> str:
        found = client.structuur(replace(VERZOEK, school=uwlr.Schoolid(own))).administratie.school
        return str(found and found.brincode)

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, SCHOOLS * 3)) == SCHOOLS * 3


def test_who_keeps_results_slowly_keeps_no_other_application_waiting() -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow(Gemaakt):
        def ontvang(self, levering: uwlr.Levering) -> None:
            if levering.klant == "code-1":
                inside.set()
                assert go_on.wait(30)
            super().ontvang(levering)

        def vorige(self, school: uwlr.Schoolid, klant: str) -> datetime | None:
            return None

    other = HEADER.replace("code-1", "code-2").replace("Voorbeeldleermiddel", "Ander").replace(KEY, "k-2")
    table = uwlr.Klanten(
        [
            (uwlr.Klant("code-1", "Voorbeeldleermiddel"), {KEY: uwlr.Schoolid("00AA")}),
            (uwlr.Klant("code-2", "Ander"), {"k-2": uwlr.Schoolid("00AA")}),
        ]
    )
    scene = Scene(Slow(), toegang=table)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(scene.ask, envelope(results()))
        assert inside.wait(30)
        try:
            quick = pool.submit(scene.ask, envelope(results(), other)).result(20)
        finally:
            go_on.set()
        assert not soap.is_fault(quick)
        assert not soap.is_fault(slow.result(30))


# --- once, and of the right pupil -------------------------------------------------------------------------------------


def test_results_do_not_come_again_under_another_name_of_the_school(tmp_path: Path) -> None:
    """A24: by its code and by its key a school is one school, also after a new start."""
    by_code = "<lr:brincode>00AA</lr:brincode>"
    by_key = results((by_code, "<lr:schoolkey>wilgenroos-1</lr:schoolkey>"))
    with_part = results((by_code, f"{by_code}<lr:dependancecode>00</lr:dependancecode>"))
    assert not soap.is_fault(from_file(tmp_path).ask(envelope(results())))
    for again in (results(), by_key, with_part):
        assert code(from_file(tmp_path).ask(envelope(again))) == faults.MESSAGE
    assert len(list(tmp_path.glob("*.xml"))) == 1
    later = by_key.replace("2024-12-06T15", "2024-12-06T17")
    assert not soap.is_fault(from_file(tmp_path).ask(envelope(later)))
    assert code(from_file(tmp_path).ask(envelope(results()))) == faults.MESSAGE


def test_results_of_two_threads_come_once(tmp_path: Path) -> None:
    scene = from_file(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(scene.ask, [envelope(results())] * 8))
    assert sorted(map(soap.is_fault, found)) == [False, *[True] * 7]
    assert len(list(tmp_path.glob("*.xml"))) == 1


def test_results_that_name_two_pupils_are_of_neither(tmp_path: Path) -> None:
    """The key of one pupil, the eckid of another."""
    text = EDEX.read_text("utf-8")
    administration = tmp_path / "edex.xml"
    administration.write_text(text, "utf-8")
    own = oso.read(EDEX).administratie().leerlingen
    assert own[0].eckid
    assert not own[1].eckid
    folder = tmp_path / "resultaten"
    folder.mkdir()
    client = Scene(EdexBron(administration, resultaten=Resultatenmap(folder))).client()
    brought = oso.read(results().encode()).leerresultaten()
    mixed = brought.afnames[0].model_copy(update={"leerlingid": own[1].leerlingid, "eckid": own[0].eckid})
    with pytest.raises(uwlr.UwlrFault) as raised:
        client.breng(brought.model_copy(update={"afnames": [mixed]}))
    assert raised.value.code == faults.PUPIL
    assert list(folder.iterdir()) == []


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_is_looked_up_by_its_digest() -> None:
    """Neither a key nor a part of it is compared, so time tells nothing of it; and none is kept."""
    table = uwlr.Klanten([(uwlr.Klant("code-1", "Voorbeeldleermiddel"), {KEY: uwlr.Schoolid("00AA")})])
    gc.collect()
    held = [str(one) for one in gc.get_referents(*gc.get_referents(table))]
    assert not any(KEY in one for one in held)
    own = table.klant("code-1", "Voorbeeldleermiddel")
    assert own is not None
    for near in (KEY[:-1], f"{KEY} ", KEY.upper(), f"{KEY}\u200b", ""):
        assert not table.scholen(own, near)
    with pytest.raises(UsageError):
        uwlr.Klanten([(uwlr.Klant("code-1", "Voorbeeldleermiddel"), {"": uwlr.Schoolid("00AA")})])


@pytest.mark.parametrize("asked", ASKED)
def test_the_key_of_one_school_opens_no_other(asked: str) -> None:
    body = ASKED[asked].replace("00AA", "00BB")
    assert code(Scene(Gemaakt()).ask(envelope(body))) == faults.ACCESS
    if asked != "results":
        assert code(Scene(Gemaakt()).ask(envelope(ASKED[asked].replace(">00<", ">01<")))) == faults.ACCESS


def test_a_large_school_comes_whole() -> None:
    """Memory is looked at beside this; here that nobody is lost between the parts."""
    found = whole(Scene(Gemaakt(2001)).ask(envelope(question()))).administratie()
    assert len({one.leerlingid for one in found.leerlingen}) == 2001
    assert found.xsdversie == "2.2"
    assert PUPILS in question()
