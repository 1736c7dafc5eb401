"""Drafts: a dossier out of a school administration and test results, as far as those go.

The administration says who a pupil is, and results say what tests he or she did.  What goes where is data:
``schemas/concept.toml``.  What is missing in the dossier is for a person to fill; what had no place in it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from oso_bridge import data, writing
from oso_bridge.binding import Loss, require
from oso_bridge.data import cached
from oso_bridge.errors import UsageError
from oso_bridge.findings import Finding
from oso_bridge.kept import HOLDER, numbered
from oso_bridge.model import (
    Administratieleerling,
    Administratieschool,
    Dossier,
    Groep,
    Leerling,
    Leerresultaten,
    School,
    Schooladministratie,
    Schoolbestand,
)
from oso_bridge.profiles import Profile, profile
from oso_bridge.results import Key, Results, bare, filled, keys_of, same_key

FILE = ("schemas", "concept.toml")
_LIST = "[]"
_OWN_RESULTS = "Give the results of the school that the administration is of."


@dataclass(frozen=True)
class Draft:
    """A dossier as far as the administration knows it.

    Attributes:
        dossier: The dossier.
        left: What the sources say of the pupil and the dossier has no place for; places are those of the sources,
            such as ``leerlingen[3].startjaargroep3`` or ``afnames.resultaten[2].score``.
    """

    dossier: Dossier
    left: list[Loss] = field(default_factory=list)

    def todo(self, *, release: str) -> list[Finding]:
        """What the dossier still needs before it can be written; see :func:`oso_bridge.todo`.

        Args:
            release: The release that it is to be written in, such as ``oso/2019.1``.
        """
        return writing.todo(self.dossier, release=release)

    def __repr__(self) -> str:
        return f"Draft(left={len(self.left)})"


def draft(
    administratie: Schooladministratie,
    *,
    leerling: str,
    profiel: str,
    resultaten: Leerresultaten | None = None,
) -> Draft:
    """Draft the dossier of one pupil.

    Args:
        administratie: The administration that the pupil is in.
        leerling: The key (``leerlingid``) or the ECK iD of the pupil.
        profiel: For whom the dossier is: ``POPO``, ``POVO``, ``VOVO``, ``BB``, ``POSWV`` or ``VOSWV``.
        resultaten: Results of tests; those of the pupil become tests of the dossier.

    Returns:
        The dossier, with what did not go along.

    Raises:
        UsageError: There is no such profile; there is no such pupil, or more than one; the results are of another
            school, or it is not clear whose they are.
    """
    drafter = _Drafter(administratie, profiel, resultaten)
    return drafter.draft(drafter.number(leerling))


def drafts(
    administratie: Schooladministratie,
    *,
    profiel: str,
    resultaten: Leerresultaten | None = None,
    leerlingen: Collection[str] | None = None,
    groep: str | None = None,
) -> Iterator[Draft]:
    """Draft the dossiers of several pupils, in the order of the administration.

    Args:
        administratie: The administration that the pupils are in.
        profiel: For whom the dossiers are, as with :func:`draft`.
        resultaten: Results of tests.
        leerlingen: The keys or ECK iDs of the pupils; all pupils when left out.
        groep: The key of a group: only pupils who are in it.

    Yields:
        A draft for each pupil.  What is wrong with the choice or the results is said before the first one.

    Raises:
        UsageError: As with :func:`draft`; or there is no such group.
    """
    drafter = _Drafter(administratie, profiel, resultaten)
    keys = [leerlingen] if isinstance(leerlingen, str) else leerlingen
    chosen = drafter.all() if keys is None else sorted({drafter.number(key) for key in keys})
    if groep is not None:
        members = drafter.members(groep)
        chosen = [number for number in chosen if number in members]
    drafter.require_clear(chosen)
    return map(drafter.draft, chosen)


class _Drafter:
    """Drafts of one administration."""

    def __init__(self, administratie: Schooladministratie, profiel: str, resultaten: Leerresultaten | None) -> None:
        require(administratie, Schooladministratie)
        if resultaten is not None:
            require(resultaten, Leerresultaten)
        self._administratie = administratie
        self._profile = profile(profiel)
        self._results = None if resultaten is None else Results(resultaten)
        self._pupils: dict[str, list[int]] = {}
        self._owner: dict[Key, list[int]] = {}
        for number, pupil in enumerate(administratie.leerlingen):
            for key in {(pupil.leerlingid or "").strip(), (pupil.eckid or "").strip()} - {""}:
                self._pupils.setdefault(key, []).append(number)
            for kind_and_key in keys_of(pupil):
                self._owner.setdefault(kind_and_key, []).append(number)
        if resultaten is not None:
            _refuse_other_school(administratie, resultaten)

    def all(self) -> list[int]:
        """The numbers of all pupils."""
        return list(range(len(self._administratie.leerlingen)))

    def number(self, key: str) -> int:
        """The number of a pupil.

        Raises:
            UsageError: There is none, or more than one.
        """
        found = self._pupils.get(key.strip(), [])
        if len(found) != 1:
            told = "is no pupil" if not found else f"are {len(found)} pupils"
            raise UsageError(
                f"There {told} with that key or ECK iD.", remedy="A key is leerling/@key of EDEXML or UWLR."
            )
        return found[0]

    def members(self, key: str) -> set[int]:
        """The numbers of the pupils in a group.

        Raises:
            UsageError: There is no such group.
        """
        groups = {(group.sleutel or "").strip() for group in self._administratie.groepen}
        if key.strip() not in groups - {""}:
            raise UsageError("There is no group with that key.", remedy="A key is groep/@key of EDEXML or UWLR.")
        pupils = enumerate(self._administratie.leerlingen)
        return {number for number, pupil in pupils if key.strip() in _groups(pupil)}

    def require_clear(self, numbers: list[int]) -> None:
        """Refuse results of which it is not clear whose they are.

        Raises:
            UsageError: The results of one of these pupils may be of another one.
        """
        for number in numbers if self._results is not None else ():
            self._results_of(number)

    def draft(self, number: int) -> Draft:
        """The draft for a pupil."""
        pupil = self._administratie.leerlingen[number]
        made = _Made(self._profile)
        path = numbered("", "leerlingen", number)
        made.take("leerling", pupil, path, Leerling)
        if self._administratie.school is not None:
            made.take("school", self._administratie.school, "school", School)
        made.take("bestand", self._administratie, "", None)
        group = self._group(pupil)
        if group is not None:
            made.take("groep", group[1], numbered("", "groepen", group[0]), None)
        elif pupil.groep is not None:
            made.left.append(Loss(f"{path}.groep", "geen-plaats-dossier"))
        return made.draft(*self._tests(number))

    def _tests(self, number: int) -> tuple[list[dict[str, Any]], list[Loss]]:
        """The tests of a pupil."""
        if self._results is None:
            return [], []
        return self._results.tests(self._results_of(number), self._administratie.leerlingen[number].leerlingid)

    def _results_of(self, number: int) -> list[int]:
        """Which results are those of a pupil."""
        found = [] if self._results is None else self._results.numbers(self._administratie.leerlingen[number])
        for other in found:
            if self._owners(other) != {number}:
                raise UsageError(
                    "By their key and ECK iD these results are of several pupils.",
                    where=numbered("", "afnames", other),
                    remedy="Give every pupil a key and an ECK iD of his or her own, in both files.",
                )
        return found

    def _owners(self, afname: int) -> set[int]:
        """The pupils whose results these can be."""
        keys = () if self._results is None else self._results.keys(afname)
        return {number for key in keys for number in self._owner.get(key, ())}

    def _group(self, pupil: Administratieleerling) -> tuple[int, Groep] | None:
        """The stamgroep of a pupil, with its number."""
        key = (pupil.groep or "").strip()
        groups = enumerate(self._administratie.groepen)
        found = [(number, group) for number, group in groups if key and (group.sleutel or "").strip() == key]
        return found[0] if len(found) == 1 else None


def _groups(pupil: Administratieleerling) -> set[str]:
    """The keys of the groups that a pupil is in."""
    keys = [pupil.groep, *(reference.sleutel for reference in pupil.samengestelde_groepen)]
    return {key.strip() for key in keys if key}


def _refuse_other_school(administratie: Schoolbestand, resultaten: Schoolbestand) -> None:
    """Refuse results of another school: its keys may be those of other children."""
    ours, theirs = administratie.school, resultaten.school
    for name in ("brincode", "instellingsnummer", "sleutel"):
        one, other = getattr(ours, name, None), getattr(theirs, name, None)
        if one and other and one.strip() != other.strip():
            raise UsageError("The results are of another school.", where=f"school.{name}", remedy=_OWN_RESULTS)
    if _vestiging(ours) != _vestiging(theirs) and None not in (_vestiging(ours), _vestiging(theirs)):
        raise UsageError("The results are of another school.", where="school.vestigingscode", remedy=_OWN_RESULTS)


def _vestiging(school: Administratieschool | None) -> str | None:
    """Which of the schools with one brincode it is: no code is ``00`` (manual of EDEXML); None without a brincode."""
    if school is None or not school.brincode:
        return None
    return (school.vestigingscode or "").strip() or "00"


# --- what goes where ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """What becomes of a field; the words are explained in ``concept.toml``."""

    source: str
    to: tuple[str, ...]
    values: Mapping[str, str] | None
    other: str | None
    wider: frozenset[str]
    stand_in: bool
    form: Callable[[str], str]
    constants: Mapping[str, str]
    needs: str | None
    not_for: frozenset[str]

    def value(self, value: Any) -> tuple[Any, str | None]:
        """The value in the dossier, None when it does not go along; and the kind of loss, None when there is none."""
        if self.stand_in and same_key(value) is None:
            return None, "sleutel"
        if self.values is not None and value not in self.values:
            return (value, None) if self.other == "same" else (None, "geen-code-dossier")
        text = self.values[value] if self.values is not None else self.form(value)
        return text, "ruimer" if value in self.wider else None


@cached(maxsize=1)
def _rows() -> dict[str, _Row]:
    """The rows, by the field that they are about."""
    return {row["from"]: _row(row) for row in data.toml(*FILE)["row"]}


def _row(row: Mapping[str, Any]) -> _Row:
    return _Row(
        source=row["from"],
        to=tuple(row.get("to", ())),
        values=row.get("values"),
        other=row.get("other"),
        wider=frozenset(row.get("wider", ())),
        stand_in="stand_in" in row,
        form=_FORMS[row.get("form", "same")],
        constants=row.get("with", {}),
        needs=row.get("needs"),
        not_for=frozenset(row.get("not_for", ())),
    )


def _with_points(text: str) -> str:
    """Initials with a point after each: ``AB`` is ``A.B.``, ``ThM`` is ``Th.M.``; other writing stays as it is."""
    if not text.isalpha() or not text[0].isupper():
        return text
    return text[0] + "".join(f".{sign}" if sign.isupper() else sign for sign in text[1:]) + "."


_FORMS: dict[str, Callable[[str], str]] = {"same": lambda text: text, "voorletters": _with_points}


class _Made:
    """A dossier while it is put together.

    Attributes:
        left: What did not go along.
    """

    def __init__(self, chosen: Profile) -> None:
        self.left: list[Loss] = []
        self._profile = chosen
        self._parts: dict[str, Any] = {}
        self._given: set[str] = set()
        self._items: dict[str, dict[str, Any]] = {}
        # the group of a pupil is followed to what it says of itself
        self._silent = frozenset({*data.toml(*FILE)["silent"], "leerling.groep"})

    def take(self, source: str, part: BaseModel, path: str, same: type[BaseModel] | None) -> None:
        """Take over what a part of the administration says.

        Args:
            source: What the rows call the part.
            part: The part.
            path: Its place.
            same: The part of the dossier whose fields of the same name take what has no row; None when there is none.
        """
        for name, value in filled(part):
            place = f"{path}.{name}" if path else name
            row = _rows().get(f"{source}.{name}")
            if row is not None:
                self._by_row(row, value, place)
            elif same is not None and name in same.model_fields:
                self._put(f"{source}.{name}", bare(value, place, self.left), place)
            elif source != "bestand" and f"{source}.{name}" not in self._silent:
                self.left.append(Loss(place, "geen-plaats-dossier"))
        if source != "bestand" and getattr(part, HOLDER, None):
            self.left.append(Loss(f"{path}.{HOLDER}", "andere-release"))

    def _by_row(self, row: _Row, value: Any, place: str) -> None:
        if self._profile.name in row.not_for:
            self.left.append(Loss(place, "profiel"))
            return
        found, lost = row.value(value)
        wanted = row.needs is None or row.needs in self._given
        places = [to for to in row.to if wanted or _LIST not in to]
        if lost is not None:
            self.left.append(Loss(place, lost))
        elif not places and not row.source.startswith("bestand."):
            self.left.append(Loss(place, "geen-plaats-dossier"))
        if found is not None:
            self._given.add(row.source)
            for to in places:
                self._put(to, found, place, row.constants)

    def _put(self, to: str, value: Any, place: str, constants: Mapping[str, str] | None = None) -> None:
        """Put a value at its place, unless something else is there already."""
        holder, _, name = to.rpartition(".")
        part = self._item(holder.removesuffix(_LIST)) if holder.endswith(_LIST) else self._part(holder)
        if part is None or name in part:
            self.left.append(Loss(place, "bezet"))
        else:
            part |= {**(constants or {}), name: value}

    def _part(self, path: str) -> dict[str, Any]:
        """A part of the dossier, made when it is not there yet."""
        part = self._parts
        for step in path.split("."):
            part = part.setdefault(step, {})
        return part

    def _item(self, path: str) -> dict[str, Any] | None:
        """The item of a list that rows fill together; None when the list came with items of its own."""
        holder, _, name = path.rpartition(".")
        if path not in self._items and name not in self._part(holder):
            self._items[path] = {}
            self._part(holder)[name] = [self._items[path]]
        return self._items.get(path)

    def draft(self, tests: list[dict[str, Any]], left: list[Loss]) -> Draft:
        """The draft, with these tests and what was left of them."""
        if tests:
            self._parts.setdefault("rapport", {})["toetsen"] = tests
        return Draft(Dossier.nieuw(self._profile.name, **self._parts), [*self.left, *left])
