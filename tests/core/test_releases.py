"""Releases: folders of data, found, sorted, and guessed at when they are absent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge import releases
from oso_bridge.errors import UsageError

from .samples import NAMESPACE

BASE = "http://www.edustandaard.nl/oso_gegevensset/"
NAMESPACES = {"1.1.1": "1.1", "1.2.2": "1.2", "2016.1": "2016", "2017.1": "2017", "2018.1": "2018", "2019.1": "2019"}


def test_the_installed_releases_are_in_order_and_say_what_they_are() -> None:
    found = oso.installed()
    assert [(item.format, item.order) for item in found] == sorted((item.format, item.order) for item in found)
    assert [item.id for item in found if item.format == "oso"] == [f"oso/{version}" for version in NAMESPACES]
    for item in found:
        assert item.info["id"] == item.id
        assert item.folder.name == item.version
        assert item.namespace or item.format == "edexml"
        assert item.roots
        assert item.status
        assert item.title("nl")
        assert item.title("en")


def test_the_parts_of_a_release() -> None:
    release = releases.release("oso/2019.1")
    assert (release.format, release.version, release.order) == ("oso", "2019.1", (2019, 1))
    assert release.namespace == NAMESPACE
    assert release.roots == ("dossier", "dossiers")


@pytest.mark.parametrize(
    ("info", "title"),
    [
        ({}, "oso/1"),
        ({"title": "Eén tekst"}, "Eén tekst"),
        ({"title": {"nl": "Nederlands"}}, "Nederlands"),
        ({"title": {"nl": "Nederlands", "en": "English"}}, "English"),
    ],
)
def test_a_title_falls_back_on_what_there_is(info: dict[str, object], title: str) -> None:
    assert releases.Release("oso/1", Path(), info).title("en") == title


def test_a_release_that_says_nothing_has_no_namespace_roots_or_status() -> None:
    bare = releases.Release("oso/1", Path(), {})
    assert (bare.namespace, bare.roots, bare.status) == ("", (), "")


@pytest.mark.parametrize(
    ("version", "order"), [("2019.1", (2019, 1)), ("1.1.1", (1, 1, 1)), ("", ()), ("2019.1-beta2", (2019, 1, 2))]
)
def test_versions_sort_by_their_numbers(version: str, order: tuple[int, ...]) -> None:
    assert releases.version_order(version) == order


def test_an_absent_release_names_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no installed release 'oso/1999\.1'") as caught:
        releases.release("oso/1999.1")
    assert "oso/2019.1" in str(caught.value.remedy)


@pytest.mark.parametrize(("version", "named"), NAMESPACES.items())
def test_each_release_has_a_namespace_of_its_own(version: str, named: str) -> None:
    found = releases.by_namespace(f"{BASE}{named}/dossier")
    assert found == releases.release(f"oso/{version}")
    assert releases.guess(f"{BASE}{named}/dossier").nearest == found  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("named", "nearest"),
    [("1.0", "1.1.1"), ("1.3", "1.2.2"), ("2015", "1.2.2"), ("2020", "2019.1"), ("2024", "2019.1")],
)
def test_what_stands_in_for_a_release_that_is_not_installed(named: str, nearest: str) -> None:
    guess = releases.guess(f"{BASE}{named}/dossier")
    assert guess is not None
    assert guess.nearest.id == f"oso/{nearest}"


def test_a_namespace_leads_to_its_release() -> None:
    assert releases.by_namespace(NAMESPACE) == releases.release("oso/2019.1")
    assert releases.by_namespace("") is None
    assert releases.by_namespace(NAMESPACE + "/") is None


@pytest.mark.parametrize(
    ("year", "name", "nearest"),
    [
        ("2024", "oso/2024", "oso/2019.1"),
        ("9999", "oso/9999", "oso/2019.1"),
        ("2017", "oso/2017", "oso/2016.1"),
        ("2018", "oso/2018", "oso/2016.1"),
        ("1.2", "oso/1.2", "oso/2016.1"),
        ("1.1", "oso/1.1", "oso/2016.1"),
    ],
)
def test_an_absent_release_is_read_with_the_nearest_earlier_one(
    year: str, name: str, nearest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = tuple(releases.release(item) for item in ("oso/2016.1", "oso/2019.1"))
    monkeypatch.setattr(releases, "installed", lambda: two)
    guess = releases.guess(f"{BASE}{year}/dossier")
    assert guess is not None
    assert (guess.id, guess.namespace, guess.nearest.id) == (name, f"{BASE}{year}/dossier", nearest)


@pytest.mark.parametrize(
    "namespace",
    ["", "urn:x", f"{BASE}twintig/dossier", f"{BASE}2024/dossier/meer", f"{BASE}20244/dossier", f"{BASE}{'1' * 300}"],
)
def test_another_namespace_is_no_release_at_all(namespace: str) -> None:
    assert releases.guess(namespace) is None


def test_a_folder_without_release_toml_is_no_release(own_data: Callable[[str, str], Path]) -> None:
    before = releases.installed()
    own_data("schemas/oso/2031.1/notes.txt", "")
    assert releases.installed() == before
    own_data("schemas/oso/2031.1/release.toml", 'namespace = "urn:31"\nroots = ["dossier"]\n')
    assert [item.id for item in releases.installed() if item.format == "oso"][-1] == "oso/2031.1"
    found = releases.by_namespace("urn:31")
    assert found is not None
    assert found.id == "oso/2031.1"
