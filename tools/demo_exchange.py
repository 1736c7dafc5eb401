"""make demo-exchange: two schools and the simulator, three processes over mutual TLS, exchange all kinds of dossier.

Everything it makes is in ``.demo/exchange``; all data is fictional.  See docs/demo-exchange.md, step by step.
"""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

import oso_bridge as oso
from oso_bridge.exchange import Adres, Bronsysteem, Doelsysteem, Ontvangst, SqliteBron, SqliteDoel
from oso_bridge.parcels import Parcel, Transport
from oso_bridge.pki import Authority, fictional_oin
from oso_bridge.testing.exchange import NEPSLEUTELS
from oso_bridge.testing.simulator.las import RELEASE, Case, dossier
from oso_bridge.transports import transport
from oso_bridge.transports.vault import Vault, new_key_file

FOLDER = Path(".demo") / "exchange"
PATIENCE = 50.0
LOCAL = "127.0.0.1"

SCHOOL_A = Adres("01SS", "0000000700001SS00001")
SCHOOL_B = Adres("02SS", "0000000700002SS00001")
LOCATION_B = Adres("01SS", "0000000700001SS00002")
"""A second location of the BRIN of school A, in the system of school B: for a transfer within one BRIN."""
PLATFORM_B = Adres("03SS", "0000000700003SS00001")
TEST_SCHOOL = Adres("00YY", "0000000700000YY00001")
TEST_SWV = Adres("00WW", "0000000700000WW00001")


@dataclass(frozen=True)
class Kind:
    """One kind of dossier: its profile, the pupil, for what it is, and who gets it."""

    profile: str
    pgn: str
    soort: Any
    doel: Adres


KINDS = (
    Kind("POPO", "310008475", "OV", SCHOOL_B),
    Kind("POVO", "274957462", "OV", SCHOOL_B),
    Kind("VOVO", "088584574", "OV", SCHOOL_B),
    Kind("BB", "238521436", "BB", LOCATION_B),
    Kind("POSWV", "", "SWV", PLATFORM_B),
    Kind("VOSWV", "", "SWV", PLATFORM_B),
)


# --- the stage ----------------------------------------------------------------------------------------------------


class Stage:
    """Certificates, settings and ports of the three processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        shutil.rmtree(folder, ignore_errors=True)
        Authority().save(self.folder / "pki", ["simulator", "schoolA", "schoolB"], hosts=[LOCAL])
        self.ports = dict(zip(("simulator", "schoolA", "schoolB"), free_ports(3), strict=True))

    def url(self, name: str) -> str:
        """Where a process listens."""
        return f"https://{LOCAL}:{self.ports[name]}/oso"

    def line(self, name: str) -> Callable[[str], Transport]:
        """What opens HTTPS with the client certificate of a party."""
        pki = self.folder / "pki"
        identity = oso.Identity(pki / f"{name}-client.pem", roots=pki / "root.pem", crls=pki / "crls.pem")
        return lambda url: transport("http", url=url, identity=identity, deadline=PATIENCE)

    def school(self, name: str, points: list[Adres], others: list[str]) -> Path:
        """The settings of a school; its dossiers are in a file of its own."""
        vault = self.folder / f"{name}.key"
        new_key_file(vault)
        text = "".join(f'[[aanleverpunt]]\nbrin = "{one.brin}"\nkenmerk = "{one.kenmerk}"\n' for one in points)
        text += '[draad]\nversie = "2022"\n[sleutels]\nproef = true\n'
        text += 'zoeksleutel = "oso_bridge.testing.exchange:nep_zoeksleutel"\n'
        text += 'pgnfrag = "oso_bridge.testing.exchange:nep_pgnfrag"\n'
        text += f'[administratie]\nbestand = "{self.folder / name}.db"\nkluis = "{vault}"\n'
        text += f'[verkeerscentrum]\nurl = "{self.url("simulator")}"\n'
        return self._written(name, text, others)

    def simulator(self, points: list[tuple[Adres, str, str, str]]) -> Path:
        """The settings of the simulator: the delivery points that the Traffic Center knows."""
        text = ""
        for point, name, kind, label in points:
            text += f'[[aanleverpunt]]\nbrin = "{point.brin}"\nkenmerk = "{point.kenmerk}"\nnaam = "{label}"\n'
            text += f'doel = "{kind}"\nsector = "{"SWV" if kind == "SWV" else "PO"}"\n'
            text += f'url = "{self.url(name)}"\noin = "{fictional_oin(name)}"\n'
        return self._written("simulator", text, ["schoolA", "schoolB"])

    def _written(self, name: str, text: str, others: list[str]) -> Path:
        pki = self.folder / "pki"
        trusted = f'wortels = "{pki}/root.pem"\ncrls = "{pki}/crls.pem"\n'
        text += f'[server]\npoort = {self.ports[name]}\npad = "/oso"\n'
        text += f'[tls]\ncertificaat = "{pki}/{name}-server.pem"\nproef = true\n{trusted}'
        text += f'[client]\ncertificaat = "{pki}/{name}-client.pem"\n{trusted}'
        text += "[toegang]\n" + "".join(f'{fictional_oin(other)} = ["*"]\n' for other in others)
        path = self.folder / f"{name}.toml"
        path.write_text(text, "utf-8")
        return path


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOCAL, 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def running(command: list[str], log: Path) -> Iterator[None]:
    """A process that is listening; it is ended afterwards.

    Raises:
        RuntimeError: It does not listen in time.
    """
    full = [sys.executable, "-m", "oso_bridge", "serve", *command]
    with log.open("wb") as said, subprocess.Popen(full, stdout=said, stderr=said) as process:  # noqa: S603 - our own
        try:
            end = time.monotonic() + PATIENCE
            while b"Listening" not in log.read_bytes():
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{' '.join(command[:1])} does not listen; see {log}.")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


# --- what the users of the schools do -----------------------------------------------------------------------------


@dataclass
class Schools:
    """The two schools, as their users work: on the same files as the endpoints that answer for them."""

    at_a: SqliteBron
    at_b: SqliteDoel
    bron: Bronsysteem
    doelen: dict[Adres, Doelsysteem]

    def exchange(self, kind: Kind, content: bytes) -> tuple[str, int]:
        """Exchange one dossier; the result word and the number of messages on our side."""
        if kind.soort == "SWV":
            return self._notified(kind, content)
        self.ready(kind, content)
        return self._fetched(kind, pgn=kind.pgn)

    def ready(self, kind: Kind, content: bytes, key: str = "") -> str:
        """Set a dossier ready at school A."""
        facts: Any = {"soort": kind.soort, "bron": SCHOOL_A, "doel": kind.doel, "koppelsleutel": key}
        return self.at_a.klaarzetten(content, account="intern.begeleider", **facts)

    def _notified(self, kind: Kind, content: bytes) -> tuple[str, int]:
        """School A announces, sets ready and notifies; the platform of B finds the notification and fetches."""
        told = self.bron.meld_swv(kind.doel)
        if not told.uitkomst.ok:
            return told.uitkomst.woord, len(told.stappen)
        self.ready(kind, content, told.koppelsleutel)
        sent = self.bron.notificeer(told, account="intern.begeleider")
        if not sent.ok:
            return sent.woord, len(told.stappen)
        notice = self.at_b.notificaties()[-1]
        word, steps = self._fetched(kind, koppelsleutel=notice.koppelsleutel)
        return word, steps + len(told.stappen)

    def _fetched(self, kind: Kind, **key: Any) -> tuple[str, int]:
        asker = self.doelen[kind.doel]
        found = asker.ophalen(self.at_b, bron=SCHOOL_A, account="zorgcoordinator", soort=kind.soort, **key)
        return found.uitkomst.woord, len(found.stappen)


class Seen:
    """A Dossierdoel that only looks: for what comes from the test school."""

    def __init__(self) -> None:
        self.releases: list[str] = []

    def ontvangen(self, ontvangst: Ontvangst) -> None:
        """Note its release."""
        self.releases.append(oso.read(ontvangst.dossier).release_id)

    def genotificeerd(self, melding: Any) -> None:
        """Nothing comes here."""


def exchange_all(schools: Schools) -> bool:
    """Exchange the six kinds and print a table; whether all came over, once, as they were."""
    print(f"\n{'kind':6} {'from':21} {'to':21} {'result':20} messages  the same")
    sent: list[bytes] = []
    for kind in KINDS:
        content = dossier(Case(kind.profile, kind.pgn, release=RELEASE))
        word, steps = schools.exchange(kind, content)
        sent.append(canonical(content))
        got = [canonical(one) for _, one, _ in schools.at_b.ontvangsten()]
        same = "yes" if got == sent else "NO"
        print(f"{kind.profile:6} {SCHOOL_A.kenmerk:21} {kind.doel.kenmerk:21} {word:20} {steps:8}  {same}")
    told = [asked.uitkomst for asked in schools.at_a.aanvragen()]
    print(f"\nSchool A noted {told.count('OverdrachtGeslaagd')} deliveries, school B keeps {len(got)} dossiers.")
    return got == sent and told == ["OverdrachtGeslaagd"] * len(KINDS)


def canonical(content: bytes) -> bytes:
    """A dossier apart from how its XML was written."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.tostring(etree.fromstring(content, parser), method="c14n", exclusive=True)


def ask_test_school(asker: Doelsysteem) -> bool:
    """Fetch some cases of the test school; whether each gave what it should."""
    wanted = {
        "613543439": ("OverdrachtGeslaagd", ["oso/2019.1"]),
        "097902378": ("LeerlinginfoNietBeschikbaar", []),
        "334390205": ("LeerlinginfoNietOpvraagbaar", []),
        "991904862": ("OverdrachtGeslaagd", ["oso/2016.1"]),
    }
    good = True
    print("\nThe test school of the simulator:")
    for number, (word, releases) in wanted.items():
        seen = Seen()
        found = asker.ophalen(seen, bron=TEST_SCHOOL, account="zorgcoordinator", pgn=number)
        good &= (found.uitkomst.woord, seen.releases) == (word, releases)
        print(f"  fictional pupil {number}: {found.uitkomst.woord} {' '.join(seen.releases)}")
    return good


def serve_test_swv(schools: Schools) -> bool:
    """Notify the samenwerkingsverband of the simulator; whether it fetched the dossier and gave feedback."""
    kind = Kind("POSWV", "", "SWV", TEST_SWV)
    told = schools.bron.meld_swv(TEST_SWV)
    schools.ready(kind, dossier(Case("POSWV")), told.koppelsleutel)
    sent = schools.bron.notificeer(told, account="intern.begeleider")
    end = time.monotonic() + PATIENCE
    while not schools.at_a.terugkoppelingen() and time.monotonic() < end:
        time.sleep(0.05)
    count = len(schools.at_a.terugkoppelingen())
    print(f"\nThe samenwerkingsverband of the simulator: {sent.woord}, and {count} feedback came back.")
    return sent.ok and count == 1


def break_off(line: Transport, asker: Doelsysteem) -> bool:
    """Let the simulator break off an answer, and ask again; whether the second time was good."""
    with line:
        line.send(Parcel(b"", "text/xml; charset=utf-8"))
    words = []
    for _ in range(2):
        found = asker.ophalen(Seen(), bron=TEST_SCHOOL, account="zorgcoordinator", pgn="274957462")
        words.append(found.uitkomst.woord)
    print(f"\nWith an answer that breaks off half-way: {words[0]}; and asked again: {words[1]}.")
    return words == ["NietBereikbaar", "OverdrachtGeslaagd"]


def play(stage: Stage) -> bool:
    """All of it; whether everything went as it should."""
    a, b = stage.line("schoolA"), stage.line("schoolB")
    centre = stage.url("simulator")

    def system(kind: Any, adres: Adres, line: Callable[[str], Transport]) -> Any:
        return kind("2022", adres, verkeerscentrum=line(centre), lijn=line, sleutels=NEPSLEUTELS)

    with ExitStack() as held:
        at_a = held.enter_context(SqliteBron(stage.folder / "schoolA.db", Vault.find(stage.folder / "schoolA.key")))
        at_b = held.enter_context(SqliteDoel(stage.folder / "schoolB.db", Vault.find(stage.folder / "schoolB.key")))
        doelen = {point: system(Doelsysteem, point, b) for point in (SCHOOL_B, LOCATION_B, PLATFORM_B)}
        schools = Schools(at_a, at_b, system(Bronsysteem, SCHOOL_A, a), doelen)
        control = b(f"{centre}/besturing?fout=half&bericht=documentRequest")
        good = [exchange_all(schools), ask_test_school(doelen[SCHOOL_B]), serve_test_swv(schools)]
        return all([*good, break_off(control, doelen[SCHOOL_B])])


def main() -> int:
    """Set the stage, play, and clean up; 0 when everything went as it should."""
    started = time.monotonic()
    logging.disable(logging.WARNING)  # a line that is broken off on purpose is no news
    stage = Stage(FOLDER)
    points = [
        (SCHOOL_A, "schoolA", "OV", "School A"),
        (SCHOOL_B, "schoolB", "OV", "School B"),
        (LOCATION_B, "schoolB", "OV", "School A, tweede locatie"),
        (PLATFORM_B, "schoolB", "SWV", "Platform B"),
    ]
    commands = {
        "simulator": ["simulator", "--config", str(stage.simulator(points)), "--transcript", str(stage.folder)],
        "schoolA": ["las", "--config", str(stage.school("schoolA", [SCHOOL_A], ["simulator", "schoolB"]))],
        "schoolB": [
            "las",
            "--config",
            str(stage.school("schoolB", [SCHOOL_B, LOCATION_B, PLATFORM_B], ["simulator", "schoolA"])),
        ],
    }
    print("Three processes over TLS, each with a test certificate of its own:")
    with ExitStack() as held:
        for name, command in commands.items():
            held.enter_context(running(command, stage.folder / f"{name}.log"))
            print(f"  {name:10} {stage.url(name)}  {fictional_oin(name)}")
        good = play(stage)
    print(f"\nThe transcript    {FOLDER / 'transcript.html'}   (and .json)")
    print(f"Logs, settings    {FOLDER}")
    print(
        f"{'It works.' if good else 'NOT ALL WENT WELL.'} All data is fictional. ({time.monotonic() - started:.0f} s)"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
