"""Progress on standard error: a bar while long work is done, where somebody can see it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")
_FEW = 5  # documents that are done before anyone wonders whether something happens


def shown(items: Iterable[_T], total: int, title: str, *, quiet: bool = False) -> Iterator[_T]:
    """The items, with a bar that follows them when standard error is a terminal and there are more than a few.

    Args:
        items: What is done, one by one.
        total: How many there are.
        title: What is being done.
        quiet: Show nothing.
    """
    if quiet or total <= _FEW or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, title, total=total, console=Console(stderr=True), transient=True)
