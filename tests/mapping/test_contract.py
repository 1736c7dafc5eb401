"""``MappingContract`` with the mappings that come along, and with broken ones, which it has to catch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import DataError
from oso_bridge.mappings import MappingLoss
from oso_bridge.mappings.engine import Mapping
from oso_bridge.mappings.shapes import csv as shapes_csv
from oso_bridge.testing import MappingContract
from oso_bridge.testing.mappings import CANARY


class TestVendor(MappingContract):
    @pytest.fixture
    def mapping(self) -> Mapping:
        return oso.mapping("voorbeeld-leverancier")


class TestOsoCsv(MappingContract):
    models = 4

    @pytest.fixture
    def mapping(self) -> Mapping:
        return oso.mapping("oso-csv")


class TestOsoXlsx(MappingContract):
    models = 3

    @pytest.fixture
    def mapping(self) -> Mapping:
        return oso.mapping("oso-xlsx")


class TestAdministration(MappingContract):
    @pytest.fixture
    def mapping(self) -> Mapping:
        return oso.mapping("administratie-csv")


class TestEdex2000(MappingContract):
    @pytest.fixture
    def mapping(self) -> Mapping:
        return oso.mapping("edex2000")


class TestResults(MappingContract):
    @pytest.fixture
    def mapping(self) -> Mapping:
        return oso.mapping("leerresultaten-csv")


# --- broken ones ------------------------------------------------------------------------------------------------------

VENDOR = "voorbeeld-leverancier"
LOSS = '\n\n[[loss]]\n{}\nwhy.nl = "Zomaar."\nwhy.en = "Just so."\n'


def swap(text: str, one: str, other: str) -> str:
    """A text in which two texts have changed places."""
    assert one in text
    assert other in text
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


def without(text: str, start: str) -> str:
    """A text without the block that begins with some words."""
    before, block, after = text.partition(start)
    assert block, start
    return before + after.partition("\n\n")[2]


BROKEN: dict[str, tuple[str, Callable[[str], str]]] = {
    "columns that changed places": (
        "test_the_examples_agree",
        lambda text: swap(text, 'column = "Achternaam"', 'column = "Roepnaam"'),
    ),
    "another form of dates": (
        "test_the_examples_agree",
        lambda text: text.replace('type = "date:%d-%m-%Y"', 'type = "date:%m-%d-%Y"', 1),
    ),
    "a loss that is not declared": (
        "test_nothing_is_lost_that_is_not_declared",
        lambda text: without(text, '[[loss]]\nmodel = "school"'),
    ),
    "letters that are lost and not declared": (
        "test_nothing_is_lost_that_is_not_declared",
        lambda text: without(text, '[[loss]]\noutside = "cp1252"'),
    ),
    "a part that is lost and not declared": (
        "test_nothing_is_lost_that_is_not_declared",
        lambda text: without(text, '[[loss]]\nmodel = "inzage"'),
    ),
    "a declared loss that never happens, for another one says it all": (
        "test_every_declared_loss_happens",
        lambda text: text + LOSS.format('model = "school.brincode"'),
    ),
    "a declared loss of something that has a place": (
        "DataError",
        lambda text: text + LOSS.format('model = "leerling.roepnaam"'),
    ),
    "a declared loss that csv does not have": ("DataError", lambda text: text + LOSS.format("longer_than = 32767")),
}


def outcomes(folder: Path, tmp_path: Path) -> set[str]:
    """The tests of the contract that a mapping does not pass, or the error that it cannot be loaded with."""
    try:
        mapping = oso.mapping(folder)
    except DataError:
        return {"DataError"}
    contract = type("Mine", (MappingContract,), {"models": 4})()
    made, told = zip(*contract._tried(mapping), strict=True)
    fixtures = {"mapping": mapping, "made": list(made), "told": list(told)}
    names = [name for name in dir(contract) if name.startswith("test_")]
    assert len(names) > 8
    return {name for name in names if not passes(getattr(contract, name), {**fixtures, "tmp_path": tmp_path / name})}


def passes(test: Callable[..., None], fixtures: dict[str, Any]) -> bool:
    """Whether a test passes, or has nothing to say."""
    fixtures["tmp_path"].mkdir()
    try:
        test(**{name: fixtures[name] for name in inspect.signature(test).parameters})
    except AssertionError:
        return False
    except pytest.skip.Exception:
        return True
    return True


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_mapping_is_caught(name: str, tmp_path: Path) -> None:
    test, edit = BROKEN[name]
    folder = tmp_path / "mijn"
    copytree(oso.mapping(VENDOR).folder, folder)
    file = folder / "mapping.toml"
    before = file.read_text("utf-8")
    file.write_text(edit(before), "utf-8")
    assert file.read_text("utf-8") != before
    assert outcomes(folder, tmp_path) == {test}


def test_the_same_mapping_unbroken_is_not_caught(tmp_path: Path) -> None:
    copytree(oso.mapping(VENDOR).folder, tmp_path / "mijn")
    assert outcomes(tmp_path / "mijn", tmp_path) == set()


# --- a broken engine: what no mapping.toml can do wrong, the contract sees as well ------------------------------------


def _formulas_as_they_are(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shapes_csv, "dress", lambda text: text)


def _values_are_shown(patch: pytest.MonkeyPatch) -> None:
    read = Mapping.read
    patch.setattr(Mapping, "read", lambda self, source, **more: read(self, source, **{**more, "show_values": True}))


def _everything_is_utf8(patch: pytest.MonkeyPatch) -> None:
    read = Mapping.read
    patch.setattr(Mapping, "read", lambda self, source, **more: read(self, source, **{**more, "encoding": "utf-8-sig"}))


def _something_else_comes_back(patch: pytest.MonkeyPatch) -> None:
    read, count = Mapping.read, iter(range(10_000))

    def changed(self: Mapping, source: Any, **more: Any) -> Any:
        found = read(self, source, **more)
        for one in found.dossiers:
            one.leerling.roepnaam = f"Noor {next(count)}"
        return found

    patch.setattr(Mapping, "read", changed)


def _losses_tell_values(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MappingLoss, "text", lambda self, language="nl": CANARY)


@pytest.mark.parametrize(
    ("break_it", "fails"),
    [
        (_formulas_as_they_are, {"test_no_cell_is_a_formula"}),
        (_values_are_shown, {"test_a_wrong_cell_becomes_a_finding"}),
        (_everything_is_utf8, {"test_every_encoding_is_read"}),
        (
            _something_else_comes_back,
            {"test_there_and_back_but_for_the_losses", "test_what_came_back_loses_nothing_more"},
        ),
        (_losses_tell_values, {"test_losses_hold_no_values"}),
    ],
)
def test_a_broken_engine_is_caught(
    break_it: Callable[[pytest.MonkeyPatch], None], fails: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copytree(oso.mapping(VENDOR).folder, tmp_path / "mijn")
    break_it(monkeypatch)
    assert fails <= outcomes(tmp_path / "mijn", tmp_path)
