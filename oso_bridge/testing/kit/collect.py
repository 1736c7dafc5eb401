"""The kit in pytest: each scenario is a test, and what came of it is told the way pytest tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from oso_bridge.errors import OsoBridgeError, UsageError
from oso_bridge.render.words import clean
from oso_bridge.testing.kit import kinds
from oso_bridge.testing.kit.calling import NoAnswer
from oso_bridge.testing.kit.outcome import Outcome, Results, word
from oso_bridge.testing.kit.runner import play
from oso_bridge.testing.kit.scenario import Scenario, pick, scenarios
from oso_bridge.testing.kit.stage import Options, Stage, open_stage, settings
from oso_bridge.testing.kit.tls import caller

_NODE = "oso-kit"
_SECONDS = 10.0
_STATE = "oso_state"
_LETTERS = {"passed": ".", "failed": "F", "unclear": "?", "not_run": "-"}


class Kit:
    """What pytest calls while it runs with ``--oso-endpoint``.

    Args:
        config: The configuration of pytest.
    """

    def __init__(self, config: pytest.Config) -> None:
        if config.getoption("numprocesses", None):
            raise pytest.UsageError("The kit runs in one process: leave out -n.")
        self.config = config
        self.language = str(config.getoption("--oso-lang"))
        self.strict = bool(config.getoption("--oso-strict"))
        self._endpoint = str(config.getoption("--oso-endpoint"))
        self.results = Results(_told(self._endpoint))
        self._stage: Stage | None = None
        self._kind = ""
        folder: Path | None = config.getoption("--oso-report")
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise pytest.UsageError(f"The reports cannot be written: {error.strerror} ({folder})") from None
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = []  # nothing but the kit is collected

    @property
    def options(self) -> Options:
        """What the user asked for."""
        get = self.config.getoption
        file: Path | None = get("--oso-kit")
        if file is not None and not file.is_file():
            raise UsageError(f"There is no such file: {file}.", remedy="oso-bridge kit prepare writes a kit.toml.")
        return Options(
            endpoint=self._endpoint,
            identity=get("--oso-identity"),
            roots=get("--oso-roots"),
            wsdl=tuple(get("--oso-wsdl")),
            settings=settings(file) if file else {},
            folder=file.parent if file else Path(),
            show_values=get("--oso-show-values"),
        )

    @property
    def stage(self) -> Stage:
        """The stage, opened when the first scenario is played."""
        if self._stage is None:
            self._stage = open_stage(self._kind, self.options)
        return self._stage

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Put the scenarios in front of what was collected."""
        try:
            self._kind = self.config.getoption("--oso-kind") or self._found()
            chosen = pick(scenarios(self._kind), _names(self.config.getoption("--oso-scenarios")))
        except (OsoBridgeError, OSError) as error:
            raise pytest.UsageError(str(error)) from None
        place = Place.from_parent(session, name=_NODE, nodeid=_NODE)
        found: list[pytest.Item] = [Play.from_parent(place, name=one.id, scenario=one, kit=self) for one in chosen]
        items[:0] = found
        # else pytest says that it collected nothing
        session.ihook.pytest_collectreport(report=pytest.CollectReport(_NODE, "passed", None, list(found)))

    def _found(self) -> str:
        """The kind of the endpoint, as far as it can be told."""
        options = self.options
        try:
            kind = kinds.find(caller(options, seconds=_SECONDS), options.wsdl, options.settings)
        except NoAnswer as error:
            raise pytest.UsageError(f"{error.text()[self.language]} ({self.results.endpoint})") from None
        if not kind:
            raise pytest.UsageError("It cannot be told what the endpoint speaks: add --oso-kind oso or uwlr.")
        return kind

    def played(self, scenario: Scenario) -> Outcome:
        """Play a scenario, and keep what came of it.

        Args:
            scenario: The scenario.
        """
        outcome = play(self.stage, scenario)
        self.results.outcomes.append(outcome)
        return outcome

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """The states of the kit in the words of pytest."""
        state: str | None = dict(getattr(report, "user_properties", ())).get(_STATE)
        if state is None or report.when != "call":
            return None
        kind = "failed" if report.failed else word(state, "en")
        return kind, _LETTERS[state], word(state, self.language).upper()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports, close the stage, and see to it that nothing reads as passed that was not run."""
        code = self.results.exit_code(strict=self.strict)
        if session.exitstatus == pytest.ExitCode.OK and code and not self.config.option.collectonly:
            session.exitstatus = code
        folder = self.config.getoption("--oso-report")
        if folder is not None and self.results.outcomes:
            self.results.save(folder, self.language, strict=self.strict)
            self.stage.save(folder)
        if self._stage is not None:
            self._stage.close()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The table."""
        if self.results.outcomes:
            terminalreporter.section(f"oso-bridge kit: {self.results.endpoint}")
            terminalreporter.write(self.results.table(self.language))


class Failed(Exception):
    """A scenario that is to be told as failed."""


class Place(pytest.Collector):
    """Where the scenarios stand in the tree of pytest."""

    def collect(self) -> list[pytest.Item]:
        """Nothing: the items are made at once."""
        return []


class Play(pytest.Item):
    """A scenario as a test.

    Args:
        scenario: The scenario.
        kit: Plays it.
        options: Those of pytest.
    """

    def __init__(self, *, scenario: Scenario, kit: Kit, **options: Any) -> None:
        super().__init__(**options)
        self._scenario = scenario
        self._kit = kit

    def runtest(self) -> None:
        """Play it."""
        try:
            outcome = self._kit.played(self._scenario)
        except (OsoBridgeError, OSError) as error:
            pytest.exit(f"The kit cannot begin: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
        self.user_properties.append((_STATE, outcome.state))
        told = "\n".join(outcome.lines(self._kit.language))
        if outcome.counts_as_failed(strict=self._kit.strict):
            raise Failed(told)
        if outcome.state != "passed":
            pytest.skip(f"{word(outcome.state, self._kit.language)}: {outcome.why[self._kit.language]}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What a person needs to know of it, without a traceback of the kit."""
        return str(excinfo.value) if isinstance(excinfo.value, Failed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands: in no file of the user."""
        title = self._scenario.title[self._kit.language]
        return Path(_NODE), None, f"{self._scenario.id} {title}"


def _told(endpoint: str) -> str:
    """An address as reports tell it: without a password, and without what stands behind a question mark."""
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        raise pytest.UsageError("The address of the endpoint is not one of http or https.") from None
    return clean(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl())


def _names(given: list[str]) -> list[str]:
    """The ids of ``--oso-scenarios``, which may be repeated or hold commas."""
    return [name.strip() for one in given for name in one.split(",") if name.strip()]
