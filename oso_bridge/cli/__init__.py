"""The command line ``oso-bridge``: one module per subcommand, imported when it is used.

Exit codes: 0 in order, 1 any error (``diff``: something differs), 3 a required check did not pass, 2 wrong use (a
file that is not there, an option that does not exist); 130 stopped by the user, 141 the reader of a pipe went away.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Args:
        arguments: What follows the name of the program; those of the process when left out.

    Raises:
        SystemExit: Always, with the exit code.
    """
    raise SystemExit(_run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: Sequence[str]) -> int:
    """Run by the short way when there is one."""
    from oso_bridge.cli import fast

    if fast.wants_workers(arguments):
        from oso_bridge.workers import prepare

        prepare("oso_bridge.cli.warm", *(["oso_bridge.conversion"] if arguments[0] == "convert" else []))
    plain = fast.arguments(arguments)
    if plain is None:
        from oso_bridge.cli.app import run

        return run(arguments)
    from oso_bridge.cli import checking
    from oso_bridge.cli.guard import guarded

    return guarded(lambda: checking.run(**plain))
