"""Worker processes: the same work on many items, spread over processes, with the results in order.

What is here knows nothing of documents.  Compared with an executor of the standard library it keeps four promises:
no more than a few chunks are under way however many items there are; an item whose process dies (killed by the
system for its memory, say) costs that item only; whoever stops asking for results stops the processes; and when this
process is killed the others end by themselves.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar, cast

from oso_bridge.errors import UsageError

_I = TypeVar("_I")
_R = TypeVar("_R")

LARGEST_CHUNK = 16
"""Items that go to a process at a time, at the most."""
_CHUNKS_AHEAD = 4  # of each worker: how far one may run ahead of the slowest
_STILLBORN = 3  # processes that end before they begin, until this is no accident any more
_PATIENCE = 5.0  # seconds for a process to end before it is made to
_READY = "ready"


def processes() -> BaseContext:
    """How processes are started: never by a plain fork, which can hang in a program that has threads."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    return multiprocessing.get_context(method)


def prepare(*modules: str) -> None:
    """Start, early and in the background, what processes come from; with modules that they need imported already.

    It is for a program that knows that it will :func:`spread` work: it sets what :mod:`multiprocessing` preloads, which
    a library should leave alone.  Where processes are started anew it does nothing.

    Args:
        modules: Their names.
    """
    context = processes()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        context.set_forkserver_preload(list(modules))
        forkserver.ensure_running()


def spread(
    job: Callable[[_I], _R],
    items: Iterable[_I],
    *,
    workers: int,
    lost: Callable[[_I], _R],
    total: int | None = None,
    chunk: int = LARGEST_CHUNK,
) -> Iterator[_R]:
    """Do a job on each item, and give the results in the order of the items.

    Args:
        job: What is done; it, the items and the results must be able to travel to another process.
        items: The items; they are asked for when there is a process free, so they may come from a generator.
        workers: The number of processes; with 1 the work is done in this one.
        lost: The result for an item whose process died, twice.
        total: The number of items, when it is known.
        chunk: The number of items that go to a process at a time, at the most: fewer for work that takes long.

    Yields:
        The results.  Closing the iterator ends the processes.

    Raises:
        UsageError: No process can be started.
        Exception: What the job raised.
    """
    if workers < 2:
        yield from map(job, items)
        return
    crew = _Crew(job, items, workers, lost, total, chunk)
    try:
        yield from crew.results()
        crew.dismiss()
    finally:
        crew.end()


# --- in a process of its own -----------------------------------------------------------------------------------------


def _serve(job: Callable[[Any], Any], line: Connection) -> None:
    """The life of a worker: it ends with its line, so also when the process that started it was killed."""
    # Ctrl-C goes to all processes of a terminal; the one that gives out the work tells the others to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    try:
        line.send(_READY)
        while True:
            line.send(_answer(job, line.recv()))
    except (EOFError, OSError):
        return


def _leave(*_: Any) -> None:
    """End as a program does, so that what was begun is cleared away."""
    sys.exit(128 + signal.SIGTERM)


def _answer(job: Callable[[Any], Any], chunk: list[Any]) -> list[Any] | Exception:
    try:
        return [job(item) for item in chunk]
    except Exception as error:  # noqa: BLE001 - it is raised again where the result is asked for
        return error


# --- in the process that gives out the work ---------------------------------------------------------------------------


@dataclass(slots=True)
class _Chunk(Generic[_I]):
    """Items that are done together, each with its number."""

    items: list[tuple[int, _I]]
    again: bool = False


@dataclass(slots=True, eq=False)
class _Worker(Generic[_I]):
    """A process, the line to it, and what it is busy with."""

    process: Any
    line: Connection
    ready: bool = False
    chunk: _Chunk[_I] | None = field(default=None)


class _Crew(Generic[_I, _R]):
    """Gives out the work and puts the results in order."""

    def __init__(
        self,
        job: Callable[[_I], _R],
        items: Iterable[_I],
        workers: int,
        lost: Callable[[_I], _R],
        total: int | None,
        chunk: int,
    ) -> None:
        self._job = job
        self._items = iter(enumerate(items))
        self._lost = lost
        self._left = total
        self._context = processes()
        self._again: deque[_Chunk[_I]] = deque()
        self._done: dict[int, _R] = {}
        self._next = 0  # the number of the result that is to be given
        self._taken = 0  # the number of items taken
        self._stillborn = 0
        self._chunk = chunk
        self._ahead = workers * _CHUNKS_AHEAD * chunk
        self._number = workers if total is None else max(1, min(workers, total))
        self._crew: list[_Worker[_I]] = []

    def results(self) -> Iterator[_R]:
        """The results in order."""
        for _ in range(self._number):
            self._crew.append(self._hire())
        while True:
            self._give_out()
            while self._next in self._done:
                self._next += 1
                yield self._done.pop(self._next - 1)
                # whoever takes the results may be slow: nobody waits for work meanwhile
                self._collect(0)
            self._give_out()
            if self._next in self._done:
                continue
            if not any(worker.chunk for worker in self._crew) and not self._again and self._exhausted():
                return
            self._collect(None)

    def _exhausted(self) -> bool:
        """Whether no item is left; one that is found is kept for the next chunk."""
        if self._taken - self._next >= self._ahead:
            return False
        chunk = self._take()
        if chunk:
            self._again.append(chunk)
        return chunk is None

    def _take(self) -> _Chunk[_I] | None:
        """The next chunk: smaller ones towards the end, so that all processes end together."""
        size = self._chunk
        if self._left is not None:
            size = max(1, min(size, self._left // (self._number * _CHUNKS_AHEAD)))
        items = list(islice(self._items, size))
        self._taken += len(items)
        if self._left is not None:
            self._left = max(0, self._left - len(items))
        return _Chunk(items) if items else None

    def _give_out(self) -> None:
        for worker in self._crew:
            if worker.ready and worker.chunk is None:
                if self._again:
                    chunk: _Chunk[_I] | None = self._again.popleft()
                else:
                    chunk = self._take() if self._taken - self._next < self._ahead else None
                if chunk is None:
                    return
                worker.chunk = chunk
                with suppress(OSError):  # it died; its line says so when it is listened to
                    worker.line.send([item for _, item in chunk.items])

    def _collect(self, timeout: float | None) -> None:
        """Take what the processes have to say, and give those that are done new work at once."""
        heard = cast("list[Connection]", wait([worker.line for worker in self._crew], timeout))
        for worker in [worker for worker in self._crew if worker.line in heard]:
            try:
                said = worker.line.recv()
            except (EOFError, OSError):
                self._bury(worker)
            else:
                self._hear(worker, said)
        if heard:
            self._give_out()

    def _hear(self, worker: _Worker[_I], said: Any) -> None:
        if isinstance(said, Exception):
            raise said
        if not worker.ready:
            worker.ready, self._stillborn = True, 0
        elif worker.chunk:
            self._done.update(zip((number for number, _ in worker.chunk.items), said, strict=True))
            worker.chunk = None

    def _bury(self, worker: _Worker[_I]) -> None:
        """A process died: its items are tried once more, one by one, so that only the guilty one is lost."""
        self._crew.remove(worker)
        _end(worker)
        if not worker.ready:
            self._stillborn += 1
        if self._stillborn >= _STILLBORN:
            raise UsageError(
                "The processes that should share the work end before they begin.",
                remedy='Keep the work of your script under if __name__ == "__main__":, or leave workers out.',
            )
        if worker.chunk is not None:
            self._retry(worker.chunk)
        self._crew.append(self._hire())

    def _retry(self, chunk: _Chunk[_I]) -> None:
        if chunk.again:
            ((number, item),) = chunk.items
            self._done[number] = self._lost(item)
        else:
            self._again.extendleft(_Chunk([item], again=True) for item in reversed(chunk.items))

    def _hire(self) -> _Worker[_I]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(self._job, theirs), daemon=True)  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def dismiss(self) -> None:
        """Let the processes go: all work is done."""
        for worker in self._crew:
            worker.line.close()
        for worker in self._crew:
            worker.process.join(_PATIENCE)

    def end(self) -> None:
        """End the processes, whatever they are doing."""
        for worker in self._crew:
            worker.process.terminate()
        for worker in self._crew:
            _end(worker)


def _end(worker: _Worker[Any]) -> None:
    worker.line.close()
    worker.process.terminate()
    worker.process.join(_PATIENCE)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    worker.process.close()
