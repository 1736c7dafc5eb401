"""The tables of the releases as data: rows are well-formed and fit, and every place has a field of the right kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, get_args, get_origin

import pytest

from oso_bridge import binding as tables
from oso_bridge import data, plan, releases
from oso_bridge.model import Code, Dossier, Extra
from oso_bridge.model.base import Basis
from oso_bridge.plan import Branch, Leaf

RELEASES = ["oso/1.1.1", "oso/1.2.2", "oso/2016.1", "oso/2017.1", "oso/2018.1", "oso/2019.1"]
LAS = ["edexml/1.03", "edexml/2.0", "edexml/2.1", "uwlr/2.2", "uwlr/2.3"]
ROW_KEYS = {"record", "model", "type", "text", "attributes", "groups"}
RECORD = re.compile(r"(\*\*/)?[\w-]+(/[\w-]+)*")
STEP = r"[a-z][a-z0-9]*"
ITEM = rf"{STEP}(\[\]|\[{STEP}=[a-z]+\](\.{STEP})?)?"
MODEL = re.compile(rf"(\.|{STEP}\.)?{ITEM}")
KINDS = {"xs:date": date, "xs:boolean": bool, "xs:decimal": Decimal, "xs:int": int}

# coded in the model, and in these releases not held to the list
NOT_CHECKED = {
    (version, "huidigeschool/leerling/verzorger/relatietotkind"): 41 for version in ("oso/1.1.1", "oso/1.2.2")
}
# filled by the kind that a row names, and by the texts with attributes
BY_ROW = {
    ("Overstapadvies", "adviezen"),
    ("Advies", "soort"),
    ("Eindtoets", "soort"),
    ("Nationaliteit", "code"),
    ("Nationaliteit", "omschrijving"),
}
BY_ROW |= {("Land", "code"), ("Land", "omschrijving")}
BY_ROW |= {("Groep", "soort"), ("Groepstaak", "soort"), ("Ingang", "niveau")}
BY_ROW |= {("Term", name) for name in ("waarde", "vocabulaire", "vocabulairelocatie")}


@dataclass
class Bound:
    """Where a place of the structure goes: the class and name of the field, the type of one value, the model path."""

    owner: type[Basis]
    name: str
    type: Any
    many: bool
    path: str
    row: dict[str, Any] | None


@dataclass
class Binding:
    """A table applied to a plan by the letter of its format, apart from the engine."""

    rows: list[dict[str, Any]]
    met: set[int] = field(default_factory=set)
    leaves: dict[str, tuple[Leaf, Bound]] = field(default_factory=dict)
    branches: dict[str, tuple[Branch, Bound]] = field(default_factory=dict)
    unbound: list[str] = field(default_factory=list)

    def row(self, path: str) -> dict[str, Any] | None:
        fitting = [
            number
            for number, row in enumerate(self.rows)
            if row["record"] == path or (row["record"][:3] == "**/" and f"/{path}".endswith(row["record"][2:]))
        ]
        self.met.update(fitting)
        return self.rows[fitting[-1]] if fitting else None

    def target(self, path: str, owner: type[Basis], at: str) -> Bound | None:
        row = self.row(path)
        model = row["model"] if row else f".{path.rpartition('/')[2]}"
        if row is None and model[1:] not in owner.model_fields:
            return None
        return follow(owner, at, model[1:], row) if model[0] == "." else follow(Dossier, "", model, row)

    def walk(self, branch: Branch, below: str, owner: type[Basis], at: str) -> None:
        for name, leaf in branch.leaves.items():
            bound = self.target(below + name, owner, at)
            if bound is None:
                self.unbound.append(below + name)
            else:
                self.leaves[below + name] = (leaf, bound)
        for name, child in branch.branches.items():
            bound = self.target(below + name, owner, at)
            if bound is not None:
                self.branches[below + name] = (child, bound)
            inside = (owner, at) if bound is None else (bound.type, bound.path)
            self.walk(child, f"{below}{name}/", *inside)


def one_type(owner: type[Basis], name: str) -> tuple[Any, bool]:
    """The type of one value of a field, and whether it holds several."""
    assert name in owner.model_fields, f"{owner.__name__} has no field {name}"
    annotation = owner.model_fields[name].annotation
    many = get_origin(annotation) is list
    arguments = [item for item in get_args(annotation) if item is not type(None)]
    return (arguments[0] if many or (arguments and get_origin(annotation) is not None) else annotation), many


def follow(owner: type[Basis], at: str, model: str, row: dict[str, Any] | None) -> Bound:
    """The field that a model path ends in; its steps say themselves which of them are lists."""
    *above, last = model.split(".")
    for step in above:
        name = step.partition("[")[0]
        inner, many = one_type(owner, name)
        assert many == ("[" in step), f"{model}: {name} is {'a' if many else 'no'} list"
        owner, at = inner, f"{at}.{step}"
    name = last.partition("[")[0]
    inner, many = one_type(owner, name)
    assert many == ("[" in last) or row is None, f"{model}: {name} is {'a' if many else 'no'} list"
    return Bound(owner, name, inner, many, f"{at}.{last}", row)


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> releases.Release:
    return releases.release(request.param)


@pytest.fixture(scope="module")
def binding(release: releases.Release) -> Binding:
    return bind(release)


def bind(release: releases.Release) -> Binding:
    found = Binding(data.load_toml(release.folder / "table.toml")["row"])
    found.walk(plan.load(release).tree("dossier").root, "", Dossier, "")
    return found


def test_rows_are_well_formed(binding: Binding) -> None:
    for row in binding.rows:
        assert set(row) <= ROW_KEYS, row
        assert RECORD.fullmatch(row["record"]), row
        assert MODEL.fullmatch(row["model"]), row


def test_no_two_rows_are_about_the_same_place(binding: Binding) -> None:
    records = [row["record"] for row in binding.rows]
    assert len(records) == len(set(records))


def test_every_row_fits_a_place(binding: Binding) -> None:
    assert [row["record"] for number, row in enumerate(binding.rows) if number not in binding.met] == []


def test_nothing_is_unbound(binding: Binding) -> None:
    assert binding.unbound == []


def test_no_two_places_go_to_one_field(binding: Binding) -> None:
    paths = [bound.path for _, bound in (*binding.leaves.values(), *binding.branches.values())]
    assert {path for path in paths if paths.count(path) > 1} == set()


def test_what_occurs_more_often_goes_to_a_list(binding: Binding) -> None:
    places: dict[str, tuple[Leaf | Branch, Bound]] = {**binding.leaves, **binding.branches}
    for path, (place, bound) in places.items():
        assert bound.many or not place.many, path
        # by convention a single element fills a single field; into a list it goes by a row
        assert bound.row is not None or bound.many == place.many, path


def test_branches_become_parts(binding: Binding) -> None:
    for path, (branch, bound) in binding.branches.items():
        assert issubclass(bound.type, Basis), path
        assert branch.grouped == bool((bound.row or {}).get("groups")), path


def test_leaves_become_values_of_their_type(binding: Binding, release: releases.Release) -> None:
    structure = plan.load(release)
    for path, (leaf, bound) in binding.leaves.items():
        base = structure.simple_base(leaf.type)
        row = bound.row or {}
        if leaf.attributes:
            assert set(row["attributes"]) == set(leaf.attributes), path
            assert {row["text"], *row["attributes"].values()} == set(bound.type.model_fields), path
        elif str(row.get("type", "")).startswith("date:"):
            assert (base, bound.type) == ("xs:string", date), path
        elif base == "xs:integer":
            assert bound.type is int or issubclass(bound.type, Code), path
        elif base == "xs:string":
            assert issubclass(bound.type, str), path
        else:
            assert bound.type is KINDS[base], path


def coded(release: releases.Release) -> Iterator[tuple[str, int]]:
    """The endings of the places that a rule holds to a code list, with the number of the list."""
    for rule in data.toml("schemas", "oso", "rules.toml")["rule"]:
        listed = rule.get("in_list", {})
        if "list" in listed and release.version in rule["releases"]:
            yield (rule["at"] if listed["path"] == "." else listed["path"]).lstrip("*/"), listed["list"]


def test_coded_values_have_the_list_that_is_checked(binding: Binding, release: releases.Release) -> None:
    lists = dict(coded(release))
    expected = {
        path: next((lists[end] for end in lists if f"/{path}".endswith(f"/{end}")), NOT_CHECKED.get((release.id, path)))
        for path in binding.leaves
    }
    kinds = {path: bound.type for path, (_, bound) in binding.leaves.items()}
    found = {path: kind.lijst if issubclass(kind, Code) else None for path, kind in kinds.items()}
    assert found == expected
    assert len(lists) > 30


def test_every_field_is_bound_in_some_release() -> None:
    bound = {
        (definer(place.owner, place.name), place.name)
        for found in map(bind, map(releases.release, RELEASES))
        for _, place in (*found.leaves.values(), *found.branches.values())
    }
    bound |= set(bound_elsewhere())
    fields = {(definer(part, name), name) for part in parts(Basis) for name in part.model_fields}
    fields -= {("Extra", name) for name in Extra.model_fields}
    own = {("Dossier", "rapport"), ("Deel", "extra"), ("Schooladministratie", "model"), ("Leerresultaten", "model")}
    assert fields - bound == BY_ROW | own


def bound_elsewhere() -> Iterator[tuple[str, str]]:
    """The fields that documents of EDEXML and UWLR fill: the class that has each, and its name."""
    for release in map(releases.release, LAS):
        for model in list(tables.MODELS.values())[1:]:
            for root in tables.roots_of(release, model) if (release.format, model.__name__) != NO_RESULTS else ():
                for path in filter(None, tables.table(release, root).paths.values()):
                    owner: Any = model
                    for name in re.sub(r"\[[^]]*\]", "", path).split("."):
                        yield definer(owner, name), name
                        owner = one_type(owner, name)[0]


NO_RESULTS = ("edexml", "Leerresultaten")


@pytest.mark.parametrize("format_name", ["edexml", "uwlr"])
def test_every_shared_row_fits_a_place(format_name: str) -> None:
    found = [release for release in releases.installed() if release.format == format_name]
    trees = [plan.load(release).tree(root) for release in found for root in release.roots]
    branches = [branch for tree in trees for branch in tree.branches]
    places = {f"{item.path}/{name}" for item in branches for name in (*item.marks, *item.leaves, *item.branches)}
    rows = data.toml("schemas", format_name, "table.toml")["row"]
    ends = [row["record"].removeprefix("**/") for row in rows]
    assert [end for end in ends if not any(place.endswith(f"/{end}") for place in places)] == []
    assert len(ends) == len(set(ends))


def parts(base: type[Basis]) -> Iterator[type[Basis]]:
    for part in base.__subclasses__():
        if part.__module__.startswith("oso_bridge."):
            yield part
            yield from parts(part)


def definer(part: type[Basis], name: str) -> str:
    """The class in which a field is written down."""
    return next(base.__name__ for base in reversed(part.__mro__) if name in getattr(base, "model_fields", ()))
