"""The fixture oso_check: fails a test with the findings, and with no value of the document."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

import oso_bridge as oso
from oso_bridge.testing import Checker

from .samples import edited, path

pytest_plugins = ["pytester"]

BAD = edited(("<soortadres>post<", "<soortadres>KANARIE<"))


def test_a_good_document_gives_its_report() -> None:
    report = Checker()(path("povo.xml"))
    assert isinstance(report, oso.Report)
    assert report.ok


def test_a_bad_document_fails_with_the_findings_and_no_value() -> None:
    with pytest.raises(AssertionError) as caught:
        Checker()(BAD)
    told = str(caught.value)
    assert "CL.19.soortadres at school.adressen[2].soort, line" in told
    assert "Use one of these codes" in told
    assert "KANARIE" not in told


def test_rules_that_must_be_broken_may_be_named() -> None:
    assert Checker()(BAD, expect={"CL.19.soortadres"}).exit_code == 1
    with pytest.raises(AssertionError, match=r"expected, not found: OVa\.LL10") as caught:
        Checker()(BAD, expect={"CL.19.soortadres", "OVa.LL10"})
    assert "CL.19.soortadres at" not in str(caught.value)
    with pytest.raises(AssertionError, match=r"expected, not found: CL\.19"):
        Checker()(path("povo.xml"), expect=frozenset({"CL.19.soortadres"}))


def test_a_layer_that_did_not_run_fails_too() -> None:
    with pytest.raises(AssertionError, match="layer rules: Not run: not asked for"):
        Checker()(path("povo.xml"), layers=["schema"])


def test_a_warning_does_not_fail() -> None:
    report = Checker()(edited(("<bsn>274957462<", "<bsn>274957463<")))
    assert [finding.rule for finding in report.findings] == ["INT.bsn"]


def test_the_settings_of_check_are_passed_on() -> None:
    with pytest.raises(AssertionError):
        Checker()(path("povo.xml"), validator="PaO")


def plug_in() -> list[str]:
    """What loads the plug-in, where the package is not installed."""
    installed = {point.name for point in entry_points(group="pytest11")}
    return [] if "oso_bridge" in installed else ["-p", "oso_bridge.testing.plugin"]


def test_the_fixture_in_a_test_of_a_user(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        def test_good(oso_check):
            assert oso_check({path("povo.xml")!r}).ok

        def test_bad(oso_check):
            oso_check({path("kapot.xml")!r})

        def test_expected(oso_check):
            oso_check({path("kapot.xml")!r}, expect={{"CL.13.jaargroep", "CL.19.soortadres", "EM.04", "OVa.IZ04",
                "OVa.LL10", "OVa.LL13"}})
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider", *plug_in())
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*CL.19.soortadres at leerling.adressen.soort, line 68*"])


def test_the_fixture_is_listed_with_its_meaning(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--fixtures", "-p", "no:xdist", "-p", "no:cacheprovider", *plug_in())
    result.stdout.fnmatch_lines(["oso_check*", "*Checks a document*"])
