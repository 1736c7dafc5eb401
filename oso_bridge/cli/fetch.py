"""``oso-bridge fetch``: a dossier of another school, over the OSO exchange."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from oso_bridge.cli import inputs, las_settings, options, output, serving
from oso_bridge.errors import DataError, OsoBridgeError, TransportError, UsageError, choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.exchange import Adres, Doelsysteem, Melding, Ontvangst, Ophaling, Stap, Uitkomst

Config = Annotated[
    Path, typer.Option("--config", help="The settings of serve las, see docs/exchange.md.", show_default=False)
]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="BRIN/KENMERK", help="Which of our delivery points asks, when there are several."),
]
_From = Annotated[
    str, typer.Option("--from", metavar="BRIN", help="The school that has it; BRIN/KENMERK for one delivery point.")
]
_NumberFile = Annotated[
    Path | None,
    typer.Option("--number-file", metavar="FILE", help="The number stands in this file; else on standard input."),
]
_After = Annotated[
    str | None,
    typer.Option("--collected-after", metavar="MOMENT", help="Only a dossier that was collected later than this."),
]
_NINE = re.compile(r"[0-9]{9}", re.ASCII)


def command(
    config: Config,
    from_: _From,
    account: Annotated[str, typer.Option("--account", help="Who orders it; it is logged.")],
    folder: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where dossiers go; made when needed.")],
    own: As = None,
    kind: Annotated[str, typer.Option("--kind", help="OV, BB or SWV: what the transfer is for.")] = "OV",
    number_file: _NumberFile = None,
    collected_after: _After = None,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """Fetch a dossier from another school, over the OSO exchange.

    The number of the pupil (for SWV the koppelsleutel) comes from standard input or --number-file. Each dossier that
    comes is a new file in FOLDER, with its report beside it. Standard output tells what came of it, without values;
    standard error gets the log, with the account.
    Exit code 1 when nothing was delivered or a dossier has errors, 3 when a check that is needed could not be made.
    """
    from oso_bridge.render.words import check_language

    check_language(lang)
    if not account.strip():
        raise UsageError("--account is empty.", remedy="Name who orders it: that has to be logged.")
    after = options.moment(collected_after, "--collected-after", zone=True)
    asked = {"bron": _school(from_), "account": account, "soort": _kind(kind), "aanvraagdatum": after}
    serving.log()
    with told_without_values(), asking(config, own) as system:
        asked |= _pupil(kind, number_file)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = _fetched(system, _Folder(folder), asked)
    output.write(_text(told, as_json, lang))
    raise typer.Exit(told["exit_code"])


@contextmanager
def asking(config: Path, own: str | None) -> Iterator[Doelsysteem]:
    """Our side as it asks others, by the settings of ``serve las``.

    Args:
        config: The settings.
        own: Which delivery point asks, as the user named it.

    Raises:
        DataError: The settings are wrong.
        UsageError: They lack something, or the delivery point is not clear.
    """
    from oso_bridge.cli import settings
    from oso_bridge.exchange import Doelsysteem

    found = settings.read(config, settings.Asking)
    here = _own(las_settings.points(found["aanleverpunt"]), own)
    wire, keys, line = las_settings.wire(found["draad"]), las_settings.keys(found["sleutels"]), las_settings.line(found)
    with line(found["verkeerscentrum"]["url"]) as centre:
        yield Doelsysteem(wire, here, verkeerscentrum=centre, lijn=line, sleutels=keys)


@contextmanager
def told_without_values() -> Iterator[None]:
    """Tell of an error in a function of the user by its kind and place: its text may hold the number of a pupil."""
    from oso_bridge.exchange.conversation import place_of

    try:
        yield
    except (OsoBridgeError, OSError, typer.Exit):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, its text is not told
        raise DataError(f"{type(error).__name__} at {place_of(error)}.", remedy="Look there.") from None


@dataclass(slots=True)
class _Folder:
    """A Dossierdoel that keeps each dossier as a file, with its report beside it.

    Attributes:
        folder: Where.
        kept: What was kept so far: the files, who supplied each, and what its check came to.
    """

    folder: Path
    kept: list[dict[str, Any]] = field(default_factory=list)

    def ontvangen(self, ontvangst: Ontvangst) -> None:
        """Keep a dossier; both files are there, or neither is."""
        import uuid

        from oso_bridge.exchange.conversation import point_name
        from oso_bridge.render import json

        name = self.folder / str(uuid.uuid4())
        dossier, report = name.with_suffix(".xml"), name.with_suffix(".json")
        told = {**ontvangst.rapport.to_dict(), "source": str(dossier)}
        try:
            output.save_new(report, json.render([told]).encode())
            output.save_new(dossier, ontvangst.dossier)
        except OSError:
            for file in (report, dossier):
                file.unlink(missing_ok=True)
            raise
        about = {"from": point_name(ontvangst.bron), "ok": told["ok"], "exit_code": told["exit_code"]}
        self.kept.append({"file": str(dossier), "report": str(report), **about})

    def genotificeerd(self, melding: Melding) -> None:
        """Notifications come to a server, and never here."""
        raise UsageError("A notification came where only dossiers are taken.")


def _fetched(system: Doelsysteem, into: _Folder, asked: dict[str, Any]) -> dict[str, Any]:
    """Fetch, and tell what came of it; also of what was kept before something went wrong."""
    from oso_bridge.exchange.outcome import outcome

    try:
        found = system.ophalen(into, **asked)
    except TransportError as error:
        return _told(outcome("NietBereikbaar"), into, why=" ".join(filter(None, (error.what, error.remedy))))
    except OSError as error:
        return _told(outcome("InterneFout"), into, why=f"{error.strerror or type(error).__name__}.")
    return _told(found.uitkomst, into, found)


def _told(result: Uitkomst, into: _Folder, found: Ophaling | None = None, why: str = "") -> dict[str, Any]:
    """The account as JSON, without values."""
    from oso_bridge.exchange.conversation import session_name
    from oso_bridge.render.outcome import exit_code

    session = found.sessie_id if found else ""
    return {
        "result": result.woord,
        "kind": result.soort,
        "text": {lang: result.text(lang) for lang in ("nl", "en")},
        "reason": why or None,
        "session": session_name(session) if session else None,
        "steps": [_step(step) for step in (found.stappen if found else ())],
        "dossiers": into.kept,
        "exit_code": exit_code(into.kept) if result.ok and into.kept else 1,
    }


def _step(step: Stap) -> dict[str, Any]:
    return {
        "at": step.moment.isoformat(timespec="seconds"),
        "message": step.bericht,
        "mark": step.mark,
        "to": step.naar,
        "result": step.uitkomst.woord,
        "reason": step.reden or None,
    }


_VERDICTS = {"nl": {0: "goed", 1: "fouten", 3: "niet geheel gecontroleerd"}}
_VERDICTS["en"] = {0: "good", 1: "errors", 3: "not fully checked"}


def _text(told: dict[str, Any], as_json: bool, lang: str) -> str:
    """The account in the form that is wanted."""
    from oso_bridge.render import json

    if as_json:
        return json.dump(told)
    steps = [f"{one['message']} ({one['mark']}) -> {one['to']}: {one['result']}" for one in told["steps"]]
    rows = [f"{row} ({one['reason']})" if one["reason"] else row for row, one in zip(steps, told["steps"], strict=True)]
    rows += [f"{one['file']}  {one['from']}  {_VERDICTS[lang][one['exit_code']]}" for one in told["dossiers"]]
    rows.append(" ".join(filter(None, (f"{told['result']}: {told['text'][lang]}", told["reason"]))))
    return "".join(f"{row}\n" for row in rows)


def _school(given: str) -> Adres:
    """A school, and perhaps one delivery point of it, as a user names it.

    Raises:
        UsageError: It begins with no BRIN.
    """
    from oso_bridge import identifiers
    from oso_bridge.exchange import Adres

    brin, _, kenmerk = given.partition("/")
    if not identifiers.brin.is_valid(brin):
        raise UsageError("--from takes a BRIN, such as 00YY, or BRIN/KENMERK.")
    return Adres(brin, kenmerk)


def _own(points: list[Adres], given: str | None) -> Adres:
    """The delivery point in whose name is asked.

    Raises:
        UsageError: There is no such point in the settings, or more than one.
    """
    names = {f"{point.brin}/{point.kenmerk}".rstrip("/"): point for point in points}
    found = [point for name, point in names.items() if given in (None, name, point.brin, point.kenmerk)]
    if len(found) == 1:
        return found[0]
    what = "more than one such aanleverpunt" if found else "no such aanleverpunt"
    raise UsageError(f"The settings have {what}.", remedy=f"Give --as: {', '.join(names)}.")


def _kind(given: str) -> str:
    """What the transfer is for.

    Raises:
        UsageError: There is no such kind.
    """
    from oso_bridge.exchange.wire import Soort

    known = get_args(Soort)
    if given not in known:
        raise UsageError("There is no such kind of transfer.", remedy=choose(given, known))
    return given


def _pupil(kind: str, file: Path | None) -> dict[str, str]:
    """The number of the pupil, or for SWV the koppelsleutel.

    Raises:
        UsageError: There is none, or it cannot be one.
    """
    if kind == "SWV":
        return {"koppelsleutel": inputs.secret(file, "koppelsleutel", "--number-file")}
    number = inputs.secret(file, "pgn", "--number-file")
    if not _NINE.fullmatch(number):
        raise UsageError("The number of a pupil has nine figures.")
    return {"pgn": number}
