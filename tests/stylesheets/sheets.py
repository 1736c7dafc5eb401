"""Stylesheets for the tests, and the files they are in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from oso_bridge.bundles.source import Bundle
from oso_bridge.stylesheets import outcome, preparing, running
from oso_bridge.stylesheets.preparing import Prepared

XSL = "http://www.w3.org/1999/XSL/Transform"


def sheet(body: str, attributes: str = "", version: str = "2.0") -> str:
    return f'<xsl:stylesheet xmlns:xsl="{XSL}" version="{version}" {attributes}>{body}</xsl:stylesheet>'


def files(body: str, attributes: str = "", version: str = "2.0", **others: str) -> Bundle:
    """A bundle of one stylesheet, and others by name (``lijst_xml`` is ``lijst.xml``)."""
    content = {name.replace("_", "."): text.encode() for name, text in others.items()}
    return Bundle("bundel", files={"a.xsl": sheet(body, attributes, version).encode(), **content})


def prepared(body: str, attributes: str = "", **others: str) -> Prepared:
    made = preparing.prepare(files(body, attributes, **others), "a.xsl", "oso", lambda text: None)
    assert made is not None
    return made


def messages(body: str, attributes: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = prepared(body, attributes).messages["messages"]
    return found


@dataclass
class Gave:
    """What a stylesheet gave."""

    state: str
    given: list[outcome.Given] = field(default_factory=list)
    unclear: str | None = None

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(item.rule, item.xpath, item.value) for item in self.given]


def run(body: str, document: str, attributes: str = "", **others: str) -> Gave:
    """Prepare a stylesheet, run it, and read what it gave."""
    made = prepared(body, attributes, **others)
    answer = running.run(made.text, document)
    read = outcome.read_answer(answer, made.messages)
    return Gave(answer.state, read.given, read.unclear)
