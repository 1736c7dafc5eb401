"""The work of ``oso-bridge check``, apart from reading its arguments."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oso_bridge.cli import inputs, output, progress
from oso_bridge.errors import UsageError
from oso_bridge.render import format_of, render
from oso_bridge.render.outcome import exit_code
from oso_bridge.render.words import check_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oso_bridge.cli.inputs import Input
    from oso_bridge.identity import Trust
    from oso_bridge.overrides import Overrides


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures are trusted, as it was given on the command line.

    Attributes:
        roots: Files with roots.
        oins: The OINs of those who may sign.
        crls: Files with CRLs.
        test: Whether OINs for tests may sign.
    """

    roots: Sequence[Path] = ()
    oins: Sequence[str] = ()
    crls: Sequence[Path] = ()
    test: bool = False

    def trust(self) -> Trust:
        """The same as an object.

        Raises:
            IdentityError: A file cannot be read.
            UsageError: Something is missing, or is no OIN.
        """
        if not self.roots:
            raise UsageError("No signature is asked for.", remedy="Give --trust ROOTS.pem too.")
        if not self.oins:
            raise UsageError("Roots alone do not say whose signature is trusted.", remedy="Give --signer OIN too.")
        from oso_bridge.identity import Trust

        if not self.crls:
            output.note("Revocation of certificates is not checked. Give --crls CRLS.pem to do so.")
        return Trust(roots=self.roots, crls=self.crls or None, allowed_oins=set(self.oins), test=self.test)

    def digest(self, trust: Trust) -> str:
        """What tells this from other choices, with the content of the files."""
        from oso_bridge.report import digest_of

        _, (*content, _) = trust.__reduce__()
        return digest_of(repr((content, sorted(self.oins))).encode())


def signers(
    roots: Sequence[Path] | None, oins: Sequence[str] | None, crls: Sequence[Path] | None, test: bool
) -> Signers | None:
    """Whose signatures are trusted; None when nothing is said of it."""
    found = Signers(roots or (), oins or (), crls or (), test)
    return None if found == Signers() else found


def run(
    files: Sequence[str],
    *,
    report_format: str | None = None,
    output_file: str | Path | None = None,
    overrides: str | Path | None = None,
    layers: str | None = None,
    lang: str = "nl",
    show_values: bool = False,
    workers: int = 1,
    release: str | None = None,
    sort: str = "rule",
    quiet: bool = False,
    summary: bool = False,
    journal: str | Path | None = None,
    resume: bool = False,
    signers: Signers | None = None,
) -> int:
    """Check documents, write the report, and give the exit code.

    Args:
        files: Files, patterns, folders, or ``-``.
        report_format: The form of the report; by the suffix of ``output_file`` when None, else text.
        output_file: Where the report goes; standard output when None.
        overrides: A TOML file with agreed exceptions.
        layers: Names of layers with commas between them; all when None.
        lang: ``nl`` or ``en``.
        show_values: Put values of the document in the report.
        workers: Number of processes.
        release: The release to follow.
        sort: The order of findings in a report as text, ``rule`` or ``line``.
        quiet: No progress; as text only the documents that are not in order.
        summary: Only how many documents came out how, and the rules that were broken most; nothing else is kept.
        journal: Where to write down what came of each document.
        resume: Pass over what stands in the journal.
        signers: Whose signatures are trusted; None asks for no signature.

    Raises:
        OSError: A file cannot be read or written.
        IdentityError: A file with certificates cannot be used.
        UsageError: An argument names something that does not exist.
        DataError: The overrides are no TOML, or a plug-in cannot be loaded.
    """
    output_file = Path(output_file) if output_file else None
    chosen = report_format or (format_of(output_file) if output_file else "text")
    if journal is not None and not summary:
        raise UsageError("A journal holds outcomes and no findings.", remedy="Give --summary with --journal.")
    if resume and journal is None:
        raise UsageError("--resume needs to know what was done.", remedy="Give --journal FILE.")
    # A format or language that does not exist is said before the work, not after it.
    rendered([], chosen, lang, sort)
    sources = inputs.expand(files)
    settings = {**_settings(layers, overrides, release, show_values), "trust": signers.trust() if signers else None}
    if summary:
        told = _Survey(sources, settings, workers, quiet, journal, resume, signers)
        return told.run(chosen, lang, output_file)
    reports = [report.to_dict() for report in _reports(sources, settings, workers, quiet)]
    shown = [report for report in reports if not quiet or chosen != "text" or report["exit_code"]]
    if shown or not quiet:
        text = rendered(shown, chosen, lang, sort, colour=output_file is None and output.colour())
        output.write(text, output_file, sources=sources)
    return exit_code(reports)


def _settings(
    layers: str | None, overrides: str | Path | None, release: str | None, show_values: bool
) -> dict[str, Any]:
    from oso_bridge.overrides import as_overrides

    decided = as_overrides(overrides)
    for doubt in _doubts(decided) if decided else ():
        output.note(doubt)
    wanted = [name.strip() for name in layers.split(",") if name.strip()] if layers else None
    return {
        "layers": wanted,
        "overrides": decided,
        "release": release,
        "show_values": show_values,
    }


def _unknown(rule: str) -> str | None:
    """Why no finding can have that id; None when one can."""
    import oso_bridge as oso

    try:
        ids = [row["id"] for row in oso.explain(rule)]
    except UsageError as error:
        return str(error)
    # an official id finds its rules, but findings go by our own
    return None if rule in ids else f"Findings of {rule} have the id {' or '.join(dict.fromkeys(ids))}."


def _unknown_profile(name: str) -> str | None:
    """Why no dossier can have that profile; None when one can."""
    from oso_bridge import codes, data
    from oso_bridge.errors import choose
    from oso_bridge.profiles import profiles

    # a report goes by the step of the document, which may be one that no dossier can be made for
    steps = data.toml("schemas", codes.FORMAT, "format.toml")["dispatch"]["lists"]["overstap"]
    known = {*profiles(), *(entry.code for entry in codes.entries(steps))}
    return None if name in known else f"There is no profile {name!r}. {choose(name, sorted(known))}"


def _doubts(overrides: Overrides) -> Iterator[str]:
    """What is odd about agreed exceptions, although they can be read: a rule that nothing has, a day that is past."""
    from datetime import date

    for number, decision in enumerate(overrides.decisions, start=1):
        rule = decision.rule
        if not set(rule) & set("*?[") and (doubt := _unknown(rule)):
            yield f"Override {number} matches nothing. {doubt}"
        if decision.profile is not None and (doubt := _unknown_profile(decision.profile)):
            yield f"Override {number} ({rule}) matches nothing. {doubt}"
        if decision.until and decision.until < date.today():
            yield f"Override {number} ({rule}) held until {decision.until} and does not count any more."


def _reports(sources: list[Input], settings: dict[str, Any], workers: int, quiet: bool) -> Iterable[Any]:
    """The reports; the only document of a call is opened here, so that its absence is a wrong use."""
    import oso_bridge as oso

    if len(sources) == 1:
        with progress.of_bytes("Checking", quiet=quiet) as told:
            return [oso.check(sources[0], progress=told, **settings)]
    found = oso.check_each(sources, workers=workers, **settings)
    return progress.shown(found, len(sources), "Checking", quiet=quiet)


@dataclass(frozen=True, slots=True)
class _Survey:
    """A check of which only the summary is wanted."""

    sources: list[Input]
    settings: dict[str, Any]
    workers: int
    quiet: bool
    journal: str | Path | None
    resume: bool
    signers: Signers | None

    def run(self, chosen: str, lang: str, output_file: Path | None) -> int:
        """Check, write the summary, and give the exit code."""
        from oso_bridge.cli.summary import Summary, table
        from oso_bridge.render import json

        if chosen not in ("text", "json"):
            raise UsageError(f"There is no summary as {chosen}.", remedy="Choose text or json.")
        found = Summary()
        with closing(self._outcomes()) as outcomes:
            for outcome in progress.shown(outcomes, len(self.sources), "Checking", quiet=self.quiet):
                found.add(outcome)
        told = found.check()
        text = table(told, lang) if chosen == "text" else json.dump({"summary": told})
        output.write(text, output_file, sources=self.sources)
        return found.exit_code

    def _outcomes(self) -> Any:
        from oso_bridge import batch, document, releases
        from oso_bridge.journal import Journal

        if self.settings["release"] is not None:
            releases.release(self.settings["release"])
        wanted = document.wanted(self.settings["layers"], self.settings["trust"])
        job = document.Job(**{**self.settings, "layers": wanted}, limits=None, validator=None)
        kept = Journal(self._file(), self._options(wanted), resume=self.resume) if self.journal else None
        return batch.survey(self.sources, job, workers=self.workers, journal=kept)

    def _file(self) -> Path:
        path = Path(str(self.journal))
        if any(isinstance(source, str) and path.exists() and path.samefile(source) for source in self.sources):
            raise UsageError("The journal would overwrite a document that is read.", where=str(path))
        return path

    def _options(self, layers: tuple[str, ...]) -> dict[str, Any]:
        """What the outcomes depend on; decisions and certificates that end make them depend on the day."""
        from datetime import date

        from oso_bridge.report import digest_of

        decided = self.settings["overrides"]
        decisions = digest_of(repr(decided.decisions).encode()) if decided else None
        trust, release = self.settings["trust"], self.settings["release"]
        day = date.today().isoformat() if decided or trust else None
        found = {"command": "check", "release": release, "layers": layers, "overrides": decisions, "day": day}
        return {**found, "trust": self.signers.digest(trust)} if self.signers else found


def rendered(reports: list[dict[str, Any]], chosen: str, lang: str, sort: str, *, colour: bool = False) -> str:
    """Reports in a form; colours and an order of the findings are for text only.

    Raises:
        UsageError: There is no such form, language or order, or the form has no such order.
        DataError: A plug-in cannot be loaded.
    """
    from oso_bridge.render import text

    if chosen != "text":
        if text.check_sort(sort) != "rule":
            raise UsageError(f"--sort {sort} is for a report as text.", remedy="Leave --sort or --format out.")
        return render(reports, chosen, lang)
    return text.render(reports, check_language(lang), colour=colour, sort=sort)
