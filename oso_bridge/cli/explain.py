"""``oso-bridge explain``: a rule in words, or the rule behind an official message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import options, output
from oso_bridge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORDS = {
    "nl": {
        "explained": "Uitleg",
        "absent": "niet geïnstalleerd",
        "where": "Waar",
        "check": "Controle",
        "conditions": "Wanneer",
        "releases": "Releases",
        "with": "Komt samen met",
        "aliases": "Heet ook",
        "notes": "Let op",
        "official": "officiële controle",
        "own": "eigen controle",
    },
    "en": {
        "explained": "Explained",
        "absent": "not installed",
        "where": "Where",
        "check": "Check",
        "conditions": "When",
        "releases": "Releases",
        "with": "Comes with",
        "aliases": "Also known as",
        "notes": "Mind",
        "official": "official check",
        "own": "own check",
    },
}
_RAW = ("where", "check", "conditions")
_FACTS = ("releases", "with", "aliases", "notes")


def command(
    rule: Annotated[
        str | None, typer.Argument(metavar="RULE", help="Our id, or that of the official check.", show_default=False)
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", help="The text that an official check printed, instead of an id.")
    ] = None,
    every: Annotated[bool, typer.Option("--list", help="List the ids of all rules.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Show the condition in the words of rules.toml too, as programs know it.")
    ] = False,
    lang: options.Language = "nl",
    as_json: options.Json = False,
) -> None:
    """Explain a rule, or find the rule behind an official message."""
    import oso_bridge as oso
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language
    from oso_bridge.rules.explain import all_ids

    check_language(lang)
    if sum((every, rule is not None, message is not None)) != 1:
        example = "oso-bridge explain CL.19.soortadres"
        raise UsageError("Give a rule, --message or --list.", remedy=f"For example: {example}.")
    if every:
        output.write(json.dump(all_ids()) if as_json else "".join(f"{name}\n" for name in all_ids()))
        return
    rows = oso.explain(_id(rule, all_ids()) if rule else message or "", message=message is not None)
    output.write(json.dump(rows) if as_json else "\n".join("\n".join(_row(row, lang, raw)) + "\n" for row in rows))


def _id(given: str, known: Iterable[str]) -> str:
    """The id itself; one in other capitals finds the rule as well."""
    return {name.casefold(): name for name in known}.get(given.casefold(), given)


def _row(row: dict[str, Any], lang: str, raw: bool) -> Iterator[str]:
    """One rule: what it says and what to do first, then the facts that it holds."""
    from oso_bridge.render.words import layer_word, severity_word

    words = _WORDS[lang]
    part = f"#{row['part']}" if row["part"] else ""
    kind = (layer_word(row["layer"], lang), severity_word(row["severity"], lang))
    maker = words["official" if row["official"] else "own"]
    yield f"{row['id']}{part} ({', '.join((*kind, maker))})"
    yield f"  {row['text'][lang]}"
    yield f"  → {row['remedy'][lang]}"
    for number, sentence in enumerate(row["explained"][lang]):
        yield f"  {'' if number else words['explained'] + ':':<15} {sentence}"
    told = {**row, "releases": _releases(row, words["absent"])}
    for name in (*(_RAW if raw else ()), *_FACTS):
        if told[name]:
            yield f"  {words[name] + ':':<15} {_plain(told[name], lang, ': ')}"


def _releases(row: dict[str, Any], absent: str) -> list[str]:
    """The releases that have a rule with their official ids; what is not installed is marked."""
    named = {name: f"{name}: {official}" if official else name for name, official in row["releases"].items()}
    return [f"{told} ({absent})" if name in row["not_installed"] else told for name, told in named.items()]


def _plain(value: Any, lang: str, between: str = " ") -> str:
    """A fact of a rule on one line; ``between`` stands between names and values of the outermost dict."""
    if isinstance(value, dict):
        if value.keys() == _WORDS.keys():
            return str(value[lang])
        pairs = ((key, _plain(part, lang)) for key, part in value.items())
        return ", ".join(f"{key}{between}{part}" if part else str(key) for key, part in pairs)
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(part, lang) for part in value)
    return "" if value is None else str(value)
