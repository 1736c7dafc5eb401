"""Progress on standard error: a bar while long work is done, where somebody can see it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

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


@contextmanager
def of_bytes(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, int | None], None] | None]:
    """A bar for one large document, where standard error is a terminal.

    Args:
        title: What is being done.
        quiet: Show nothing.

    Yields:
        What is to be told how many bytes were read, of how many; None when nothing is shown.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    bars: list[tuple[Any, Any]] = []

    def told(done: int, total: int | None) -> None:
        # only a large document tells anything, and rich takes long to import
        if not bars:
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            bar.start()
            bars.append((bar, bar.add_task(title, total=total)))
        bars[0][0].update(bars[0][1], completed=done)

    try:
        yield told
    finally:
        for bar, _ in bars:
            bar.stop()
