"""Our endpoint of UWLR behind a door that can be made to do one thing wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from oso_bridge.exchange import uwlr
from oso_bridge.exchange.uwlr.faults import UwlrFault, write
from oso_bridge.testing.kit import Results, run, scenarios
from oso_bridge.testing.kit.calling import WsgiCaller
from oso_bridge.testing.kit.scenario import pick
from oso_bridge.testing.kit.uwlr_settings import settings
from oso_bridge.testing.kit.uwlr_stage import UwlrStage

SCHOOL = Path(__file__).resolve().parents[2] / "oso_bridge" / "testing" / "kit" / "uwlr_school.xml"
KEY, OTHER_KEY = "sleutel-van-de-testkit", "sleutel-van-een-andere-school"
SERVICES = ("leerlinggegevens", "getrapt", "resultaten")


@dataclass(frozen=True)
class Reply:
    """What goes back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def swap(self, old: str, new: str, *, count: int = 0) -> Reply:
        """The same with another text, wherever it matches."""
        return replace(self, body=re.sub(old.encode(), new.encode(), self.body, count=count, flags=re.DOTALL))


@dataclass
class Call:
    """What came, and the way to our endpoint."""

    request: bytes
    query: str
    headers: Mapping[str, str]
    memory: dict[str, Any]
    inside: Callable[[bytes], Reply]

    def go(self, request: bytes | None = None) -> Reply:
        """What our endpoint answers."""
        return self.inside(self.request if request is None else request)

    def swapped(self, old: str, new: str) -> Reply:
        """What it answers to a request with another text."""
        return self.go(re.sub(old.encode(), new.encode(), self.request, flags=re.DOTALL))

    def has(self, pattern: str) -> bool:
        """Whether the request matches."""
        return re.search(pattern.encode(), self.request, flags=re.DOTALL) is not None

    def asks(self, element: str) -> bool:
        """Whether it is that request."""
        return self.has(f"<{element}[ >]")


Mistake = Callable[[Call], Reply]


def none(call: Call) -> Reply:
    """No mistake."""
    return call.go()


def fault(code: str, text: str = "") -> Reply:
    """A fault as our endpoint writes them."""
    return Reply(500, {"Content-Type": "text/xml; charset=utf-8"}, write(UwlrFault(code, text)))


class Door:
    """A WSGI application: our endpoint, with one mistake."""

    def __init__(self, results: Path, mistake: Mistake = none) -> None:
        bron = uwlr.EdexBron(SCHOOL, resultaten=uwlr.Resultatenmap(results))
        keys = {KEY: bron.school, OTHER_KEY: uwlr.Schoolid("00BB")}
        klanten = uwlr.Klanten([(uwlr.Klant("proef", "proef"), keys)])
        self._application = uwlr.Application(uwlr.Endpoint(bron, klanten))
        self._mistake = mistake
        self._memory: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = environ["wsgi.input"].read()
        call = Call(request, environ["QUERY_STRING"], environ, self._memory, lambda sent: self._inside(environ, sent))
        reply = self._mistake(call)
        start(f"{reply.status} x", list({**reply.headers, "Content-Length": str(len(reply.body))}.items()))
        return [reply.body]

    def _inside(self, environ: Mapping[str, Any], request: bytes) -> Reply:
        more = {name: environ[name] for name in ("CONTENT_TYPE", "HTTP_SOAPACTION") if name in environ}
        more |= {"wsgi.url_scheme": "http", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SCRIPT_NAME": ""}
        asked = WsgiCaller(self._application, more)
        found = asked(request, method=environ["REQUEST_METHOD"], query=environ["QUERY_STRING"])
        return Reply(found.status, found.headers, found.body)


def stage(results: Path, mistake: Mistake = none, **own: Any) -> UwlrStage:
    """The stage of the kit before a door."""
    told = {"uwlr": {"vreemde_sleutel_env": "ANDERE", **own}}
    chosen = settings(told, {"OSO_KIT_SLEUTEL": KEY, "ANDERE": OTHER_KEY})
    return UwlrStage(chosen, dict.fromkeys(SERVICES, WsgiCaller(Door(results, mistake))))


def played(results: Path, mistake: Mistake = none, only: tuple[str, ...] = (), **own: Any) -> Results:
    """What comes of the scenarios."""
    return run(stage(results, mistake, **own), pick(scenarios("uwlr"), only))


def failed(found: Results) -> set[str]:
    """The scenarios that failed, without the name of their kind."""
    return {one.scenario.id.removeprefix("UWLR.") for one in found.outcomes if one.state == "failed"}
