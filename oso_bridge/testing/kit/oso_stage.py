"""The stage of OSO: the endpoint that is tested, and a Traffic Center of the kit that sees what it asks."""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from oso_bridge.errors import DocumentError
from oso_bridge.testing.kit.calling import Answer, Caller
from oso_bridge.testing.kit.oso_layout import Layout
from oso_bridge.testing.kit.oso_plan import Plan, Point
from oso_bridge.testing.kit.scenario import Finding, NotRun, NotUnderstood, Text, Wrong, text
from oso_bridge.testing.kit.stage import Mark
from oso_bridge.testing.simulator import Simulator, messages
from oso_bridge.testing.simulator.messages import FAULT, SOAP, Message, data
from oso_bridge.testing.simulator.transcript import Line
from oso_bridge.xml import parser

DOCUMENT = "documentRequest"
_DOSSIER = b"oso_gegevensset"
_LONG = 200
_HEAD = 4096
_ERROR = 400
_TRACES = (b"<html", b"<!doctype html", b"traceback (most recent", b"stack trace", b"stacktrace", b"\tat ", b"   at ")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the endpoint answered to a message.

    Attributes:
        answer: The answer over HTTP.
        message: The message in it; None when it is none of the exchange.
        words: Every text in its elements, and the codes of a fault.
    """

    answer: Answer
    message: Message | None = field(repr=False)
    words: frozenset[str] = field(repr=False)

    @property
    def is_fault(self) -> bool:
        """Whether it is a SOAP fault."""
        return self.message is not None and self.message.name == FAULT

    @property
    def delivers(self) -> bool:
        """Whether there is a dossier anywhere in it, whatever the layout."""
        found = self.message is not None and bool(self.message.dossier)
        return found or _DOSSIER in self.answer.body or any(map(_is_dossier, self.words))

    @property
    def shows_trace(self) -> bool:
        """Whether it is a page for people, or shows what the program was doing."""
        body = self.answer.body.lower()
        return self.answer.media_type == "text/html" or any(mark in body for mark in _TRACES)


@dataclass(frozen=True, slots=True)
class Tls:
    """What scenarios of TLS need.

    Attributes:
        url: The address of the endpoint.
        context: TLS with the certificate in a file, or with none; the kit's own is the file ``kit``.
        kit: The file with the certificate of the kit.
        foreign: A file with a certificate under roots that nobody trusts.
        expired: A file with one that has expired; None when there is none.
    """

    url: str
    context: Callable[[Path | None], ssl.SSLContext]
    kit: Path
    foreign: Path
    expired: Path | None = None

    @property
    def host(self) -> str:
        """The host of the endpoint."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Its port."""
        return urlsplit(self.url).port or 443


class OsoStage:
    """What scenarios of OSO are played on.

    Args:
        plan: The table ``oso`` of ``kit.toml``.
        callers: What calls the endpoint: ``kit``, and ``ander`` when there is a certificate of another party.
        simulator: The Traffic Center.
        layout: The official layout.
        tls: For scenarios of TLS; None when the endpoint has none.
        prepared: Whether ``kit.toml`` says what the endpoint has ready.
        close: Lets go of what is open.

    Attributes:
        plan: As given.
        simulator: As given.
        tls: As given.
    """

    def __init__(
        self,
        plan: Plan,
        callers: Mapping[str, Caller],
        simulator: Simulator,
        *,
        layout: Layout | None = None,
        tls: Tls | None = None,
        prepared: bool = True,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.plan = plan
        self.simulator = simulator
        self.tls = tls
        self._callers = callers
        self._layout = layout or Layout()
        self._prepared = prepared
        self._close = close
        self._lock = threading.Condition()
        self._heard: list[Message] = []
        self._first = 0
        self._works: bool | None = None
        simulator.heard = self._hear
        self.namespace: str = data("berichten")["draad"][plan.draad]["namespace"]

    # --- what the runner asks -------------------------------------------------------------------------------------

    def mark(self, message: str) -> Mark:
        """How well the layout of a message is known: see :class:`~oso_bridge.testing.kit.stage.Stage`."""
        name, _, part = message.partition(".")
        if self._layout.knows(f"{{{self.namespace}}}{name}"):
            return "confirmed"
        found: Mark = Message(name, self.plan.draad, {"doel": part} if part else {}).mark  # type: ignore[assignment]
        return found

    def lack(self, need: str) -> Text | None:
        """Why something is not there; None when it is."""
        name, _, what = need.partition(".")
        return None if self._has(need) else text(f"nodig_{name}", wat=what)

    def _has(self, need: str) -> bool:
        plan, (first, _, name) = self.plan, need.partition(".")
        if first == "leerling":
            return bool(getattr(plan.leerlingen, name))
        if first == "notificatie":
            return name in plan.notificaties
        held = {"koppelsleutel": plan.koppelsleutel, "haalt_zelf_op": plan.haalt_zelf_op, "tls": self.tls}
        held |= {"ander_certificaat": "ander" in self._callers, "verlopen_certificaat": self.tls and self.tls.expired}
        return bool(held[first]) if first in held else first in plan.rollen

    def excuse(self, found: Finding) -> Text | None:
        """What an endpoint may well answer that has nothing ready for the kit; None where it delivers, or is wrong."""
        if self._prepared or not isinstance(found, NotUnderstood) or self.works():
            return None
        return text("onvoorbereid")

    def begin(self) -> None:
        """Forget what was heard."""
        with self._lock:
            self._heard.clear()
        self._first = len(self.simulator.transcript.lines)

    def said(self) -> list[str]:
        """The messages since :meth:`begin`."""
        return [_shown(line) for line in self.simulator.transcript.lines[self._first :]]

    def save(self, folder: Path) -> list[Path]:
        """Write the transcript."""
        return self.simulator.transcript.save(folder)

    def close(self) -> None:
        """Stop the Traffic Center."""
        self._close()

    # --- what scenarios ask ---------------------------------------------------------------------------------------

    def _hear(self, message: Message) -> None:
        """Note what the Traffic Center hears."""
        with self._lock:
            self._heard.append(message)
            self._lock.notify_all()

    def heard(self, name: str) -> list[Message]:
        """What the Traffic Center heard since :meth:`begin`.

        Args:
            name: The message.
        """
        with self._lock:
            return [one for one in self._heard if one.name == name]

    def await_heard(self, name: str) -> bool:
        """Wait until the Traffic Center hears a message; whether it did.

        Args:
            name: The message.
        """
        with self._lock:
            return self._lock.wait_for(lambda: any(one.name == name for one in self._heard), self.plan.wacht)

    def pupil(self, name: str) -> str:
        """The number of a fictional pupil.

        Args:
            name: What the pupil is for, such as ``povo``.
        """
        return str(getattr(self.plan.leerlingen, name))

    def between(self, doel: Point | None = None, bron: Point | None = None) -> dict[str, str]:
        """The address fields of a message.

        Args:
            doel: Who asks; ``vrager`` when left out.
            bron: Who supplies; the endpoint when left out.
        """
        there, here = bron or self.plan.bron, doel or self.plan.vrager
        named = {"bronBrin": there.brin, "bronAdres": there.kenmerk}
        return {**named, "doelBrin": here.brin, "doelAdres": here.kenmerk}

    def word(self, kind: str) -> str:
        """The word for a kind of transfer.

        Args:
            kind: ``OV``, ``BB`` or ``SWV``.
        """
        return str(data("berichten")["soorten"][kind][0])

    def session(self, pgn: str = "", kind: str = "OV", **points: Point) -> str:
        """Ask the Traffic Center for a session, as a doel does.

        Args:
            pgn: The pupil; the koppelsleutel is used when it is empty.
            kind: ``OV``, ``BB`` or ``SWV``.
            points: ``doel`` and ``bron``, as of :meth:`between`.

        Raises:
            NotRun: It was not granted.
        """
        key = {"koppelsleutel": self.plan.koppelsleutel} if not pgn else self._keys(pgn)
        fields = {**self.between(**points), **key, "overdrachtsoort": self.word(kind)}
        asked = messages.write(Message("overdrachtRequest", self.plan.draad, fields))
        session = messages.read(self.simulator.answer(asked, "kit"), answer=True)["sessieId"]
        if not session:
            raise NotRun("geen_sessie")
        return session

    def _keys(self, pgn: str) -> dict[str, str]:
        """The zoeksleutel and pgnfrag of a pupil."""
        return self.simulator.school.keys(pgn)

    def end(self, session: str, **points: Point) -> None:
        """Sign a session off, as a doel does.

        Args:
            session: The session.
            points: As of :meth:`session`.
        """
        fields = {**self.between(**points), "sessieId": session, "resultaat": "OverdrachtGeslaagd"}
        self.simulator.answer(messages.write(Message("afmeldingRequest", self.plan.draad, fields)), "kit")

    def request(self, pgn: str, session: str, kind: str = "OV", **fields: str) -> dict[str, str]:
        """The fields of a request for a dossier.

        Args:
            pgn: The pupil; the koppelsleutel is used when it is empty.
            session: The session.
            kind: ``OV``, ``BB`` or ``SWV``.
            fields: More fields, or others.
        """
        key = {"pgn": pgn} if pgn else {"koppelsleutel": self.plan.koppelsleutel}
        said = {"overdrachtsoort": self.word(kind), "sessieId": session}
        return {**self.between(), **key, **said, **fields}

    def send(self, name: str, fields: Mapping[str, str], *, caller: str = "kit") -> Reply:
        """Send a message to the endpoint.

        Args:
            name: Its element.
            fields: Its fields.
            caller: Who sends it: ``kit`` or ``ander``.

        Raises:
            NotRun: The official layout is another than that of the kit.
            Wrong: No answer came, or one that is not as the official layout says.
        """
        content = messages.write(Message(name, self.plan.draad, fields))
        if not self._layout.fits(etree.fromstring(content)[-1][0]):
            raise NotRun("andere_indeling", bericht=name)
        return self.post(content, name, caller=caller)

    def post(
        self, content: bytes, name: str = "?", *, caller: str = "kit", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send bytes to the endpoint, whatever they are.

        Args:
            content: The body.
            name: The message in it, for the transcript.
            caller: Who sends it.
            headers: Headers in the place of those of SOAP 1.1.

        Raises:
            Wrong: As of :meth:`send`.
        """
        self._note(content, name, "kit", "endpoint")
        answer = self._callers[caller](content, headers=headers)
        reply = read(answer)
        found = reply.message.name if reply.message else f"[HTTP {answer.status}]"
        self._note(answer.body, found, "endpoint", "kit")
        payload = body_of(answer.body)
        if payload is not None and not self._layout.fits(payload):
            raise Wrong("niet_volgens_wsdl", bericht=found)
        return reply

    def plain(self, content: bytes | None, *, method: str = "POST") -> Answer:
        """Call the endpoint over HTTP, with nothing read into the answer.

        Args:
            content: The body.
            method: The method.
        """
        return self._callers["kit"](content, method=method)

    def works(self) -> bool:
        """Whether an ordinary request brings a dossier, asked once; taken to be so when there is no pupil to ask for.

        Where everything is refused, a refusal shows nothing.
        """
        if self._works is None:
            number = self.pupil("povo")
            try:
                self._works = not number or self.send(DOCUMENT, self.request(number, self.session(number))).delivers
            except Finding:
                self._works = False
        return self._works

    def expect_refusal(self, reply: Reply, word: str = "") -> None:
        """Expect an answer or a fault without a dossier, from an endpoint that does deliver others.

        Args:
            reply: The answer.
            word: A result word that it has to hold, wherever it stands; any when empty.

        Raises:
            Wrong: A dossier came; or what came is no SOAP, and no error of HTTP either.
            NotUnderstood: There is neither an answer nor a fault, or the word is not in it.
            NotRun: This endpoint delivers nothing at all.
        """
        expect_nothing(reply)
        if reply.message is None:
            expect_soap(reply)
            raise NotUnderstood("geen_antwoordbericht", status=reply.answer.status)
        if word and word not in reply.words:
            raise NotUnderstood("ander_woord", woord=word)
        self.expect_works()

    def expect_works(self) -> None:
        """Expect that the endpoint delivers at all.

        Raises:
            NotRun: It does not.
        """
        if not self.works():
            raise NotRun("weigert_alles")

    def _note(self, content: bytes, name: str, sender: str, receiver: str) -> None:
        known = name == FAULT or name in data("berichten")["bericht"]
        mark = self.mark(name) if known else ""
        facts = {"message": name, "wire": self.plan.draad, "mark": mark}
        self.simulator.transcript.add(content, sender=sender, receiver=receiver, **facts)


def read(answer: Answer) -> Reply:
    """What an answer holds, as far as it can be understood.

    Args:
        answer: The answer.
    """
    try:
        message: Message | None = messages.read(answer.body, answer=True)
    except messages.NotUnderstood:
        message = None
    return Reply(answer, message, frozenset(_words(answer.body)))


def body_of(content: bytes) -> etree._Element | None:
    """The only child of the body of an envelope of SOAP 1.1; None when it is none.

    Args:
        content: The envelope.
    """
    try:
        root = parser.parse(content, messages.ANSWER_LIMITS)
    except DocumentError:
        return None
    body = root.find(f"{{{SOAP}}}Body") if root.tag == f"{{{SOAP}}}Envelope" else None
    return body[0] if body is not None and len(body) == 1 else None


def _words(content: bytes) -> Sequence[str]:
    """Every text in a body, and the parts of a faultcode."""
    payload = body_of(content)
    if payload is None:
        return ()
    texts = ["".join((text or "").split()) for element in payload.iter() for text in (element.text, element.tail)]
    return [part for one in texts if one for part in (one, *one.replace(":", ".").split("."))]


def _is_dossier(word: str) -> bool:
    """Whether a text is base64 of a dossier, or of a ZIP."""
    if len(word) < _LONG:
        return False
    try:
        head = base64.b64decode(word[:_HEAD], validate=True)
    except ValueError:
        return False
    return head.startswith(b"PK\x03\x04") or _DOSSIER in head


def expect_nothing(reply: Reply) -> None:
    """Expect that no dossier came.

    Args:
        reply: The answer.

    Raises:
        Wrong: One did.
    """
    if reply.delivers:
        raise Wrong("wel_geleverd")


def expect_soap(reply: Reply) -> None:
    """Expect an envelope or an error of HTTP: no layout explains anything else, such as a redirect.

    Args:
        reply: The answer.

    Raises:
        Wrong: It is neither.
    """
    if reply.answer.status < _ERROR and body_of(reply.answer.body) is None:
        raise Wrong("geen_envelop")


def _shown(line: Line) -> str:
    """A line of the transcript as text, without values."""
    result = f" {line.result}" if line.result else ""
    return f"{line.sender} > {line.receiver}: {line.message}{f' ({line.mark})' if line.mark else ''}{result}"
