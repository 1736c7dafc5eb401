"""Whether an endpoint speaks OSO or UWLR, when nobody said so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from oso_bridge.testing.kit.calling import Caller, NoAnswer
from oso_bridge.testing.kit.scenario import KINDS

_MARKS = {"oso": b"/overstapservice/", "uwlr": b"/leerresultaten/2/"}
_ENVELOPE = (
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>%s</soap:Body></soap:Envelope>'
)
_NOTHING = b'<vraag xmlns="urn:oso-bridge:kit"/>'
_EMPTY = {
    "oso": b'<documentRequest xmlns="http://xml.kennisnet.nl/schemas/Overstapservice/20200910"/>',
    "uwlr": b'<leerlinggegevens_verzoek xmlns="http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens"/>',
}
_MOST = 4 * 1024 * 1024


def find(call: Caller, wsdl: Iterable[Path] = (), settings: Mapping[str, Any] | None = None) -> str:
    """``oso`` or ``uwlr``; empty when it cannot be told.

    It is told by ``kit.toml`` when that has a table for one of the two only; by the WSDL behind the address; by the
    files that were given; or in the end by what is answered to requests without content.

    Args:
        call: Calls the endpoint.
        wsdl: Official WSDL or XSD files.
        settings: The tables of ``kit.toml``.

    Raises:
        NoAnswer: The endpoint does not answer at all.
    """
    tables = [kind for kind in KINDS if kind in (settings or {})]
    return (
        (tables[0] if len(tables) == 1 else "")
        or _kind(_description(call))
        or next((kind for kind in map(_kind, map(_read, wsdl)) if kind), "")
        or _asked(call)
    )


def _asked(call: Caller) -> str:
    """The only kind whose empty request is answered in another way than one that means nothing to anybody."""
    nothing = _answer(call, _NOTHING)
    answers = {kind: _answer(call, empty) for kind, empty in _EMPTY.items()}
    differ = [kind for kind, answer in answers.items() if answer != nothing]
    return _kind(nothing) or (differ[0] if len(differ) == 1 else "")


def _answer(call: Caller, message: bytes) -> bytes:
    return call(_ENVELOPE % message).body


def _description(call: Caller) -> bytes:
    """The WSDL behind the address; nothing when there is none."""
    try:
        return call(None, method="GET", query="wsdl").body
    except NoAnswer:
        return b""


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST)


def _kind(content: bytes) -> str:
    """The kind whose namespaces stand in some text; none when both do, or neither."""
    small = content.lower()
    found = [kind for kind, mark in _MARKS.items() if mark in small]
    return found[0] if len(found) == 1 else ""
