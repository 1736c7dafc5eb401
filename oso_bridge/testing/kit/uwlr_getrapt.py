"""Scenarios about pupil data that are asked for in steps (getrapt): the structure, then pupils and staff by group."""

from __future__ import annotations

from collections import Counter

from lxml import etree

from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.calling import Answer
from oso_bridge.testing.kit.scenario import NotRun, Wrong
from oso_bridge.testing.kit.uwlr_gegevens import refuse_invalid, refuse_other_school
from oso_bridge.testing.kit.uwlr_messages import Group
from oso_bridge.testing.kit.uwlr_stage import PUPILS, STAFF, STRUCTURE, UwlrStage

_MIXED = "samengestelde_groep"
_NOBODY = Group(None)
_SEVERAL = 2
_STRANGE = Group("oso-bridge-testkit-deze-groep-is-er-niet")


def structuur(stage: UwlrStage) -> None:
    """The structure is valid, and has no persons."""
    found = stage.data(STRUCTURE, stage.ask(STRUCTURE))
    refuse_invalid(found)
    refuse_other_school(stage, found)
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
    wanted = _in_mixed(stage.whole(), str(group.key), "leerlingen", "leerling", of="samengestelde_groepen")
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


def meer_groepen(stage: UwlrStage) -> None:
    """Several groups in one request bring the pupils of all of them, each once."""
    groups = [Group(key) for key in messages.keys(stage.structure(), "groepen", "groep")]
    if len(groups) < _SEVERAL:
        raise NotRun("uwlr_een_groep")
    in_them = {group.key for group in groups}
    wanted = [
        (one.get("key") or "").strip()
        for one in messages.one_of(stage.whole(), "leerlingen", "leerling")
        if in_them & set(messages.keys(one, "groep"))
    ]
    _refuse_other_sum("leerling", _asked(stage, PUPILS, *groups), wanted)


def leerkrachten_samengesteld(stage: UwlrStage) -> None:
    """The staff of a samengestelde groep is that of that group."""
    group = _first(stage, _MIXED)
    wanted = _in_mixed(stage.whole(), str(group.key), "leerkrachten", "leerkracht", of="groepen")
    _refuse_other_sum("leerkracht", _asked(stage, STAFF, group), wanted)


def ander_jaar(stage: UwlrStage) -> None:
    """A year without pupils brings nobody in steps either; a group of this year may be an unknown one then."""
    year = {"schooljaar": stage.settings["leeg_schooljaar"]}
    _nobody(stage, stage.ask(PUPILS, year, groups=[_first(stage, "groep")]))


def som_leerlingen(stage: UwlrStage) -> None:
    """All pupils of all groups, and of none, are those of the whole: each of them once."""
    _refuse_other_sum("leerling", _sum(stage, PUPILS), messages.keys(stage.whole(), "leerlingen", "leerling"))


def zelfde_leerlingen(stage: UwlrStage) -> None:
    """Each step says of a pupil what the whole says of that pupil."""
    whole = {one.get("key"): _facts(one) for one in messages.one_of(stage.whole(), "leerlingen", "leerling")}
    for group in _groups(stage):
        answer = stage.answered(PUPILS, stage.ask(PUPILS, groups=[group]))
        for one in messages.one_of(answer, messages.kind(PUPILS).data, "leerlingen", "leerling"):
            if whole.get(one.get("key")) != _facts(one):
                raise Wrong("uwlr_anders_in_stap", element="leerling")


def _facts(person: etree._Element) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What is said of a person: names, texts and attributes, whatever their order and prefixes."""
    return sorted(
        (str(one.tag), (one.text or "").strip(), sorted((str(name), str(text)) for name, text in one.attrib.items()))
        for one in person.iter(etree.Element)
    )


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
    _nobody(stage, stage.ask(PUPILS, groups=[_STRANGE]))


def _nobody(stage: UwlrStage, answer: Answer) -> None:
    """Refuse an answer that is neither a fault of the one who asks nor geengegevens."""
    if messages.fault(stage.message(answer)) is not None:
        return stage.refused(answer, "Client")
    return stage.says("geengegevens", PUPILS, answer)


def _sum(stage: UwlrStage, name: str) -> list[str]:
    """The keys of the persons of each group, asked one by one, and of those in none."""
    return [key for group in _groups(stage) for key in _asked(stage, name, group)]


def _groups(stage: UwlrStage) -> list[Group]:
    """Each group of the structure, and none."""
    return [*(Group(key) for key in messages.keys(stage.structure(), "groepen", "groep")), _NOBODY]


def _asked(stage: UwlrStage, name: str, *groups: Group) -> list[str]:
    """The keys of the persons of some groups; none when it is said that there are none."""
    answer = stage.answered(name, stage.ask(name, groups=groups))
    persons = ("leerlingen", "leerling") if name == PUPILS else ("leerkrachten", "leerkracht")
    return messages.keys(answer, messages.kind(name).data, *persons)


def _in_mixed(whole: etree._Element, key: str, *path: str, of: str) -> list[str]:
    """The keys of the persons at a path who are in a samengestelde groep; `of` holds their references."""
    return [
        (one.get("key") or "").strip() for one in messages.one_of(whole, *path) if key in messages.keys(one, of, _MIXED)
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
