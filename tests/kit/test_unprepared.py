"""The kit without ``kit.toml``: what nobody prepared is not run, with a reason, and never failed; what is wrong is."""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from oso_bridge.errors import UsageError
from oso_bridge.pki import Authority, pem
from oso_bridge.testing.kit import Results, run, scenarios, tls
from oso_bridge.testing.kit.calling import HttpCaller, NoAnswer, WsgiCaller
from oso_bridge.testing.kit.oso_start import open_stage
from oso_bridge.testing.kit.scenario import pick
from oso_bridge.testing.kit.stage import Options
from oso_bridge.testing.kit.uwlr_settings import settings
from oso_bridge.testing.kit.uwlr_stage import UwlrStage

from .mistakes import MISTAKES, Answer, around
from .stage import make_stage
from .uwlr_door import KEY, SERVICES, Call, Door, Mistake, Reply, failed, fault, none, played


def states(found: Results) -> dict[str, str]:
    """The state of each scenario."""
    return {one.scenario.id: one.state for one in found.outcomes}


def uwlr(folder: Path, mistake: Mistake = none, key: str = KEY) -> Results:
    """What comes of an endpoint of UWLR of which nobody said anything."""
    caller = WsgiCaller(Door(folder, mistake))
    return run(UwlrStage(settings({}, {"OSO_KIT_SLEUTEL": key}), dict.fromkeys(SERVICES, caller)), scenarios("uwlr"))


def without_results(call: Call) -> Reply:
    return fault("Server.TijdelijkNietBeschikbaar") if call.asks("leerresultaten_verzoek") else call.go()


def without_steps(call: Call) -> Reply:
    reply = call.swapped("(structuur|leerlingen|leerkrachten)_verzoek", "alles_verzoek")
    return reply.swap('<wsdl:operation name="HaalStructuur".*?</wsdl:operation>', "")


@pytest.mark.parametrize(
    ("mistake", "left"),
    [(without_results, ("UWLR.R", "UWLR.W02")), (without_steps, ("UWLR.S", "UWLR.T11", "UWLR.T12"))],
)
def test_a_service_that_nobody_spoke_of_is_not_run(mistake: Mistake, left: tuple[str, ...], tmp_path: Path) -> None:
    found = uwlr(tmp_path, mistake)
    assert failed(found) == set(), found.table("en")
    assert {name for name, state in states(found).items() if state == "not_run"} == {
        one.id for one in scenarios("uwlr") if one.id.startswith((*left, "UWLR.T07", "UWLR.R14"))
    }
    assert found.exit_code() == 0
    assert found.exit_code(strict=True) == 1


def test_another_school_than_the_kit_guesses_is_no_mistake(tmp_path: Path) -> None:
    found = uwlr(tmp_path, key="een andere sleutel")
    assert failed(found) == set(), found.table("en")
    assert states(found)["UWLR.G01"] == "not_run"
    assert "kit.toml" in found.table("en")


def test_what_is_wrong_fails_all_the_same(tmp_path: Path) -> None:
    def shows_all(call: Call) -> Reply:
        return call.go().swap(r'(<leerling key="L-1".*?<groep key="G-3"/>)', r"\1<bsn>123456789</bsn>")

    assert {"G05", "G06"} <= failed(uwlr(tmp_path, shows_all))


def oso(plant: Any) -> Results:
    """What comes of an endpoint of OSO of which nobody said anything."""
    stage = make_stage(plant)
    stage._prepared = False
    found = run(stage, scenarios("oso"))
    stage.close()
    return found


def test_an_endpoint_without_the_dossiers_of_the_kit_does_not_fail() -> None:
    found = oso(lambda las: las.memory.ready.clear())
    assert "failed" not in states(found).values(), found.table("en")
    assert states(found)["OSO.B01"] == "not_run"


def test_an_endpoint_that_delivers_is_held_to_all() -> None:
    found = states(oso(MISTAKES["nothing_for_an_swv"].plant))
    assert found["OSO.B05"] == "failed"
    assert oso(MISTAKES["no_session_check"].plant).exit_code() == 1


# --- identity, roots and ports ------------------------------------------------------------------------------------


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    """What ``oso-bridge pki new`` writes."""
    Authority().save(tmp_path / "pki", ("las",))
    return tmp_path / "pki"


def test_without_tls_an_identity_needs_no_roots(pki: Path) -> None:
    shutil.move(pki / "root.pem", pki / "elders.pem")
    options = Options("http://127.0.0.1:9/", identity=pki / "las-client.pem")
    assert tls.caller(options, seconds=1).url == options.endpoint


def test_the_root_of_a_test_authority_is_found_beside_the_identity(pki: Path) -> None:
    options = Options("https://127.0.0.1:9/", identity=pki / "las-client.pem")
    assert tls.roots(options) == (pki / "root.pem").read_bytes()
    other = pki / "andere.pem"
    other.write_bytes(pem(Authority().root))
    assert tls.roots(Options("https://127.0.0.1:9/", identity=options.identity, roots=other)) == other.read_bytes()
    (pki / "root.pem").unlink()
    with pytest.raises(UsageError, match="by which roots"):
        tls.roots(options)


# cheroot leaves a socket behind that it could not bind
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_port_that_is_taken_matters_only_to_who_chose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from oso_bridge.testing.kit.oso_plan import Centre

    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        chosen = Options("http://127.0.0.1:9/", settings={"verkeerscentrum": {"poort": taken}})
        with pytest.raises(UsageError, match="cannot listen"):
            open_stage(chosen)
        monkeypatch.setattr(
            "oso_bridge.testing.kit.oso_start.read",
            lambda settings: (make_plan(), Centre(poort=taken)),
        )
        stage = open_stage(Options("http://127.0.0.1:9/"))
        try:
            assert stage.simulator.url.rpartition(":")[2] != f"{taken}/oso"
            assert stage.simulator.url.startswith("http://127.0.0.1:")
        finally:
            stage.close()


def make_plan() -> Any:
    """The plan with its defaults."""
    from oso_bridge.testing.kit.oso_plan import Plan

    return Plan()


def test_everything_is_not_run_where_nobody_is_known(tmp_path: Path) -> None:
    """Nothing is played at all: that is no success."""
    found = run(
        UwlrStage(settings({}, {}), dict.fromkeys(SERVICES, WsgiCaller(Door(tmp_path)))),
        pick(scenarios("uwlr"), ["UWLR.G", "UWLR.R"]),
    )
    assert set(states(found).values()) == {"not_run"}
    assert found.exit_code() == 5


# --- what breaks down on the way ------------------------------------------------------------------------------------


def test_an_endpoint_that_breaks_down_on_the_way_fails(tmp_path: Path) -> None:
    """Where somebody was, nobody being there any more is the mistake of the endpoint, and no success."""
    call, calls = WsgiCaller(Door(tmp_path)), [0]

    def dies(*arguments: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] > 6:
            raise NoAnswer("geen_verbinding")
        return call(*arguments, **more)

    chosen = settings({"uwlr": {}}, {"OSO_KIT_SLEUTEL": KEY})
    found = run(UwlrStage(chosen, dict.fromkeys(SERVICES, dies)), scenarios("uwlr"))
    assert failed(found)
    assert found.exit_code() == 1


def test_where_nobody_ever_was_nothing_is_played() -> None:
    def nobody(*_: Any, **__: Any) -> Any:
        raise NoAnswer("geen_verbinding")

    chosen = settings({"uwlr": {}}, {"OSO_KIT_SLEUTEL": KEY})
    found = run(UwlrStage(chosen, dict.fromkeys(SERVICES, nobody)), scenarios("uwlr"))
    assert set(states(found).values()) == {"not_run"}
    assert found.exit_code() == 5


def test_one_good_answer_does_not_excuse_the_rest(tmp_path: Path) -> None:
    """An endpoint that answers the school once only."""
    asked = [0]

    def once(call: Call) -> Reply:
        asked[0] += call.asks("leerlinggegevens_verzoek")
        return Reply(429, {"Content-Type": "text/html"}, b"<html/>") if asked[0] > 1 else call.go()

    found = played(tmp_path, once)
    assert {"G02", "G08"} <= failed(found)


def redirect(body: bytes, answer: Answer) -> Answer:
    del body, answer
    return (302, "text/html", b"<html>elsewhere</html>")


def test_a_redirect_is_wrong_whatever_the_layout() -> None:
    stage = make_stage(lambda las: around(las, answer=redirect), wsdl=False)
    found = states(run(stage, pick(scenarios("oso"), ["OSO.B01", "OSO.B23", "OSO.D02"])))
    stage.close()
    assert set(found.values()) == {"failed"}


def test_a_handshake_may_not_last_for_ever() -> None:
    """Bytes that come one by one, each within the time of a socket."""
    over = threading.Event()

    def drip(server: socket.socket) -> None:
        line, _ = server.accept()
        with line, suppress(OSError):
            line.sendall(b"\x16\x03\x03\x40\x00")
            while not over.wait(0.2):
                line.sendall(b"\x02")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        context = ssl.create_default_context()
        begun = time.monotonic()
        with pytest.raises(NoAnswer) as told:
            HttpCaller(f"https://127.0.0.1:{server.getsockname()[1]}/", context=context, seconds=1)(b"")
        over.set()
    assert told.value.code == "te_laat"
    assert time.monotonic() - begun < 5
