"""Two dossiers side by side: what differs by meaning, and one made of both.

The order of tests, addresses and other items does not count, and neither does the release that a dossier came in:
items are matched by what makes them the same (:mod:`oso_bridge.pairing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from oso_bridge._version import __version__
from oso_bridge.document import Document
from oso_bridge.errors import UsageError
from oso_bridge.identifiers import Identifier, bsn, onderwijsnummer
from oso_bridge.model import Bijlage, Code, Dossier, Extra, Leerling
from oso_bridge.model.base import Basis
from oso_bridge.pairing import bare, is_ordered, is_whole, key_values, pair, pair_values, says_nothing
from oso_bridge.render import changes as rendered
from oso_bridge.report import digest_of

Kind = Literal["added", "removed", "changed"]
Policy = Literal["fill", "overwrite", "ask"]
POLICIES = ("fill", "overwrite", "ask")
_DELIVERY = "levering"
# the parents saw, and consented to, one delivery; that says nothing of another
_OF_THE_ACT = (_DELIVERY, "inzage")
_KEEP, _TAKE = "keep", "take"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two dossiers, a and b.

    Neither ``repr`` nor ``str`` shows a value; the attributes do.

    Attributes:
        path_a: The place in a, such as ``leerling.adressen[2].postcode`` (numbers from the second on); None when added.
        path_b: The place in b; None when removed.
        kind: ``added`` (b has it), ``removed`` (a has it) or ``changed`` (both do).
        before: The value in a: a plain value, a list of plain values whose order counts, or a part of the model.
        after: The value in b.
        key: What makes the items around this place the ones they are: names such as ``toetsen.code``, and values.
    """

    path_a: str | None
    path_b: str | None
    kind: Kind
    before: Any = field(default=None, repr=False)
    after: Any = field(default=None, repr=False)
    key: tuple[tuple[str, Any], ...] = field(default=(), repr=False)

    @property
    def path(self) -> str:
        """The place in b, or in a when b has it no more."""
        return self.path_b or self.path_a or ""

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """The change as plain values for JSON.

        Args:
            values: Whether to tell the values of the dossiers; of a file the digest and size are told.
        """
        told: dict[str, Any] = {"kind": self.kind, "path_a": self.path_a, "path_b": self.path_b}
        if values:
            told["key"] = {name: _plain(value) for name, value in self.key}
            told["before"], told["after"] = _shown(self.path, self.before), _shown(self.path, self.after)
            told["meaning"] = {"before": _meaning(self.before), "after": _meaning(self.after)}
        return told


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two dossiers; false when nothing does.

    Attributes:
        changes: The differences in what is said of the pupil, the school and the inspection.
        delivery: Those in what the dossiers say of themselves: versions, software, day, categories; empty unless asked.
        a: The name of the first source; None for a dossier that was not read from one.
        b: The name of the second source.
    """

    changes: tuple[Change, ...]
    delivery: tuple[Change, ...] = ()
    a: str | None = None
    b: str | None = None

    def __bool__(self) -> bool:
        return bool(self.changes or self.delivery)

    def __len__(self) -> int:
        return len(self.changes) + len(self.delivery)

    def __iter__(self) -> Iterator[Change]:
        yield from self.changes
        yield from self.delivery

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """The differences as plain values for JSON.

        Args:
            values: Whether to tell the values of the dossiers.
        """
        return {
            "oso_bridge": __version__,
            "same": not self,
            "a": self.a,
            "b": self.b,
            "changes": [change.to_dict(values=values) for change in self.changes],
            "delivery": [change.to_dict(values=values) for change in self.delivery],
        }

    def render(self, format: str = "text", language: str = "nl", *, values: bool = True) -> str:  # noqa: A002
        """The differences as something to read.

        Args:
            format: ``text``, ``json`` or ``html``.
            language: ``nl`` or ``en``.
            values: Whether to tell the values of the dossiers.

        Raises:
            UsageError: There is no such format or language.
        """
        return rendered.render(self.to_dict(values=values), format, language)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge made.

    Attributes:
        dossier: The new dossier.
        taken: What came from the other dossier: its additions, and the values that took the place of one of the base.
        conflicts: Where the dossiers contradict each other and the base was kept.
        left: What the other dossier kept of its document without a field, and is not taken: its ``extra``.
    """

    dossier: Dossier
    taken: tuple[Change, ...]
    conflicts: tuple[Change, ...]
    left: tuple[Change, ...] = ()

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """What was taken and what was not, as plain values for JSON; the dossier itself is not in it.

        Args:
            values: Whether to tell the values of the dossiers.
        """
        lists = {"taken": self.taken, "conflicts": self.conflicts, "left": self.left}
        told = {name: [change.to_dict(values=values) for change in found] for name, found in lists.items()}
        return {"oso_bridge": __version__, **told}


def diff(a: Dossier | Document, b: Dossier | Document, *, delivery: bool = False) -> Differences:
    """What differs between two dossiers, by meaning; they may come from different releases.

    Args:
        a: The first dossier, or a document that holds one.
        b: The second.
        delivery: Compare also what the dossiers say of themselves: versions, software, day, delivery categories.

    Returns:
        The differences, in the order of the model; false when there are none.

    Raises:
        UsageError: One of the two is neither a Dossier nor a Document, or is a document with several dossiers.
    """
    first, second = _dossier(a), _dossier(b)
    about = _inside(first.levering, second.levering, _At(_DELIVERY, _DELIVERY)) if delivery else ()
    return Differences(
        tuple(step.change for step in _content(first, second)),
        tuple(step.change for step in about),
        *(item.source if isinstance(item, Document) else None for item in (a, b)),
    )


def merge(
    base: Dossier | Document,
    other: Dossier | Document,
    policy: Policy = "fill",
    *,
    decide: Callable[[Change], str] | None = None,
    force: bool = False,
) -> Merged:
    """One dossier made of two of the same pupil, such as one that was sent and a late test result in another.

    Additions are taken whatever the policy; the base loses nothing, but for what a part that is taken as a whole
    replaces.  What a dossier says of itself (versions, software, day, delivery categories) and of the inspection and
    consent of the parents stays that of the base.  Neither dossier is changed.

    Args:
        base: The dossier to add to, or a document that holds one.
        other: The dossier to take from.
        policy: What to do where both have a value and the values differ: ``fill`` keeps that of the base,
            ``overwrite`` takes that of the other, ``ask`` asks ``decide``.  Parts whose fields belong together, such
            as an address, are kept or taken as a whole.
        decide: With ``ask``: gets the change (``before`` is the value of the base) and returns ``keep`` or ``take``.
        force: Merge also when the dossiers are not, or not certainly, those of one pupil.

    Raises:
        UsageError: The dossiers are not, or not certainly, those of one pupil; there is no such policy or decision; one
            of the two is neither a Dossier nor a Document, or is a document with several dossiers.
    """
    judge = _judge(policy, decide)
    made, source = _dossier(base).model_copy(deep=True), _dossier(other)
    if not force:
        _refuse_another_pupil(made, source)
    lists: dict[str, list[Change]] = {"taken": [], "conflicts": [], "left": []}
    for step in list(_inside(made, source, _At("", ""), whole=True, without=_OF_THE_ACT)):
        if step.change.kind != "removed":
            fate = _fate(step, judge)
            lists[fate].append(step.change)
            if fate == "taken":
                _take(step)
    return Merged(made, *(tuple(found) for found in lists.values()))


# --- walking two dossiers -------------------------------------------------------------------------------------------


class _At(NamedTuple):
    """A place in both dossiers."""

    a: str
    b: str

    def below(self, name: str) -> _At:
        return _At(*(f"{path}.{name}" if path else name for path in self))

    def item(self, i: int, j: int) -> _At:
        return _At(_item(self.a, i), _item(self.b, j))


class _Step(NamedTuple):
    """A change, and where to make it: a field of a part of the first dossier, and the number of an item in a list."""

    change: Change
    owner: Basis
    name: str
    number: int | None = None


def _item(path: str, number: int) -> str:
    return f"{path}[{number + 1}]" if number else path


def _content(a: Dossier, b: Dossier) -> Iterator[_Step]:
    """What differs, except what the dossiers say of themselves."""
    return _inside(a, b, _At("", ""), without=(_DELIVERY,))


def _inside(a: Basis, b: Basis, at: _At, whole: bool = False, without: tuple[str, ...] = ()) -> Iterator[_Step]:
    """What differs inside a part.

    Args:
        a: The part of the first dossier.
        b: Its counterpart.
        at: Where they are.
        whole: Tell a part whose fields belong together as one change when it contradicts the other.
        without: Fields to pass over.
    """
    for name in type(a).model_fields:
        before, after = getattr(a, name), getattr(b, name)
        if name in without or before == after or (says_nothing(before) and says_nothing(after)):
            continue
        place = at.below(name)
        if isinstance(before, Basis) and isinstance(after, Basis):
            yield from _pair(before, after, place, whole, (a, name, None))
        elif not isinstance(before, list):
            yield from _value(before, after, bare(a, name, before) == bare(a, name, after), place, (a, name, None))
        elif isinstance((before or after)[0], Basis):
            yield from _items(before, after, place, whole, (a, name))
        elif is_ordered(name):
            yield from _value(before or None, after or None, False, place, (a, name, None))
        else:
            yield from _loose(before, after, place, (a, name))


_Where = tuple[Basis, str, int | None]


def _value(before: Any, after: Any, same: bool, at: _At, where: _Where) -> Iterator[_Step]:
    if same:
        return
    if before is None:
        yield _Step(Change(None, at.b, "added", None, after), *where)
    elif after is None:
        yield _Step(Change(at.a, None, "removed", before), *where)
    else:
        yield _Step(Change(at.a, at.b, "changed", before, after), *where)


def _pair(before: Basis, after: Basis, at: _At, whole: bool, where: _Where) -> Iterator[_Step]:
    """What differs between two parts that are the same one; as one change where that is asked."""
    if type(before) is not type(after):
        yield _Step(Change(at.a, at.b, "changed", before, after), *where)
        return
    steps = _inside(before, after, at, whole)
    if whole and is_whole(type(before)):
        found = list(steps)
        if any(step.change.kind == "changed" for step in found):
            yield _Step(Change(at.a, at.b, "changed", before, after), *where)
            return
        steps = iter(found)
    yield from steps


def _items(before: list[Basis], after: list[Basis], at: _At, whole: bool, where: tuple[Basis, str]) -> Iterator[_Step]:
    found = pair(before, after)
    counterpart = dict(found.both)
    for i, item in enumerate(before):
        j = counterpart.get(i)
        if j is None:
            yield _Step(Change(_item(at.a, i), None, "removed", item), *where)
        elif item != after[j]:
            steps = list(_pair(item, after[j], at.item(i, j), whole, (*where, i)))
            key = _key(where[1], item, after[j]) if steps else ()
            yield from (step._replace(change=replace(step.change, key=key + step.change.key)) for step in steps)
    yield from (_Step(Change(None, _item(at.b, j), "added", None, after[j]), *where) for j in found.right)


def _key(name: str, a: Basis, b: Basis) -> tuple[tuple[str, Any], ...]:
    return tuple((f"{name}.{field_}", value) for field_, value in key_values(a, b))


def _loose(before: list[Any], after: list[Any], at: _At, where: tuple[Basis, str]) -> Iterator[_Step]:
    """Plain values that stand by themselves come and go; none becomes another."""
    found = pair_values(before, after)
    yield from (_Step(Change(_item(at.a, i), None, "removed", before[i]), *where) for i in found.left)
    yield from (_Step(Change(None, _item(at.b, j), "added", None, after[j]), *where) for j in found.right)


# --- merging --------------------------------------------------------------------------------------------------------


def _judge(policy: str, decide: Callable[[Change], str] | None) -> Callable[[Change], str]:
    """What says keep or take where two dossiers contradict each other."""
    if policy not in POLICIES:
        raise UsageError(f"There is no policy {policy!r}.", remedy=f"Choose one of: {', '.join(POLICIES)}.")
    if policy != "ask":
        return lambda change: _TAKE if policy == "overwrite" else _KEEP
    if decide is None:
        raise UsageError('The policy "ask" needs someone to ask.', remedy="Give decide=, a function of a change.")
    return decide


def _fate(step: _Step, judge: Callable[[Change], str]) -> str:
    """What becomes of something that the other dossier has: taken, conflicts or left."""
    if isinstance(step.change.after, Extra):
        return "left"
    if step.change.kind == "added":
        return "taken"
    decision = judge(step.change)
    if decision not in (_KEEP, _TAKE):
        raise UsageError("A decision is keep or take.", where=step.change.path)
    return "taken" if decision == _TAKE else "conflicts"


def _take(step: _Step) -> None:
    """Make a change in the first dossier."""
    value = step.change.after
    value = value.model_copy(deep=True) if isinstance(value, Basis) else list(value) if _is_list(value) else value
    held = getattr(step.owner, step.name)
    if step.number is not None:
        held[step.number] = value
    elif _is_list(held) and not _is_list(value):
        held.append(value)
    else:
        setattr(step.owner, step.name, value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _dossier(what: Dossier | Document) -> Dossier:
    if isinstance(what, Document):
        return what.dossier()
    if not isinstance(what, Dossier):
        raise UsageError(
            f"This takes a Dossier or a Document, not {type(what).__name__}.", remedy="Use oso.read(path) first."
        )
    return what


def _refuse_another_pupil(base: Dossier, other: Dossier) -> None:
    ours, theirs = base.leerling or Leerling(), other.leerling or Leerling()
    number, person = _same_number(base, other), _same_person(ours, theirs)
    if number and _is_another(ours, theirs):
        raise UsageError(
            "The dossiers have a number in common, and contradict each other in name and birth.",
            remedy="Find out whose the number is. If they are those of one pupil: force.",
        )
    if number is False or (number is None and person is False):
        raise UsageError("The dossiers are those of two pupils.", remedy="If they are not after all: force.")
    if number is None and person is None:
        raise UsageError(
            "The dossiers do not tell whether they are those of one pupil: there is no number, or name and day of "
            "birth, that both have.",
            remedy="If they are: force.",
        )


def _same_number(base: Dossier, other: Dossier) -> bool | None:
    """Whether a number says that two dossiers are those of one pupil; None when none does."""
    a, b = base.leerling or Leerling(), other.leerling or Leerling()
    kinds = ((bsn, a.bsn, b.bsn), (onderwijsnummer, a.onderwijsnummer, b.onderwijsnummer))
    for kind, ours, theirs in kinds:
        found = _official(kind, ours), _official(kind, theirs)
        if all(found):
            return found[0] == found[1]
    # the number in the administration of one school; another number there may be another enrolment
    same = _own(a.leerlingid) and _own(a.leerlingid) == _own(b.leerlingid)
    return True if same and _brin(base) and _brin(base) == _brin(other) else None


def _official(kind: Identifier, number: str | None) -> str | None:
    """A number that tells whose it is; one that fails its test was made up or misspelt, and 111111110 is a dummy."""
    digits = (number or "").strip()
    return digits if kind.is_valid(digits) and len(set(digits[:-1])) > 1 else None


def _own(number: str | None) -> str | None:
    """The number of a school's own; None for what many pupils may bear, such as 0, 99999 or onbekend."""
    signs = {sign for sign in number or "" if sign.isalnum()}
    is_dummy = len(signs) < 2 or not any(sign.isdigit() for sign in signs)
    return None if is_dummy else (number or "").strip()


def _is_another(a: Leerling, b: Leerling) -> bool:
    """Whether birth and a name contradict each other; siblings share a surname, so one name will do."""
    surname, birth, given = _likeness(a, b)
    return birth is False and False in (surname, given)


def _same_person(a: Leerling, b: Leerling) -> bool | None:
    """Whether surname, birth and given name are the same; None when one of them cannot be compared."""
    found = _likeness(a, b)
    return False if False in found else None if None in found else True


def _likeness(a: Leerling, b: Leerling) -> tuple[bool | None, bool | None, bool | None]:
    """Whether surname, birth and given name are the same, each None when it cannot be compared."""
    # twins share a surname and a day of birth
    given = next((met for met in map(_meet, _given(a), _given(b)) if met is not None), None)
    # and often their initials, which can only tell that two pupils differ
    if given is None and _meet(_folded([a.voorletters]), _folded([b.voorletters])) is False:
        given = False
    return _meet(_surnames(a), _surnames(b)), _meet(*_births(a, b)), given


def _meet(ours: set[str], theirs: set[str]) -> bool | None:
    """Whether two sets have something in common; None when one is empty."""
    return not ours.isdisjoint(theirs) if ours and theirs else None


def _brin(dossier: Dossier) -> str:
    return (dossier.school.brincode if dossier.school else None) or ""


def _surnames(pupil: Leerling) -> set[str]:
    return _folded([pupil.achternaam, pupil.gba.achternaam if pupil.gba else None])


def _given(pupil: Leerling) -> tuple[set[str], set[str]]:
    """The first name and the name for every day: kinds of name that are compared each with its own."""
    first: list[str | None] = [
        names[0] for names in (pupil.voornamen, pupil.gba.voornamen if pupil.gba else []) if names
    ]
    return _folded(first), _folded([pupil.roepnaam])


def _folded(names: list[str | None]) -> set[str]:
    """Names without what does not count: capitals and blank space."""
    return {" ".join(name.split()).casefold() for name in names if name and name.strip()}


def _births(a: Leerling, b: Leerling) -> tuple[set[str], set[str]]:
    """The days of birth of two pupils, or the months where one has no more than that."""
    days = tuple(
        {day.isoformat() for day in (item.geboortedatum, item.gba.geboortedatum if item.gba else None) if day}
        for item in (a, b)
    )
    if all(days):
        return days[0], days[1]
    ours, theirs = (
        {day[:7] for day in found} or ({str(item.geboortemaand)} if item.geboortemaand else set())
        for found, item in zip(days, (a, b), strict=True)
    )
    return ours, theirs


# --- plain values ---------------------------------------------------------------------------------------------------


def _shown(path: str, value: Any) -> Any:
    """A value for JSON; of the content of a file no more than its digest and size."""
    return _file(value) if path.endswith(".inhoud") and isinstance(value, str) else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Basis):
        return {name: _told(value, name, item) for name, item in value.__dict__.items() if item not in (None, [])}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _told(part: Basis, name: str, value: Any) -> Any:
    return _file(value) if name == "inhoud" and isinstance(part, Bijlage) else _plain(value)


def _file(content: str) -> dict[str, Any]:
    return {"characters": len(content), "digest": digest_of(content.encode("utf-8", "replace"))}


def _meaning(value: Any) -> str | None:
    """What a code means, where the standard says."""
    return value.label if isinstance(value, Code) else None
