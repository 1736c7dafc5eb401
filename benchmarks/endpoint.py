"""The endpoint under load: fifty requests at a time, beside a bare WSGI application that parses the same XML with lxml.

Both run on the same server (cheroot, plain HTTP) in a process of their own, and are asked by fifty threads.  The two
take turns; what is shown is the median of the ratios of the rounds.  Then the endpoint is asked for a minute: no
request may fail, and its peak memory at the end may be at most 1.1 times that after ten seconds.

Two requests: a notification (SOAP, schema, types, an answer), and a request for a dossier of 24 KB, which is read,
checked, weighed and put into its answer, with a Traffic Center in the same process that always says yes.

Usage: ``python benchmarks/endpoint.py [--rounds 5] [--seconds 60] [--at-a-time 50]``
"""

from __future__ import annotations

import argparse
import http.client
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from oso_bridge.exchange import (
    Aanvraag,
    Adres,
    Application,
    Bron,
    Bronsysteem,
    Doel,
    Endpoint,
    Klaargezet,
    Melding,
    Ontvangst,
    Zoekvraag,
    everyone,
    load,
    messages,
    soap,
)
from oso_bridge.exchange.messages import DocumentRequest, NotificatieRequest, SessiecontroleResponse
from oso_bridge.exchange.server import make_server
from oso_bridge.parcels import Parcel
from oso_bridge.testing.exchange import NEPSLEUTELS, line_to, lines

WANTED_MEMORY = 1.1
WARM = 10.0
WIRE = load("2022")
BRON, DOEL = Adres("00YY", "0000000700000YY00001"), Adres("00SS", "0000000700000SS00001")
SESSION, KEY = "11111111-2222-4333-8444-555555555555", "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"
DOSSIER = (Path(__file__).resolve().parent.parent / "examples" / "povo.xml").read_bytes()
REQUESTS = {
    "notification": NotificatieRequest(bron=BRON, doel=DOEL, koppelsleutel=KEY, voor="SWV"),
    "dossier": DocumentRequest(bron=BRON, doel=DOEL, pgn="274957462", overdrachtsoort="OV", sessie_id=SESSION),
}
BODIES = {name: soap.wrap(messages.write(message, WIRE)) for name, message in REQUESTS.items()}


class Administration:
    """Has one dossier, and keeps nothing."""

    def vind(self, vraag: Zoekvraag) -> Sequence[Klaargezet]:
        """The dossier, for whoever asks."""
        when = datetime(2022, 1, 20, tzinfo=UTC)
        return [Klaargezet(nummer="1", dossier=DOSSIER, soort="OV", bron=BRON, doel=DOEL, verzameld=when, account="ib")]

    def noteer(self, aanvraag: Aanvraag) -> None:
        """Keep nothing."""

    def zie_account(self, nummer: str) -> str:
        """Always the same account."""
        return "ib"

    def teruggekoppeld(self, melding: Melding) -> None:
        """Keep nothing."""

    def ontvangen(self, ontvangst: Ontvangst) -> None:
        """Keep nothing."""

    def genotificeerd(self, melding: Melding) -> None:
        """Keep nothing."""


def ours() -> Application:
    """The endpoint, with a Traffic Center that always says yes."""
    yes = Parcel(soap.wrap(messages.write(SessiecontroleResponse(resultaat="VO"), WIRE)), soap.MEDIA_TYPE)
    system = Bronsysteem(WIRE, BRON, verkeerscentrum=line_to(lambda parcel: yes), lijn=lines({}), sleutels=NEPSLEUTELS)
    kept = Administration()
    bron = Bron(system, kept, aanleverpunten=[BRON])
    return Application(Endpoint(bron=bron, doel=Doel(WIRE, kept, aanleverpunten=[DOEL]), toegang=everyone))


def bare() -> Any:
    """A WSGI application that parses the request with lxml, and gives the same answer each time."""
    whole = ours()
    answers = {len(body): whole._endpoint(Parcel(body)).content for body in BODIES.values()}

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        length = int(environ["CONTENT_LENGTH"])
        etree.fromstring(environ["wsgi.input"].read(length))
        answer = answers[length]
        start("200 OK", [("Content-Type", soap.MEDIA_TYPE), ("Content-Length", str(len(answer)))])
        return [answer]

    return application


def serve(which: str) -> None:
    """Run a server until standard input ends."""
    server = make_server({"ours": ours, "bare": bare}[which](), "127.0.0.1", 0, context=None)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    print(server.bind_addr[1], flush=True)
    sys.stdin.read()
    server.stop()


@contextmanager
def running(which: str) -> Iterator[tuple[int, int]]:
    """The process and the port of a server."""
    command = [sys.executable, __file__, "--serve", which]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(30)


class Load:
    """Threads that ask again and again; counts what came of it."""

    def __init__(self, port: int, name: str, at_a_time: int) -> None:
        self._port, self._body = port, BODIES[name]
        self._at_a_time = at_a_time
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.good = self.bad = 0

    def run(self, seconds: float) -> float:
        """The number of good answers in a second."""
        workers = [threading.Thread(target=self._work) for _ in range(self._at_a_time)]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        time.sleep(seconds)
        self._stop.set()
        for worker in workers:
            worker.join()
        return self.good / (time.perf_counter() - start)

    def _work(self) -> None:
        good = bad = 0
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self._stop.is_set():
            try:
                line.request("POST", "/", self._body, {"Content-Type": soap.MEDIA_TYPE})
                reply = line.getresponse()
                content = reply.read()
                fine = reply.status == 200 and content.endswith(b"Envelope>\n")
            except (OSError, http.client.HTTPException):
                fine = False
            good, bad = good + fine, bad + (not fine)
        line.close()
        with self._lock:
            self.good, self.bad = self.good + good, self.bad + bad


def peak(process: int) -> int:
    """The most memory that a process had so far, in KB."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmHWM")).split()[1])


def pace(name: str, rounds: int, seconds: float, at_a_time: int) -> float:
    """How many answers the endpoint gives for each of the bare application."""
    ratios = []
    with running("ours") as (_, one), running("bare") as (_, two):
        ports = {"ours": one, "bare": two}
        for turn in range(rounds + 1):
            order = random.sample(sorted(ports), 2)
            found = {which: Load(ports[which], name, at_a_time).run(seconds) for which in order}
            ratios += [found["ours"] / found["bare"]] if turn else []
    return statistics.median(ratios)


def endure(name: str, seconds: float, at_a_time: int) -> tuple[float, int, int]:
    """Peak memory at the end relative to that after ten seconds, the good answers and the bad ones."""
    warm = min(WARM, seconds / 2)
    with running("ours") as (process, port):
        loads = [Load(port, name, at_a_time) for _ in range(2)]
        loads[0].run(warm)
        after = peak(process)
        loads[1].run(seconds - warm)
        return peak(process) / after, sum(one.good for one in loads), sum(one.bad for one in loads)


def main() -> None:
    """Show the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--at-a-time", type=int, default=50)
    parser.add_argument("--serve", choices=("ours", "bare"))
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    wrong = False
    print(f"{'request':<14} {'answers, of those of bare lxml':>32} {'peak memory':>12} {'errors':>8}")
    for name in REQUESTS:
        ratio = pace(name, given.rounds, 4.0, given.at_a_time)
        memory, good, bad = endure(name, given.seconds, given.at_a_time)
        wrong |= bad > 0 or memory > WANTED_MEMORY or not good
        print(f"{name:<14} {ratio:>32.2f} {memory:>12.3f} {bad:>8}", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
