"""What differs between two structures: new, gone, moved, and what is said of a place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oso_bridge import releases, revisions
from oso_bridge.errors import UsageError
from oso_bridge.plan import Plan
from oso_bridge.revisions import CodeChange, PlaceChange, Revision

from .samples import element

TYPES: dict[str, Any] = {
    "top": {"content": [element("a", "blok"), element("naam", least=1), element("leeftijd", "kort")]},
    "blok": {"content": [element("x"), element("y", most=None)]},
    "kort": {"simple": "xs:string", "facets": {"maxLength": 5}},
}


def compared(types: dict[str, Any]) -> Revision:
    first, second = (
        Plan({"format": 1, "namespace": None, "elements": {"top": "top"}, "types": item}) for item in (TYPES, types)
    )
    return revisions.of_plans(first, second, "top")


def test_the_same() -> None:
    assert not compared(TYPES)


def test_what_is_said_of_a_place() -> None:
    types = {
        "top": {"content": [element("a", "blok"), element("naam", "xs:date"), element("leeftijd", "kort", most=2)]},
        "blok": {"content": [element("x", "merk"), element("y", most=None)]},
        "kort": {"simple": "xs:string", "facets": {"maxLength": 6, "pattern": ["[a-z]", "[0-9]"]}},
        "merk": {"text": "xs:string", "attributes": [{"name": "n", "type": "xs:string", "use": "optional"}]},
    }
    assert compared(types) == Revision(
        (),
        (),
        (),
        (
            PlaceChange("top/a/x", "attributes", "", "n"),
            PlaceChange("top/naam", "min", "1", "0"),
            PlaceChange("top/naam", "type", "string", "date"),
            PlaceChange("top/leeftijd", "many", "false", "true"),
            PlaceChange("top/leeftijd", "maxLength", "5", "6"),
            PlaceChange("top/leeftijd", "pattern", "", "[a-z] | [0-9]"),
        ),
        None,
    )


def test_a_block_is_told_as_a_whole() -> None:
    found = compared(
        {"top": {"content": [element("naam", least=1), element("leeftijd", "kort")]}, "kort": TYPES["kort"]}
    )
    assert (found.new, found.gone, found.moved, found.changed) == ((), ("top/a",), (), ())


def test_what_moved_is_not_new_and_gone() -> None:
    types = {
        **TYPES,
        "top": {"content": [element("b", "om"), element("naam", least=1)]},
        "om": {"content": [element("a", "blok"), element("leeftijd", "kort")]},
        "blok": {"content": [element("x", least=1), element("y", most=None)]},
    }
    found = compared(types)
    assert (found.new, found.gone) == (("top/b",), ())
    assert found.moved == (("top/a", "top/b/a"), ("top/leeftijd", "top/b/leeftijd"))
    assert found.changed == (PlaceChange("top/b/a/x", "min", "0", "1"),)


def test_two_of_one_name_are_not_guessed_at() -> None:
    types = {**TYPES, "top": {"content": [element("a", "blok"), element("c", "om"), element("d", "om")]}}
    types["om"] = {"content": [element("leeftijd", "kort")]}
    found = compared(types)
    assert (found.new, found.gone, found.moved) == (("top/c", "top/d"), ("top/naam", "top/leeftijd"), ())


def test_two_releases_and_their_codes() -> None:
    found = revisions.between(releases.release("oso/2016.1"), releases.release("oso/2019.1"))
    assert "dossier/huidigeschool/leerling/huisarts" in found.new
    assert CodeChange(16, ("POSWV", "VOSWV"), ()) in (found.codes or ())
    assert json.loads(json.dumps(found.to_dict()))["moved"]


def test_codes_that_are_not_known_are_not_said_to_be_the_same(own_data: Callable[[str, str], Path]) -> None:
    source = releases.release("oso/2019.1").folder
    for name in ("release.toml", "plan.json"):
        own_data(f"schemas/oso/9999.1/{name}", (source / name).read_text("utf-8"))
    found = revisions.between(releases.release("oso/2019.1"), releases.release("oso/9999.1"))
    assert (found.codes, bool(found)) == (None, False)


def test_releases_of_two_formats(own_data: Callable[[str, str], Path]) -> None:
    own_data("schemas/ander/1.0/release.toml", 'namespace = "urn:ander"')
    with pytest.raises(UsageError, match="different formats"):
        revisions.between(releases.release("oso/2019.1"), releases.release("ander/1.0"))
