"""The answering side: a request comes in, an answer or a fault goes out.

Knows nothing of HTTP; :mod:`oso_bridge.exchange.uwlr.wsgi` puts it on a web server.  The checks stand in one order:
SOAP, who asks, whether the key opens the school, the schema, the version, and only then what is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from lxml import etree

from oso_bridge import data, fieldsets, releases
from oso_bridge import document as documents
from oso_bridge.document import Document
from oso_bridge.errors import DocumentError
from oso_bridge.exchange import soap
from oso_bridge.exchange.conversation import LOG, log, place_of
from oso_bridge.exchange.soap import SoapRefusal
from oso_bridge.exchange.uwlr import answers, faults
from oso_bridge.exchange.uwlr.answers import Antwoord
from oso_bridge.exchange.uwlr.bron import Groepkeuze, Levering, Schoolgegevens, Schoolid, Vraag
from oso_bridge.exchange.uwlr.faults import UwlrFault
from oso_bridge.exchange.uwlr.klanten import Klant, Toegang
from oso_bridge.exchange.uwlr.operations import BRING, BY_TAG, HEADER, Operation
from oso_bridge.model import Leerresultaten
from oso_bridge.model.administratie import Schooladministratie
from oso_bridge.model.leerresultaten import Term
from oso_bridge.parcels import Parcel
from oso_bridge.records import Record
from oso_bridge.releases import Release
from oso_bridge.xml import parser
from oso_bridge.xml.limits import DEFAULT, Limits

OIN = "oin"
"""The routing of a parcel under which the OIN of its sender stands, from a certificate that was checked."""
_SHORT = 256
_MAY_BE_LEFT_OUT = (
    *("brincode", "dependancecode", "schoolkey", "xsdversie"),
    *("gegevenssetid", "laatstontvangengegevens"),
)
_NIL, _TYPE = (f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}" for name in ("nil", "type"))
_T = TypeVar("_T")


class Endpoint:
    """Answers requests of UWLR out of an administration; may be called by several threads at once.

    Args:
        bron: The administration.
        toegang: Who may ask, such as :class:`~oso_bridge.exchange.uwlr.Klanten`.
        versies: The releases that are spoken; 2.3 is known in part only, and has to be asked for.
        limits: What a message may ask for; results may be large.

    Raises:
        UsageError: A release is not installed.
    """

    def __init__(
        self,
        bron: Schoolgegevens,
        toegang: Toegang,
        *,
        versies: Collection[str] = ("uwlr/2.2",),
        limits: Limits = DEFAULT,
    ) -> None:
        self._bron = bron
        self._access = toegang
        found = [releases.release(name) for name in versies]
        self._releases = {version: release for release in found for version in release.info["versions"]}
        self._first = found[0]
        self._limits = limits
        self._bringing: dict[str, threading.Lock] = {}

    def __call__(self, parcel: Parcel) -> Parcel:
        """Answer a request as a whole; for tests, and for transports that carry no streams.

        Args:
            parcel: The request, with the OIN of its sender in ``routing`` when that is known.

        Returns:
            The answer; a fault has the operation ``Fault``.
        """
        found = self.answer(parcel)
        if isinstance(found, bytes):
            return Parcel(found, soap.MEDIA_TYPE, operation=soap.FAULT)
        return Parcel(b"".join(found), soap.MEDIA_TYPE)

    def answer(self, parcel: Parcel) -> Antwoord | bytes:
        """Answer a request in pieces.

        Args:
            parcel: The request.

        Returns:
            The answer, or the envelope of a fault.
        """
        told = ""
        try:
            payload = soap.unwrap(parcel.content, self._limits, understood=(HEADER,))
            operation = BY_TAG.get(str(payload.tag))
            told = operation.tag(operation.fault) if operation and operation.fault else ""
            return self._answer(parcel, payload, operation)
        except SoapRefusal as error:
            return self._refused(error)
        except UwlrFault as error:
            log("uwlr-geweigerd", fout=error.code)
            return faults.write(error, told)
        except Exception as error:  # noqa: BLE001 - whatever a vendor's administration raises may hold personal data
            LOG.error("uwlr-fout soort=%s plaats=%s", type(error).__name__, place_of(error))
            return faults.write(UwlrFault(faults.INTERNAL), told)

    def _refused(self, error: SoapRefusal) -> bytes:
        """What is no message of SOAP 1.1; two of its own faults are not those of UWLR."""
        log("uwlr-geweigerd", fout=error.code)
        if error.code in ("VersionMismatch", "MustUnderstand"):
            return soap.fault_envelope(f"soap:{error.code}", error.what)
        return faults.write(UwlrFault(faults.MESSAGE, error.what))

    def _answer(self, parcel: Parcel, payload: etree._Element, operation: Operation | None) -> Antwoord:
        klant, schools = self._client(_header(payload), parcel.routing.get(OIN, ""))
        if operation is None:
            raise UwlrFault(faults.MESSAGE, "Dit bericht is geen vraag van UWLR.")
        place = payload.find(operation.tag("school")) if operation is BRING else payload
        if place is None:
            raise UwlrFault(faults.MESSAGE, "Het bericht noemt geen school.")
        if operation is not BRING:
            _tidy(payload)
        school, release = self._school(place, schools), self._release(place, operation)
        content = etree.tostring(payload, encoding="UTF-8", xml_declaration=True, with_tail=False)
        document = self._document(content, release or self._first)
        if release is None:
            raise UwlrFault(faults.VERSION)
        if operation is BRING:
            self._take(document, content, klant, school)
            log("uwlr", vraag=operation.name, klant=klant.code, school=school)
            return answers.empty(operation)
        vraag = _question(document.record, klant, school, release)
        found = self._pupil_data(operation, vraag, document.record)
        log("uwlr", vraag=operation.name, klant=klant.code, school=school, bytes=found.size)
        return found

    def _client(self, texts: dict[str, str], oin: str) -> tuple[Klant, Collection[Schoolid]]:
        """Who asks, and the schools that the key opens.

        Raises:
            UwlrFault: The header is not complete, the application is not known, or its key opens nothing.
        """
        key, code, name = (texts.get(word, "") for word in ("autorisatiesleutel", "klantcode", "klantnaam"))
        if not (key and code and name):
            raise UwlrFault(faults.ACCESS)
        klant = self._access.klant(code, name)
        if klant is None or (klant.oin and klant.oin != oin):
            raise UwlrFault(faults.CLIENT)
        schools = self._access.scholen(klant, key)
        if not schools:
            raise UwlrFault(faults.ACCESS)
        return klant, schools

    def _school(self, place: etree._Element, schools: Collection[Schoolid]) -> Schoolid:
        """The school that is asked for, when the key opens it and it is here; what names none breaks the schema.

        Raises:
            UwlrFault: The key does not open that school, or it is not here.
        """
        asked = Schoolid(*(_text(place, name) for name in ("brincode", "dependancecode", "schoolkey")))
        if not (asked.brincode or asked.schoolkey):
            return asked
        if not any(school.is_same(asked) for school in schools):
            raise UwlrFault(faults.ACCESS)
        if not self._bron.kent(asked):
            raise UwlrFault(faults.CLIENT)
        return asked

    def _release(self, place: etree._Element, operation: Operation) -> Release | None:
        """The release of a message; None when its version is none that is spoken.

        The documentation lets a request leave out its version, which the schema asks for; so the first that is spoken
        is put in its place.
        """
        if operation is not BRING and place.find(operation.tag("xsdversie")) is None:
            _put_version(place, operation, self._first)
            return self._first
        return self._releases.get(_text(place, "xsdversie").strip())

    def _document(self, content: bytes, release: Release) -> Document:
        """The message, when it is what its schema asks for.

        Raises:
            UwlrFault: It is not; the text names the first rule that it breaks, and holds no values.
        """
        try:
            document = documents.read(content, release=release.id, limits=self._limits)
        except DocumentError as error:
            raise UwlrFault(faults.MESSAGE, error.what) from None
        if not document.schema_ok:
            found = documents.check(document, layers=("schema",)).findings
            raise UwlrFault(faults.MESSAGE, found[0].text("nl") if found else "")
        return document

    # --- pupil data --------------------------------------------------------------------------------------------------

    def _pupil_data(self, operation: Operation, vraag: Vraag, record: Record) -> Antwoord:
        kop = self._bron.kop(vraag)
        if kop is None:
            return answers.without_data(operation)
        since = _moment(str(record.get("laatstontvangengegevens", "")))
        if since is not None and kop.aanmaakdatum is not None and _zoned(kop.aanmaakdatum) <= since:
            return answers.without_changes(operation)
        if vraag.groepen is not None:
            _refuse_unknown_groups(vraag.groepen, kop)
        # an iterator is made when it is needed, and a vendor may do all its work on making one
        pupils, teachers = _later(self._bron.leerlingen, vraag), _later(self._bron.leerkrachten, vraag)
        return answers.with_data(operation, vraag, kop, pupils, teachers)

    # --- results -----------------------------------------------------------------------------------------------------

    def _take(self, document: Document, content: bytes, klant: Klant, school: Schoolid) -> None:
        """Have results kept.

        Raises:
            UwlrFault: They are no newer than the ones before, or a term is not in its vocabulary; or what the
                administration raises.
        """
        found = document.leerresultaten()
        made = _moment(str(document.record["school"]["aanmaakdatum"]))
        if made is None:
            raise UwlrFault(faults.MESSAGE, "De aanmaakdatum is niet te gebruiken.")
        _refuse_terms(found)
        # one at a time, so that nothing comes between looking at the one before and keeping this one; others go on
        with self._bringing.setdefault(klant.code, threading.Lock()):
            earlier = self._bron.vorige(school, klant.code)
            if earlier is not None and made <= _zoned(earlier):
                raise UwlrFault(faults.MESSAGE, "De aanmaakdatum is niet later dan die van het vorige bericht.")
            self._bron.ontvang(
                Levering(school=school, klant=klant.code, aanmaakdatum=made, resultaten=found, bericht=content)
            )


def _header(payload: etree._Element) -> dict[str, str]:
    """The texts of the header autorisatie; none when it is not there exactly once, or says something twice."""
    found = [header for header in soap.headers(payload) if header.tag == HEADER]
    texts: dict[str, str] = {}
    for child in found[0] if len(found) == 1 else ():
        name = parser.local_name(child)
        if name in texts or len(child):
            return {}
        texts[name] = (child.text or "").strip()
    return texts


def _text(place: etree._Element, name: str) -> str:
    """The text of a child, looked at before the schema was asked; too long a one is none."""
    text = place.findtext(f"{{{etree.QName(place).namespace}}}{name}") or ""
    return text if len(text) <= _SHORT else ""


def _tidy(request: etree._Element) -> None:
    """Take out of a request for pupil data what says nothing, for programs that fill in a form send it along.

    That is an empty element, also one that says it is ``nil``, and the type of a text: none of a request can have
    another than its own.
    """
    for child in list(request):
        child.attrib.pop(_NIL, "")
        child.attrib.pop(_TYPE, "")
        if parser.local_name(child) in _MAY_BE_LEFT_OUT and not (
            len(child) or child.attrib or (child.text or "").strip()
        ):
            request.remove(child)


def _put_version(place: etree._Element, operation: Operation, release: Release) -> None:
    """Put a version into a request that has none, behind the school that it names."""
    last = [child for child in place if parser.local_name(child) in ("brincode", "dependancecode", "schoolkey")][-1:]
    made = etree.Element(operation.tag("xsdversie"))
    made.text = str(release.info["versions"][0])
    for child in last:
        child.addnext(made)


def _question(record: Record, klant: Klant, school: Schoolid, release: Release) -> Vraag:
    return Vraag(
        school=school,
        schooljaar=str(record["schooljaar"]),
        klant=klant.code,
        veldset=_fieldset(str(record.get("gegevenssetid", "")), klant, release),
        release=release,
        groepen=_groups(record["groepen"]) if "groepen" in record else None,
    )


def _fieldset(named: str, klant: Klant, release: Release) -> str:
    """The field set of an answer.

    Which words name a set is not published; one in practice is ``Smalle-set-VO``. So a word that begins with the id of
    a set means that set, and any other word is passed over.

    Raises:
        UwlrFault: It names a set that was not agreed upon with this application.
    """
    asked = [name for name in fieldsets.names(release.id) if named.strip().casefold().startswith(name)]
    if asked and asked[0] not in klant.veldsets:
        raise UwlrFault(faults.ACCESS, "Deze gegevensset is niet met dit programma afgesproken.")
    return (asked or klant.veldsets)[0]


def _groups(record: Record) -> Groepkeuze:
    own, others = _keys(record.get("groep", ())), _keys(record.get("samengestelde_groep", ()))
    return Groepkeuze(frozenset(own) - {""}, frozenset(others) - {""}, "" in own, "" in others)


def _keys(groups: Iterable[Record]) -> set[str]:
    """The keys of groups; empty for one without, which asks for those in no such group."""
    return {str(group.get("@key", "")).strip() for group in groups}


def _refuse_unknown_groups(asked: Groepkeuze, kop: Schooladministratie) -> None:
    """Refuse to answer about groups that are not here: the structure of who asks is out of date."""
    for kind, keys in (("stamgroep", asked.groepen), ("samengesteld", asked.samengesteld)):
        known = {(groep.sleutel or "").strip() for groep in kop.groepen if groep.soort == kind}
        if not keys <= known:
            raise UwlrFault(faults.MESSAGE, "De vraag noemt een groep die er niet is; vraag de structuur opnieuw op.")


def _later(ask: Callable[[Vraag], Iterable[_T]], vraag: Vraag) -> Iterator[_T]:
    yield from ask(vraag)


def _moment(text: str) -> datetime | None:
    """A moment; None for none, and for one of a year that Python does not have."""
    try:
        return _zoned(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def _zoned(moment: datetime) -> datetime:
    """A moment that can be compared: without a zone it is local time, as programs of schools write it."""
    return moment if moment.tzinfo else moment.astimezone()


def _refuse_terms(found: Leerresultaten) -> None:
    """Refuse terms that are not in the vocabulary they name, where that one is known here.

    Raises:
        UwlrFault: There is one.
    """
    known = {
        row["id"]: frozenset(row["termen"]) for row in data.toml("schemas", "uwlr", "vocabulaires.toml")["vocabulaire"]
    }
    for term in _terms(found):
        terms = known.get((term.vocabulaire or "").strip())
        if terms is not None and (term.waarde or "").strip() not in terms:
            raise UwlrFault(faults.TERM)


def _terms(found: Leerresultaten) -> Iterator[Term]:
    """The terms of all tests and results that may be of a vocabulary."""
    for _, part in found.onderdelen():
        for value in part.__dict__.values():
            if isinstance(value, Term):
                yield value
            elif isinstance(value, list):
                yield from (one for one in value if isinstance(one, Term))
