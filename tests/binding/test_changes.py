"""For every bound leaf of a release: changing that field changes exactly that element of what is written."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from oso_bridge import binding
from oso_bridge.model import Deel, Dossier
from oso_bridge.plan import Leaf

from .samples import (
    RELEASES,
    Part,
    another,
    full_dossier,
    get,
    holder_of,
    leaves,
    parts,
    put,
    release_of,
    unnumbered,
    written,
)


@cache
def full(name: str) -> tuple[Dossier, list[Part]]:
    """The dossier that holds everything, and what is written of it; tests give it back as it was."""
    release = release_of(name)
    dossier = full_dossier(release)
    return dossier, parts(written(dossier, release))


def bound(name: str) -> list[tuple[Leaf, str]]:
    """The leaves of a release with their fields; of a text with attributes the fields of both."""
    table = binding.table(release_of(name))
    return [(leaf, table.paths[leaf.path]) for leaf in leaves(release_of(name))]


CASES = [pytest.param(name, leaf, path, id=f"{name} {leaf.path}") for name in RELEASES for leaf, path in bound(name)]


def changed(name: str, path: str) -> list[tuple[Part, Part]]:
    """The elements that differ after a change of one field, which is undone."""
    dossier, before = full(name)
    holder, key = holder_of(dossier, path)
    old = get(dossier, path)
    try:
        put(holder, key, another(old))
        after = parts(written(dossier, release_of(name)))
    finally:
        put(holder, key, old)
    assert len(after) == len(before)
    return [(one, other) for one, other in zip(before, after, strict=True) if one != other]


@pytest.mark.parametrize(("name", "leaf", "path"), CASES)
def test_a_change_of_a_field_changes_its_element_and_nothing_else(name: str, leaf: Leaf, path: str) -> None:
    fields = [""]
    if leaf.attributes:
        fields = [f".{field}" for field in type(get(full(name)[0], path)).model_fields]
    for field in fields:
        ((one, other),) = changed(name, path + field)
        assert unnumbered(one[0]) == leaf.path
        assert one[0] == other[0]
        assert (one[1] != other[1]) != (one[2] != other[2])


@pytest.mark.parametrize("name", RELEASES)
def test_the_dossier_that_holds_everything_does(name: str) -> None:
    dossier, elements = full(name)
    release = release_of(name)
    assert {unnumbered(path) for path, _, _ in elements} >= {leaf.path for leaf in leaves(release)}
    assert list(dossier.bewaard()) == []
    assert all(filled(get(dossier, path)) for path in binding.table(release).paths.values() if path)


def filled(value: Any) -> bool:
    return value is not None and not (isinstance(value, Deel) and repr(value).endswith("(0 velden)"))


@pytest.mark.parametrize("name", RELEASES)
def test_each_path_of_the_table_is_one_of_the_plan(name: str) -> None:
    table = binding.table(release_of(name))
    assert table.unbound == []
    assert {leaf.path for leaf in leaves(release_of(name))} <= set(table.paths)
