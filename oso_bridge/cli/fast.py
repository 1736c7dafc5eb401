"""The short way for ``oso-bridge check`` with plain arguments: it does without Typer.

Importing Typer and building its parsers costs about as much as checking a dossier.  What is not plain (an
option that does not exist, an abbreviation, ``--help``) is left to Typer, which also knows how to complain;
a test holds these names to those that Typer knows.
"""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUES = {
    "--format": "report_format",
    "-f": "report_format",
    "--output": "output_file",
    "-o": "output_file",
    "--overrides": "overrides",
    "--layers": "layers",
    "--lang": "lang",
    "--release": "release",
    "--sort": "sort",
}
FLAGS = {"--show-values": "show_values", "--quiet": "quiet", "-q": "quiet"}


def wants_workers(given: Sequence[str]) -> bool:
    """Whether a command is asked to share its work among processes; they are made ready while it is read further."""
    if not given or given[0] not in ("check", "convert") or "_OSO_BRIDGE_COMPLETE" in os.environ:
        return False
    words = " ".join(given).replace("--workers=", "--workers ").split(" ")
    return any(name == "--workers" and number.isdecimal() and int(number) > 1 for name, number in pairwise(words))


def arguments(given: Sequence[str]) -> dict[str, Any] | None:
    """The arguments of :func:`oso_bridge.cli.checking.run`, or None when Typer has to look at them."""
    if not given or given[0] != "check" or "_OSO_BRIDGE_COMPLETE" in os.environ:
        return None
    found: dict[str, Any] = {"files": []}
    rest = iter(given[1:])
    for word in rest:
        if not _take(word, rest, found):
            return None
    return found if found["files"] else None


def _take(word: str, rest: Any, found: dict[str, Any]) -> bool:
    """Take one word, and its value with it; False when it is not plain."""
    name, equals, value = word.partition("=")
    if word == "-" or not word.startswith("-"):
        found["files"].append(word)
    elif word in FLAGS:
        found[FLAGS[word]] = True
    elif name in VALUES and (name.startswith("--") or not equals):
        value = value if equals else next(rest, "-")
        found[VALUES[name]] = value
        return equals == "=" or not value.startswith("-")
    else:
        return False
    return True
