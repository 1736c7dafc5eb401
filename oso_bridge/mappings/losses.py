"""What did not survive the way into a table and back, and what the mapping says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel

from oso_bridge import catalog
from oso_bridge.findings import Finding, Severity
from oso_bridge.kept import HOLDER
from oso_bridge.mappings.build import Built
from oso_bridge.mappings.layout import Layout, Loss, Sheet
from oso_bridge.mappings.places import ANYWHERE, EVERY, Step, Tree, fetch, generic, kinds


@dataclass(frozen=True, slots=True)
class MappingLoss:
    """A part of a dossier that a table has no place for, or did not give back as it was.

    Attributes:
        path: The place in the model, such as ``rapport.toetsen[2].opmerking``.
        number: Which dossier of those that were written, counted from 1.
        declared: True when the mapping says that it loses this, or it was left out on purpose.
        why: By language, what the mapping says of it.
        sensitive: True when it was left out because it is sensitive.
    """

    path: str
    number: int
    declared: bool
    why: Mapping[str, str] = field(default_factory=dict)
    sensitive: bool = False

    @property
    def kind(self) -> str:
        """``gevoelig`` for what is sensitive, ``kolom-geen`` for what the mapping loses, else ``kolom-anders``."""
        if self.sensitive:
            return "gevoelig"
        return "kolom-geen" if self.declared else "kolom-anders"

    def text(self, language: str = "nl") -> str:
        """What is lost, in ``nl`` or ``en``; names no value."""
        return self.finding.text(language)

    @property
    def finding(self) -> Finding:
        """The loss as a finding, with what can be done about it."""
        args = {"pad": self.path, **{f"waarom.{language}": text for language, text in self.why.items()}}
        message = catalog.message("VERLIES", self.kind)
        severity = Severity.WARNING if self.declared else Severity.ERROR
        return Finding(f"VERLIES.{self.kind}", "mapping", severity, False, message, path=self.path, args=args)

    def to_dict(self) -> dict[str, Any]:
        """The loss as plain JSON values, with its text in both languages."""
        texts = {language: self.text(language) for language in ("nl", "en")}
        return {"path": self.path, "kind": self.kind, "number": self.number, "declared": self.declared, "text": texts}


class Judge:
    """Finds what is lost in the rows of one layout.

    Args:
        layout: The mapping.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.bound = bound_paths(layout)
        self.chosen: dict[str, list[Step]] = {}
        self.rows = {sheet.each: sheet for sheet in layout.sheets if sheet.only}
        for sheet in layout.sheets:
            for column in sheet.columns:
                for steps in column.fields:
                    _note_chosen(self.chosen, sheet.each, steps)

    def losses(self, tree: Tree, back: Tree, built: Built, number: int, item: int = 0) -> Iterator[MappingLoss]:
        """What is lost, with what the mapping says of it.

        Args:
            tree: What went in.
            back: What came back.
            built: The rows.
            number: Which root it is of.
            item: Which item of the main list it is, when it is one.
        """
        before = self.layout.prefix.replace(EVERY, f"[{item}]")
        for path, words in self.differences(tree, back):
            loss = self._declared(path, words, built)
            yield MappingLoss(before + path, number, loss is not None, loss.why if loss else {})

    def differences(self, tree: Tree, back: Tree) -> Iterator[tuple[str, str]]:
        """The places where what comes back is not what went in.

        Yields:
            The place with its numbers, and the same in the words of the rows of the mapping.
        """
        yield from _Comparison(self.chosen, self.rows).differ(tree, back, "", "")

    def _declared(self, path: str, words: str, built: Built) -> Loss | None:
        refused = any(is_at(words, own) for column in built.refused for own in column.paths)
        for loss in self.layout.losses:
            if loss.model is not None and not _is_bound(words, self.bound) and _is_below(generic(path), loss.model):
                return loss
            if refused and (loss.longer_than is not None or loss.outside is not None):
                return loss
            if loss.empty and _is_part(self.layout, path):
                return loss
        return None


def _note_chosen(chosen: dict[str, list[Step]], each: str, steps: tuple[Step, ...]) -> None:
    path = each
    for step in steps:
        name = f"{path}.{step.name}" if path else step.name
        if step.chosen is not None and step not in chosen.setdefault(name, []):
            chosen[name].append(step)
        path = f"{path}.{step}" if path else str(step)


class _Comparison:
    """Lays two trees side by side.

    Args:
        chosen: The items that have columns of their own, by the words of their list.
        rows: The sheets in which only some of the items have a row, by the words of their list.
    """

    def __init__(self, chosen: Mapping[str, list[Step]], rows: Mapping[str, Sheet]) -> None:
        self.chosen, self.rows = chosen, rows

    def differ(self, tree: Any, back: Any, path: str, words: str) -> Iterator[tuple[str, str]]:
        """The places that are not the same."""
        if tree is None and isinstance(back, (dict, list)) and back:
            tree = type(back)()  # what was invented is told value by value, as what is lost
        if isinstance(tree, dict):
            if not tree and not isinstance(back, dict):
                yield path, words
            other = back if isinstance(back, dict) else {}
            for name in dict.fromkeys([*tree, *other]):
                step, word = (f"{path}.{name}" if path else name), (f"{words}.{name}" if words else name)
                yield from self.differ(tree.get(name), other.get(name), step, word)
        elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
            yield from self._lists(tree, back if isinstance(back, list) else [], path, words)
        elif tree != back:
            yield path, words

    def _lists(self, items: list[Any], back: list[Any], path: str, words: str) -> Iterator[tuple[str, str]]:
        slots, sheet, at = self.chosen.get(words), self.rows.get(words + EVERY), 0
        for number, item in enumerate(items):
            place, word = f"{path}[{number + 1}]", words + EVERY
            if sheet is not None and not sheet.holds(item):
                yield place, word
                continue
            other = back[at] if at < len(back) else None
            at += 1
            if slots is not None:
                slot = next((slot for slot in slots if fetch({slot.name: items}, (slot,)) is item), None)
                other = fetch({slot.name: back}, (slot,)) if slot else None
                word = words[: len(words) - len(slot.name)] + str(slot) if slot else word
            yield from self.differ(item, other, place, word)
        if len(back) > at:
            yield f"{path}[{len(items) + 1}]", words + EVERY


def bound_paths(layout: Layout) -> frozenset[str]:
    """The places that some column holds, in the words of the rows."""
    return frozenset(
        path.removesuffix(EVERY) for sheet in layout.sheets for column in sheet.columns for path in column.paths
    )


def _is_bound(words: str, bound: frozenset[str]) -> bool:
    return words in bound or any(is_at(words, path) for path in bound if path.startswith(ANYWHERE))


def is_at(words: str, path: str) -> bool:
    """Whether a place is that of a row, which may be that of a list anywhere."""
    path = path.removesuffix(EVERY)
    if path.startswith(ANYWHERE):
        return words == path[len(ANYWHERE) :] or words.endswith(path[len(ANYWHERE) - 1 :])
    return words == path


def _is_below(path: str, model: str) -> bool:
    """Whether a place is one that a loss names, or in it."""
    named = model.removesuffix(EVERY)
    return not named or path == named or path.startswith((named + ".", named + EVERY))


def _is_part(layout: Layout, path: str) -> bool:
    """Whether a place is that of a part, which is then there and holds nothing."""
    part: Any = layout.model
    for word in path.split("."):
        if part is None:
            return False
        part = kinds(part)[word.partition("[")[0]].part
    return part is not None


def without_sensitive(tree: Tree, part: type[BaseModel], path: str = "") -> tuple[Tree, frozenset[str]]:
    """A tree without what its classes call sensitive (``gevoelig``), and the places of what was left out.

    What has no field, ``extra``, may be that as well: it stays behind with the rest.

    Args:
        tree: The tree, which is not changed.
        part: The class of the model that it is of.
        path: What to write before the places.

    Returns:
        The rest, and the paths with ``[]`` for any item.
    """
    return _insensitive(tree, part, path) if _has_sensitive(part) else (tree, frozenset())


def _insensitive(tree: Tree, part: type[BaseModel], path: str) -> tuple[Tree, frozenset[str]]:
    """The same for a part of a whole with something sensitive in it: nobody knows what ``extra`` holds there."""
    kept: Tree = {}
    gone: set[str] = set()
    names: frozenset[str] = getattr(part, "gevoelig", frozenset()) | {HOLDER}
    for name, value in tree.items():
        kind, step = kinds(part)[name], f"{path}.{name}" if path else name
        if name in names:
            gone.add(step)
        elif kind.part is None:
            kept[name] = value
        elif kind.several:
            pairs = [_insensitive(item, kind.part, step + EVERY) for item in value]
            kept[name] = [item for item, _ in pairs]
            gone.update(*(places for _, places in pairs))
        else:
            kept[name], places = _insensitive(value, kind.part, step)
            gone |= places
    return kept, frozenset(gone)


@cache
def _has_sensitive(part: type[BaseModel]) -> bool:
    """Whether a class, or one below it, calls anything sensitive."""
    below = (kind.part for kind in kinds(part).values() if kind.part is not None)
    return bool(getattr(part, "gevoelig", None)) or any(map(_has_sensitive, below))
