"""The answers with pupil data: person by person, so that a large school takes hardly more memory than a small one.

A few persons at a time are brought back to the field set, written, and held against the schema as a message of one
step.  What was written waits compressed until all of it is found good: an answer that would be wrong never begins.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from oso_bridge import binding, plan
from oso_bridge import document as documents
from oso_bridge.exchange import soap
from oso_bridge.exchange.conversation import log
from oso_bridge.exchange.uwlr.bron import Groepkeuze, Vraag
from oso_bridge.exchange.uwlr.faults import INTERNAL, UwlrFault
from oso_bridge.exchange.uwlr.keys import Sleutels
from oso_bridge.exchange.uwlr.operations import ALL, BY_GROUP, NO_CHANGES, NO_DATA, STRUCTURE, TEACHERS, Operation
from oso_bridge.fieldsets import Fieldset, fieldset, last_digits, trimmed
from oso_bridge.filling import version_of
from oso_bridge.model.administratie import Administratieleerling, Leerkracht, Schooladministratie
from oso_bridge.releases import Release
from oso_bridge.xml import parser, schema
from oso_bridge.xml.writer import write_record

PERSONS = 100
"""How many persons are written at a time."""
_PIECE = 64 * 1024
_T = TypeVar("_T")


class Antwoord:
    """An answer as it is sent: an envelope, whose size is known, in pieces that are made while they are taken.

    Attributes:
        size: Its bytes.
    """

    def __init__(self) -> None:
        self.size = 0
        self._press = zlib.compressobj(1)
        self._kept: list[bytes] = []
        self.add(soap.HEAD)

    def add(self, piece: bytes) -> None:
        """Put a piece at the end."""
        self.size += len(piece)
        if pressed := self._press.compress(piece):
            self._kept.append(pressed)

    def complete(self) -> Antwoord:
        """End the envelope."""
        self.add(soap.TAIL)
        self._kept.append(self._press.flush())
        return self

    def __iter__(self) -> Iterator[bytes]:
        unpress = zlib.decompressobj()
        for pressed in self._kept:
            waiting = pressed
            while waiting:
                if piece := unpress.decompress(waiting, _PIECE):
                    yield piece
                waiting = unpress.unconsumed_tail
        if piece := unpress.flush():
            yield piece


def empty(operation: Operation, child: str = "") -> Antwoord:
    """An answer without data.

    Args:
        operation: What was asked.
        child: What stands in it, such as ``geenwijzigingen``; empty for nothing.
    """
    made, inside = Antwoord(), f"<{child}/>" if child else ""
    made.add(f'<{operation.answer} xmlns="{operation.namespace}">{inside}</{operation.answer}>'.encode())
    return made.complete()


def without_changes(operation: Operation) -> Antwoord:
    """The answer that nothing changed."""
    return empty(operation, NO_CHANGES)


def without_data(operation: Operation) -> Antwoord:
    """The answer that nothing was found."""
    return empty(operation, NO_DATA)


def with_data(
    operation: Operation,
    vraag: Vraag,
    kop: Schooladministratie,
    leerlingen: Iterable[Administratieleerling],
    leerkrachten: Iterable[Leerkracht],
) -> Antwoord:
    """An answer with the data that an operation asks for.

    Args:
        operation: What was asked.
        vraag: The request.
        kop: The school with its groups and branches.
        leerlingen: The pupils; asked for only when the operation wants them.
        leerkrachten: The staff, likewise.

    Raises:
        UwlrFault: ``Server.InterneFout`` when the data are not what the schema asks for, or their keys are wrong.
    """
    keys, maker = Sleutels(kop), _Maker(vraag, kop)
    made = Antwoord()
    made.add(f'<{operation.answer} xmlns="{operation.namespace}"><{operation.data}>\n'.encode())
    made.add(maker.kop(whole=operation in (ALL, STRUCTURE)))
    pupils = teachers = 0
    if operation in (ALL, BY_GROUP):
        asked = _noted(_asked_pupils(leerlingen, vraag.groepen), keys.leerling)
        pupils = _list(made, "leerlingen", asked, maker.leerlingen)
    if operation in (ALL, TEACHERS):
        staff = _noted(_asked_teachers(leerkrachten, vraag.groepen), keys.leerkracht)
        teachers = _list(made, "leerkrachten", staff, maker.leerkrachten)
    if (operation in (ALL, BY_GROUP) and not pupils) or (operation is TEACHERS and not teachers):
        return without_data(operation)
    made.add(f"</{operation.data}></{operation.answer}>".encode())
    return made.complete()


def _asked_pupils(
    leerlingen: Iterable[Administratieleerling], groepen: Groepkeuze | None
) -> Iterator[Administratieleerling]:
    for leerling in leerlingen:
        own = [leerling.groep] if leerling.groep else []
        others = (one.sleutel or "" for one in leerling.samengestelde_groepen)
        if groepen is None or groepen.takes(own, others):
            yield leerling


def _asked_teachers(leerkrachten: Iterable[Leerkracht], groepen: Groepkeuze | None) -> Iterator[Leerkracht]:
    for leerkracht in leerkrachten:
        own = (one.sleutel or "" for one in leerkracht.groepen if one.soort == "stamgroep")
        others = (one.sleutel or "" for one in leerkracht.groepen if one.soort == "samengesteld")
        if groepen is None or groepen.takes(own, others):
            yield leerkracht


def _noted(persons: Iterable[_T], note: Callable[[_T], None]) -> Iterator[_T]:
    """The persons, each looked at as it goes by."""
    for person in persons:
        note(person)
        yield person


def _list(made: Antwoord, name: str, persons: Iterator[_T], write: Callable[[list[_T]], bytes]) -> int:
    """Write a list of persons, a few at a time; nothing at all when there are none. Gives their number."""
    count = 0
    while part := list(islice(persons, PERSONS)):
        if not count:
            made.add(f"<{name}>\n".encode())
        made.add(write(part))
        count += len(part)
    if count:
        made.add(f"</{name}>\n".encode())
    return count


class _Maker:
    """Makes the parts of one answer: each as a message of one step, of which the inside is kept."""

    def __init__(self, vraag: Vraag, kop: Schooladministratie) -> None:
        self._release = vraag.release
        self._set = fieldset(vraag.veldset, release=vraag.release.id)
        self._kop = _completed(kop, vraag.release, self._set)
        self._own = self._kop.model_copy(update={"groepen": [], "vestigingen": []})

    def kop(self, *, whole: bool) -> bytes:
        """The school; with its groups and branches when it is to be whole."""
        written = self._written(STRUCTURE, self._kop if whole else self._own)
        return _inside(written, STRUCTURE.data)

    def leerlingen(self, leerlingen: list[Administratieleerling]) -> bytes:
        """Some pupils."""
        part = self._own.model_copy(update={"leerlingen": [_with_last_digits(one) for one in leerlingen]})
        return _inside(self._written(BY_GROUP, part), "leerlingen")

    def leerkrachten(self, leerkrachten: list[Leerkracht]) -> bytes:
        """Some members of staff."""
        part = self._own.model_copy(update={"leerkrachten": leerkrachten})
        return _inside(self._written(TEACHERS, part), "leerkrachten")

    def _written(self, operation: Operation, part: Schooladministratie) -> bytes:
        bound = binding.table(self._release, operation.data)
        tree = plan.load(self._release).tree(operation.data)
        record = trimmed(bound.write(part)[0], tree.root, "", self._set)
        xml = write_record(record, tree)
        self._refuse_faulty(xml)
        return xml

    def _refuse_faulty(self, xml: bytes) -> None:
        """Hold what was written against the schema; the log gets the rules and places, and no values."""
        if schema.load(self._release).validate(parser.parse(xml)) is None:
            return
        for fault in islice(documents.read(xml, release=self._release.id).schema_faults or (), 5):
            log("uwlr-gegevens-fout", reden=fault.rule, plaats=fault.place.xpath)
        raise UwlrFault(INTERNAL)


def _completed(kop: Schooladministratie, release: Release, chosen: Fieldset) -> Schooladministratie:
    """What a message says of itself: the version, and what the field set asks for and is known all the same."""
    # local time without a zone, as programs of schools write it
    made = kop.aanmaakdatum or datetime.now().astimezone().replace(tzinfo=None, microsecond=0)
    # a peildatum that is absent is the day of making (manual of EDEXML 2.1)
    needs = chosen.letters("school/peildatum")[0] == "V"
    peildatum = kop.peildatum or (made.date() if needs else None)
    return kop.model_copy(update={"xsdversie": version_of(release), "aanmaakdatum": made, "peildatum": peildatum})


def _with_last_digits(leerling: Administratieleerling) -> Administratieleerling:
    """A pupil with the last four digits of the number, for a field set that wants those."""
    return leerling.model_copy(update={"bsn_ondwnr4": last_digits(leerling)})


def _inside(xml: bytes, element: str) -> bytes:
    """What stands in the only element of that name; a text cannot hold such a tag, for its signs are escaped."""
    start = xml.index(b">", xml.index(f"<{element}".encode())) + 1
    return xml[start : xml.rindex(f"</{element}>".encode())]
