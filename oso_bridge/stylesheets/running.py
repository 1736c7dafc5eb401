"""Starts the process that runs a stylesheet, waits for it no longer than allowed, and takes its answer."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRUST = "OSO_BRIDGE_TRUST_STYLESHEETS"
"""The environment variable that runs stylesheets also where the system cannot contain them."""

DONE, STOPPED, NOT_COMPILED, LIMIT = "done", "stopped", "not_compiled", "limit"
_GRACE = 5
"""Seconds that starting and answering may take besides."""
_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What running a stylesheet may take.

    Attributes:
        seconds: Time, of the processor and on the clock.
        memory: Bytes that it may write to, beside what the engine itself maps.
    """

    seconds: int = 60
    memory: int = 1 << 30


DEFAULT = RunLimits()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        state: ``done``, ``stopped`` (an error in the stylesheet, or it ended itself), ``not_compiled``, or ``limit``
            (time or memory ran out, or the process came to its end in another way).
        result: The items of the result that bear a mark, as XML; they may hold values of the document.
        messages: What ``xsl:message`` gave with a mark, as XML; they may hold values too.
        why: Why it was not compiled, when it was only to be compiled.
        rest: The beginning of the items of the result that bear no mark; they may hold values too.
        whole: False when something with a mark had to be left out.
        unmarked: The number of messages without a mark: nobody knows which message of the stylesheet they are.
    """

    state: str
    result: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    why: str = ""
    rest: tuple[str, ...] = ()
    whole: bool = True
    unmarked: int = 0


def engine_folder() -> str | None:
    """The folder that holds the engine (saxonche); None when it is not installed."""
    found = importlib.util.find_spec("saxonche")
    return str(Path(found.origin).parent) if found and found.origin else None


def can_contain() -> bool:
    """Whether this system can bound what a stylesheet may do; that of a limit on memory is known of Linux only."""
    return sys.platform == "linux" and importlib.util.find_spec("resource") is not None


def is_allowed() -> bool:
    """Whether stylesheets are run here: contained, or because the user said that they are trusted."""
    return can_contain() or os.environ.get(TRUST, "") not in ("", "0")


def run(stylesheet: str, document: str | None, limits: RunLimits = DEFAULT) -> Answer:
    """Run a stylesheet on a document, apart from everything.

    Args:
        stylesheet: The stylesheet, by itself. It need not be one that was screened: the process does not count on it.
        document: The document, without a declaration; None to compile the stylesheet and no more.
        limits: What it may take.

    Returns:
        What came back.
    """
    job = {
        "folder": engine_folder(),
        "stylesheet": stylesheet,
        "document": document,
        "limited": can_contain(),
        "seconds": limits.seconds,
        "memory": limits.memory,
    }
    with tempfile.TemporaryDirectory(prefix="oso-bridge-") as folder:
        output = _ran(json.dumps(job).encode(), folder, limits)
    return _answer(output)


def _ran(job: bytes, folder: str, limits: RunLimits) -> bytes | None:
    """What the process wrote; None when it did not come to its end by itself."""
    process = subprocess.Popen(  # noqa: S603 - our own script, and nothing of a document among its arguments
        [sys.executable, "-I", "-S", "-B", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_environment(),
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(job, timeout=limits.seconds + _GRACE)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(process)
    return output if process.returncode == 0 else None


def _environment() -> dict[str, str]:
    """Nothing; Windows cannot start Python without its own folder."""
    return {"SYSTEMROOT": os.environ.get("SYSTEMROOT", "")} if sys.platform == "win32" else {}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it may have started."""
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _answer(output: bytes | None) -> Answer:
    try:
        told: dict[str, Any] = json.loads(output or b"")
        return Answer(
            told["state"],
            tuple(told["result"]),
            tuple(told["messages"]),
            told.get("why", ""),
            tuple(told["rest"]),
            told["whole"],
            told["unmarked"],
        )
    except (ValueError, KeyError, TypeError):
        return Answer(LIMIT)
