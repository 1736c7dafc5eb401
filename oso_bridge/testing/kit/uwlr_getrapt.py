"""Scenarios about pupil data that are asked for in steps (getrapt): the structure, then pupils and staff by group."""

from __future__ import annotations

from collections import Counter

from lxml import etree

from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.scenario import NotRun, Wrong
from oso_bridge.testing.kit.uwlr_gegevens import refuse_invalid
from oso_bridge.testing.kit.uwlr_messages import Group
from oso_bridge.testing.kit.uwlr_stage import PUPILS, STAFF, STRUCTURE, UwlrStage

_MIXED = "samengestelde_groep"
_NOBODY = Group(None)
_STRANGE = Group("oso-bridge-testkit-deze-groep-is-er-niet")


def structuur(stage: UwlrStage) -> None:
    """The structure is valid, and has no persons."""
    found = stage.data(STRUCTURE, stage.ask(STRUCTURE))
    refuse_invalid(found)
    if messages.one_of(found, "leerlingen") or messages.one_of(found, "leerkrachten"):
        raise Wrong("uwlr_personen_in_structuur")


def groepen(stage: UwlrStage) -> None:
    """The structure has the groups that the whole has."""
    for name in ("groep", _MIXED):
        in_steps, whole = (messages.keys(data, "groepen", name) for data in (stage.structure(), stage.whole()))
        _refuse_other_sum(name, in_steps, whole)


def leerlingen(stage: UwlrStage) -> None:
    """The pupils of one group are valid, and all of that group."""
    group = _first(stage, "groep")
    found = stage.data(PUPILS, stage.ask(PUPILS, groups=[group]))
    refuse_invalid(found)
    for one in messages.one_of(found, "leerlingen", "leerling"):
        if messages.keys(one, "groep") != [group.key]:
            raise Wrong("uwlr_andere_groep", element="leerling")


def samengesteld(stage: UwlrStage) -> None:
    """The pupils of a samengestelde groep are all of that group."""
    group = _first(stage, _MIXED)
    wanted = _in_mixed(stage.whole(), str(group.key))
    answer = stage.ask(PUPILS, groups=[group])
    if not wanted:
        return stage.says("geengegevens", PUPILS, answer)
    _refuse_other_sum("leerling", messages.keys(stage.data(PUPILS, answer), "leerlingen", "leerling"), wanted)
    return None


def zonder_groep(stage: UwlrStage) -> None:
    """A group without a key asks for the pupils who are in none."""
    wanted = [
        (one.get("key") or "").strip()
        for one in messages.one_of(stage.whole(), "leerlingen", "leerling")
        if not messages.one_of(one, "groep")
    ]
    _refuse_other_sum("leerling", _asked(stage, PUPILS, _NOBODY), wanted)


def som_leerlingen(stage: UwlrStage) -> None:
    """All pupils of all groups, and of none, are those of the whole: each of them once."""
    _refuse_other_sum("leerling", _sum(stage, PUPILS), messages.keys(stage.whole(), "leerlingen", "leerling"))


def som_leerkrachten(stage: UwlrStage) -> None:
    """All staff of all groups, and of none, is that of the whole; who has several groups comes with each."""
    found = sorted(set(_sum(stage, STAFF)))
    _refuse_other_sum("leerkracht", found, messages.keys(stage.whole(), "leerkrachten", "leerkracht"))


def leerkrachten(stage: UwlrStage) -> None:
    """The staff of one group is valid, and all of that group."""
    group = _first(stage, "groep")
    found = stage.answered(STAFF, stage.ask(STAFF, groups=[group]))
    for data in messages.one_of(found, messages.kind(STAFF).data):
        refuse_invalid(data)
        for one in messages.one_of(data, "leerkrachten", "leerkracht"):
            if group.key not in messages.keys(one, "groepen", "groep"):
                raise Wrong("uwlr_andere_groep", element="leerkracht")


def onbekende_groep(stage: UwlrStage) -> None:
    """A group that is not there brings nobody: a fault of the one who asks, or geengegevens."""
    answer = stage.ask(PUPILS, groups=[_STRANGE])
    found = stage.message(answer)
    if messages.fault(found) is not None:
        return stage.refused(answer, "Client")
    return stage.says("geengegevens", PUPILS, answer)


def _sum(stage: UwlrStage, name: str) -> list[str]:
    """The keys of the persons of each group, asked one by one, and of those in none."""
    groups = [Group(key) for key in messages.keys(stage.structure(), "groepen", "groep")]
    return [key for group in [*groups, _NOBODY] for key in _asked(stage, name, group)]


def _asked(stage: UwlrStage, name: str, group: Group) -> list[str]:
    """The keys of the persons of a group; none when it is said that there are none."""
    answer = stage.answered(name, stage.ask(name, groups=[group]))
    persons = ("leerlingen", "leerling") if name == PUPILS else ("leerkrachten", "leerkracht")
    return messages.keys(answer, messages.kind(name).data, *persons)


def _in_mixed(whole: etree._Element, key: str) -> list[str]:
    return [
        (one.get("key") or "").strip()
        for one in messages.one_of(whole, "leerlingen", "leerling")
        if key in messages.keys(one, "samengestelde_groepen", _MIXED)
    ]


def _first(stage: UwlrStage, element: str) -> Group:
    """The first group of a kind.

    Raises:
        NotRun: There is none.
    """
    found = messages.keys(stage.structure(), "groepen", element)
    if not found:
        raise NotRun("uwlr_zonder_groepen", element=element)
    return Group(found[0], element)


def _refuse_other_sum(element: str, one: list[str], other: list[str]) -> None:
    """Refuse keys that are not the same on both sides, each as often."""
    here, there = Counter(one), Counter(other)
    if here != there:
        more, less = (sum((a - b).values()) for a, b in ((here, there), (there, here)))
        raise Wrong("uwlr_andere_som", element=element, meer=more, minder=less)
