"""The stage for UWLR: asks the endpoint, and judges what comes back in the ways that all scenarios need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from lxml import etree

from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.calling import Answer, Caller, NoAnswer
from oso_bridge.testing.kit.scenario import Finding, NotRun, Text, Wrong, text
from oso_bridge.testing.kit.stage import Mark
from oso_bridge.testing.kit.uwlr_messages import Fault, Group
from oso_bridge.testing.kit.uwlr_settings import Settings
from oso_bridge.testing.kit.uwlr_transcript import Transcript

ALL = "leerlinggegevens_verzoek"
STRUCTURE = "structuur_verzoek"
PUPILS = "leerlingen_verzoek"
STAFF = "leerkrachten_verzoek"
RESULTS = "leerresultaten_verzoek"
WITHOUT = ("geenwijzigingen", "geengegevens")


class UwlrStage:
    """Asks an endpoint of UWLR, and keeps what was said.

    Args:
        settings: What the vendor says of the endpoint.
        callers: Calls each service: ``leerlinggegevens``, ``getrapt`` and ``resultaten``.
        wsdl: WSDL and XSD files that were given.
        show_values: Keep values of messages in the transcript.
    """

    def __init__(
        self,
        settings: Settings,
        callers: Mapping[str, Caller],
        *,
        wsdl: Sequence[Path] = (),
        show_values: bool = False,
    ) -> None:
        self.settings = settings
        self.wsdl = tuple(wsdl)
        self._callers = callers
        self._transcript = Transcript(show_values=show_values)
        self._begun = 0
        self._there: set[str] = set()
        self._kept: dict[str, etree._Element | None] = {}
        self._moment = datetime.now(UTC).replace(microsecond=0)
        self._brought: str | None = None

    # --- what the runner asks -----------------------------------------------------------------------------------------

    def mark(self, message: str) -> Mark:
        """How well the layout of a message is known: those of 2.2 are published."""
        found: Mark = messages.table()["bericht"].get(message, {}).get("mark", "provisional")
        return "confirmed" if self.wsdl and found == "inferred" else found

    def lack(self, need: str) -> Text | None:
        """Why something is not there, and what to do; None when it is there.

        Args:
            need: ``sleutel``, ``andere_sleutel``, ``getrapt`` or ``resultaten``, which ``kit.toml`` decides;
                ``gegevens``: the school was answered with its data, and ``resultaat``: a result was taken. Without
                those, a refusal would show nothing: everything may be refused. Without ``kit.toml`` the endpoint has to
                show that it answers in steps, and takes results.
        """
        if need in ("gegevens", "resultaat"):
            return self._lacks_good(need)
        settings = self.settings
        there = {
            "sleutel": bool(settings.key),
            "andere_sleutel": bool(settings.other_key),
            "getrapt": settings.yes("getrapt"),
            "resultaten": settings.yes("resultaten"),
        }
        if not there[need]:
            return text(f"uwlr_zonder_{need}", variabele=settings["sleutel_env"])
        return None if not settings.key or self.offers(need) else text(f"uwlr_misschien_geen_{need}")

    def offers(self, service: str) -> bool:
        """Whether a service is there: ``kit.toml`` says it; without one, an ordinary request of it has to go well.

        Args:
            service: ``getrapt`` or ``resultaten``; anything else is there.
        """
        if service not in ("getrapt", "resultaten"):
            return True
        if self.settings.prepared or not self.settings.yes(service):
            return self.settings.yes(service)
        try:
            self.structure() if service == "getrapt" else self.brought()
        except Finding:
            return False
        return True

    def excuse(self, found: Finding) -> Text | None:
        """Without ``kit.toml``, a school that does not come may be another one than the kit asks for."""
        refused = found.code in ("uwlr_geweigerd", "uwlr_geen_gegevens", "uwlr_niemand")
        if self.settings.prepared or not refused or self._lacks_good("gegevens") is None:
            return None
        return text("uwlr_onvoorbereid")

    def _lacks_good(self, need: str) -> Text | None:
        """Try what should go well, once."""
        try:
            self.whole() if need == "gegevens" else self.brought()
        except Finding as found:
            return found.text()
        return None

    def begin(self) -> None:
        """From here on it is another scenario."""
        self._begun = len(self._transcript.lines)

    def said(self) -> Sequence[str]:
        """What was said since :meth:`begin`."""
        return [str(line) for line in self._transcript.lines[self._begun :]]

    def save(self, folder: Path) -> list[Path]:
        """Write the transcript."""
        return self._transcript.save(folder)

    def close(self) -> None:
        """Nothing is kept open."""

    # --- asking -------------------------------------------------------------------------------------------------------

    def values(self, **changes: str) -> dict[str, str]:
        """The texts of a request as they should be, with changes.

        Args:
            changes: Other texts by the name of their element; empty leaves it out.
        """
        same = ("klantcode", "klantnaam", "schooljaar", "brincode", "dependancecode", "schoolkey", "xsdversie")
        found = {name: self.settings[name] for name in (*same, "gegevenssetid")}
        return {**found, "autorisatiesleutel": self.settings.key, **changes}

    def ask(
        self,
        name: str,
        changes: Mapping[str, str] | None = None,
        *,
        groups: Iterable[Group] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for pupil data.

        Args:
            name: The element that asks.
            changes: As of :meth:`values`.
            groups: The groups that it names.
            headers: Other headers of HTTP.

        Raises:
            Wrong: No answer came.
            NotRun: Nobody is there, and nobody was.
        """
        values = self.values(**(changes or {}))
        envelope = messages.envelope(messages.question(name, values, groups), messages.header(values))
        return self.send(name, envelope, headers=headers)

    def send(self, name: str, envelope: bytes, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Send an envelope as it is.

        Args:
            name: What it asks, for the address, the SOAPAction and the transcript.
            envelope: The envelope.
            headers: Other headers of HTTP.

        Raises:
            Wrong: No answer came.
            NotRun: Nobody is there, and nobody was.
        """
        kind = messages.kind(name)
        told = {"SOAPAction": f'"{kind.action}"', **(headers or {})}
        return self._called(name, envelope, lambda call: call(envelope, headers=told), kind.service)

    def get(self, service: str, query: str) -> Answer:
        """Get what stands behind an address, such as its WSDL.

        Args:
            service: Which address.
            query: What stands behind its question mark.

        Raises:
            Wrong: No answer came.
            NotRun: Nobody is there, and nobody was.
        """
        none = {"Content-Type": "", "SOAPAction": ""}
        return self._called("?wsdl", b"", lambda call: call(None, method="GET", headers=none, query=query), service)

    def _called(self, asked: str, content: bytes, call: Callable[[Caller], Answer], service: str) -> Answer:
        try:
            answer = call(self._callers[service])
        except NoAnswer as error:
            self._transcript.missed(asked, error.code)
            nobody = error.code in ("geen_verbinding", "tls") and service not in self._there
            raise (NotRun if nobody else Wrong)(error.code) from None
        self._there.add(service)
        self._transcript.add(asked, content, answer)
        return answer

    # --- judging ------------------------------------------------------------------------------------------------------

    def message(self, answer: Answer) -> etree._Element:
        """The message in an answer.

        Raises:
            Wrong: It is no SOAP 1.1 with one message, such as a page in HTML.
        """
        try:
            return messages.body(answer.body)
        except messages.NoMessage:
            raise Wrong("uwlr_geen_soap", status=answer.status) from None

    def answered(self, name: str, answer: Answer) -> etree._Element:
        """What a request is answered.

        Args:
            name: The element that asked.
            answer: What came.

        Raises:
            Wrong: It is a fault, or another element than the one that answers.
        """
        found, kind = self.message(answer), messages.kind(name)
        refused = messages.fault(found)
        if refused is not None:
            raise Wrong("uwlr_geweigerd", vraag=name, fout=refused.shown)
        if found.tag != f"{{{kind.namespace}}}{kind.answer}":
            raise Wrong("uwlr_ander_element", element=kind.answer)
        return found

    def data(self, name: str, answer: Answer) -> etree._Element:
        """The element with data in an answer.

        Raises:
            Wrong: There is none; or as :meth:`answered`.
        """
        found, kind = self.answered(name, answer), messages.kind(name)
        held = [child for child in found if child.tag == f"{{{kind.namespace}}}{kind.data}"]
        if len(held) != 1 or len(found) != 1:
            raise Wrong("uwlr_geen_gegevens", element=kind.data, kwam=_without(found))
        return held[0]

    def says(self, word: str, name: str, answer: Answer) -> None:
        """Refuse an answer that does not say that there is nothing.

        Args:
            word: ``geenwijzigingen`` or ``geengegevens``.
            name: The element that asked.
            answer: What came.

        Raises:
            Wrong: It says something else.
        """
        found = self.answered(name, answer)
        if [child.tag for child in found] != [f"{{{messages.kind(name).namespace}}}{word}"]:
            raise Wrong("uwlr_niet_gezegd", woord=word)

    def fault(self, answer: Answer) -> Fault:
        """The fault that an answer is.

        Raises:
            Wrong: It is none.
        """
        found = messages.fault(self.message(answer))
        if found is None:
            raise Wrong("uwlr_toch_antwoord")
        return found

    def refused(self, answer: Answer, *codes: str) -> None:
        """Refuse an answer that is no fault with one of some codes.

        Args:
            answer: What came.
            codes: The codes that are right; a word such as ``Client`` is one that any code may begin with.

        Raises:
            Wrong: It is no fault, or one with another code.
        """
        found = self.fault(answer)
        if not any(found.code == code or found.code.startswith(f"{code}.") for code in codes):
            raise Wrong("uwlr_andere_code", fout=found.shown, verwacht=" / ".join(codes))

    # --- what several scenarios need ----------------------------------------------------------------------------------

    def whole(self) -> etree._Element:
        """The data of the whole school, asked once.

        Raises:
            NotRun: They did not come; the scenario of that is another one.
        """
        return self._once(ALL, self.school, "UWLR.G01")

    def school(self) -> etree._Element:
        """Ask for the data of the whole school.

        Raises:
            Wrong: They do not come, or nobody is in them.
        """
        found = self.data(ALL, self.ask(ALL))
        if not messages.one_of(found, "leerlingen", "leerling"):
            raise Wrong("uwlr_niemand")
        self._kept[ALL] = found
        return found

    def structure(self) -> etree._Element:
        """The school and its groups, asked once.

        Raises:
            NotRun: They did not come; the scenario of that is another one.
        """
        return self._once(STRUCTURE, lambda: self.data(STRUCTURE, self.ask(STRUCTURE)), "UWLR.S01")

    def _once(self, name: str, ask: Callable[[], etree._Element], scenario: str) -> etree._Element:
        if name not in self._kept:
            self._kept[name] = None
            with suppress(Wrong):
                self._kept[name] = ask()
        found = self._kept[name]
        if found is None:
            raise NotRun("uwlr_eerst", scenario=scenario)
        return found

    def brought(self) -> str:
        """The aanmaakdatum of a result that was taken; brought once.

        Raises:
            NotRun: It was not taken; the scenario of that is another one.
        """
        if self._brought is None:
            made = self.moment()
            try:
                self.answered(RESULTS, self.bring(made))
                self._brought = made
            except Wrong:
                self._brought = ""
        if not self._brought:
            raise NotRun("uwlr_eerst", scenario="UWLR.R01")
        return self._brought

    def again(self, hours: int = 0) -> etree._Element:
        """Bring a newer result; it is then the last one.

        Args:
            hours: How far its aanmaakdatum is written from UTC.

        Returns:
            What it is answered.

        Raises:
            Wrong: It is refused.
        """
        made = self.moment(hours)
        found = self.answered(RESULTS, self.bring(made))
        self._brought = made
        return found

    def pupil(self) -> str:
        """The key of a pupil to bring a result for.

        Raises:
            NotRun: There is none.
        """
        named = self.settings["leerling"]
        found = [named] if named else messages.keys(self.whole(), "leerlingen", "leerling")
        if not found or not found[0]:
            raise NotRun("uwlr_zonder_leerling")
        return found[0]

    def moment(self, hours: int = 0) -> str:
        """A moment that is later than the one before, for the next results.

        Args:
            hours: How far it is written from UTC.
        """
        self._moment = max(self._moment + timedelta(seconds=1), datetime.now(UTC).replace(microsecond=0))
        if not hours:
            return f"{self._moment:%Y-%m-%dT%H:%M:%SZ}"
        return self._moment.astimezone(timezone(timedelta(hours=hours))).isoformat()

    def bring(
        self,
        made: str,
        *rows: Mapping[str, str],
        subject: str = "",
        spoil: Callable[[str], str] = lambda message: message,
        **changes: str,
    ) -> Answer:
        """Bring results of one test.

        Args:
            made: The aanmaakdatum.
            rows: What each result says in another way than usual; one usual result when there are none.
            subject: The vakgebied of the test.
            spoil: Makes the message wrong.
            changes: As of :meth:`values`.
        """
        values = self.values(aanmaakdatum=made, **changes)
        usual = {"leerling": self.pupil(), "dag": made[:10], "toetscode": "OSO-KIT-1", "score": "7"}
        told: list[dict[str, Any]] = [{**usual, "sleutel": f"kit-{made}", **row} for row in rows or ({},)]
        message = spoil(messages.results(values, told, subject))
        return self.send(RESULTS, messages.envelope(message, messages.header(values)))


def _without(answer: etree._Element) -> str:
    """What stands in the place of data."""
    found = [etree.QName(child).localname for child in answer]
    return found[0] if found and found[0] in WITHOUT else messages.UNKNOWN
