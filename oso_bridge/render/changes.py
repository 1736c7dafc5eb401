"""The differences between two dossiers as text, JSON or HTML; takes the dict that ``Differences.to_dict()`` gives."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from oso_bridge._version import __version__
from oso_bridge.errors import UsageError
from oso_bridge.render import json, labels
from oso_bridge.render.page import Html, page, table, tag
from oso_bridge.render.text import WIDTH, Paint
from oso_bridge.render.words import check_language, clean, one_line, word

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("text", "json", "html")
SUFFIXES = {".txt": "text", ".json": "json", ".html": "html", ".htm": "html"}
LONGEST = 300
"""A value of more characters than this is cut off in text and HTML; JSON has all of it."""

Change = dict[str, Any]
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_PAINTS = {"added": "passed", "removed": "failed", "changed": "unclear"}
_PLAIN = Paint(False)
_WORDS: dict[str, dict[str, str]] = {
    "nl": {
        "title": "Verschillen tussen twee dossiers",
        "between": "{a} en {b}",
        "first": "eerste dossier",
        "second": "tweede dossier",
        "none": "Geen verschillen.",
        "changes": "Inhoud",
        "delivery": "Over de dossiers zelf",
        "added": "erbij",
        "removed": "weg",
        "changed": "anders",
        "before": "was",
        "after": "wordt",
        "place": "Plaats",
        "what": "Verschil",
        "whole": "leeg onderdeel",
        "cut": "{text}… ({n} tekens)",
        "file": "bestand van {n} tekens base64, {digest}",
        "values": "Deze pagina bevat gegevens van een kind.",
        "no_values": "De waarden zijn weggelaten.",
    },
    "en": {
        "title": "Differences between two dossiers",
        "between": "{a} and {b}",
        "first": "first dossier",
        "second": "second dossier",
        "none": "No differences.",
        "changes": "Content",
        "delivery": "About the dossiers themselves",
        "added": "added",
        "removed": "removed",
        "changed": "changed",
        "before": "was",
        "after": "becomes",
        "place": "Place",
        "what": "Difference",
        "whole": "an empty part",
        "cut": "{text}… ({n} characters)",
        "file": "file of {n} characters of base64, {digest}",
        "values": "This page holds data of a child.",
        "no_values": "The values are left out.",
    },
}


def render(told: dict[str, Any], format: str, language: str = "nl", *, colour: bool = False) -> str:  # noqa: A002
    """Render differences.

    Args:
        told: What ``Differences.to_dict()`` gave.
        format: One of :data:`FORMATS`.
        language: ``nl`` or ``en``; JSON is the same in both.
        colour: Add terminal colours to text.

    Raises:
        UsageError: There is no such format or language.
    """
    check_language(language)
    if format not in FORMATS:
        raise UsageError(f"There is no format {format!r}.", remedy=f"Choose one of: {', '.join(FORMATS)}.")
    if format == "json":
        return json.dump(told)
    return _html(told, language) if format == "html" else _text(told, language, Paint(colour))


def _sections(told: dict[str, Any]) -> Iterator[tuple[str, list[Change]]]:
    for name in ("changes", "delivery"):
        if told[name]:
            yield name, told[name]


def _between(told: dict[str, Any], words: dict[str, str]) -> str:
    return words["between"].format(a=one_line(told["a"] or words["first"]), b=one_line(told["b"] or words["second"]))


def counts(changes: list[Change], language: str) -> str:
    """How many differences there are of each kind, in words."""
    numbers = {kind: sum(change["kind"] == kind for change in changes) for kind in _SIGNS}
    return ", ".join(f"{number} {_WORDS[language][kind]}" for kind, number in numbers.items() if number)


def place(change: Change) -> str:
    """Where a change is: in the second dossier, or in the first when that is the only one that has it."""
    a, b = change["path_a"], change["path_b"]
    return f"{a} → {b}" if a and b and a != b else str(b or a)


def lines(value: Any, name: str, language: str, meaning: str | None = None) -> list[str]:
    """A value as lines to read: a part as one line for each field that is filled."""
    if isinstance(value, dict) and "digest" not in value:
        return list(_fields(value, "", language)) or [_WORDS[language]["whole"]]
    said = _said(value, name, language)
    return [f"{said} ({clean(meaning)})" if meaning else said]


def _fields(value: dict[str, Any], path: str, language: str) -> Iterator[str]:
    for name, held in value.items():
        step = f"{path}.{name}" if path else name
        for number, item in enumerate(held if isinstance(held, list) else [held], start=1):
            at = step if number == 1 else f"{step}[{number}]"
            if isinstance(item, dict) and "digest" not in item:
                yield from _fields(item, at, language) if item else [f"{at}: {_WORDS[language]['whole']}"]
            else:
                yield f"{at}: {_said(item, name, language)}"


def _said(value: Any, name: str, language: str) -> str:
    """A plain value as a person writes it."""
    words = _WORDS[language]
    if isinstance(value, dict):
        return words["file"].format(n=value["characters"], digest=value["digest"][:19] + "…")
    if isinstance(value, list):
        return ", ".join(_said(item, name, language) for item in value)
    if isinstance(value, bool):
        return word("yes" if value else "no", language)
    said = one_line(labels.shown(name, str(value), language))
    return said if len(said) <= LONGEST else words["cut"].format(text=said[:LONGEST], n=len(said))


def name_of(change: Change) -> str:
    """The name of the field that changed."""
    return str(change["path_b"] or change["path_a"]).rpartition(".")[2].partition("[")[0]


def about(change: Change, language: str) -> str:
    """What makes the item a change is in the one it is; empty when there is none, or values are left out."""
    key = change.get("key") or {}
    return ", ".join(f"{name} {_said(value, name.rpartition('.')[2], language)}" for name, value in key.items())


def sides(change: Change, language: str) -> Iterator[tuple[str, list[str]]]:
    """What it was and what it becomes, as far as there are values to tell."""
    for side in ("before", "after"):
        if change.get(side) is not None:
            meaning = (change.get("meaning") or {}).get(side)
            yield side, lines(change[side], name_of(change), language, meaning)


# --- text -----------------------------------------------------------------------------------------------------------


def _text(told: dict[str, Any], language: str, paint: Paint) -> str:
    words = _WORDS[language]
    out = [paint(_between(told, words), "bold")]
    if told["same"]:
        return "\n".join([*out, words["none"]]) + "\n"
    for name, changes in _sections(told):
        out += ["", paint(f"{words[name]}: {counts(changes, language)}", "bold")]
        for change in changes:
            out += entry(change, language, paint)
    return "\n".join(out) + "\n"


def entry(change: Change, language: str, paint: Paint = _PLAIN) -> Iterator[str]:
    """One change as lines of text."""
    kind = change["kind"]
    yield f"  {paint(_SIGNS[kind], _PAINTS[kind])} {clean(place(change))} ({_WORDS[language][kind]})"
    if key := about(change, language):
        yield from (paint(line, "dim") for line in _wrap(key, "      "))
    for side, told in sides(change, language):
        head = f"{_WORDS[language][side]}: " if kind == "changed" else ""
        for number, line in enumerate(told):
            first = head if not number else " " * len(head)
            yield from _wrap(line, "      " + first, "      " + " " * len(head) + "  ")


def _wrap(text: str, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest or first, break_on_hyphens=False
    ) or [first.rstrip()]


# --- HTML -----------------------------------------------------------------------------------------------------------


def _html(told: dict[str, Any], language: str) -> str:
    words = _WORDS[language]
    body = [tag("h1", words["title"]), tag("p", _between(told, words), class_="lead")]
    if told["same"]:
        body.append(tag("p", words["none"], class_="note"))
    for name, changes in _sections(told):
        body += [tag("h2", words[name]), tag("p", counts(changes, language), class_="note"), _table(changes, language)]
    valued = any("before" in change for _, changes in _sections(told) for change in changes)
    notes = f"{word('made_by', language, version=__version__)} "
    return page(words["title"], language, body, notes + words["values" if valued or told["same"] else "no_values"])


def _table(changes: list[Change], language: str) -> Html:
    words = _WORDS[language]
    valued = any("before" in change for change in changes)
    heads = [words["place"], words["what"], *((words["before"], words["after"]) if valued else ())]
    return table(heads, (_row(change, language, valued) for change in changes), words["title"])


def _row(change: Change, language: str, valued: bool) -> list[Html | str]:
    key = about(change, language)
    where = tag("span", tag("code", place(change)), tag("span", f" {key}", class_="note") if key else None)
    kind = tag("strong", _WORDS[language][change["kind"]], class_=_PAINTS[change["kind"]])
    told = dict(sides(change, language))
    return [where, kind, *((_cell(told.get(side, [])) for side in ("before", "after")) if valued else ())]


def _cell(told: list[str]) -> Html:
    return tag("span", *(tag("span", line, class_="item") for line in told))
