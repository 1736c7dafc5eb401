"""The word ``all``: a column for every field without a row, and a sheet for every list without one."""

from __future__ import annotations

from oso_bridge.mappings import words
from oso_bridge.mappings.draft import Draft, bare, has_parts, values_below
from oso_bridge.mappings.layout import EMPTY, Column, Sheet
from oso_bridge.mappings.places import ANYWHERE, EVERY, Steps, shown


def everything(draft: Draft, taken: frozenset[str] = frozenset()) -> None:
    """Give a column to every field without a row, and a sheet to every list without one.

    Args:
        draft: The sheets so far.
        taken: Headers of the first sheet that stand there already.
    """
    _shared_sheets(draft)
    shared = {sheet.anywhere for sheet in draft.sheets.values() if sheet.anywhere}
    for steps in draft.lists():
        if steps[-1].kind.part is not None and not shared & {step.name for step in steps}:
            each = shown(steps)
            if each not in draft.sheets:
                draft.new_sheet(each)
    for sheet in draft.sheets.values():
        if sheet.item is not None:
            if has_parts(sheet):
                sheet.empty = sheet.empty or EMPTY
            _fill(draft, sheet, taken if not sheet.each else frozenset())


def _shared_sheets(draft: Draft) -> None:
    """One sheet for lists of the same name and the same parts, unless one of them has a sheet of its own."""
    found: dict[str, list[Steps]] = {}
    for steps in draft.lists():
        if steps[-1].kind.part is not None:
            found.setdefault(steps[-1].name, []).append(steps)
    for name, places in found.items():
        each, own = f"{ANYWHERE}{name}{EVERY}", any(shown(steps) in draft.sheets for steps in places)
        if len({steps[-1].kind for steps in places}) == 1 < len(places) and not own and each not in draft.sheets:
            draft.new_sheet(each)


def _fill(draft: Draft, sheet: Sheet, taken: frozenset[str]) -> None:
    assert sheet.item is not None  # asked before  # noqa: S101
    have = {bare(steps) for column in sheet.columns for steps in column.fields}
    names = {column.header for column in sheet.columns} | taken
    names |= set(sheet.headers(draft.keys) if sheet.each else [])
    for steps in values_below(sheet.item):
        if bare(steps) in have or steps[0].name in sheet.only:
            continue
        header = draft.header(steps)
        if header in names:
            header = f"{header} ({'.'.join(step.name for step in steps)})"
        names.add(header)
        sheet.columns.append(_column(sheet, steps, header))


def _column(sheet: Sheet, steps: Steps, header: str) -> Column:
    """The column of a field, in the way that is usual for it."""
    path = f"{sheet.each}.{shown(steps)}" if sheet.each else shown(steps)
    codec = words.typed(words.usual(steps[-1].kind))
    if steps[-1].kind.several:
        codec = words.joined(codec, ", ")
    return Column(header, (steps,), (path,), codec, by_rule=True)
