"""The contract of mappings, as tests: inherit them to show that a table of yours keeps what it says.

::

    import oso_bridge as oso
    from oso_bridge.testing import MappingContract

    class TestMine(MappingContract):
        @pytest.fixture
        def mapping(self):
            return oso.mapping("path/of/my/folder")
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from oso_bridge.mappings import Mapping as Table
from oso_bridge.mappings import MappingLoss, TableLimits, outside
from oso_bridge.mappings.layout import MOST_IN_CELL, Column, Layout, Loss, Sheet
from oso_bridge.mappings.places import generic, tree_of
from oso_bridge.mappings.shapes.base import Row
from oso_bridge.mappings.words import Unfit
from oso_bridge.testing.generated import NASTY, Generator

CANARY = "Kanarie-5c1e9a"
FORMULA = '=HYPERLINK("http://kanarie.invalid";"klik")'
FOREIGN = "Ł日"
_PLAIN = ["Zilverschoon", "Noor", "van der", "5A", "12"]
_SLOTS = re.compile(r"\[[^\]]*\]")
_STARTS = ("=", "+", "-", "@", "\t", "\r")
_TYPED = ("datum", "tijdstip", "janee", "geheel", "getal", "vertaling", "schooljaar")
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")


class MappingContract:
    """What every mapping keeps: it says what it loses, loses nothing else, and tells what is wrong in a table.

    Attributes:
        models: How many models are made up.
        values: More values for fields whose column has words of its own, by path: ``{"leerling.geslacht": ["1"]}``.
            Those of the examples are known already.
    """

    models = 12
    values: ClassVar[Mapping[str, Sequence[Any]]] = {}
    _kept: ClassVar[Any] = None

    @pytest.fixture
    def mapping(self) -> Table:
        """The mapping; a subclass gives its own."""
        raise NotImplementedError("Give a fixture called mapping: see oso_bridge.testing.mappings.")

    @pytest.fixture
    def made(self, mapping: Table) -> list[Any]:
        """The models that are made up: whole ones, partial ones, and ones with texts that no cell may hold."""
        return [model for model, _ in self._tried(mapping)]

    @pytest.fixture
    def told(self, mapping: Table) -> list[list[MappingLoss]]:
        """What is told to be lost of each model."""
        return [losses for _, losses in self._tried(mapping)]

    def _tried(self, mapping: Table) -> list[tuple[Any, list[MappingLoss]]]:
        """The models with their losses, made once for all tests of the class."""
        kept = type(self).__dict__.get("_kept")
        if kept is None or kept[0] is not mapping.layout:
            models = Fitting(mapping, self.values).models(self.models)
            kept = (mapping.layout, [(model, mapping.losses(model, sensitive=True)) for model in models])
            type(self)._kept = kept
        found: list[tuple[Any, list[MappingLoss]]] = kept[1]
        return found

    def test_it_says_what_it_is_for(self, mapping: Table) -> None:
        """It has columns, and a reason for each loss in both languages."""
        assert mapping.places()
        silent = [loss for loss in mapping.layout.losses if not {"nl", "en"} <= {k for k, v in loss.why.items() if v}]
        assert not silent, "a [[loss]] lacks why.nl or why.en"

    def test_the_examples_agree(self, mapping: Table) -> None:
        """``voorbeeld.json`` becomes the table beside it, cell for cell, and that table becomes it again."""
        assert mapping.test() == []

    def test_every_model_has_values(self, made: list[Any]) -> None:
        """The models that are made up are no empty ones: a contract that tries nothing shows nothing."""
        assert len(made) >= self.models
        assert any(tree_of(model) for model in made)

    def test_nothing_is_lost_that_is_not_declared(self, told: list[list[MappingLoss]]) -> None:
        """Each place that does not come back is below a ``[[loss]]``."""
        missed = sorted({generic(loss.path) for losses in told for loss in losses if not loss.declared})
        assert missed == [], "these are lost and no [[loss]] says so"

    def test_every_declared_loss_happens(self, mapping: Table, made: list[Any], told: list[list[MappingLoss]]) -> None:
        """A ``[[loss]]`` that never happens says that something is lost which is not."""
        trees = map(tree_of, made)
        pairs = [(loss, _at(tree, loss.path)) for tree, many in zip(trees, told, strict=True) for loss in many]
        idle = [_named(one) for one in mapping.layout.losses if not any(_is_of(one, *pair) for pair in pairs)]
        assert idle == [], "these losses are declared and do not happen"

    def test_there_and_back_but_for_the_losses(
        self, mapping: Table, made: list[Any], told: list[list[MappingLoss]], tmp_path: Path
    ) -> None:
        """What is not told as lost comes back, and nothing comes that was not there."""
        for number, (model, losses) in enumerate(zip(made, told, strict=True)):
            back = _round(mapping, model, tmp_path / str(number))
            lost = {_bare(loss.path) for loss in losses}
            wrong = {path for path in _unlike(model, back) if lost.isdisjoint(_above(path))}
            assert wrong == set(), f"model {number} does not come back"

    def test_what_came_back_loses_nothing_more(self, mapping: Table, made: list[Any], tmp_path: Path) -> None:
        """The second time round is the same as the first."""
        for number, model in enumerate(made):
            once = _round(mapping, model, tmp_path / f"a{number}")
            twice = [_round(mapping, one, tmp_path / f"b{number}-{n}") for n, one in enumerate(once)]
            assert [tree_of(one) for many in twice for one in many] == [tree_of(one) for one in once]

    def test_a_wrong_cell_becomes_a_finding(self, mapping: Table, made: list[Any], tmp_path: Path) -> None:
        """With line and column and without the value, for one column of every type; the rest is read all the same."""
        source = _target(mapping, tmp_path / "goed")
        examples = _examples(mapping) or made[:1]
        mapping.export(examples, source, losses="allow", sensitive=True)
        tried = 0
        for number, (sheet, column) in enumerate(_typed(mapping)):
            spoilt = _target(mapping, tmp_path / f"slecht{number}")
            if not _spoil(mapping, source, spoilt, sheet, column):
                continue
            tried += 1
            read = mapping.read(spoilt, encoding=_fixed_encoding(mapping))
            found = [finding for finding in read.report.findings if finding.rule.startswith("MAP.")]
            at = [(finding.line, finding.args.get("kolom")) for finding in found]
            assert any(line and header == column.header for line, header in at), f"{sheet.name}, {column.header}"
            assert CANARY not in json.dumps(read.report.to_dict(), default=str)
        if not tried:
            pytest.skip("No column with a type has a row.")

    def test_every_encoding_is_read(self, mapping: Table, tmp_path: Path) -> None:
        """CSV in UTF-8 with or without a mark, UTF-16 with one and Windows-1252 gives the same."""
        if mapping.shape != "csv" or not (models := _examples(mapping)):
            pytest.skip("Only CSV has an encoding that is found out.")
        source = _target(mapping, tmp_path)
        mapping.export(models, source, losses="allow", sensitive=True)
        wanted = [tree_of(one) for one in mapping.read(source).dossiers]
        texts = {path: path.read_text(mapping.layout.encoding) for path in mapping.files(source) if path.exists()}
        for encoding in _ENCODINGS:
            if not all(_encodes(text, encoding) for text in texts.values()):
                continue
            for path, text in texts.items():
                path.write_text(text, encoding, newline="")
            read = mapping.read(source)
            assert ([tree_of(one) for one in read.dossiers], read.report.ok) == (wanted, True), encoding

    def test_no_cell_is_a_formula(self, mapping: Table, tmp_path: Path) -> None:
        """Texts that a spreadsheet would run are written so that it does not, and come back as they were."""
        if mapping.shape == "fixed":
            pytest.skip("No spreadsheet runs what stands in a file of fixed width.")
        model = Fitting(mapping, self.values, [FORMULA]).full()
        back = _round(mapping, model, tmp_path)
        assert FORMULA in _leaves(tree_of(back[0])).values() or not _has_text(mapping), "the texts did not come back"
        assert not [cell for cell in _raw(mapping, _target(mapping, tmp_path)) if cell.startswith(_STARTS)]

    def test_losses_hold_no_values(self, mapping: Table) -> None:
        """What is told of a loss names a place, and nothing that stood there."""
        model = Fitting(mapping, self.values, [CANARY]).full()
        assert not [loss.path for loss in mapping.losses(model) if CANARY in json.dumps(loss.to_dict(), default=str)]


class Fitting:
    """Makes models up whose values fit the columns of a mapping, so that what is lost is lost by the mapping.

    Args:
        mapping: The mapping.
        values: More values by path, see :class:`MappingContract`.
        texts: What free texts are taken from; texts that are hard on tables when left out.
    """

    def __init__(self, mapping: Table, values: Mapping[str, Sequence[Any]], texts: Sequence[str] = ()) -> None:
        self._mapping = mapping
        self._holds = outside.holds(mapping.layout)
        self._columns: dict[str, list[tuple[Sheet, Column]]] = {}
        for sheet, column in columns(mapping.layout):
            for path in column.paths:
                self._columns.setdefault(_bare(_prefix(mapping.layout, sheet) + path), []).append((sheet, column))
        self._pool = _known(mapping)
        for path, more in values.items():
            self._pool.setdefault(_bare(path), []).extend(more)
        self._texts = list(texts) or (_PLAIN if mapping.shape == "fixed" else NASTY)
        self._special: dict[str, str] = {}
        self._count = 0
        self._generator = Generator(0)

    def models(self, most: int) -> Iterator[Any]:
        """Models: one whole, then partial ones, then ones with texts that no cell may hold."""
        yield self.full(2)
        for seed in range(1, most):
            yield self._made(seed).sparse(self._mapping.model)
        yield self._made(0).bare(self._mapping.model)
        for path, text in self._hard():
            self._special = {path: text}
            yield self.full()
        self._special = {}

    def full(self, items: int = 1) -> Any:
        """A model of which every field that can have a value has one, and every list that many items."""
        return self._made(0).full(self._mapping.model, items)

    def _made(self, seed: int) -> Generator:
        layout = self._mapping.layout
        needed = [path for path, found in self._columns.items() if any(_is_needed(layout, *one) for one in found)]
        self._generator = Generator(seed, self._value, needed, [layout.listed], self._texts)
        return self._generator

    def _hard(self) -> Iterator[tuple[str, str]]:
        """A place for a text that is longer than a cell, and one for letters that the encoding lacks."""
        free = [path for path, found in self._columns.items() if all(_is_free(*one) for one in found)]
        layout = self._mapping.layout
        for path in free[:1]:
            if layout.shape == "xlsx":
                yield path, "x" * (MOST_IN_CELL + 1)
            elif layout.shape == "csv" and not _encodes(FOREIGN, layout.encoding):
                yield path, FOREIGN

    def _value(self, path: str, usual: Any) -> Any:
        """A value for a place: any when no column holds it, else one that its columns can say."""
        found, bare = self._columns.get(_bare(path)) or self._anywhere(path), _bare(path)
        if bare in self._special:
            return self._special[bare]
        if not found:
            return usual
        options = [value for value in self._options(bare, usual, found) if self._fits(value, found)]
        return self._generator.chance.choice(options) if options else None

    def _anywhere(self, path: str) -> list[tuple[Sheet, Column]]:
        """The columns of lists that occur in many places."""
        bare = "." + _bare(path)
        return [
            one
            for key, found in self._columns.items()
            if key.startswith("**.") and bare.endswith(key[2:])
            for one in found
        ]

    def _options(self, path: str, usual: Any, found: list[tuple[Sheet, Column]]) -> list[Any]:
        """Values of the type of the place."""
        self._count += 1
        if any(_is_key(self._mapping.layout, *one) for one in found):
            return [f"k{self._count}"]
        if not isinstance(usual, str):
            return [usual, *_ordinary(usual)]
        if any(column.codec.name == "schooljaar" for _, column in found):
            return ["2024-2025"]
        free = all(_is_free(*one) for one in found)
        known = self._pool.get(path, [])
        return [usual] if free or usual not in self._texts else [*known, *(_PLAIN if not known else [])]

    def _fits(self, value: Any, found: list[tuple[Sheet, Column]]) -> bool:
        return all(self._fits_one(value, *one) for one in found)

    def _fits_one(self, value: Any, sheet: Sheet, column: Column) -> bool:
        """Whether a column says a value, and says it back."""
        for given in (value, [value]):
            try:
                cell = column.codec.encode(given)
                if column.codec.decode(cell) == given:
                    # a text that only this encoding lacks is what the mapping has to declare
                    return self._mapping.shape != "fixed" or self._holds(sheet.name, column.header, cell)
            except (Unfit, TypeError, AttributeError, ValueError):
                continue
        return False


def columns(layout: Layout) -> Iterator[tuple[Sheet, Column]]:
    """Every column of a mapping with its sheet; those of the root of a main list as well.

    Args:
        layout: The mapping.
    """
    for sheet in (*layout.sheets, *(layout.main.sheets if layout.main else ())):
        for column in sheet.columns:
            yield sheet, column


def _prefix(layout: Layout, sheet: Sheet) -> str:
    """What stands before the paths of a sheet to make them paths of the model."""
    return layout.main.prefix if layout.main and sheet in layout.main.sheets else ""


def _bare(path: str) -> str:
    """A path with ``[]`` for any item, and without it at the end."""
    return _SLOTS.sub("[]", path).removesuffix("[]")


def _is_key(layout: Layout, sheet: Sheet, column: Column) -> bool:
    """Whether other rows refer to what stands in a column."""
    return column.header in (sheet.key, *([layout.key] if not sheet.each else []))


def _is_needed(layout: Layout, sheet: Sheet, column: Column) -> bool:
    """Whether a row without it would be refused, or get something that was not there, or be of nobody."""
    says_whose = column.header == sheet.key or (not sheet.each and column.header in layout.group)
    return column.required or column.default is not None or says_whose


def _is_free(sheet: Sheet, column: Column) -> bool:
    """Whether a column takes any text."""
    plain = column.mark is None and column.codec.name == "tekst" and not column.when
    tied = column.required or column.default is not None or column.header == sheet.key
    return plain and not tied and not sheet.at and not sheet.only


def _ordinary(usual: Any) -> list[Any]:
    """Values of the same type that more columns can say."""
    if isinstance(usual, bool):
        return [True, False]
    if isinstance(usual, date) and type(usual) is date:
        return [date(2012, 3, 17), date(2018, 12, 31)]
    return [type(usual)(7)] if isinstance(usual, (int, Decimal)) else []


def _examples(mapping: Table) -> list[Any]:
    """The models of ``voorbeeld.json``."""
    file = mapping.folder / "voorbeeld.json"
    if not file.is_file():
        return []
    found = json.loads(file.read_text("utf-8"))
    return [mapping.model.model_validate(one) for one in (found if isinstance(found, list) else [found])]


def _known(mapping: Table) -> dict[str, list[Any]]:
    """The values of the examples, by path."""
    found: dict[str, list[Any]] = {}
    for model in _examples(mapping):
        for path, value in _leaves(tree_of(model)).items():
            found.setdefault(_bare(path), []).append(value)
    return found


def _leaves(tree: Any, path: str = "") -> dict[str, Any]:
    """The values of a tree by their places."""
    if isinstance(tree, dict):
        pairs = [(f"{path}.{name}" if path else name, value) for name, value in tree.items()]
    elif isinstance(tree, list):
        pairs = [(f"{path}[{number}]", value) for number, value in enumerate(tree, 1)]
    else:
        return {path: tree}
    return {place: leaf for step, value in pairs for place, leaf in _leaves(value, step).items()}


def _unlike(model: BaseModel, back: list[Any]) -> set[str]:
    """The kinds of places with values that are on one side only; the order of items aside."""
    one, other = (
        Counter((generic(path), leaf) for tree in trees for path, leaf in _leaves(tree).items())
        for trees in ([tree_of(model)], map(tree_of, back))
    )
    return {path for path, _ in (one - other) + (other - one)}


def _above(path: str) -> Iterator[str]:
    """A place, and the parts that it is in."""
    words = path.split(".")
    return (_bare(".".join(words[:count])) for count in range(len(words) + 1))


def _is_of(declared: Loss, told: MappingLoss, value: Any) -> bool:
    """Whether a declared loss is the reason for a loss; an empty part may have another reason as well."""
    return told.why is declared.why or (declared.empty and value == {})


def _at(tree: Any, path: str) -> Any:
    """What stands at a numbered path of a tree; None when nothing does."""
    for word in path.split("."):
        name, _, number = word.removesuffix("]").partition("[")
        tree = tree.get(name) if isinstance(tree, dict) else None
        if number:
            tree = tree[int(number) - 1] if isinstance(tree, list) and int(number) <= len(tree) else None
    return tree


def _named(loss: Any) -> str:
    """A declared loss, as it stands in ``mapping.toml``."""
    words = {"model": loss.model, "longer_than": loss.longer_than, "outside": loss.outside, "empty": loss.empty or None}
    return ", ".join(f"{word} = {value!r}" for word, value in words.items() if value is not None)


def _target(mapping: Table, folder: Path) -> Path:
    """Where a table goes, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder if mapping.shape == "fixed" else folder / f"tabel.{mapping.shape}"


def _fixed_encoding(mapping: Table) -> str | None:
    # what files of fixed width are written in cannot be told from a few letters
    return mapping.layout.encoding if mapping.shape == "fixed" else None


def _round(mapping: Table, model: Any, folder: Path) -> list[Any]:
    """A model written and read; nothing of what the mapping writes itself may be wrong."""
    target = _target(mapping, folder)
    mapping.export(model, target, losses="allow", sensitive=True)
    read = mapping.read(target, encoding=_fixed_encoding(mapping))
    assert [finding.text("en") for finding in read.report.findings] == []
    return read.dossiers


def _typed(mapping: Table) -> list[tuple[Sheet, Column]]:
    """A column of each sheet and type whose cells are not just any text."""
    found: dict[tuple[str, str], tuple[Sheet, Column]] = {}
    for sheet, column in columns(mapping.layout):
        if column.codec.name in _TYPED and column.mark is None:
            found.setdefault((sheet.name, column.codec.name), (sheet, column))
    return list(found.values())


def _spoil(mapping: Table, source: Path, target: Path, sheet: Sheet, column: Column) -> bool:
    """Write a table again with something else in the first row of one column; False when it has no such row."""
    reader = outside.reader(mapping.layout, source, _fixed_encoding(mapping), TableLimits())
    writer = outside.writer(mapping.layout, target)
    spoilt = False
    try:
        for owner, one in mapping.layout.tables():
            heads = owner.headers(one)
            for number, row in enumerate(_rows(reader, one.name)):
                cells = dict(zip(heads, row.cells, strict=False))
                if number == 0 and one.name == sheet.name and column.header in cells:
                    cells[column.header] = CANARY[: sheet.at[column.header][1]] if sheet.at else CANARY
                    spoilt = True
                writer.row(one.name, [_as_written(cells.get(head)) for head in heads])
        writer.commit()
    finally:
        reader.close()
    return spoilt


def _as_written(cell: Any) -> tuple[Any, bool]:
    """A cell as it was read, the way it is written; a workbook gives a moment for a day."""
    return (cell.date(), False) if isinstance(cell, datetime) else (cell, isinstance(cell, str))


def _rows(reader: Any, name: str) -> list[Row]:
    """The rows of a sheet below its headers."""
    return list(reader.rows(name))[1:] if reader.has(name) else []


def _raw(mapping: Table, target: Path) -> Iterator[str]:
    """The cells of CSV as a spreadsheet sees them, numbers aside; a workbook says what is a formula."""
    if mapping.shape == "csv":
        for path in mapping.files(target):
            if path.exists():
                with path.open(encoding=mapping.layout.encoding, newline="") as file:
                    rows = csv.reader(file, delimiter=mapping.layout.delimiter)
                    yield from (cell for row in rows for cell in row if not re.fullmatch(r"[+-]?[\d.,]+", cell))
    elif mapping.shape == "xlsx":
        import openpyxl

        for page in openpyxl.load_workbook(target):
            yield from ("=" for row in page.iter_rows() for cell in row if cell.data_type == "f")


def _has_text(mapping: Table) -> bool:
    """Whether any column takes any text."""
    return any(_is_free(*one) for one in columns(mapping.layout))


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
