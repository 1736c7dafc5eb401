"""OSO exchanges between processes that are killed at random, with a Traffic Center that makes faults.

A program of its own: ``fault_stage.py RUNS SEED FOLDER``; prints JSON, see ``tests/transport/outbox_stage.py``, whose
machinery it uses.  The *sender* sets dossiers ready, sends notifications out of its outbox, and answers requests.  The
*receiver* takes notifications into an inbox, has orders of its users in an outbox, fetches, and keeps each dossier once
by the journal of another inbox.  The *centre* is the simulator, which lives on.  Some exchanges go over mutual TLS.
"""

from __future__ import annotations

import hashlib
import logging
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree
from outbox_stage import LINE_DEATH, Fate, Play, forked, main, opened

import oso_bridge as oso
from oso_bridge.errors import OsoBridgeError, TransportError
from oso_bridge.exchange import Adres, Application, Bron, Bronsysteem, Doel, Doelsysteem, Endpoint, everyone, load
from oso_bridge.exchange.conversation import answer_of, parcel_of
from oso_bridge.exchange.messages import NotificatieRequest
from oso_bridge.exchange.server import make_server, oin_of
from oso_bridge.exchange.store import SqliteBron, SqliteDoel
from oso_bridge.parcels import Parcel, Receipt
from oso_bridge.pki import Authority, fictional_oin
from oso_bridge.testing.exchange import NEPSLEUTELS, line_to, lines
from oso_bridge.testing.simulator import Punt, Simulator
from oso_bridge.testing.simulator.faults import Faults
from oso_bridge.transports import transport
from oso_bridge.transports.box import Policy
from oso_bridge.transports.inbox import Inbox
from oso_bridge.transports.outbox import Outbox
from oso_bridge.transports.store import SqliteStore
from oso_bridge.transports.vault import Vault

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
KINDS = {  # profile: file, for what, the fictional pupil
    "POPO": ("popo.xml", "OV", "310008475"),
    "POVO": ("povo.xml", "OV", "274957462"),
    "VOVO": ("vovo.xml", "OV", "088584574"),
    "POSWV": ("poswv.xml", "SWV", ""),
    "VOSWV": ("voswv.xml", "SWV", ""),
}
A, B, SWV = (
    Adres("01SS", "0000000700001SS00001"),
    Adres("02SS", "0000000700002SS00001"),
    Adres("03SS", "0000000700003SS00001"),
)
CALL, LEASE, SILENT = 20.0, 0.3, 0.3  # seconds
CENTRE_FAULTS = 0.12
OSO_PATIENCE = 120.0  # seconds for an exchange, on a machine that has other things to do
PARTIES = ("centre", "sender", "receiver")
SOON = Policy(recognises=True, attempts=10_000, first_wait=0.01, longest_wait=0.05)


def canonical(content: bytes) -> str:
    """Names a dossier by its content, however its XML was written."""
    root = etree.fromstring(content)
    return hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).hexdigest()


class Exchange:
    """A few dossiers, a sender, a receiver, and the Traffic Center between them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.dice = random.Random(seed)  # noqa: S311 - the same seed, the same play
        self.wire = load("2022")
        self.profiles = self.dice.sample(sorted(KINDS), self.dice.randint(2, 4))
        self.vaults = {name: Vault(self.dice.randbytes(32)) for name in PARTIES}
        self.sockets = {name: socket.create_server(("127.0.0.1", 0), backlog=64) for name in PARTIES}
        self.tls = self.dice.random() < 0.3
        self.authority = Authority() if self.tls else None
        self.seed = seed

    # --- what all share -------------------------------------------------------------------------------------------

    def url(self, name: str) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.sockets[name].getsockname()[1]}"

    def serve(self, name: str, application: Any) -> None:
        """Answer at the socket of a party, which outlives whoever answers."""
        context = None
        if self.authority:
            allowed = self.authority.trust(allowed_oins={fictional_oin(one) for one in PARTIES})
            context = self.authority.identity("server", name=name, trust=allowed).server_context()
        server = make_server(application, "127.0.0.1", 0, context=context, threads=4)
        server.bind = lambda *_: setattr(server, "socket", self.sockets[name]) or self.sockets[name]
        server.prepare()
        threading.Thread(target=server.serve, daemon=True).start()

    def line_of(self, name: str) -> Callable[[str], Any]:
        if self.authority is None:
            return lambda url: transport("http", url=url, insecure=True, deadline=CALL)
        identity = self.authority.identity("client", name=name)
        return lambda url: transport("http", url=url, identity=identity, deadline=CALL)

    def system(self, kind: Any, adres: Adres, name: str) -> Any:
        line = self.line_of(name)
        common: Any = {"lijn": line, "sleutels": NEPSLEUTELS, "schemes": ("http", "https")}
        return kind(self.wire, adres, verkeerscentrum=line(self.url("centre")), **common)

    def store(self, name: str, box: Any, fate: Fate | None) -> SqliteStore:
        return opened(self.folder / f"{name}.db", box, fate)

    def outbox(self, name: str, fate: Fate | None = None) -> Outbox:
        policies = {"notificatie": SOON, "ophalen": SOON}
        side = "sender" if name == "notifications" else "receiver"
        return Outbox(self.store(name, "outbox", fate), self.vaults[side], policies=policies, lease=LEASE)

    def inbox(self, name: str, fate: Fate | None = None) -> Inbox:
        return Inbox(self.store(name, "inbox", fate), self.vaults["receiver"], policy=SOON, lease=LEASE)

    def key_of(self, profile: str) -> str:
        path = self.folder / f"{profile}.key"
        return path.read_text() if path.exists() else ""

    # --- the three processes --------------------------------------------------------------------------------------

    def centre(self) -> None:
        """The simulator, with faults; it is not killed."""
        faults = Faults(chance=CENTRE_FAULTS, seed=self.seed, seconds=SILENT)
        points = [
            Punt(A.brin, A.kenmerk, self.url("sender"), oin=fictional_oin("sender")),
            Punt(B.brin, B.kenmerk, self.url("receiver"), oin=fictional_oin("receiver")),
            Punt(SWV.brin, SWV.kenmerk, self.url("receiver"), doel="SWV", oin=fictional_oin("receiver")),
        ]
        self.serve("centre", Simulator(points, url=self.url("centre"), faults=faults, oin=oin_of))
        while True:
            time.sleep(60)

    def send(self, fate: Fate) -> None:
        """Answer requests; set all dossiers ready, again after each death; send notifications for ever."""
        logging.disable()
        system = self.system(Bronsysteem, A, "sender")
        kept = SqliteBron(self.folder / "sender.db", self.vaults["sender"])
        self.serve("sender", Application(Endpoint(bron=Bron(system, kept, aanleverpunten=[A]), toegang=everyone)))
        box = self.outbox("notifications", fate)
        for profile in self.profiles:
            self._set_ready(profile, kept, system, box, fate)
        line: Any = Notifier(self.line_of("sender")(self.url("receiver")), self, fate)
        while True:
            box.run(line)
            time.sleep(0.01)

    def _set_ready(self, profile: str, kept: SqliteBron, system: Any, box: Outbox, fate: Fate) -> None:
        file, kind, _ = KINDS[profile]
        key = self.key_of(profile)
        while kind == "SWV" and not key:
            key = self._announced(system)
            # one write, so that it is there whole or not at all
            (self.folder / f"{profile}.new").write_text(key)
            (self.folder / f"{profile}.new").rename(self.folder / f"{profile}.key") if key else time.sleep(0.02)
        fate.strike(LINE_DEATH)
        if not self._ready(kept, profile):
            to = SWV if key else B
            common: Any = {"soort": kind, "bron": A, "doel": to, "account": "ib", "koppelsleutel": key}
            kept.klaarzetten((EXAMPLES / file).read_bytes(), **common)
        fate.strike(LINE_DEATH)
        if key:
            message = NotificatieRequest(bron=A, doel=SWV, koppelsleutel=key, voor="SWV")
            content = parcel_of(message, self.wire).content
            box.put(Parcel(content, "text/xml; charset=utf-8", id=profile, operation="notificatie"), to="swv")

    def _announced(self, system: Any) -> str:
        try:
            return str(system.meld_swv(SWV).koppelsleutel)
        except TransportError:
            return ""

    def _ready(self, kept: SqliteBron, profile: str) -> list[Any]:
        from oso_bridge.exchange import Zoekvraag

        _, kind, pgn = KINDS[profile]
        return list(kept.vind(Zoekvraag(soort=kind, bron=A, pgn=pgn, koppelsleutel=self.key_of(profile))))

    def receive(self, fate: Fate) -> None:
        """Take notifications; fetch what was notified of and what users ordered, for ever."""
        logging.disable()
        place = Place(self, fate)
        self.serve(
            "receiver", Application(Endpoint(doel=Doel(self.wire, place, aanleverpunten=[SWV]), toegang=everyone))
        )
        orders: Any = self.outbox("orders", fate)
        for profile in self.profiles:
            if KINDS[profile][2]:
                orders.put(Parcel(profile.encode(), id=profile, operation="ophalen"), to="school")
        while True:
            orders.run(place)
            place.notices.run(place.handle)
            time.sleep(0.01)

    def done(self) -> bool:
        """Whether nothing is left to be done; looks after what the outbox leaves to a person."""
        pulled = sum(bool(KINDS[profile][2]) for profile in self.profiles)
        expected = {"orders": pulled, "notifications": len(self.profiles) - pulled}
        with self.outbox("orders") as one, self.outbox("notifications") as two:
            for doubtful in two.list("onzeker"):
                # what a person has to decide; this one knows that a notification may come twice
                two.retry(doubtful.id)
            sent = [len(one.list("verzonden")), len(two.list("verzonden"))]
        with self.inbox("notices") as notices, self.inbox("dossiers") as dossiers:
            taken = [len(notices.list("verwerkt")), len(dossiers.list("verwerkt"))]
        return sent == list(expected.values()) and taken == [expected["notifications"], len(self.profiles)]


class Notifier:
    """Brings the parcels of an outbox as notifications: one that is not taken was not brought."""

    def __init__(self, line: Any, exchange: Exchange, fate: Fate) -> None:
        self.line, self.exchange, self.fate = line, exchange, fate

    def send(self, parcel: Parcel) -> Receipt:
        self.fate.strike(LINE_DEATH)
        receipt = self.line.send(parcel)
        self.fate.strike(LINE_DEATH)
        if not answer_of(receipt, "notificatieRequest", self.exchange.wire)[1].ok:
            raise TransportError("the notification was not taken", retryable=True, sent="unknown")
        return receipt


class Place:
    """The administration of the receiver: a Dossierdoel, and the line on which its orders are carried out."""

    def __init__(self, exchange: Exchange, fate: Fate) -> None:
        self.exchange, self.fate = exchange, fate
        self.notices, self.dossiers = exchange.inbox("notices", fate), exchange.inbox("dossiers", fate)
        self.kept = SqliteDoel(exchange.folder / "receiver.db", exchange.vaults["receiver"])
        self.systems = {
            kind: exchange.system(Doelsysteem, point, "receiver") for kind, point in {"OV": B, "SWV": SWV}.items()
        }

    def genotificeerd(self, melding: Any) -> None:
        self.fate.strike(LINE_DEATH)
        self.notices.take(Parcel(melding.koppelsleutel.encode(), id=melding.koppelsleutel), sender="sender")
        self.fate.strike(LINE_DEATH)

    def ontvangen(self, ontvangst: Any) -> None:
        """Keep a dossier once, however often it comes: the journal knows it, and so does the administration."""

        def keep(parcel: Parcel, *, again: bool) -> None:
            self.fate.strike(LINE_DEATH)
            if not again or parcel.id not in names(self.kept):
                self.kept.ontvangen(ontvangst)
            self.fate.strike(LINE_DEATH)

        name = canonical(ontvangst.dossier)
        with (self.exchange.folder / "came").open("a") as file:
            file.write(f"{name}\n")
        self.dossiers.answer(Parcel(name.encode(), id=name), keep, sender="sender")

    def handle(self, parcel: Parcel, *, again: bool) -> None:
        """Fetch what was notified of; to fetch it again does no harm."""
        del again
        self._fetch("SWV", koppelsleutel=parcel.content.decode())

    def send(self, parcel: Parcel) -> Receipt:
        """Carry out an order."""
        self._fetch("OV", pgn=KINDS[parcel.content.decode()][2])
        return Receipt("delivered", parcel.digest)

    def _fetch(self, kind: Any, **key: str) -> None:
        try:
            found = self.systems[kind].ophalen(self, bron=Adres(A.brin), account="zc", soort=kind, **key)
        except OsoBridgeError:
            raise TransportError("not fetched", retryable=True, sent="unknown") from None
        self.fate.strike(LINE_DEATH)
        if not found.uitkomst.ok:
            raise TransportError("not fetched", retryable=True, sent="unknown")


def names(kept: SqliteDoel) -> list[str]:
    return [canonical(content) for _, content, _ in kept.ontvangsten()]


class OsoPlay(Play):
    """Runs an exchange until both sides have nothing left to do."""

    def run(self) -> None:
        self.end = time.monotonic() + OSO_PATIENCE
        centre = forked(self.exchange.centre)
        try:
            self._start("receiver")
            self._start("sender")
            looks = 0
            while (looks := looks + 1) % 50 or not self.exchange.done():
                self._watch()
        finally:
            self.running[centre] = "centre"
            for pid in list(self.running):
                self._kill(pid)
            self.deaths -= Counter(centre=1, sender=1, receiver=1)  # those that had done their work
            for one in self.exchange.sockets.values():
                one.close()


def faults(exchange: Exchange) -> list[str]:
    """What is wrong with an exchange that is over."""
    wrong = []
    wanted = {canonical((EXAMPLES / KINDS[profile][0]).read_bytes()) for profile in exchange.profiles}
    with SqliteDoel(exchange.folder / "receiver.db", exchange.vaults["receiver"]) as kept:
        received = Counter(names(kept))
    with exchange.inbox("dossiers") as box:
        journal = [entry.id for entry in box.list()]
    with SqliteBron(exchange.folder / "sender.db", exchange.vaults["sender"]) as bron:
        ready = {one.nummer: one for profile in exchange.profiles for one in exchange._ready(bron, profile)}
        asked = {row.nummer for row in bron.aanvragen() if row.uitkomst == "OverdrachtGeslaagd"}
    delivered = sorted(canonical(ready[number].dossier) for number in asked)
    if {canonical(one.dossier) for one in ready.values()} != wanted or len(ready) != len(wanted):
        wrong.append("not every dossier was set ready once")
    if received != Counter(wanted):
        wrong.append(f"the receiver has {sorted(received.values())} of {len(wanted)}")
    if not delivered == sorted(journal) == sorted(wanted):
        wrong.append("the journals differ")
    secrets = [pgn.encode() for _, _, pgn in KINDS.values() if pgn]
    files = [path for path in exchange.folder.iterdir() if path.suffix in (".db", "")]
    if any(secret in file.read_bytes() for file in files for secret in secrets):
        wrong.append("a file holds the number of a pupil")
    return wrong


def played(folder: Path, seed: int) -> dict[str, Any]:
    """Play one exchange; what was done and what went wrong."""
    folder.mkdir()
    exchange = Exchange(folder, seed)
    play = OsoPlay(exchange)
    try:
        play.run()
        wrong = faults(exchange)
    except Exception as error:  # noqa: BLE001 - a fault is told with the seed that shows it
        wrong = [f"{type(error).__name__}: {error}"]
    came = (folder / "came").read_text().split() if (folder / "came").exists() else []
    repeats = {"dossiers": len(exchange.profiles), "came again": len(came) - len(set(came))}
    return {
        "done": {**play.deaths, **repeats, "exchanges": 1, "over TLS": int(exchange.tls)},
        "wrong": [f"seed {seed}: {text}" for text in wrong],
    }


def warm() -> None:
    """Load now what every process would load for itself."""
    import cheroot.wsgi  # noqa: F401

    for file, _, _ in KINDS.values():
        oso.check(EXAMPLES / file)
        oso.read(EXAMPLES / file).dossier()
    wire, points = load("2022"), [Punt(A.brin, A.kenmerk, "http://127.0.0.1/")]
    with Simulator(points) as centre:
        system = Doelsysteem(wire, A, verkeerscentrum=line_to(said_by(centre)), lijn=lines({}), sleutels=NEPSLEUTELS)
        system.overzicht()


def said_by(centre: Simulator) -> Callable[[Parcel], Parcel]:
    return lambda parcel: Parcel(centre.answer(parcel.content), "text/xml; charset=utf-8")


if __name__ == "__main__":
    warm()
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), played)
