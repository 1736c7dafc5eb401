"""Test results between a dossier and the results of UWLR: there a test has its results, here a pupil has them.

A test of a dossier is what one pupil did on one day, with its parts.  UWLR names each test once, and beside it
one result for the whole test and one for every part.  Both hold what was measured as a
:class:`~oso_bridge.model.Toetsresultaat`.  A plain score has a meaning only with the norms of its test, and stays
behind.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel

from oso_bridge.binding import Loss
from oso_bridge.errors import UsageError
from oso_bridge.kept import HOLDER, numbered
from oso_bridge.model import (
    Administratieleerling,
    Administratieschool,
    Dossier,
    Leerling,
    Leerresultaten,
    Onderdeeldefinitie,
    Resultaat,
    Term,
    Toets,
    Toetsafname,
    Toetsdefinitie,
    Toetsresultaat,
)

STAND_IN = "#"
"""What a key begins with that means nothing in another delivery (manual of EDEXML 2.1)."""


def same_key(value: str | None) -> str | None:
    """A key as it is compared, blanks around it aside; None when it is none, or a stand-in."""
    text = (value or "").strip()
    return None if not text or text.startswith(STAND_IN) else text


Key = tuple[str, str]
"""What names a pupil: whether it is the key (``leerlingid``) or the ECK iD (``eckid``), and the text."""


def keys_of(part: Administratieleerling | Toetsafname) -> list[Key]:
    """What names the pupil that a part is about; stand-ins left out."""
    named = (("leerlingid", same_key(part.leerlingid)), ("eckid", same_key(part.eckid)))
    return [(kind, key) for kind, key in named if key is not None]


def bare(value: Any, path: str, left: list[Loss]) -> Any:
    """A part as plain values, without what is absent and without ``extra``, which is told as left behind.

    Args:
        value: A part of the model, a list, or a value.
        path: Its place.
        left: Takes a loss for each part that held something in ``extra``.
    """
    if isinstance(value, list):
        return [bare(item, numbered("", path, number), left) for number, item in enumerate(value)]
    if not isinstance(value, BaseModel):
        return value
    made = {name: bare(item, f"{path}.{name}", left) for name, item in filled(value)}
    if getattr(value, HOLDER, None):
        left.append(Loss(f"{path}.{HOLDER}", "andere-release"))
    return made


def filled(part: BaseModel) -> Iterator[tuple[str, Any]]:
    """The fields of a part that hold something, ``extra`` aside."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if name != HOLDER and value is not None and value != []:
            yield name, value


# --- results become tests -------------------------------------------------------------------------------------------


class Results:
    """Results of many pupils, in which those of one are found at once.

    Args:
        resultaten: The results, as an application brought them.
    """

    def __init__(self, resultaten: Leerresultaten) -> None:
        self._resultaten = resultaten
        self._by_key: dict[Key, list[int]] = {}
        self._stand_ins: dict[str, list[int]] = {}
        for number, afname in enumerate(resultaten.afnames):
            for key in keys_of(afname):
                self._by_key.setdefault(key, []).append(number)
            if not keys_of(afname):
                self._stand_ins.setdefault((afname.leerlingid or "").strip(), []).append(number)
        codes = ((toets.code.waarde or "").strip() if toets.code else "" for toets in resultaten.toetsen)
        # the first of several with the same code counts
        self._definitions = {code: number for number, code in reversed(list(enumerate(codes))) if code}

    def keys(self, number: int) -> list[Key]:
        """What names the pupil of some results."""
        return keys_of(self._resultaten.afnames[number])

    def numbers(self, leerling: Administratieleerling) -> list[int]:
        """Which of ``afnames`` are those of a pupil: by key or by ECK iD.

        Raises:
            UsageError: One of the two says that they are, the other that they are not.
        """
        own = dict(keys_of(leerling))
        found = sorted({number for key in own.items() for number in self._by_key.get(key, ())})
        for number in found:
            if any(own.get(kind, key) != key for kind, key in self.keys(number)):
                raise UsageError(
                    "The key and the ECK iD of these results are not of the same pupil.",
                    where=numbered("", "afnames", number),
                    remedy="Find out whose results these are, and correct one of the two.",
                )
        return found

    def tests(self, numbers: Iterable[int], sleutel: str | None) -> tuple[list[dict[str, Any]], list[Loss]]:
        """The tests of a pupil.

        Args:
            numbers: Which of ``afnames`` are those of the pupil, as :meth:`numbers` says.
            sleutel: The key of the pupil. Results under a stand-in that is the same may be of someone else, and are
                told as left behind.

        Returns:
            Plain values for :class:`~oso_bridge.model.Toets`, and what was left behind.
        """
        left: list[Loss] = []
        tests = _Tests(self._resultaten, self._definitions, left)
        for number in numbers:
            tests.add(numbered("", "afnames", number), self._resultaten.afnames[number])
        unsure = self._stand_ins.get(sleutel.strip(), ()) if sleutel and same_key(sleutel) is None else ()
        return tests.found, [*left, *(Loss(numbered("", "afnames", number), "wie") for number in unsure)]


class _Tests:
    """The tests of one pupil, while they are put together out of results."""

    def __init__(self, resultaten: Leerresultaten, definitions: dict[str, int], left: list[Loss]) -> None:
        self.found: list[dict[str, Any]] = []
        self._toetsen = resultaten.toetsen
        self._definitions = definitions
        self._left = left
        self._told: set[str] = set()
        self._parts: dict[str | None, dict[str, str | None]] = {}
        self._same: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        self._taken: Counter[tuple[tuple[Any, ...], str | None]] = Counter()

    def add(self, path: str, afname: Toetsafname) -> None:
        """Take in the results of one ``toetsafname``."""
        self._tell(afname, path, {"leerlingid", "eckid", "resultaten"})
        for number, resultaat in enumerate(afname.resultaten):
            self._result(numbered(path, "resultaten", number), resultaat)

    def _result(self, path: str, resultaat: Resultaat) -> None:
        measured = dict(bare(resultaat.osoresultaat, f"{path}.osoresultaat", self._left) or {})
        if not measured:
            self._tell(resultaat, path, {"sleutel", "afnamedatum", "toetscode", "versie", "toetsonderdeelcode"})
            return
        known = {"sleutel", "afnamedatum", "toetscode", "versie", "toetsonderdeelcode", "osoresultaat"}
        self._tell(resultaat, path, known)
        self._tell_term(resultaat.versie, f"{path}.versie")
        definition = self._definition(resultaat.toetscode)
        if resultaat.toetsonderdeelcode is None:
            self._test(resultaat, definition, None)["resultaat"] = measured
            return
        code = resultaat.toetsonderdeelcode
        part = {"code": code, "naam": self._part_name(resultaat.toetscode, definition, code), "resultaat": measured}
        self._test(resultaat, definition, code)["onderdelen"].append(part)

    def _test(self, resultaat: Resultaat, definition: Toetsdefinitie | None, part: str | None) -> dict[str, Any]:
        """The first test of that day that has no result yet for that part; taken again it is another test."""
        versie = resultaat.versie.waarde if resultaat.versie else None
        about = (resultaat.toetscode, versie, resultaat.afnamedatum)
        alike, taken = self._same.setdefault(about, []), self._taken[about, part]
        self._taken[about, part] += 1
        if taken < len(alike):
            return alike[taken]
        test: dict[str, Any] = {"code": resultaat.toetscode, "versie": versie, "onderdelen": []}
        test["afname"] = {"datum": resultaat.afnamedatum} if resultaat.afnamedatum else None
        if definition is not None:
            test["naam"] = definition.naam
            test["leergebied"] = definition.vakgebied.waarde if definition.vakgebied else None
        alike.append(test)
        self.found.append(test)
        return test

    def _definition(self, code: str | None) -> Toetsdefinitie | None:
        """What the results say of a test; what of it has no place is told once."""
        number = self._definitions.get((code or "").strip())
        if number is None:
            return None
        definition, path = self._toetsen[number], numbered("", "toetsen", number)
        if path not in self._told:
            self._told.add(path)
            self._tell_definition(definition, path)
        return definition

    def _part_name(self, test: str | None, definition: Toetsdefinitie | None, code: str) -> str | None:
        """What a part of a test is called; of several with the same code the first."""
        if test not in self._parts:
            parts = definition.onderdelen if definition else ()
            self._parts[test] = {(part.code.waarde or "").strip(): part.naam for part in reversed(parts) if part.code}
        return self._parts[test].get(code.strip())

    def _tell_definition(self, definition: Toetsdefinitie, path: str) -> None:
        # the version is that of a result
        self._tell(definition, path, {"code", "naam", "versie", "vakgebied", "onderdelen"})
        for name in ("code", "vakgebied"):
            self._tell_term(getattr(definition, name), f"{path}.{name}")
        for number, part in enumerate(definition.onderdelen):
            where = numbered(path, "onderdelen", number)
            self._tell(part, where, {"volgnummer", "code", "naam"})
            self._tell_term(part.code, f"{where}.code")

    def _tell_term(self, term: Term | None, path: str) -> None:
        if term is not None:
            self._tell(term, path, {"waarde"})

    def _tell(self, part: BaseModel, path: str, known: set[str]) -> None:
        """A loss for every field of a part that a dossier has no place for."""
        self._left += [Loss(f"{path}.{name}", "geen-plaats-dossier") for name, _ in filled(part) if name not in known]
        if getattr(part, HOLDER, None):
            self._left.append(Loss(f"{path}.{HOLDER}", "andere-release"))


# --- tests become results -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Collected:
    """Results made out of dossiers.

    Attributes:
        resultaten: The results and the tests they are of.
        left: What of the tests in the dossiers did not go along; places are those of the dossier, preceded by
            ``dossier[2].`` and so on from the second dossier on.
    """

    resultaten: Leerresultaten
    left: list[Loss] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Collected(pupils={len(self.resultaten.afnames)}, left={len(self.left)})"


def results_of(dossiers: Dossier | Iterable[Dossier], *, schooljaar: str | None = None) -> Collected:
    """The tests of dossiers as results of UWLR, for a program that takes those in.

    A pupil is named by ``leerlingid``, never by a bsn.  The key of a result is made out of what it is a result of, so
    that the same result has the same key each time.

    Args:
        dossiers: One dossier or several, of one school.
        schooljaar: The school year of the results, such as ``2024-2025``, which a dossier does not say.

    Returns:
        The results, and what of ``rapport.toetsen`` and ``rapport.eindtoetsen`` did not go along.

    Raises:
        UsageError: The dossiers are of several schools, or two of them are of the same pupil.
    """
    given = [dossiers] if isinstance(dossiers, Dossier) else list(dossiers)
    collector = _Collector()
    for number, dossier in enumerate(given):
        collector.add(dossier, numbered("", "dossier", number) if number else "")
    school = _school(given)
    made = Leerresultaten(schooljaar=schooljaar, school=school, afnames=collector.afnames, toetsen=collector.toetsen)
    return Collected(made, collector.left)


def _school(dossiers: list[Dossier]) -> Administratieschool | None:
    """The one school of the dossiers, by its numbers."""
    schools = [dossier.school for dossier in dossiers if dossier.school is not None]
    numbers = {(school.brincode, school.vestigingscode) for school in schools}
    if len(numbers) > 1:
        raise UsageError(
            "The dossiers are of several schools.", remedy="Collect the results of each school by themselves."
        )
    return next((Administratieschool(brincode=brin, vestigingscode=code) for brin, code in numbers), None)


@dataclass(frozen=True)
class _About:
    """What a result is a result of: whose, of which test, and of which day."""

    pupil: str
    code: str
    version: str | None
    day: date

    def result(self, part: str | None, measured: Toetsresultaat, again: Counter[tuple[str, ...]]) -> Resultaat:
        """A result; ``again`` counts those of the same test on the same day."""
        said = (self.pupil, self.code, self.version or "", self.day.isoformat(), part or "")
        again[said] += 1
        return Resultaat(
            sleutel=_key(*said, str(again[said])),
            afnamedatum=self.day,
            toetscode=self.code,
            versie=Term(waarde=self.version) if self.version else None,
            toetsonderdeelcode=part,
            osoresultaat=measured,
        )


class _Collector:
    """Results and definitions, while dossiers are gone through."""

    def __init__(self) -> None:
        self.afnames: list[Toetsafname] = []
        self.toetsen: list[Toetsdefinitie] = []
        self.left: list[Loss] = []
        self._by_code: dict[str, Toetsdefinitie] = {}
        self._parts: dict[tuple[str, str], str | None] = {}
        self._pupils: set[str] = set()

    def add(self, dossier: Dossier, path: str) -> None:
        """Take in the tests of one dossier."""
        prefix = f"{path}." if path else ""
        for number in range(len(dossier.rapport.eindtoetsen)):
            self._leave(numbered(f"{prefix}rapport", "eindtoetsen", number))
        key = same_key(dossier.leerling.leerlingid) if dossier.leerling else None
        resultaten: list[Resultaat] = []
        again: Counter[tuple[str, ...]] = Counter()
        for number, toets in enumerate(dossier.rapport.toetsen):
            where = numbered(f"{prefix}rapport", "toetsen", number)
            day = toets.afname.datum if toets.afname else None
            if key is None:
                self._leave(where, "wie")
            elif toets.code is None or day is None:
                self._leave(where, "onvolledig")
            else:
                resultaten += self._test(toets, _About(key, toets.code, toets.versie, day), where, again)
        if key is not None and resultaten:
            self._once(key)
            self.afnames.append(Toetsafname(leerlingid=key, eckid=_eckid(dossier.leerling), resultaten=resultaten))

    def _once(self, key: str) -> None:
        if key in self._pupils:
            raise UsageError("Two dossiers have the same leerlingid.", remedy="Merge them first: oso.merge.")
        self._pupils.add(key)

    def _test(self, toets: Toets, about: _About, path: str, again: Counter[tuple[str, ...]]) -> Iterator[Resultaat]:
        """The results of one test, that of the whole first."""
        self._tell_test(toets, path)
        self._define(toets, about.code, path)
        whole = self._measured(toets.resultaat, f"{path}.resultaat")
        measured = [] if whole is None else [about.result(None, whole, again)]
        for number, part in enumerate(toets.onderdelen):
            where = numbered(path, "onderdelen", number)
            found = self._measured(part.resultaat, f"{where}.resultaat")
            if found is None or part.code is None:
                self._leave(where, "onvolledig")
            else:
                self._define_part(self._by_code[about.code], (about.code, part.code), part.naam, f"{where}.naam")
                measured.append(about.result(part.code, found, again))
        if not measured and not toets.onderdelen:
            self._leave(path, "onvolledig")
        yield from measured

    def _tell_test(self, toets: Toets, path: str) -> None:
        """What of a test has no place; of its parts that with their results."""
        self._tell(toets, path, {"code", "naam", "versie", "leergebied", "afname", "resultaat", "onderdelen"})
        if toets.afname is not None:
            self._tell(toets.afname, f"{path}.afname", {"datum"})
        for number, part in enumerate(toets.onderdelen):
            self._tell(part, numbered(path, "onderdelen", number), {"code", "naam", "resultaat"})

    def _measured(self, result: Toetsresultaat | None, path: str) -> Toetsresultaat | None:
        """What was measured, without files: UWLR has no place for those."""
        made = dict(bare(result, path, self.left) or {})
        for number in range(len(made.pop("bijlagen", ()))):
            self._leave(numbered(path, "bijlagen", number))
        return Toetsresultaat(**made) if made else None

    def _define(self, toets: Toets, code: str, path: str) -> None:
        """Name the test, or see that it is the one that has that code already."""
        known = self._by_code.get(code)
        if known is None:
            area = Term(waarde=toets.leergebied) if toets.leergebied else None
            known = self._by_code[code] = Toetsdefinitie(code=Term(waarde=code), naam=toets.naam, vakgebied=area)
            self.toetsen.append(known)
        for name, said in (("naam", known.naam), ("leergebied", known.vakgebied and known.vakgebied.waarde)):
            if getattr(toets, name) not in (None, said):
                self._leave(f"{path}.{name}", "een-van-meer-toetsen")

    def _define_part(self, test: Toetsdefinitie, about: tuple[str, str], name: str | None, path: str) -> None:
        """Name a part of a test, or see that it is the one that has that code already."""
        if about not in self._parts:
            self._parts[about] = name
            number = len(test.onderdelen) + 1
            test.onderdelen.append(Onderdeeldefinitie(volgnummer=number, code=Term(waarde=about[1]), naam=name))
        elif name not in (None, self._parts[about]):
            self._leave(path, "een-van-meer-toetsen")

    def _tell(self, part: BaseModel, path: str, known: set[str]) -> None:
        for name, _ in filled(part):
            if name not in known:
                self._leave(f"{path}.{name}")
        if getattr(part, HOLDER, None):
            self._leave(f"{path}.{HOLDER}", "andere-release")

    def _leave(self, path: str, kind: str = "geen-plaats-resultaat") -> None:
        self.left.append(Loss(path, kind))


def _eckid(leerling: Leerling | None) -> str | None:
    """The ECK iD, which a pupil of a dossier has only when someone made it of a pupil of an administration."""
    return leerling.eckid if isinstance(leerling, Administratieleerling) else None


def _key(*said: str) -> str:
    """A key that is the same for the same texts, and tells none of them."""
    return "R-" + hashlib.sha256("\x1f".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:32]
