"""What the program does with a mistake of the user: one line that says what to do, and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from oso_bridge.cli.output import note
from oso_bridge.errors import DocumentError, OsoBridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = "oso-bridge"
ERROR, USAGE, STOPPED, PIPE_CLOSED = 1, 2, 130, 141

_ADVICE: dict[type[OSError], str] = {
    FileNotFoundError: "Check the name and the folder.",
    PermissionError: "Ask for the right to use it, or choose another place.",
    IsADirectoryError: "Give a file, not a folder.",
    NotADirectoryError: "Give a folder, not a file.",
    FileExistsError: "Choose another name.",
}


def guarded(action: Callable[[], int]) -> int:
    """The exit code of an action, or that of what went wrong in it; a fault of our own keeps its traceback."""
    try:
        code = action()
        sys.stdout.flush()
    except KeyboardInterrupt:
        note("Stopped.")
        return STOPPED
    except DocumentError as error:
        note(f"{error} For the whole story: {PROGRAM} check FILE.")
        return ERROR
    except OsoBridgeError as error:
        note(str(error))
        return USAGE
    except OSError as error:
        return _system_error(error)
    return code


def _system_error(error: OSError) -> int:
    """Say in one line what the system refused; a pipe that was closed is no news."""
    if error.errno == errno.EPIPE:
        # What is still in the buffer would raise again when Python closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    name = f"{error.filename}: " if error.filename else ""
    note(f"{name}{error.strerror or type(error).__name__}. {_ADVICE.get(type(error), '')}".strip())
    return USAGE
