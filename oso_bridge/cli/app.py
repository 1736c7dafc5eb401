"""The program: its list of subcommands, what it does with errors, its exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from oso_bridge._version import __version__
from oso_bridge.cli.guard import PROGRAM, USAGE, guarded
from oso_bridge.errors import choose
from oso_bridge.plugins import broken, listed, maker

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "oso_bridge.commands"

COMMANDS = {
    "check": "Check documents and report what is wrong, where, and what to do.",
    "show": "Show a dossier as something a person can read.",
    "read": "Say what a document is, or give its dossier, or other content, as JSON.",
    "write": "Write the JSON of a dossier, of pupil data or of results as XML of a release.",
    "convert": "Convert documents to another release and say what is lost.",
    "todo": "Say what a dossier still needs before it can be written.",
    "draft": "Draft dossiers out of a school administration and test results.",
    "reduce": "Write pupil data with the fields of a field set only; without --fieldset all but what is sensitive.",
    "diff": "Say what differs between two dossiers, by meaning.",
    "merge": "Make one dossier of two of the same pupil.",
    "map": "Turn dossiers into tables by a mapping, or tables into dossiers.",
    "mapping": "List, show, start and try mappings.",
    "extract": "Save the attachments of a dossier as files.",
    "explain": "Explain a rule, or find the rule behind an official message.",
    "new": "Make a fictional dossier, a good one or one that breaks just one rule.",
    "render": "Turn a saved JSON report into another form.",
    "outbox": "Keep documents until they have arrived: put them in, send them, list them, decide.",
    "schema": "Give the JSON Schema of a dossier, or with --model that of pupil data or of results.",
    "where": "Say where an element or field is in the model, what it means and which codes it takes.",
    "codes": "Give the code lists: codes, meanings, releases, and the fields that take them.",
    "send": "Check a document and send it.",
    "receive": "Fetch what came in, as files.",
    "fetch": "Fetch a dossier from another school, over the OSO exchange.",
    "delivery-points": "List the delivery points that the Traffic Center knows.",
    "uwlr": "Ask a school administration for pupil data, or bring it results, by UWLR.",
    "serve": "Answer other systems, over the OSO exchange or by UWLR.",
    "exchange": "Say how well the messages of the OSO exchange are known, or put in an official schema.",
    "kit": "Prepare the kit that tests an endpoint of yours, and list its scenarios.",
    "osr": "Ask the OSR for mandates, endpoints and schools.",
    "release": "Add, list, show, compare and remove releases.",
    "releases": "List the releases that are installed.",
    "sign": "Sign a document.",
    "pki": "Make test certificates with OINs, or say what a file with certificates holds.",
    "doctor": "Say what this installation consists of and whether it is healthy.",
}


class LazyGroup(TyperGroup):
    """Subcommands that are imported when they are used; those of other distributions come after our own."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, our own first."""
        del ctx
        return [*COMMANDS, *(name for name in plugins() if name not in COMMANDS)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name in COMMANDS:
            module = import_module(f"oso_bridge.cli.{cmd_name.replace('-', '_')}")
            if hasattr(module, "app"):
                return _group(module.app, cmd_name)
            return _command(module.command, cmd_name)
        point = plugins().get(cmd_name)
        # While a shell asks for completions, a broken plug-in must not break those of the others.
        return _load(point, quiet=ctx.resilient_parsing) if point else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is asked for; one that does not exist brings those that look like it to mind."""
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx) and not ctx.resilient_parsing:
            ctx.fail(f"There is no command {name!r}. {choose(name, self.list_commands(ctx), '').strip()}".strip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing any of them."""
        del ctx
        others = [(name, f"From {maker(point)}.") for name, point in plugins().items() if name not in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items(), *others])

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a mistake of the user is one line, never a traceback."""
        code = guarded(lambda: super(LazyGroup, self).invoke(ctx) or 0)
        if code:
            raise typer.Exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code."""
    command = typer.main.get_command(app)
    try:
        command.main(args=None if arguments is None else list(arguments), prog_name=PROGRAM)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else USAGE if stop.code else 0
    return 0


def plugins() -> dict[str, EntryPoint]:
    """The commands of other distributions by name, listed without importing them."""
    return listed(ENTRY_POINTS)


def _load(point: EntryPoint, *, quiet: bool) -> Any:
    """A command of another distribution: a Typer app, or a function."""
    try:
        loaded = point.load()
        if isinstance(loaded, typer.Typer):
            return _group(loaded, point.name)
        return _command(loaded, point.name)
    except Exception as error:
        if quiet:
            return None
        raise broken(point, "command", error) from error


def _group(group: typer.Typer, name: str) -> Any:
    """A command with commands of its own."""
    made = typer.main.get_command(group)
    made.name = name
    return made


def _command(function: Any, name: str) -> Any:
    """A command out of a function, or a group of them out of a Typer app."""
    if isinstance(function, typer.Typer):
        made = typer.main.get_command(function)
        made.name = name
        return made
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    single.command(name, short_help=COMMANDS.get(name))(function)
    return typer.main.get_command(single)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


app = typer.Typer(
    name=PROGRAM,
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(
    help="Read, check, show and write OSO dossiers.",
    epilog="Exit codes: 0 in order, 1 errors, 3 not fully checked, 2 wrong use.",
)
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Hold the options that stand before a subcommand."""
