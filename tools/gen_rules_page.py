"""Makes the page with all rules for the documentation, from the data of the installed releases.

As a hook of mkdocs it adds ``rules.md`` to the site without writing into the checkout; as a program it prints
the page: ``python tools/gen_rules_page.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import oso_bridge as oso
from oso_bridge import data
from oso_bridge.findings import Message, fill
from oso_bridge.releases import Release
from oso_bridge.rules.rows import Row, rows

FORMAT = "oso"
PAGE = "rules.md"
HEAD = """# All rules

This page is made from the data that the checks use, for {releases}. An id is stable: it is never reused and never gets
another condition. `oso-bridge explain ID` tells the same on the command line.

Marks: **warning** stands where the official check carries a rule but cannot give it ([why](formats/oso.md#{anchor}));
**silent** where no schema-valid dossier can break it.
"""
ANCHOR = "rules-that-are-written-down-but-never-given"
CHAPTERS = (
    ("Code lists", "^CL"),
    ("General", "^(EM|OG)"),
    ("Categories", "^CAT"),
    ("Overstapdossier", "^(OVa|OS|VOMBO)"),
    ("Binnen BRIN", "^OVb"),
    ("Samenwerkingsverband", "^PaO"),
)
AUDIENCE = {"kind": "for {}", "kind_not": "not for {}", "overstap": "overstap {}", "overstap_not": "overstap not {}"}


def page() -> str:
    """The whole page as Markdown."""
    installed = [release for release in oso.installed() if release.format == FORMAT]
    names = ", ".join(release.title("en") for release in installed)
    parts = [HEAD.format(releases=names, anchor=ANCHOR)]
    by_key = _by_key(installed)
    for title, pattern in CHAPTERS:
        parts.append(f"## {title}\n")
        chosen = [found for found in by_key.values() if re.match(pattern, found[-1][1].id)]
        parts += [_rule(found) for found in chosen]
    parts.append("## Integrity: warnings that are no part of the outcome\n")
    parts += [_warning(check) for check in data.toml("schemas", FORMAT, "integrity.toml")["check"]]
    return "\n".join(parts)


def _by_key(installed: list[Release]) -> dict[str, list[tuple[Release, Row]]]:
    """The rows of each rule, the newest release last, in the order in which findings come."""
    found: dict[str, list[tuple[Release, Row]]] = {}
    for release in installed:
        for row in rows(release):
            found.setdefault(row.key, []).append((release, row))
    return dict(sorted(found.items(), key=lambda item: item[1][-1][1].order))


def _rule(found: list[tuple[Release, Row]]) -> str:
    """One rule as it holds for the newest release that has it."""
    row = found[-1][1]
    lines = [f"### {row.id}" + (f" ({row.part})" if row.part else ""), ""]
    lines += _texts(row.message, dict(row.args))
    facts = [f"at {_code(str(row.keys['at']))}", *_audience(row)]
    lines += ["", f"*{_first_up(', '.join(facts))}.* {'; '.join(_standing(release, of) for release, of in found)}.", ""]
    return "\n".join(lines)


def _texts(message: Message, args: dict[str, str]) -> Iterator[str]:
    """What is wrong and what to do, in English and in Dutch."""
    for language in ("en", "nl"):
        text = _escape(fill(message.text[language], args, language))
        remedy = _escape(fill(message.remedy[language], args, language))
        yield f"- {text} *{remedy}*"


def _audience(row: Row) -> Iterator[str]:
    """For which transfers a rule is meant."""
    for key, words in AUDIENCE.items():
        values = row.keys.get(key)
        if values:
            yield words.format(" or ".join(_code(value) for value in values))


def _standing(release: Release, row: Row) -> str:
    """The official id of a rule in a release, and whether it is an error there."""
    official = _code(row.official_id) if row.official_id else "no official id"
    mark = "" if row.official else ", **warning**"
    return f"{release.version}: {official}{', **silent**' if row.shut_out else mark}"


def _warning(check: dict[str, Any]) -> str:
    """One check of integrity.toml; its arguments stay visible as names."""
    lines = [f"### {check['id']}", ""]
    for language in ("en", "nl"):
        text, remedy = (_escape(_named_gaps(check[key][language])) for key in ("text", "remedy"))
        lines.append(f"- {text} *{remedy}*")
    return "\n".join([*lines, ""])


def _named_gaps(template: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", template)


def _code(text: str) -> str:
    return f"`{text}`"


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", text)


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def on_files(files: Any, config: Any) -> Any:
    """Hook of mkdocs: add the page to the files of the site."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, PAGE, content=page()))
    return files


if __name__ == "__main__":
    print(page())
