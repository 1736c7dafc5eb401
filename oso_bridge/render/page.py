"""The page around an HTML report or dossier: one file, no outside resources, no scripts.

Nothing but :func:`tag` and :func:`text` makes markup, and both escape what they are given.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from oso_bridge.render.words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable


_LONG = 60  # characters


class Html(NamedTuple):
    """Markup that is safe to use as it is."""

    markup: str


def text(value: object) -> Html:
    """Any value as text in a page."""
    return Html(escape(clean(value), quote=True))


def tag(name: str, *content: Html | str | None, **attributes: str | None) -> Html:
    """An element; a plain ``str`` is escaped, None is left out.

    Attributes: ``class_`` stands for ``class``, ``aria_label`` for ``aria-label``; None leaves one out.
    """
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    head = "".join(f' {key}="{text(value).markup}"' for key, value in given.items())
    body = join(content).markup
    return Html(f"<{name}{head}>{body}</{name}>")


def join(parts: Iterable[Html | str | None], between: str = "") -> Html:
    """Parts after one another."""
    made = (part if isinstance(part, Html) else text(part) for part in parts if part is not None)
    return Html(between.join(part.markup for part in made))


def rows(pairs: Iterable[tuple[str, Html | str]]) -> Html:
    """Names and values as a description list."""
    made = (tag("div", tag("dt", name), tag("dd", value), class_=_long(value)) for name, value in pairs)
    return tag("dl", *made, class_="facts")


def _long(value: Html | str) -> str | None:
    """A long value gets the whole width."""
    length = len(value.markup) if isinstance(value, Html) else len(value)
    return "long" if length > _LONG and not (isinstance(value, str) and "\n" in value) else None


def table(heads: Iterable[str], body: Iterable[Iterable[Html | str]], caption: str | None = None) -> Html:
    """A table whose first column names the row."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    lines = (list(line) for line in body)
    made = (tag("tr", tag("th", line[0], scope="row"), *(tag("td", cell) for cell in line[1:])) for line in lines)
    title = tag("caption", caption, class_="hidden") if caption else None
    return tag("div", tag("table", title, head, tag("tbody", *made)), class_="wide")


def page(title: str, language: str, body: Iterable[Html], foot: str) -> str:
    """A whole page."""
    # The policy forbids a browser whatever a mistake in escaping could let through.
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"{tag('title', title).markup}\n<style>{_STYLE}</style>"
    )
    content = join([tag("main", *body), tag("footer", foot)], "\n").markup
    return f'<!doctype html>\n<html lang="{language}">\n<head>\n{head}\n</head>\n<body>\n{content}\n</body>\n</html>\n'


_STYLE = """
:root { --paper: #ffffff; --ink: #1c2530; --soft: #55616f; --line: #d5dbe2; --shade: #f4f6f8; --accent: #1f4e79;
  --good: #1b6b3a; --good-shade: #e9f5ed; --bad: #a3211b; --bad-shade: #fcedec; --warn: #7a5200;
  --warn-shade: #fdf4e0; --note: #1f4e79; --note-shade: #e9f1f8; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14191f; --ink: #e4e9ee; --soft: #a3aebb; --line: #36414d; --shade: #1d242c; --accent: #8fc1ee;
    --good: #7fd3a0; --good-shade: #16291e; --bad: #ff9d96; --bad-shade: #331a19; --warn: #f2c46d;
    --warn-shade: #2e2513; --note: #8fc1ee; --note-shade: #172633; } }
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
body { margin: 0; background: var(--paper); color: var(--ink); }
main, footer { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem; }
footer { color: var(--soft); font-size: .85rem; border-top: 1px solid var(--line); }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .75rem; padding-bottom: .3rem; border-bottom: 2px solid var(--accent); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
h4 { font-size: .95rem; margin: 1rem 0 .35rem; color: var(--soft); }
p { margin: .4rem 0; }
a { color: var(--accent); }
code { font: .88em/1.45 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
.lead { color: var(--soft); margin: .25rem 0 0; overflow-wrap: anywhere; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.verdict { margin: 1.25rem 0; padding: .9rem 1.1rem; border-left: .4rem solid; border-radius: .25rem; }
.verdict strong { font-size: 1.2rem; display: block; }
.verdict span { color: var(--ink); }
.ok, .acceptable, .passed { color: var(--good); } .verdict.ok, .verdict.acceptable { background: var(--good-shade); }
.errors, .failed, .error { color: var(--bad); } .verdict.errors { background: var(--bad-shade); }
.incomplete, .unclear, .warned, .warning { color: var(--warn); } .verdict.incomplete { background: var(--warn-shade); }
.info, .not_run { color: var(--note); } .suppress { color: var(--soft); }
.facts { margin: .75rem 0; display: grid;
  grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: .1rem 2.5rem; }
.facts > div { display: grid; grid-template-columns: 11.5rem 1fr; gap: .75rem; padding: .25rem 0;
  border-bottom: 1px solid var(--line); }
.facts > div.long { grid-column: 1 / -1; }
dt { color: var(--soft); font-size: .92rem; } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
.wide { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .7rem .45rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word; }
thead th { color: var(--soft); font-weight: 600; font-size: .85rem; border-bottom: 2px solid var(--line);
  overflow-wrap: normal; }
tbody th { font-weight: 600; } th > span.item + span.item { font-weight: 400; }
td > span.item, th > span.item { display: block; } span.name { color: var(--soft); }
.finding { margin: .7rem 0; padding: .7rem 1rem; background: var(--shade); border-left: .3rem solid currentColor;
  border-radius: .25rem; break-inside: avoid; }
.finding > * { color: var(--ink); }
.finding .head { display: flex; flex-wrap: wrap; gap: .15rem .8rem; align-items: baseline; margin: 0; }
.finding .level { color: inherit; font-weight: 700; text-transform: uppercase; font-size: .78rem;
  letter-spacing: .04em; }
.finding .head { color: inherit; } .finding .head code, .finding .line { color: var(--ink); }
.finding .line { font-weight: 600; }
.finding .rule, .finding .agreed { color: var(--soft); font-size: .85rem; }
.finding .todo::before { content: "\\2192\\00a0"; }
.note { color: var(--soft); } .notes { margin: 1rem 0; padding: .7rem 1rem .7rem 2rem; background: var(--shade);
  border-radius: .25rem; }
.part { border-left: 2px solid var(--line); padding-left: .9rem; margin: .75rem 0; }
.document { margin-top: 3rem; } .document > h2:first-child { font-size: 1.4rem; }
@page { size: A4; margin: 16mm 15mm 18mm; }
@media print {
  html { font-size: 10.5pt; } main, footer { max-width: none; padding: 0; } footer { margin-top: 1.5rem; }
  .verdict, .finding, .notes { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h3, h4, thead { break-after: avoid; } tr, .facts > div { break-inside: avoid; } .wide { overflow: visible; }
  thead { display: table-header-group; } .document + .document { break-before: page; } a { color: inherit; }
}
"""
