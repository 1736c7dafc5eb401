"""Fictional dossiers: good in every layer, as full as the rules allow, the same every day, and of no one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import lru_cache
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import data, identifiers, plan
from oso_bridge.attachments import members
from oso_bridge.errors import UsageError
from oso_bridge.fiction.make import available, make, make_record
from oso_bridge.fiction.repair import Mender
from oso_bridge.findings import State
from oso_bridge.profiles import profile
from oso_bridge.records import Record, children, is_leaf, text_of
from oso_bridge.releases import release
from oso_bridge.rules.rows import Row, rows
from oso_bridge.xml.reader import index_record

SEEDS = int(os.environ.get("OSO_SEEDS", "20"))
RELEASES = ("oso/2019.1", "oso/2018.1", "oso/2017.1", "oso/2016.1", "oso/1.2.2", "oso/1.1.1")
MADE_OF = [(name, transfer) for name in RELEASES for transfer in available(release(name))]
PUPIL = "dossier/huidigeschool/leerling"

# What the rules of every profile forbid, so that no good dossier can have it.
FORBIDDEN: dict[str, dict[str, set[str]]] = {
    "oso/2019.1": {
        f"{PUPIL}/geboortemaand": {"OVa.LL03", "OVb.LL01", "PaO.LL03"},
        f"{PUPIL}/postcode4adres": {"OVa.LL07", "OVb.LL03", "PaO.LL07"},
        f"{PUPIL}/geboorteplaats": {"OVa.LL10", "OVb.LL.geboorteplaats", "PaO.LL10"},
        f"{PUPIL}/nationaliteit": {"OVa.LL11", "OVb.LL.nationaliteit", "PaO.LL11"},
        f"{PUPIL}/huisarts/roepnaam": {"OG.05.roepnaam"},
        f"{PUPIL}/huisarts/geslacht": {"OG.05.geslacht"},
    },
    "oso/2016.1": {
        f"{PUPIL}/geboortemaand": {"OVa.LL03", "OVb.LL01"},
        f"{PUPIL}/postcode4adres": {"OVa.LL07", "OVb.LL03"},
    },
    # neither has an element for a month of birth or for a part of a postcode
    "oso/1.2.2": {},
    "oso/1.1.1": {},
}
for _name in ("oso/2017.1", "oso/2018.1"):
    FORBIDDEN[_name] = {
        f"{PUPIL}/geboortemaand": {"OVa.LL03", "OVb.LL01", "PaO.LL03"},
        f"{PUPIL}/postcode4adres": {"OVa.LL07", "OVb.LL03", "PaO.LL07"},
    }


@lru_cache(maxsize=500)
def made(name: str, transfer: str, seed: int, full: bool) -> bytes:
    return make(name, transfer, seed, full)


@pytest.mark.parametrize("full", [False, True], ids=["some", "full"])
@pytest.mark.parametrize(("name", "transfer"), MADE_OF)
def test_every_layer_finds_it_good(name: str, transfer: str, full: bool) -> None:
    for seed in range(SEEDS):
        report = oso.check(made(name, transfer, seed, full))
        assert [(item.rule, item.xpath) for item in report.findings] == []
        assert {layer.state for layer in report.layers} == {State.PASSED}
        assert report.release == name


@pytest.mark.parametrize(("name", "transfer"), MADE_OF)
def test_it_is_of_its_profile(name: str, transfer: str) -> None:
    wanted = profile(transfer)
    for seed in range(SEEDS):
        for full in (False, True):
            record = oso.read(made(name, transfer, seed, full)).record
            assert record["overdrachtsoort"] == wanted.overdrachtsoort
            assert wanted.overstap in (None, record["metadata"].get("overstap"))


@pytest.mark.parametrize(("name", "transfer"), MADE_OF)
def test_all_of_it_has_a_field_in_the_model(name: str, transfer: str) -> None:
    for seed in range(min(SEEDS, 5)):
        for full in (False, True):
            assert oso.read(made(name, transfer, seed, full)).dossier(strict=True).extra == []


@pytest.mark.parametrize("name", RELEASES)
def test_the_versions_are_those_of_the_release(name: str) -> None:
    facts = release(name).info
    named = {key: facts[key] for key in facts if key.endswith("versie")}
    metadata = oso.read(made(name, "BB", 0, False)).record["metadata"]
    assert len(named) == 2
    assert {key: metadata[key] for key in named} == named


@pytest.mark.parametrize("name", RELEASES)
def test_together_they_fill_every_path_that_the_rules_allow(name: str) -> None:
    tree = plan.load(release(name)).tree("dossier")
    every = {branch.path for branch in tree.branches}
    every |= {leaf.path for branch in tree.branches for leaf in branch.leaves.values()}
    filled: set[str] = set()
    for _, transfer in (pair for pair in MADE_OF if pair[0] == name):
        for seed in range(min(SEEDS, 20)):
            filled |= _paths(oso.read(made(name, transfer, seed, True)).record, "dossier")
    assert every - filled == set(FORBIDDEN[name])


def _paths(record: Record, path: str) -> set[str]:
    found = {path}
    for name, value in children(record):
        below = f"{path}/{name}"
        found |= {below} if is_leaf(value) or not isinstance(value, dict) else _paths(value, below)
    return found


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, found in FORBIDDEN.items() for path in found])
def test_what_is_never_filled_is_forbidden_by_these_rules(name: str, path: str) -> None:
    """The rules that are named forbid it, and leave out none of the kinds of transfer."""
    found = [row for row in rows(release(name)) if row.id in FORBIDDEN[name][path]]
    assert {row.id for row in found} == FORBIDDEN[name][path]
    kinds = {profile(transfer).overdrachtsoort for transfer in available(release(name))}
    assert all(_forbids(row, path) for row in found)
    assert {kind for row in found for kind in row.keys.get("kind", kinds)} == kinds


def _forbids(row: Row, path: str) -> bool:
    holder, _, last = path.rpartition("/")
    at = str(row.keys["at"]).removeprefix("**/")
    return row.what == last and holder.endswith(at) and not row.keys.keys() & {"when", "unless", "overstap"}


def test_full_repeats_what_may_be_repeated() -> None:
    text = b"".join(made("oso/2019.1", "BB", seed, True) for seed in range(5))
    groups = [record for seed in range(5) for record in _groups(oso.read(made("oso/2019.1", "BB", seed, True)).record)]
    assert groups
    assert all(len(record["#groups"]) == 2 for record in groups)
    assert text.count(b"<verzorger>") > 5


def _groups(value: Any) -> list[Record]:
    if isinstance(value, list):
        return [found for item in value for found in _groups(item)]
    if not isinstance(value, dict):
        return []
    return [value] if "#groups" in value else [found for item in value.values() for found in _groups(item)]


# ---- the same every time ----


@pytest.mark.parametrize(("name", "transfer"), MADE_OF)
def test_the_record_is_what_is_read_again(name: str, transfer: str) -> None:
    for full in (False, True):
        record = oso.read(made(name, transfer, 3, full)).record
        assert make_record(name, transfer, 3, full) == record
        assert repr(make_record(name, transfer, 3, full)) == repr(record)


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys; from oso_bridge.fiction.make import make;"
        "sys.stdout.buffer.write(make('oso/2019.1', 'POVO', 7, True))"
    )
    for hashing in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hashing}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
        assert done.stdout == made("oso/2019.1", "POVO", 7, True)


def test_other_seeds_profiles_and_fullness_give_other_dossiers() -> None:
    several = [made(*pair, seed, full) for pair in MADE_OF for seed in range(5) for full in (False, True)]
    assert len(set(several)) == len(several)


# ---- of no one ----


@pytest.mark.parametrize(("name", "transfer"), MADE_OF)
def test_nothing_looks_real(name: str, transfer: str) -> None:
    allowed = data.toml("schemas", "oso", "fictie.toml")["value"]
    masked = ("9999999999", "geheim@geheim.geheim")
    for seed in range(min(SEEDS, 20)):
        for leaf, text in _texts(oso.read(made(name, transfer, seed, True)).record):
            if "@" in text and text not in masked:
                assert re.search(r"@[^@\s]+\.invalid\Z", text), leaf
            if leaf in ("bsn", "onderwijsnummer", "brincode"):
                assert text in allowed[leaf]["texts"]
            if leaf == "postcode":
                assert text.startswith("1999")
            if leaf == "iban":
                assert text.startswith("NL00")
            if leaf in ("nummer", "contacttelefoon") and len(text) > 8 and "@" not in text:
                assert text in masked or text.startswith("0000")


def _texts(record: Record) -> list[tuple[str, str]]:
    found = []
    for name, value in children(record):
        found += [(name, text_of(value))] if is_leaf(value) or not isinstance(value, dict) else _texts(value)
    return found


def test_the_personal_numbers_are_those_of_the_test_school() -> None:
    allowed = data.toml("schemas", "oso", "fictie.toml")["value"]
    tested = {"310008475", "274957462", "088584574", "238521436", "097902378", "334390205", "662460613", "482782481"}
    tested |= {"613543439", "559144428", "991904862", "388483763"}
    assert set(allowed["bsn"]["texts"]) == tested
    assert allowed["onderwijsnummer"]["texts"] == ["101211151"]
    assert all(map(identifiers.bsn.is_valid, tested))


def test_attachments_open_as_text() -> None:
    found = list(oso.read(made("oso/2019.1", "BB", 1, True)).attachments())
    assert found
    for _, file, _, content in found:
        ((name, unpack),) = members(content)
        assert name == file
        assert unpack().read().startswith(b"Dit is een verzonnen verslag")


# ---- wrong use, and the limits of what can be mended ----


def test_a_profile_that_the_release_does_not_have() -> None:
    with pytest.raises(UsageError, match=r"no transfer of the profile POSWV.*POPO, POVO, VOVO, BB\."):
        make("oso/2016.1", "POSWV")


@pytest.mark.parametrize(("name", "transfer"), [("oso/2019.1", "HBO"), ("oso/1900.1", "POVO")])
def test_a_name_that_does_not_exist(name: str, transfer: str) -> None:
    with pytest.raises(UsageError):
        make(name, transfer)


def test_an_index_of_a_record_is_that_of_the_reader() -> None:
    for transfer in ("BB", "POSWV"):
        reading = oso.read(made("oso/2019.1", transfer, 2, True)).reading
        found = index_record(reading.record, reading.tree)
        assert {number: list(map(id, records)) for number, records in found.items()} == {
            number: list(map(id, records)) for number, records in reading.index.items() if records
        }


def test_rules_that_contradict_each_other_are_named_as_a_fault_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mender, "mend", lambda *_: None)
    with pytest.raises(oso.DataError, match="no room for a dossier"):
        make("oso/2019.1", "POVO")
