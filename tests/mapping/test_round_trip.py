"""Every path of the model, there and back: nothing but the declared losses."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import WouldLose
from oso_bridge.fiction.make import available, make
from oso_bridge.mappings import available as mappings
from oso_bridge.mappings.engine import Mapping
from oso_bridge.mappings.layout import MOST_IN_CELL
from oso_bridge.mappings.places import generic, tree_of, walk
from oso_bridge.model import Bijlage, Dossier, Extra, Leerling, Levering, OnderwijskundigRapport, Toets, Verzorger

from .samples import everything, same, something

FULL = ["oso-csv", "oso-xlsx"]


def there_and_back(mapping: Mapping, dossiers: list[Any], folder: Path) -> list[Any]:
    target = folder / f"uit.{mapping.shape}"
    assert mapping.export(dossiers, target) == []
    back, report = mapping.read(target)
    assert [finding.text("en") for finding in report.findings] == []
    assert report.ok
    return back


def test_each_mapping_passes_its_own_test() -> None:
    assert set(mappings()) >= {"oso-csv", "oso-xlsx", "voorbeeld-leverancier"}
    for name in mappings():
        assert oso.mapping(name).test() == [], name


@pytest.mark.parametrize("name", FULL)
def test_every_path_comes_back(name: str, tmp_path: Path) -> None:
    dossiers = [everything(seed=seed) for seed in range(3)]
    back = there_and_back(oso.mapping(name), dossiers, tmp_path)
    assert [same(one, other) for one, other in zip(dossiers, back, strict=True)] == [True] * 3
    assert [dossier.model_dump_json() for dossier in back] != []


@pytest.mark.parametrize("name", FULL)
def test_any_part_may_be_absent_or_empty(name: str, tmp_path: Path) -> None:
    dossiers = [Dossier(), *(something(seed=seed) for seed in range(25)), Dossier()]
    back = there_and_back(oso.mapping(name), dossiers, tmp_path)
    assert [same(one, other) for one, other in zip(dossiers, back, strict=True)] == [True] * 27


@pytest.mark.parametrize("name", FULL)
def test_every_value_of_the_model_has_a_column(name: str) -> None:
    """A place of the model without a column would be a loss that nobody declared."""
    filled = {generic(path) for path in leaves(tree_of(everything(items=1)))}
    model = {
        str(".".join(map(str, steps))).removesuffix("[]") for steps in walk(Dossier) if steps[-1].kind.part is None
    }
    assert len(model) > 1500
    assert filled == model
    assert oso.mapping(name).losses(everything(items=1)) == []


@pytest.mark.parametrize("release", [release.id for release in oso.installed() if release.format == "oso"])
def test_the_paths_of_every_release_are_paths_of_the_model(release: str) -> None:
    folder = next(item.folder for item in oso.installed() if item.id == release)
    model = {".".join(step.name for step in steps) for steps in walk(Dossier)}
    paths = json.loads((folder / "paths.json").read_text("utf-8")).values()
    bare = {generic(path).replace("[]", "").partition("[")[0] for path in paths}
    assert len(bare) > 100
    assert {path for path in bare if path} <= model


def leaves(tree: Any, path: str = "") -> Any:
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        for number, value in enumerate(tree, start=1):
            yield from leaves(value, f"{path}[{number}]")
    else:
        yield path


@pytest.mark.parametrize("release", [release.id for release in oso.installed() if release.format == "oso"])
def test_fictional_dossiers_of_every_release(release: str, tmp_path: Path) -> None:
    chosen = next(item for item in oso.installed() if item.id == release)
    documents = [make(release, profile, 7, True) for profile in available(chosen)]
    dossiers = [oso.read(document).dossier() for document in documents]
    back = there_and_back(oso.mapping("oso-csv"), dossiers, tmp_path)
    assert len(back) == len(dossiers) > 1
    for dossier, again in zip(dossiers, back, strict=True):
        assert same(dossier, again)
        assert oso.write(again, release=release, check=False) == oso.write(dossier, release=release, check=False)


def test_the_order_of_items_stays(tmp_path: Path) -> None:
    names = ["b", "a", "b", "", "c"]
    dossier = Dossier(
        leerling=Leerling(voornamen=names, verzorgers=[Verzorger(achternaam=name, voornamen=names) for name in names]),
        rapport=OnderwijskundigRapport(toetsen=[Toets(code=name) for name in names]),
    )
    back = there_and_back(oso.mapping("oso-csv"), [dossier], tmp_path)[0]
    assert [toets.code for toets in back.rapport.toetsen] == names
    assert [verzorger.voornamen for verzorger in back.leerling.verzorgers] == [names] * 5


def test_what_a_cell_of_a_workbook_cannot_hold_is_a_declared_loss(tmp_path: Path) -> None:
    mapping = oso.mapping("oso-xlsx")
    fits, long = "x" * MOST_IN_CELL, "x" * (MOST_IN_CELL + 1)
    dossier = Dossier(
        leerling=Leerling(roepnaam=fits),
        rapport=OnderwijskundigRapport(bijlagen=[Bijlage(bestandsnaam="a.zip", inhoud=long)]),
    )
    losses = mapping.export(dossier, tmp_path / "uit.xlsx")
    assert [(loss.path, loss.declared) for loss in losses] == [("rapport.bijlagen[1].inhoud", True)]
    assert "32767" in losses[0].text("nl")
    assert "32767" in losses[0].text("en")
    back = mapping.read(tmp_path / "uit.xlsx").dossiers[0]
    assert back.leerling.roepnaam == fits
    assert (back.rapport.bijlagen[0].bestandsnaam, back.rapport.bijlagen[0].inhoud) == ("a.zip", None)
    assert oso.mapping("oso-csv").losses(dossier) == []


def test_declared_and_undeclared_losses(tmp_path: Path) -> None:
    mapping = oso.mapping("voorbeeld-leverancier")
    good = Leerling(leerlingid="1", achternaam="Bosch", geslacht="1", postcode4="1234")
    levering = Levering(overstap="POVO")
    found = mapping.export(Dossier(leerling=good, levering=levering), tmp_path / "uit.csv")
    assert [(loss.path, loss.declared, loss.number) for loss in found] == [("leerling.postcode4", True, 1)]
    strange = Dossier(
        leerling=Leerling(leerlingid="1", achternaam="x", roepnaam="Łukasz", geslacht="9"), levering=levering
    )
    before = (tmp_path / "uit.csv").read_bytes()
    with pytest.raises(WouldLose) as caught:
        mapping.export(strange, tmp_path / "uit.csv")
    assert [loss.path for loss in caught.value.losses] == ["leerling.geslacht"]
    assert "The table has no place" in str(caught.value)
    assert (tmp_path / "uit.csv").read_bytes() == before
    allowed = mapping.export(strange, tmp_path / "uit.csv", losses="allow")
    assert {(loss.path, loss.declared) for loss in allowed} == {
        ("leerling.roepnaam", True),
        ("leerling.geslacht", False),
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["uit.csv"]


def test_items_beyond_the_columns_are_lost_and_said_to_be() -> None:
    mapping = oso.mapping("voorbeeld-leverancier")
    carers = [Verzorger(achternaam=name) for name in "abc"]
    dossier = Dossier(
        leerling=Leerling(leerlingid="1", achternaam="x", verzorgers=carers), levering={"overstap": "POVO"}
    )
    assert [(loss.path, loss.declared) for loss in mapping.losses(dossier)] == [
        ("leerling.verzorgers[3].achternaam", True)
    ]


def test_a_default_that_would_be_invented_is_told() -> None:
    found = oso.mapping("voorbeeld-leverancier").losses(Dossier(leerling=Leerling(leerlingid="1", achternaam="x")))
    assert [(loss.path, loss.declared) for loss in found] == [("levering.overstap", False)]


def test_losses_are_those_that_the_other_side_shows(tmp_path: Path) -> None:
    """What is not told as lost comes back; what comes back otherwise is told."""
    mapping = oso.mapping("voorbeeld-leverancier")
    told = 0
    for seed in range(40):
        dossier = something(seed=seed)
        dossier.leerling = dossier.leerling or Leerling()
        dossier.leerling.leerlingid, dossier.leerling.achternaam = "nr 1", "x"
        losses = mapping.export(dossier, tmp_path / "uit.csv", losses="allow")
        read = mapping.read(tmp_path / "uit.csv")
        assert read.report.ok
        back = dict(flat(tree_of(read.dossiers[0])))
        wrong = {path for path, value in flat(tree_of(dossier)) if back.get(path) != value}
        lost = {loss.path for loss in losses}
        assert {path for path in wrong if not any(path == one or path.startswith(one) for one in lost)} == set()
        told += len(lost)
        (tmp_path / "uit.toetsen.csv").unlink(missing_ok=True)
    assert told > 100


def flat(tree: Any, path: str = "") -> Any:
    for place in leaves(tree, path):
        value = tree
        for word in place.replace("[", ".[").split("."):
            value = value[int(word[1:-1]) - 1] if word.startswith("[") else value[word]
        yield place, value


def test_rows_of_json(tmp_path: Path) -> None:
    (tmp_path / "eigen").mkdir()
    (tmp_path / "eigen" / "mapping.toml").write_text('extends = "oso-csv"\nshape = "json"\n', "utf-8")
    mapping = oso.mapping(tmp_path / "eigen")
    dossiers = [everything(), something(seed=1), Dossier()]
    back = there_and_back(mapping, dossiers, tmp_path)
    assert [same(one, other) for one, other in zip(dossiers, back, strict=True)] == [True] * 3
    rows = json.loads((tmp_path / "uit.json").read_text("utf-8"))["Leerlingen"]
    assert [row["Leerling"] for row in rows] == ["1", "2", "3"]


def test_extra_stays_with_its_part(tmp_path: Path) -> None:
    kept = Extra(release="oso/2019.1", pad="x", soort="volgorde", inhoud=["a", ""])
    dossier = Dossier(leerling=Leerling(verzorgers=[Verzorger(), Verzorger(extra=[kept])]), extra=[kept])
    back = there_and_back(oso.mapping("oso-csv"), [dossier], tmp_path)[0]
    assert back.leerling.verzorgers[1].extra == back.extra == [kept]
    assert back.leerling.verzorgers[0].extra == []


def test_numbers_keep_their_decimals(tmp_path: Path) -> None:
    toets = Toets.model_validate({"resultaat": {"toetsscore": {"tijd": "7.50"}}})
    dossier = Dossier(rapport=OnderwijskundigRapport(toetsen=[toets]))
    back = there_and_back(oso.mapping("oso-csv"), [dossier], tmp_path)[0]
    assert str(back.rapport.toetsen[0].resultaat.toetsscore.tijd) == str(Decimal("7.50"))
