"""Findings name places in the words of the model, and each such place is one in the dossier of that document."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import oso_bridge as oso

from .samples import CHECKOUT, EXAMPLES, NOWHERE, edited, get, reference_documents

REFERENCES = reference_documents()
BROKEN = {
    "codes": [
        ("<soortadres>post<", "<soortadres>postbus<"),
        ("<jaargroep>7<", "<jaargroep>77<"),
        ("<geslacht>", "<geslacht>9"),
        ("<code>F81.0<", "<code>X99<"),
    ],
    "rules": [("<leerlingid>", "<leerlingid> "), ("<akkoord>", "<akkoord>x")],
    "integrity": [("<bsn>274957462<", "<bsn>274957463<"), ("<postcode>", "<postcode>0")],
    "types": [
        ("<tehuis>false<", "<tehuis>nee<"),
        ("<standaardscore>534<", "<standaardscore>1001<"),
        ("<gbageboortedatum>11-02-2007<", "<gbageboortedatum>11-02-07<"),
        ("<brincode>00YY<", "<brincode>0<"),
    ],
}


def assert_places(document: bytes, at_least: int) -> None:
    dossier, report = oso.read(document).dossier(), oso.check(document)
    paths = [finding.path for finding in report.findings if finding.path and not finding.rule.startswith("XSD.meer")]
    assert len(paths) >= at_least
    for path in paths:
        get(dossier, path)


@pytest.mark.parametrize("edits", BROKEN.values(), ids=BROKEN)
def test_the_places_of_a_broken_document_are_places_in_its_dossier(edits: list[tuple[str, str]]) -> None:
    assert_places(edited(*edits), len(edits) - 1)


def test_the_places_of_the_broken_example_are_places_in_its_dossier() -> None:
    assert_places(EXAMPLES[[path.stem for path in EXAMPLES].index("kapot")].read_bytes(), 6)


@pytest.mark.skipif(not REFERENCES, reason=NOWHERE)
@pytest.mark.parametrize("path", REFERENCES or [Path()], ids=lambda path: f"{path.parent.name} {path.stem}")
def test_the_places_of_reference_documents_are_places_in_their_dossiers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in (("<soortadres>", "<soortadres>x"), ("<jaargroep>", "<jaargroep>x"), ("<geslacht>", "<geslacht>9")):
        text = text.replace(old, new)
    assert_places(text.encode(), 5)


def test_the_number_of_a_part_is_that_in_its_list() -> None:
    data = edited(("<soortadres>post<", "<soortadres>postbus<"))
    (finding,) = (finding for finding in oso.check(data).findings if finding.layer == "codes")
    assert finding.path == "school.adressen[2].soort"
    assert get(oso.read(data).dossier(), finding.path) == "postbus"


# --- cost -----------------------------------------------------------------------------------------------------------


LATE = ["pydantic", "oso_bridge.model", "oso_bridge.binding", "oso_bridge.tables", "oso_bridge.writing"]


@pytest.mark.parametrize(
    "code",
    [
        "import oso_bridge",
        "import oso_bridge as oso; assert oso.check('examples/povo.xml').ok",
        "import oso_bridge as oso; assert oso.read('examples/povo.xml').schema_ok",
        "import oso_bridge as oso; assert oso.check('examples/kapot.xml').findings[0].path",
    ],
)
def test_whoever_only_checks_does_not_wait_for_the_model(code: str) -> None:
    told = f"import sys; print([name for name in {LATE} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {told}"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_whoever_asks_for_a_dossier_gets_it() -> None:
    code = "import sys, oso_bridge as oso; oso.read('examples/povo.xml').dossier(); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
