"""What was said, as JSON and HTML: each message with its mark and the row that answered it; values only when asked."""

from __future__ import annotations

import html
import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from oso_bridge.errors import DocumentError
from oso_bridge.identifiers import brin
from oso_bridge.testing.simulator.faults import known as known_faults
from oso_bridge.testing.simulator.messages import FAULT, data, names, wires
from oso_bridge.transports.private import replace_file
from oso_bridge.xml import parser

_MOST = 20_000
_LONGEST = 4000
# Told as they are: schools, delivery points and words that are in tables are no one's data.
_PLAIN = frozenset(("bronBrin", "doelBrin", "brin"))
_NAMED = {"sessieId": "sessie", "koppelsleutel": "koppelsleutel", "zoeksleutel": "zoeksleutel"}
_COLOURS = {"confirmed": "#d6f0d6", "inferred": "#fdf0c4", "provisional": "#f8d9cf"}


@dataclass(frozen=True, slots=True)
class Line:
    """One message.

    Attributes:
        moment: When, in UTC.
        sender: Who sent it: a role of the simulator, or the OIN of a certificate.
        receiver: Who got it.
        message: Its element.
        wire: ``2022`` or ``2018``; empty when it was not understood.
        mark: How well its layout is known.
        state: The state before, for a request that was answered here.
        goes: The state after.
        row: The row of the table that counted, as ``verkeer 8``.
        when: Its conditions, as ``!zelfde_sleutel``: why it counted.
        rule: How well that row is known.
        result: The result word, when it is one that tables know.
        fault: The fault that was made on command.
        content: The message, without values.
    """

    moment: str
    sender: str
    receiver: str
    message: str
    wire: str = ""
    mark: str = ""
    state: str = ""
    goes: str = ""
    row: str = ""
    when: str = ""
    rule: str = ""
    result: str = ""
    fault: str = ""
    content: str = ""


class Transcript:
    """Keeps lines; may be used by several threads.  The last 20,000 are kept.

    Args:
        show_values: Keep messages as they are. They may hold the numbers of pupils and whole dossiers.
    """

    def __init__(self, *, show_values: bool = False) -> None:
        self.lines: list[Line] = []
        self._show = show_values
        self._names: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, content: bytes, **facts: str) -> None:
        """Add a message.

        Args:
            content: Its envelope.
            facts: The other attributes of :class:`Line`.
        """
        word = facts.get("result", "")
        with self._lock:
            line = Line(datetime.now(UTC).isoformat(timespec="milliseconds"), **facts)
            told = replace(line, result=word if word in _words() else "?" if word else "", content=self._told(content))
            self.lines.append(told)
            del self.lines[:-_MOST]

    def _told(self, content: bytes) -> str:
        """A message as it is shown."""
        if self._show:
            return content.decode("utf-8", "replace")
        try:
            root = parser.parse(content)
        except DocumentError:
            return f"[{len(content)} bytes]"
        told = self._copy(root)
        etree.indent(told)
        return etree.tostring(told, encoding="unicode")[:_LONGEST]

    def _copy(self, element: etree._Element) -> etree._Element:
        """A message made anew out of names that are known: neither a name nor a prefix is taken over."""
        name, text = parser.local_name(element), (element.text or "").strip()
        made = etree.Element(name if name in _names() else "onbekend")
        if name == "dossier" or "gegevensset" in (etree.QName(element).namespace or ""):
            made.text = f"[dossier, {len(etree.tostring(element))} bytes]"
        elif name == FAULT:
            made.text = "[fault]"
        elif len(element):
            made.extend([self._copy(child) for child in element])
        elif text:
            made.text = self._shown(name, text)
        return made

    def _shown(self, name: str, text: str) -> str:
        """A text as it is shown: a name for what comes back, a length for what is a value."""
        if text in _words() or (name in _PLAIN and brin.is_valid(text)):
            return text
        if name in _NAMED:
            return self._name(_NAMED[name], "".join(text.split()))
        return f"[{len(text)} tekens]"

    def _name(self, kind: str, text: str) -> str:
        """The same name for the same text: sessie-1."""
        if (kind, text) not in self._names:
            self._counts[kind] += 1
            self._names[kind, text] = f"{kind}-{self._counts[kind]}"
        return self._names[kind, text]

    def to_json(self) -> str:
        """The lines as JSON."""
        with self._lock:
            return json.dumps([asdict(line) for line in self.lines], ensure_ascii=False, indent=1)

    def to_html(self) -> str:
        """The lines as a page."""
        with self._lock:
            rows = "\n".join(_html_row(number, line) for number, line in enumerate(self.lines, 1))
        return _PAGE.replace("@marks@", _legend()).replace("@rows@", rows)

    def save(self, folder: Path) -> list[Path]:
        """Write ``transcript.json`` and ``transcript.html``.

        Args:
            folder: Where; made when it is not there.

        Returns:
            The files.
        """
        folder.mkdir(parents=True, exist_ok=True)
        files = {"transcript.json": self.to_json(), "transcript.html": self.to_html()}
        for name, text in files.items():
            replace_file(folder / name, text.encode())
        return [folder / name for name in files]


@cache
def _names() -> frozenset[str]:
    """The names of elements that may be told: those of messages on any wire."""
    found = {name for wire in wires() for message in data("berichten")["bericht"] for name in names(message, wire)}
    return frozenset(found | {"Envelope", "Header", "Body", FAULT, "dossier", "aanleverpunt", "naam", "url", "brin"})


@cache
def _words() -> frozenset[str]:
    """The words that may be told: those of the tables, and sectors."""
    rows: list[dict[str, Any]] = [row for name in ("verkeer", "las", "swv") for row in data(name)["rij"]]
    rows += data("las")["geval"]
    kinds = {word for words in data("berichten")["soorten"].values() for word in words}
    told = {row["resultaat"] for row in rows if "resultaat" in row}
    return frozenset(told | kinds | {"OV", "SWV", "PaO", "PO", "VO", "SO"})


def _html_row(number: int, line: Line) -> str:
    told = html.escape
    state = f"{line.state} → {line.goes}" if line.goes and line.goes != line.state else line.state
    fault = f"<b>{told(line.fault)}</b>: {told(str(known_faults()[line.fault]['nl']))}" if line.fault else ""
    mark = f'<span style="background:{_COLOURS.get(line.mark, "#eee")}">{told(line.mark)}</span>'
    cells = (str(number), told(line.moment[11:23]), told(line.sender), told(line.receiver))
    first = "".join(f"<td>{cell}</td>" for cell in cells)
    content = f"<details><summary>{told(line.message)}</summary><pre>{told(line.content)}</pre></details>"
    row = f"{told(line.row)} {told(line.when)} {told(f'({line.rule})' if line.rule else '')}"
    rest = "".join(f"<td>{cell}</td>" for cell in (content, mark, told(state), row, told(line.result), fault))
    return f"<tr>{first}{rest}</tr>"


def _legend() -> str:
    return " ".join(f'<span style="background:{colour}">{mark}</span>' for mark, colour in _COLOURS.items())


_PAGE = """<!DOCTYPE html>
<html lang="nl"><head><meta charset="utf-8"><title>Simulator: verslag</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 2em } table { border-collapse: collapse; width: 100% }
td, th { border: 1px solid #ccc; padding: .2em .5em; text-align: left; vertical-align: top }
span { padding: 0 .3em; border-radius: 3px } pre { white-space: pre-wrap; margin: 0 }
</style></head><body>
<h1>Simulator: verslag</h1>
<p>Hoe goed een bericht bekend is: @marks@. Waarden staan er niet in, tenzij daarom is gevraagd.</p>
<table><tr><th>#</th><th>tijd (UTC)</th><th>van</th><th>naar</th><th>bericht</th><th>bekend</th><th>toestand</th>
<th>regel</th><th>resultaat</th><th>fout op bevel</th></tr>
@rows@
</table></body></html>
"""
