"""Makes dossiers that are bad in just one way: one rule broken, and what its row says must come along.

A good dossier is made, the condition of the rule is made to hold and its word is broken; then everything else is mended
again, round after round, until nothing but the rule is left.  What comes out is checked before it is given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from oso_bridge import data
from oso_bridge.errors import UsageError, choose
from oso_bridge.fiction import faults
from oso_bridge.fiction.breach import Breach
from oso_bridge.fiction.make import ROOT, available, release_of, settled
from oso_bridge.fiction.repair import Mender
from oso_bridge.plan import Tree
from oso_bridge.profiles import Profile, profile
from oso_bridge.releases import Release
from oso_bridge.rules import integrity, paths
from oso_bridge.rules.engine import Outcome
from oso_bridge.rules.paths import Spot
from oso_bridge.rules.rows import Row, rows
from oso_bridge.xml import parser, reader, schema
from oso_bridge.xml.writer import write_record

_ROUNDS, _SEEDS, _WAYS = 12, 3, 60


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A dossier that is bad in just one way.

    Attributes:
        data: The document.
        rules: The ids that a check must find, all of them and no others.
        check: The official check that must be asked for, since the document by itself asks for another; None when the
            document asks for the right one.
        profile: The profile that the dossier was made of.
    """

    data: bytes
    rules: frozenset[str]
    check: str | None
    profile: str


def break_rule(release: Release | str, rule_id: str, part: str | None = None, seed: int = 0) -> bytes:
    """A dossier that is bad in just one way; see :func:`spoil`."""
    return spoil(release, rule_id, part, seed).data


def spoil(
    release: Release | str, rule_id: str, part: str | None = None, seed: int = 0, profile_name: str | None = None
) -> Spoiled:
    """A dossier that is bad in just one way, and what a check must find in it.

    Args:
        release: The release, or its id.
        rule_id: A rule (``OVa.LL05``, or ``OVa.LL08#telefoon`` with its part), an error of the schema
            (``XSD.ontbreekt.achternaam``) or of the document (``DOC.doctype``).
        part: The part, for an id that several rows share; any of them when left out.
        seed: Another seed gives another dossier.
        profile_name: The transfer profile to use; any that suits when left out.

    Raises:
        UsageError: There is no such rule in the release, or no document breaks just that rule; the text says why.
    """
    chosen = release_of(release)
    names = [profile(profile_name, chosen.format).name] if profile_name else available(chosen)
    if rule_id.startswith(("XSD.", "DOC.")):
        name, found = faults.spoil(chosen, rule_id, seed, names)
        return Spoiled(found, frozenset({rule_id}), None, name)
    rule_id, _, named = rule_id.partition("#")
    candidates = _rows(chosen, rule_id, part or named or None)
    for attempt in _attempts(chosen, rule_id, candidates, seed, names):
        spoiled = attempt.run()
        if spoiled is not None:
            return spoiled
    raise UsageError(
        f"No dossier of {', '.join(names)} was found that breaks {rule_id} of {chosen.id} and nothing else.",
        remedy="Choose another profile, or none." if profile_name else None,
    )


def _rows(release: Release, rule_id: str, part: str | None) -> list[Row]:
    """The rows that give an id."""
    known = [row for row in rows(release) if rule_id in (row.id, *row.keys.get("id_by_kind", {}).values())]
    found = [row for row in known if part in (None, row.part)]
    if not found:
        parts = sorted(row.part for row in known if row.part)
        near = choose(rule_id, [row.id for row in rows(release)], "For all ids: oso-bridge explain --list.")
        raise UsageError(
            f"{release.id} has no rule {rule_id}{f' with the part {part}' if known else ''}.",
            remedy=choose(part or "", parts, f"Its parts: {', '.join(parts)}.") if parts else near,
        )
    if all(row.shut_out for row in found):
        raise UsageError(f"No document that the schema accepts can break {rule_id}: {found[0].shut_out}.")
    return [row for row in found if not row.shut_out]


def _attempts(release: Release, rule_id: str, found: list[Row], seed: int, names: list[str]) -> Iterator[_Attempt]:
    """The dossiers to break a rule in, the likeliest first: of profiles it is meant for, then others made to fit."""
    described = [profile(name, release.format) for name in names]
    for fit in (_is_for, _can_be_for, _can_be_asked):
        for row in found:
            for chosen in described:
                if fit(release, row, chosen) and row.id_for(frozenset({chosen.overdrachtsoort})) == rule_id:
                    yield from (_Attempt(release, row, chosen, seed + later * 1_000_003) for later in range(_SEEDS))


def _check_of(release: Release, chosen: Profile) -> str:
    """The official check that is made of the dossiers of a profile."""
    dispatch = data.toml("schemas", release.format, "format.toml")["dispatch"]
    found = (str(item["name"]) for item in dispatch["check"] if chosen.overdrachtsoort in item["kind"])
    return next(found, str(dispatch["default"]))


def _is_for(release: Release, row: Row, chosen: Profile) -> bool:
    """Whether a rule is meant for the dossiers of a profile."""
    return _can_be_for(release, row, chosen) and chosen.overstap in row.keys.get("overstap", [chosen.overstap])


def _can_be_for(release: Release, row: Row, chosen: Profile) -> bool:
    """Whether a rule is meant for such dossiers, once they have another overstap."""
    return row.keys["check"] in ("common", _check_of(release, chosen)) and _has_kind(row, chosen)


def _can_be_asked(release: Release, row: Row, chosen: Profile) -> bool:
    """Whether a rule is met when another official check is asked for than the document itself asks for."""
    return not _can_be_for(release, row, chosen) and _has_kind(row, chosen)


def _has_kind(row: Row, chosen: Profile) -> bool:
    kind, unwanted = chosen.overdrachtsoort, row.keys.get("overstap_not", ())
    return (
        kind in row.keys.get("kind", [kind])
        and kind not in row.keys.get("kind_not", ())
        and (chosen.overstap not in unwanted)
    )


class _Attempt:
    """One dossier, and all ways to break a rule in it.

    Args:
        release: The release.
        row: The rule.
        chosen: The profile.
        seed: The seed of the dossier.
    """

    def __init__(self, release: Release, row: Row, chosen: Profile, seed: int) -> None:
        self._release = release
        self._row = row
        self._profile = chosen
        self._seed = seed
        self._check = None if _can_be_for(release, row, chosen) else str(row.keys["check"])

    def run(self) -> Spoiled | None:
        """Break the rule at one place after another, in one way after another, until nothing else is broken."""
        mender = settled(self._release, self._profile.name, self._seed)
        good = mender.parts.root
        for spot in self._spots(mender.tree):
            for number in range(_WAYS):
                mender.parts.root = deepcopy(good)
                breach = Breach(mender, self._row, self._profile, spot, number)
                if not breach.possible():
                    break
                found = self._tried(mender, breach)
                if found is not None:
                    return found
        return None

    def _spots(self, tree: Tree) -> list[Spot]:
        """The places that the rule looks at."""
        if self._row.keys["at"] == "/":
            return [Spot(tree.root)]
        inside, outside = self._row.keys.get("inside"), self._row.keys.get("outside")
        found = [(spot, spot.branch.path.split("/")) for spot in paths.spots(self._row.keys["at"], tree)]
        return [spot for spot, names in found if inside in (None, *names) and outside not in names]

    def _tried(self, mender: Mender, breach: Breach) -> Spoiled | None:
        """Break the rule and mend the rest, until only the rule and what must come along is left."""
        met: Counter[str] = Counter()
        for _ in range(_ROUNDS):
            breach.make()
            index = mender.index()
            outcome = mender.outcome(index, self._check)
            expected = self._expected(mender, outcome)
            others = [hit for hit in outcome.hits if hit.row.id_for(outcome.kinds) not in expected]
            if others:
                mender.mend(others, index, met)
            elif not mender.renew(index):
                return self._checked(mender, expected)
        return None

    def _expected(self, mender: Mender, outcome: Outcome) -> frozenset[str]:
        """The id of the rule, and those of the rules that its row says come along, as far as they are meant for it."""
        declared = self._row.keys.get("with", ())
        declared = declared.get(self._release.version, ()) if isinstance(declared, dict) else declared
        steps = [text for target in mender.parts.anywhere("//metadata/overstap") for text in mender.parts.texts(target)]
        along = (
            row.id_for(outcome.kinds)
            for row in rows(self._release)
            if row.id in declared and not row.shut_out and _applies(row, outcome, steps)
        )
        return frozenset((self._row.id_for(outcome.kinds), *along))

    def _checked(self, mender: Mender, expected: frozenset[str]) -> Spoiled | None:
        """The document, once read again: it fits the schema and gives exactly what is expected."""
        written = write_record(mender.parts.ordered(), mender.tree)
        root = parser.parse(written)
        if schema.load(self._release).validate(root) is not None:
            return None
        index = reader.read_strict(root, mender.tree).index
        outcome = mender.outcome(index, self._check)
        found = {hit.row.id_for(outcome.kinds) for hit in outcome.hits}
        if found != expected or integrity.run(self._release, ROOT, index):
            return None
        return Spoiled(written, expected, self._check, self._profile.name)


def _applies(row: Row, outcome: Outcome, steps: list[str]) -> bool:
    """Whether a rule is meant for a document of these kinds and this overstap."""
    keys = row.keys
    return (
        keys["check"] in ("common", outcome.check)
        and ("kind" not in keys or not outcome.kinds.isdisjoint(keys["kind"]))
        and outcome.kinds.isdisjoint(keys.get("kind_not", ()))
        and ("overstap" not in keys or not set(keys["overstap"]).isdisjoint(steps))
        and set(keys.get("overstap_not", ())).isdisjoint(steps)
    )
