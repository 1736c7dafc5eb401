"""The simulator as one WSGI application: lets the peer for a message answer it, and makes the faults asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs

from oso_bridge.errors import TransportError, UsageError
from oso_bridge.parcels import Parcel, Transport
from oso_bridge.testing.keys import nep_pgnfrag, nep_zoeksleutel
from oso_bridge.testing.simulator import messages
from oso_bridge.testing.simulator.faults import HEADER, Faults
from oso_bridge.testing.simulator.las import OLD_RELEASE, Case, Key, School, dossier
from oso_bridge.testing.simulator.messages import FAULT, Embedding, Message, NotUnderstood
from oso_bridge.testing.simulator.swv import Samenwerkingsverband
from oso_bridge.testing.simulator.tables import Row, Turn
from oso_bridge.testing.simulator.transcript import Transcript
from oso_bridge.testing.simulator.verkeer import Punt, Verkeer

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]

SCHOOL = Punt("00YY", "0000000700000YY00001", naam="Testschool", sector="PO")
"""The delivery point of the test school."""
SWV = Punt("00WW", "0000000700000WW00001", naam="Samenwerkingsverband", doel="SWV", sector="SWV")
"""The delivery point of the samenwerkingsverband; its BRIN is ours."""
CONTROL = "/besturing"
"""A POST here asks for something: ``?fout=half&bericht=documentRequest&keer=2``, or ``?notificeer=BRIN/ADRES``."""
_MOST_TIMES = 1000
_DRIPS = 40
_AT_SCHOOL = ("documentRequest", "terugkoppelingRequest")
_AT_SWV = ("notificatieRequest",)
_HTTP = ("timeout", "half", "drup", "weg")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What goes back."""

    content: bytes
    is_fault: bool = False
    fault: str = ""


class Simulator:
    """A Traffic Center, a test school and a samenwerkingsverband behind one address; may be used by several threads.

    Args:
        punten: The delivery points that are tested; those of the simulator itself come with it.
        url: Where the simulator listens, see :meth:`listens`.
        lijn: Opens a transport to the address of another system.
        school: The delivery point of the test school.
        swv: The delivery point of the samenwerkingsverband.
        zoeksleutel: Computes a key as the systems that are tested do; a fake one by default.
        pgnfrag: Likewise.
        embedding: How a dossier stands in its message: ``xml``, ``tekst`` or ``base64``.
        faults: The faults to make.
        foreign: An address with a foreign certificate, for the fault ``certificaat``.
        seconds: How long a session is good.
        show_values: Keep values in the transcript.
        oin: Gives the OIN of the caller out of the WSGI environment, as its server put it there.

    Attributes:
        verkeer: The Traffic Center.
        school: The test school.
        swv: The samenwerkingsverband.
        faults: What is made on command.
        transcript: What was said.
        url: Where it listens.
        foreign: As given; may be set later.
        heard: Is given each message that comes in, as it is; may be set, to see what the transcript leaves out.
    """

    def __init__(
        self,
        punten: Iterable[Punt] = (),
        *,
        url: str = "",
        lijn: Callable[[str], Transport] | None = None,
        school: Punt = SCHOOL,
        swv: Punt = SWV,
        zoeksleutel: Key = nep_zoeksleutel,
        pgnfrag: Key = nep_pgnfrag,
        embedding: Embedding = "xml",
        faults: Faults | None = None,
        foreign: str = "",
        seconds: float = 3600,
        show_values: bool = False,
        oin: Callable[[Environ], str] = lambda environ: "",
    ) -> None:
        self.faults = faults or Faults()
        self.transcript = Transcript(show_values=show_values)
        self.verkeer = Verkeer([*punten, school, swv], seconds=seconds)
        self.school = School(school, self._say_of("testschool"), zoeksleutel=zoeksleutel, pgnfrag=pgnfrag)
        self.swv = Samenwerkingsverband(swv, self._say_of("swv"), later=self._later)
        self._line = lijn
        self._embedding: Embedding = embedding
        self.foreign = foreign
        self._oin = oin
        self.heard: Callable[[Message], None] = lambda message: None
        self._crew = ThreadPoolExecutor(max_workers=4, thread_name_prefix="oso-simulator")
        self._work: list[Future[None]] = []
        self._over = threading.Event()
        self.url = ""
        self.listens(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what still waits; may be called twice."""
        self._over.set()
        self._crew.shutdown(wait=True, cancel_futures=True)

    def listens(self, url: str) -> None:
        """Say where the simulator listens; its own delivery points are there.

        Args:
            url: The address.
        """
        self.url = url
        for own in (self.school.point, self.swv.point):
            self.verkeer.points[own.brin, own.adres] = replace(own, url=own.url or url)

    def wait(self, seconds: float = 30.0) -> None:
        """Wait until the samenwerkingsverband has fetched what it was notified of.

        Args:
            seconds: How long at most for each.

        Raises:
            TimeoutError: It took longer.
        """
        while self._work:
            self._work.pop(0).result(timeout=seconds)

    def notify(self, brin: str, adres: str, wire: str = "2022", profile: str = "POSWV") -> str:
        """Let the test school notify a delivery point that a dossier is ready for it, as that of Kennisnet can.

        Args:
            brin: The school of the delivery point.
            adres: The delivery point.
            wire: The wire that it speaks.
            profile: ``POSWV`` or ``VOSWV``.

        Returns:
            The result word that came back; empty when nothing that can be read did.
        """
        own, say = self.school.point, self._say_of("testschool")
        between = {"bronBrin": own.brin, "bronAdres": own.adres, "doelBrin": brin, "doelAdres": adres}
        word = messages.data("berichten")["draad"][wire]["swv"]
        told = say(Message("meldenNotificatieRequest", wire, {**between, "doel": word}), "")
        if told is None or not told["koppelsleutel"]:
            return told["resultaat"] if told is not None else ""
        key = told["koppelsleutel"]
        self.school.set_ready(key, profile)
        sent = Message("notificatieRequest", wire, {**between, "koppelsleutel": key, "doel": word})
        answer = say(sent, told["url"])
        if answer is not None and self.faults.take("notificatieRequest") == "dubbel":
            answer = say(sent, told["url"])
        return answer["resultaat"] if answer is not None else ""

    # --- answering ------------------------------------------------------------------------------------------------

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer a request; a WSGI application.

        Args:
            environ: The WSGI environment.
            start_response: Takes the status and the headers.
        """
        wishes = parse_qs(str(environ.get("QUERY_STRING", "")))
        if environ.get("REQUEST_METHOD") != "POST":
            return _plain(start_response, HTTPStatus.METHOD_NOT_ALLOWED)
        if str(environ.get("PATH_INFO", "")).rstrip("/").endswith(CONTROL):
            return self._controlled(wishes, start_response)
        content = _body(environ)
        if content is None:
            return _plain(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        wish = environ.get(f"HTTP_{HEADER.upper().replace('-', '_')}", "") or wishes.get("fout", [""])[0]
        return self._sent(self._answered(content, self._oin(environ), str(wish)), start_response)

    def answer(self, content: bytes, oin: str = "") -> bytes:
        """Answer an envelope without HTTP; of the faults only those in what is said are made.

        Args:
            content: The envelope.
            oin: The OIN of its sender.
        """
        return self._answered(content, oin, "").content

    def _answered(self, content: bytes, oin: str, wish: str, sender: str = "") -> _Answer:
        told, who = sender or oin or "?", "simulator"
        try:
            message = messages.read(content)
        except NotUnderstood:
            self.transcript.add(content, sender=told, receiver=who, message="?")
            return self._refused(told, "OngeldigBericht")
        if not sender:
            self.heard(message)
        peer, who = self._peer(message.name)
        turn = Turn(message, oin)
        row = peer.handle(turn)
        fault = self.faults.take(message.name, wish) if not sender else ""
        facts = {"message": message.name, "wire": message.wire, "mark": message.mark, "goes": turn.state}
        number = (
            {"row": f"{who} {row.number}", "when": row.told, "rule": row.mark, "state": _before(row, turn)}
            if row
            else {}
        )
        self.transcript.add(content, sender=told, receiver=who, **facts, **number)
        if row is None:
            return self._refused(told, "NietOndersteund", who)
        return self._made(message, turn, row, fault, (who, told))

    def _peer(self, name: str) -> tuple[Verkeer | School | Samenwerkingsverband, str]:
        if name in _AT_SCHOOL:
            return self.school, "testschool"
        return (self.swv, "swv") if name in _AT_SWV else (self.verkeer, "verkeerscentrum")

    def _refused(self, to: str, word: str, sender: str = "simulator") -> _Answer:
        content = messages.fault("Client", word)
        self.transcript.add(content, sender=sender, receiver=to, message=FAULT, mark="confirmed", result=word)
        return _Answer(content, is_fault=True)

    def _made(self, asked: Message, turn: Turn, row: Row, fault: str, between: tuple[str, str]) -> _Answer:
        """The answer of a row, with its fault, in the transcript."""
        if row.fault or (fault == "certificaat" and not (self.foreign and turn.points)):
            word = row.result if row.fault else "NietToegestaan"
            content, name, mark = messages.fault(row.fault or "Client", word), FAULT, "confirmed"
        else:
            said = _spoilt(Message(row.answer, asked.wire, turn.said, turn.points, turn.dossier), fault, self.foreign)
            content = messages.write(said, self._embedding, backwards=fault == "verwisseld")
            name, mark, word = said.name, said.mark, said["resultaat"]
        facts = {"message": name, "wire": asked.wire, "mark": mark, "result": word, "fault": fault}
        self.transcript.add(content, sender=between[0], receiver=between[1], **facts)
        return _Answer(content, name == FAULT, fault)

    def _sent(self, answer: _Answer, start: Start) -> Iterable[bytes]:
        status = HTTPStatus.INTERNAL_SERVER_ERROR if answer.is_fault else HTTPStatus.OK
        headers = [("Content-Type", messages.MEDIA_TYPE), ("Content-Length", str(len(answer.content)))]
        spoilt = answer.fault in _HTTP
        start(f"{status.value} {status.phrase}", [*headers, *([("Connection", "close")] if spoilt else [])])
        return self._dripped(answer) if spoilt else [answer.content]

    def _dripped(self, answer: _Answer) -> Iterator[bytes]:
        """The body of an answer with a fault in how it is sent: less than was announced, or slowly."""
        content = answer.content
        if answer.fault == "timeout":
            self._over.wait(self.faults.seconds)
        elif answer.fault == "half":
            yield content[: len(content) // 2]
        elif answer.fault == "drup":
            size = len(content) // _DRIPS + 1
            for at in range(0, len(content), size):
                self._over.wait(self.faults.seconds / _DRIPS)
                yield content[at : at + size]

    def _controlled(self, wishes: dict[str, list[str]], start: Start) -> Iterable[bytes]:
        """What is asked for below :data:`CONTROL`."""
        first = {name: values[0] for name, values in wishes.items()}
        try:
            if "notificeer" in first:
                brin, _, adres = first["notificeer"].partition("/")
                word = self.notify(brin, adres, first.get("draad", "2022"), first.get("profiel", "POSWV"))
                return _plain(start, HTTPStatus.OK, word.encode())
            times = min(int(first.get("keer", "1")), _MOST_TIMES)
            self.faults.plan(first.get("fout", ""), first.get("bericht", "*"), times)
        except (UsageError, ValueError, KeyError):
            return _plain(start, HTTPStatus.BAD_REQUEST)
        return _plain(start, HTTPStatus.NO_CONTENT)

    # --- speaking -------------------------------------------------------------------------------------------------

    def _say_of(self, sender: str) -> Callable[[Message, str], Message | None]:
        """What a peer of the simulator sends its messages with."""
        return lambda message, url: self._said(sender, message, url)

    def _said(self, sender: str, message: Message, url: str) -> Message | None:
        content = messages.write(message)
        try:
            if not url or url == self.url:
                return messages.read(self._answered(content, "", "", sender).content, answer=True)
            facts = {"message": message.name, "wire": message.wire, "mark": message.mark}
            self.transcript.add(content, sender=sender, receiver=url, **facts)
            found = self._called(content, url)
            answer = messages.read(found, answer=True)
        except (NotUnderstood, TransportError, UsageError) as error:
            self.transcript.add(b"", sender=url, receiver=sender, message=f"[{type(error).__name__}]")
            return None
        facts = {"message": answer.name, "wire": answer.wire, "mark": answer.mark, "result": answer["resultaat"]}
        self.transcript.add(found, sender=url, receiver=sender, **facts)
        return answer

    def _called(self, content: bytes, url: str) -> bytes:
        if self._line is None:
            raise UsageError("The simulator was given no way to call others.", remedy="Give lijn=.")
        with self._line(url) as line:
            receipt = line.send(Parcel(content, messages.MEDIA_TYPE))
        return receipt.reply.content if receipt.reply is not None else b""

    def _later(self, action: Callable[[], None]) -> None:
        def act() -> None:
            time.sleep(0.01)  # the answer to the notification goes first
            action()

        self._work.append(self._crew.submit(act))


def _before(row: Row, turn: Turn) -> str:
    """The state in which a row was chosen."""
    return turn.state if turn.state in row.states else next(iter(sorted(row.states)))


def _spoilt(said: Message, fault: str, foreign: str) -> Message:
    """An answer with a fault in what it says."""
    if fault == "sessie" and said["sessieId"]:
        return replace(said, fields={**said.fields, "sessieId": "00000000-0000-4000-8000-000000000000"})
    if fault == "sessie":
        return replace(said, fields={"resultaat": "SessieAfwijkend"})
    if fault == "dubbel":
        return replace(said, points=[point for point in said.points for _ in range(2)])
    if fault == "certificaat":
        return replace(said, points=[{**point, "url": foreign} for point in said.points])
    if fault == "verouderd" and said.dossier:
        return replace(said, dossier=dossier(Case("POVO", "559144428", release=OLD_RELEASE)))
    return said


def _body(environ: Environ) -> bytes | None:
    """The body, when it is announced and not too large."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not (length.isascii() and length.isdigit()) or int(length[:10]) > messages.REQUEST_LIMITS.max_bytes:
        return None
    try:
        content: bytes = environ["wsgi.input"].read(int(length))
    except OSError:
        return None
    return content


def _plain(start: Start, status: HTTPStatus, body: bytes = b"") -> list[bytes]:
    start(f"{status.value} {status.phrase}", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
