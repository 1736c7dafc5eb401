"""A wire: one version of the messages of the OSO exchange, with what is known of each.

A wire is a release of the format ``oso-exchange``: its structure is an XSD, and ``layouts.toml`` beside it says where
the fields of a message stand, how well its layout is known, and what is still a choice (how a dossier is embedded, how
a refusal is told, which words are used).  An official XSD takes the place of ours as data, see
:mod:`oso_bridge.exchange.official`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from oso_bridge import data, plan, releases
from oso_bridge.data import cached
from oso_bridge.errors import DataError, UsageError, choose
from oso_bridge.plan import Tree
from oso_bridge.releases import Release

FORMAT = "oso-exchange"

Mark = Literal["confirmed", "inferred", "provisional"]
"""How well a layout is known: published, concluded from what is, or put together from less."""
Embedding = Literal["xml", "tekst", "base64"]
Refusal = Literal["resultaat", "fault"]
Soort = Literal["OV", "BB", "SWV"]
"""What a transfer is for: from school to school, within one BRIN, to a samenwerkingsverband."""
Side = Literal["bron", "doel"]

MARKS: tuple[Mark, ...] = get_args(Mark)
_CHOICES = {("inbedding", "hoe"): get_args(Embedding), ("weigering", "hoe"): get_args(Refusal)}


@dataclass(frozen=True)
class Layout:
    """What is known of one message.

    Attributes:
        name: Its element, such as ``documentRequest``.
        mark: How well its layout is known.
        source: From what.
        fields: Where its fields stand: ``a/b`` is b inside a.
        exceptions: Parts or kinds of the message that are known less well: their marks.
    """

    name: str
    mark: Mark
    source: str
    fields: Mapping[str, str] = field(repr=False)
    exceptions: Mapping[str, Mark] = field(default_factory=dict)

    def mark_of(self, *parts: str) -> Mark:
        """How well a message is known that holds these parts."""
        marks = [self.mark, *(mark for part, mark in self.exceptions.items() if part in parts)]
        return max(marks, key=MARKS.index)


@dataclass(frozen=True)
class Wire:
    """One version of the messages, see :func:`load`.

    Attributes:
        release: The release that holds its structure.
        layouts: What is known of each message, by element.
        told: What ``layouts.toml`` says besides.
    """

    release: Release
    layouts: Mapping[str, Layout] = field(repr=False)
    told: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """The version: ``2022``."""
        return self.release.version

    @property
    def namespace(self) -> str:
        """The namespace of the messages."""
        return self.release.namespace

    @property
    def embedding(self) -> Embedding:
        """How a dossier is put into documentResponse."""
        return cast("Embedding", self.told["inbedding"]["hoe"])

    @property
    def embedded_in(self) -> str:
        """The element of documentResponse that a dossier is put into; empty for documentResponse itself."""
        return str(self.told["inbedding"].get("in", "")) or ("" if self.embedding == "xml" else "dossier")

    @property
    def refusal(self) -> Refusal:
        """How a refusal is told."""
        return cast("Refusal", self.told["weigering"]["hoe"])

    def action(self, element: str) -> str:
        """What SOAPAction says with a message."""
        return str(self.told["soap"]["action"]).replace("{bericht}", element)

    def sender(self, element: str) -> Side:
        """Which address of a message is its sender's, where publications contradict each other."""
        return cast("Side", self.told["afzender"].get(element, "bron"))

    def tree(self, element: str) -> Tree:
        """The structure of a message."""
        return plan.load(self.release).tree(element, self.namespace)

    def word(self, table: Literal["overdrachtsoorten", "doelen"], kind: str) -> str:
        """The word of this wire for a kind of transfer.

        Raises:
            UsageError: This wire has no word for it.
        """
        words = self.told[table].get(kind)
        if not words:
            raise UsageError(f"There is no kind of transfer {kind!r}.", remedy=choose(kind, self.told[table]))
        return str(words[0])

    def kind(self, table: Literal["overdrachtsoorten", "doelen"], word: str) -> str | None:
        """The kind of transfer that a word of this wire stands for; None when it is none."""
        return next((kind for kind, words in self.told[table].items() if word in words), None)

    def using(self, **choices: Mapping[str, Any]) -> Wire:
        """The same wire with other choices.

        Args:
            **choices: Tables of ``layouts.toml`` with what differs, such as ``inbedding={"hoe": "base64"}`` or
                ``afzender={"notificatieRequest": "doel"}``.

        Raises:
            UsageError: There is no such table, or it takes no such value.
        """
        told = copy.deepcopy(dict(self.told))
        for table, changed in choices.items():
            if table not in told:
                raise UsageError(f"A wire has no table {table!r}.", remedy=choose(table, told))
            told[table].update(changed)
        _refuse_choices(told, UsageError)
        return Wire(self.release, _layouts(told, UsageError), told)


@cached(maxsize=8)
def load(name: str) -> Wire:
    """A wire by its version.

    Args:
        name: ``2018`` or ``2022``, or another that was added; ``oso-exchange/2022`` is taken as well.

    Raises:
        UsageError: There is no such wire.
        DataError: Its ``layouts.toml`` is wrong.
    """
    found = find(name)
    told = data.load_toml(found.folder / "layouts.toml")
    return Wire(found, _layouts(told, DataError), told)


def find(name: str) -> Release:
    """The release of a wire, by its version; its ``layouts.toml`` is not looked at.

    Args:
        name: As of :func:`load`.

    Raises:
        UsageError: There is no such wire.
    """
    known = [item for item in releases.installed() if item.format == FORMAT]
    found = next((item for item in known if name in (item.version, item.id)), None)
    if found is None:
        raise UsageError(f"There is no wire {name!r}.", remedy=choose(name, [item.version for item in known]))
    return found


def _layouts(told: Mapping[str, Any], error: type[DataError | UsageError]) -> dict[str, Layout]:
    _refuse_choices(told, error)
    names = told.get("namen", {})
    found = {}
    for element, row in told.get("bericht", {}).items():
        marks = [row.get("mark"), *row.get("except", {}).values()]
        if not set(marks) <= set(MARKS):
            raise error(f"The mark of {element} is none of {', '.join(MARKS)}.")
        fields = {**names, **row.get("namen", {})}
        found[element] = Layout(element, row["mark"], row.get("source", ""), fields, row.get("except", {}))
    return found


def _refuse_choices(told: Mapping[str, Any], error: type[DataError | UsageError]) -> None:
    """Refuse tables that are not there, and choices that do not exist."""
    for (table, name), allowed in _CHOICES.items():
        chosen = told.get(table, {}).get(name)
        if chosen not in allowed:
            raise error(f"In {table}, {name} is one of {', '.join(allowed)}, not {chosen!r}.")
    for table in ("overdrachtsoorten", "doelen", "afzender", "namen", "soap", "bericht"):
        if not isinstance(told.get(table), dict):
            raise error(f"layouts.toml has no table {table}.")
    sides = set(told["afzender"].values())
    if not sides <= set(get_args(Side)):
        raise error("A sender is bron or doel.")
