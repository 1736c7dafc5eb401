"""Exchanges between real processes that are killed at random, over a line that loses, repeats and dawdles.

A program of its own, without threads, so that it can fork and kill at will: ``outbox_stage.py RUNS SEED FOLDER``.  It
prints a JSON object with what was done to the exchanges and a list of what went wrong, which should be empty.

In a *knowing* exchange the receiver has an inbox, which knows a repeat by its id.  In a *plain* one it takes whatever
comes; what may have arrived is then left to a person, played by :func:`decide`, who looks what the receiver has.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import socket
import struct
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oso_bridge.errors import TransportError
from oso_bridge.parcels import Parcel, Receipt
from oso_bridge.transports.box import Policy, packed, unpacked
from oso_bridge.transports.inbox import Inbox
from oso_bridge.transports.outbox import Outbox
from oso_bridge.transports.store import SqliteStore
from oso_bridge.transports.vault import Vault

KANARIE = b"Kanarie7f3a91"
SIDE_BY_SIDE = 4  # exchanges at a time: most of the time they wait for a lease to end
PATIENCE = 30.0  # seconds for an exchange
MOST_DEATHS = 6  # of each process, then it is left to live
STORE_DEATH, LINE_DEATH, FAULT = 0.02, 0.05, 0.3
ANSWER_WITHIN, LEASE = 0.3, 0.1  # seconds; a lease that ends too soon is one more thing to survive
HEAD = struct.Struct(">I")


# --- what goes wrong ---------------------------------------------------------------------------------------------


@dataclass
class Fate:
    """Decides when a process dies; one that died too often already lives on."""

    dice: random.Random
    mortal: bool

    def strike(self, chance: float) -> None:
        """Perhaps die on the spot."""
        if self.mortal and self.dice.random() < chance:
            os.kill(os.getpid(), signal.SIGKILL)


class DeadlyStore(SqliteStore):
    """A store at which the process may die just before or just after anything is written."""

    fate: Fate

    def add(self, *held: Any) -> Any:
        return self._around(super().add, *held)

    def claim(self, *held: Any, **options: Any) -> Any:
        return self._around(super().claim, *held, **options)

    def settle(self, *held: Any, **options: Any) -> Any:
        return self._around(super().settle, *held, **options)

    def _around(self, method: Any, *held: Any, **options: Any) -> Any:
        self.fate.strike(STORE_DEATH)
        result = method(*held, **options)
        self.fate.strike(STORE_DEATH)
        return result


def opened(path: Path, box: Any, fate: Fate | None) -> SqliteStore:
    """A store; one for somebody with a fate may kill him."""
    if fate is None:
        return SqliteStore(path, box)
    store = DeadlyStore(path, box)
    store.fate = fate
    return store


@dataclass
class FaultyLine:
    """A transport over TCP that loses parcels before and after they arrive, sends them twice, and dawdles."""

    port: int
    fate: Fate
    knowing: bool

    def send(self, parcel: Parcel) -> Receipt:
        faults = ("before", "after", "slow", *(["twice"] if self.knowing else []))
        fault = self.fate.dice.choice(faults) if self.fate.dice.random() < FAULT else "none"
        self.fate.strike(LINE_DEATH)
        if fault == "before":
            raise TransportError("lost before it left", retryable=True, sent="no")
        if fault == "slow":
            time.sleep(self.fate.dice.uniform(0.0, 1.5 * LEASE))
        if fault in ("after", "twice"):
            self._talk(parcel, wait=False)
        if fault == "after":
            raise TransportError("the answer was lost", retryable=True, sent="unknown")
        reply = self._talk(parcel, wait=True)
        self.fate.strike(LINE_DEATH)
        return Receipt("delivered", parcel.digest, reply)

    def _talk(self, parcel: Parcel, *, wait: bool) -> Parcel | None:
        """Send, and wait for the answer or hang up."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_WITHIN) as line:
                write(line, packed(parcel))
                return unpacked(read(line)) if wait else None
        except OSError:
            raise TransportError("no answer", retryable=True, sent="unknown") from None


def write(line: socket.socket, held: bytes) -> None:
    line.sendall(HEAD.pack(len(held)) + held)


def read(line: socket.socket) -> bytes:
    (size,) = HEAD.unpack(exactly(line, HEAD.size))
    return exactly(line, size)


def exactly(line: socket.socket, size: int) -> bytes:
    held = b""
    while len(held) < size:
        part = line.recv(size - len(held))
        if not part:
            raise ConnectionError
        held += part
    return held


# --- the two sides ------------------------------------------------------------------------------------------------


class Exchange:
    """A few parcels, a sender or two, and a receiver."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.dice = random.Random(seed)  # noqa: S311 - the same seed, the same play
        self.knowing = self.dice.random() < 0.6
        self.senders = self.dice.choice((1, 1, 2))
        self.parcels = [self._made(number) for number in range(self.dice.randint(2, 5))]
        self.ours, self.theirs = Vault(self.dice.randbytes(32)), Vault(self.dice.randbytes(32))
        self.port = socket.create_server(("127.0.0.1", 0))

    def _made(self, number: int) -> Parcel:
        content = KANARIE + self.dice.randbytes(self.dice.choice((10, 1000, 50_000)))
        return Parcel(content, id=str(uuid.UUID(bytes=self.dice.randbytes(16))), operation="dossier")

    def outbox(self, fate: Fate | None = None) -> Outbox:
        policy = Policy(recognises=self.knowing, attempts=1000, first_wait=0.005, longest_wait=0.02)
        return Outbox(self._store("outbox", fate), self.ours, policies={"dossier": policy}, lease=LEASE)

    def inbox(self, fate: Fate | None = None) -> Inbox:
        policy = Policy(attempts=1000, first_wait=0.005, longest_wait=0.02)
        return Inbox(self._store("inbox", fate), self.theirs, policy=policy, lease=LEASE)

    def _store(self, box: Any, fate: Fate | None) -> SqliteStore:
        return opened(self.folder / f"{box}.db", box, fate)

    def note(self, name: str, line: str) -> None:
        """Add a line to a file, so that it outlives the process."""
        handle = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{line}\n".encode())
        os.close(handle)

    def noted(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def send(self, fate: Fate) -> None:
        """Set all parcels ready, again after each death, and send until none waits."""
        address = self.port.getsockname()[1]
        box = self.outbox(fate)
        for parcel in self.parcels:
            box.put(parcel, to="school")
            self.note("promised", parcel.id)
        line: Any = FaultyLine(address, fate, self.knowing)
        box.run(line, wait=PATIENCE, pause=0.01)

    def receive(self, fate: Fate) -> None:
        """Answer whoever calls, for ever."""
        box = self.inbox(fate)
        while True:
            line, _ = self.port.accept()
            line.settimeout(ANSWER_WITHIN)
            with line:
                try:
                    parcel = unpacked(read(line))
                    fate.strike(LINE_DEATH)
                    reply = self._answer(box, parcel, fate)
                    fate.strike(LINE_DEATH)
                    write(line, packed(reply))
                except (OSError, TransportError):
                    continue  # the caller is gone, or comes again

    def _answer(self, box: Inbox, parcel: Parcel, fate: Fate) -> Parcel:
        def handle(parcel: Parcel, *, again: bool) -> Parcel:
            fate.strike(LINE_DEATH)
            self.note("handled", f"{parcel.id} {'again' if again else 'first'}")
            fate.strike(LINE_DEATH)
            return Parcel(KANARIE + secrets.token_bytes(8))

        if not self.knowing:
            return handle(parcel, again=False)
        reply = box.answer(parcel, handle, sender="bron")
        if reply is None:
            raise AssertionError("every parcel gets a reply")
        return reply


# --- the play ------------------------------------------------------------------------------------------------------


class Play:
    """Runs an exchange to its end, whoever dies."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.deaths: Counter[str] = Counter()
        self.running: dict[int, str] = {}
        self.end = time.monotonic() + PATIENCE

    def run(self) -> None:
        self._scene()
        for _ in range(1 if self.exchange.knowing else 20):
            if not self._decide():
                return
            self._scene()

    def _scene(self) -> None:
        """Let senders send until they are done; then kill the receiver and hang up on who still waits to be heard."""
        self._start("receiver")
        for _ in range(self.exchange.senders):
            self._start("sender")
        while "sender" in self.running.values():
            self._watch()
        for pid in list(self.running):
            self._kill(pid)
        self.exchange.port.close()
        self.exchange.port = socket.create_server(("127.0.0.1", 0))

    def _watch(self) -> None:
        """Start again who died; now and then kill somebody."""
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            role = self.running.pop(pid)
            if status:
                self._mourn(role, status)
                self._start(role)
            return
        if time.monotonic() > self.end:
            raise TimeoutError("not done in time")
        if self.exchange.dice.random() < 0.01 and self.deaths.total() < MOST_DEATHS:
            self._kill(self.exchange.dice.choice(list(self.running)), again=True)
        time.sleep(0.002)

    def _kill(self, pid: int, *, again: bool = False) -> None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        role = self.running.pop(pid)
        self.deaths[role] += 1
        if again:
            self._start(role)

    def _mourn(self, role: str, status: int) -> None:
        if not os.WIFSIGNALED(status):
            raise AssertionError(f"a {role} ended with exit code {os.waitstatus_to_exitcode(status)}")
        self.deaths[role] += 1

    def _start(self, role: str) -> None:
        dice = random.Random(self.exchange.dice.getrandbits(64))  # noqa: S311
        fate = Fate(dice, self.deaths[role] < MOST_DEATHS)
        play = self.exchange.send if role == "sender" else self.exchange.receive
        self.running[forked(lambda: play(fate))] = role

    def _decide(self) -> int:
        """What a person does about parcels that may have arrived: look what the other side has, and say so."""
        arrived = {line.split()[0] for line in self.exchange.noted("handled")}
        with self.exchange.outbox() as box:
            doubtful = box.list("onzeker")
            for entry in doubtful:
                (box.confirm if entry.id in arrived else box.retry)(entry.id)
            return box.waiting()


def forked(action: Callable[[], None]) -> int:
    """Do something in a process of its own; its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        action()
        code = 0
    except BaseException as error:  # noqa: BLE001 - told, and the process ends here
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
    os._exit(code)


def faults(exchange: Exchange) -> list[str]:
    """What is wrong with an exchange that is over."""
    wrong = []
    wanted = {parcel.id: parcel.digest for parcel in exchange.parcels}
    with exchange.outbox() as box:
        sent = {entry.id: (entry.state, box.digest(entry)) for entry in box.list()}
        replies = {name: box.receipt(name) for name in sent}
    if set(exchange.noted("promised")) != set(wanted):
        wrong.append("not all parcels were set ready")
    if sent != {name: ("verzonden", digest) for name, digest in wanted.items()}:
        wrong.append(f"the outbox holds {sorted(state for state, _ in sent.values())}")
    handled = Counter(line for line in exchange.noted("handled"))
    if {line.split()[0] for line in handled} != set(wanted):
        wrong.append("not every parcel was handled")
    if any(count > 1 for line, count in handled.items() if line.endswith("first")):
        wrong.append("a parcel was handled twice, and nobody was told that it was the second time")
    wrong += inbox_faults(exchange, wanted, replies) if exchange.knowing else []
    for file in exchange.folder.iterdir():
        if KANARIE in file.read_bytes():
            wrong.append(f"{file.name} holds a content")
    return wrong


def inbox_faults(exchange: Exchange, wanted: dict[str, str], replies: dict[str, Receipt | None]) -> list[str]:
    """In what the journal of the receiver differs from that of the sender."""
    wrong = []
    with exchange.inbox() as box:
        entries = box.list()
        if sorted((entry.id, entry.state, box.digest(entry)) for entry in entries) != sorted(
            (name, "verwerkt", digest) for name, digest in wanted.items()
        ):
            wrong.append("the journals differ")
        for entry in entries:
            theirs, ours = box.reply(entry.key), replies.get(entry.id)
            if theirs is None or ours is None or ours.reply is None or ours.reply.content != theirs.content:
                wrong.append("the sender has another reply than the receiver gave")
    return wrong


def played(folder: Path, seed: int) -> dict[str, Any]:
    """Play one exchange; what was done and what went wrong."""
    folder.mkdir()
    exchange = Exchange(folder, seed)
    play = Play(exchange)
    try:
        play.run()
        wrong = faults(exchange)
    except Exception as error:  # noqa: BLE001 - a fault is told with the seed that shows it
        wrong = [f"{type(error).__name__}: {error}"]
        for pid in list(play.running):
            play._kill(pid)
    done = {**play.deaths, "exchanges": 1, "knowing": int(exchange.knowing), "parcels": len(exchange.parcels)}
    return {"done": done, "wrong": [f"seed {seed}: {text}" for text in wrong]}


def main(runs: int, seed: int, folder: Path, play: Callable[[Path, int], dict[str, Any]] = played) -> None:
    """Play several exchanges side by side and print what came of them."""
    crew = [
        forked(lambda first=first: share(folder, range(seed + first, seed + runs, SIDE_BY_SIDE), play))  # type: ignore[misc]
        for first in range(min(SIDE_BY_SIDE, runs))
    ]
    ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in crew]
    done: Counter[str] = Counter()
    wrong = [] if not any(ended) else [f"the stage itself ended with {ended}"]
    for file in sorted(folder.glob("*.json")):
        told = json.loads(file.read_text())
        done.update(told["done"])
        wrong += told["wrong"]
    sys.stdout.write(json.dumps({"done": done, "wrong": wrong}))


def share(folder: Path, seeds: range, play: Callable[[Path, int], dict[str, Any]]) -> None:
    for seed in seeds:
        (folder / f"{seed}.json").write_text(json.dumps(play(folder / str(seed), seed)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
