"""Invented values for the leaves of a structure, from ``fictie.toml``, the code lists and the types of the schema."""

from __future__ import annotations

import base64
import io
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from oso_bridge import codes, data, plan
from oso_bridge.errors import DataError
from oso_bridge.plan import Leaf, Tree
from oso_bridge.profiles import CATEGORY, Profile
from oso_bridge.records import Record, text_of
from oso_bridge.releases import Release
from oso_bridge.rules import paths
from oso_bridge.rules.rows import Row, rows

FILE = "fictie.toml"
_LETTERS = "ABCDEFGHJKLMNPRTVWXZ"  # no S: some postcodes with it do not exist
_ITEM = re.compile(r"(\[[^\]]+\]|\\d|\\p\{Nd\}|\\?.)(?:\{(\d+)\})?")
_DIGITS = "0123456789"
_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds throughout one dossier.

    Attributes:
        profile: The transfer profile.
        day: The date of the dossier.
        birth: The date of birth of the pupil.
        years: The jaargroepen of the pupil, the present one in front.
        overstap: The step.
        full: True when every category is delivered that may be.
    """

    profile: Profile
    day: date
    birth: date
    years: tuple[str, ...]
    overstap: str
    full: bool = False


def setting(release: Release, profile: Profile, chance: random.Random, full: bool = False) -> Setting:
    """The setting of a dossier: a day in the school year of the release, a pupil of the age of the profile."""
    described: dict[str, Any] = data.toml("schemas", release.format, FILE)["profile"].get(profile.name, {})
    day = date(_first_year(release), 9, 1) + timedelta(days=chance.randint(0, 300))
    birth = day - timedelta(days=round(described.get("age", 12) * _YEAR) + chance.randint(0, 300))
    overstap = profile.overstap or chance.choice(described.get("overstap", ("POPO",)))
    return Setting(profile, day, birth, tuple(described.get("years", ("8",))), overstap, full)


def _first_year(release: Release) -> int:
    """The year in which the school year of a release begins."""
    named = re.match(r"[0-9]{4}", str(release.info.get("school_year", "")))
    return int(named[0]) if named else release.order[0] if release.order and release.order[0] > 1900 else 2014


def coded_leaves(release: Release, tree: Tree) -> dict[tuple[int, str], Row]:
    """The rule that governs a coded leaf, by the number of its branch and its name."""
    found: dict[tuple[int, str], Row] = {}
    for row in rows(release):
        if row.word == "in_list" and "list" in row.what:
            path = row.what["path"]
            place = row.keys["at"] if path == "." else f"**/{path[2:]}" if path.startswith("//") else ""
            for spot in paths.spots(place, tree) if place else ():
                if spot.leaf:
                    found[spot.branch.number, spot.leaf] = row
    return found


class Values:
    """Makes values.

    Args:
        release: The release, for its code lists and types.
        tree: The plan.
        chance: Where all choices come from.
        setting: What holds throughout the dossier.
    """

    def __init__(self, release: Release, tree: Tree, chance: random.Random, setting: Setting) -> None:
        table = data.toml("schemas", release.format, FILE)
        self._table: Mapping[str, Any] = table["value"]
        self._attributes: Mapping[str, Mapping[str, str]] = table.get("attributes", {})
        self._plan = tree.plan
        self._facts = release.info
        self._chance = chance
        self._setting = setting
        self._lists = {
            key: codes.code_list(release.format, row.what["list"], release.version).codes
            for key, row in coded_leaves(release, tree).items()
        }

    def value(self, leaf: Leaf, beside: Record, number: int = 0) -> str | Record:
        """A value as a record holds it: a text, or a text with attributes."""
        text = self.text(leaf, beside, number)
        if not leaf.attributes:
            return text
        given = {f"@{name}": self._attributes.get(f"{leaf.name}@{name}", {}).get(text) for name in leaf.attributes}
        return {"#text": text, **given}

    def text(self, leaf: Leaf, beside: Record, number: int = 0) -> str:
        """A text for a leaf that its type allows.

        Args:
            leaf: The leaf.
            beside: The record it comes in, as far as that is filled.
            number: How many records of the kind came before that one.

        Raises:
            DataError: ``fictie.toml`` has a value that the type of the leaf does not allow.
        """
        found = self._named(leaf, beside, number)
        if found is None:
            return self._by_type(leaf)
        if not fits(self._plan, leaf, found):
            raise DataError(f"There is a value for {leaf.name} that its type does not allow.", where=FILE)
        return found

    def _named(self, leaf: Leaf, beside: Record, number: int) -> str | None:
        """The value that the table or a code list gives; None when neither knows the leaf."""
        if leaf.name.startswith(CATEGORY):
            return self._delivery(leaf)
        way = self._table.get(f"{leaf.parent.name}/{leaf.name}", self._table.get(leaf.name))
        if isinstance(way, list):
            way = next((one for one in way if _holds(one.get("when", {}), beside)), None)
        if way is not None:
            return self._way(way, beside, number)
        listed = self.codes_of(leaf)
        return self._chance.choice(listed) if listed else None

    def _delivery(self, leaf: Leaf) -> str:
        """The value of a category; what need not be delivered is left out on purpose now and then."""
        asked = self._setting.profile.category(leaf.name)
        left_out = not self._setting.full and asked == "OPTIONEEL" and self._chance.random() < 0.2
        return "OPT-UIT" if left_out else asked

    def codes_of(self, leaf: Leaf) -> tuple[str, ...]:
        """The codes that a leaf may hold; none when it is not coded."""
        return self._lists.get((leaf.parent.number, leaf.name), ())

    def _way(self, way: Mapping[str, Any], beside: Record, number: int) -> str:
        chance = self._chance
        if "texts" in way:
            return str(chance.choice(way["texts"]))
        if "template" in way:
            return self._filled(way["template"])
        if "days" in way:
            return self._day(timedelta(days=chance.randint(*way["days"])))
        if "age" in way:
            return (self._setting.birth + timedelta(days=round(chance.uniform(*way["age"]) * _YEAR))).isoformat()
        if "range" in way:
            low, high = way["range"]
            return self._number(low, high, way.get("decimals", 0))
        if "release" in way:
            return str(self._facts[way["release"]])
        make: Callable[[Record, int], str] = getattr(self, f"_make_{way['make']}")
        return make(beside, number)

    def _filled(self, template: str) -> str:
        signs = {"#": _DIGITS, "@": _LETTERS}
        return "".join(self._chance.choice(signs.get(sign, sign)) for sign in template)

    def _day(self, after: timedelta) -> str:
        return (self._setting.day + after).isoformat()

    def _number(self, low: int, high: int, decimals: int = 0) -> str:
        scale: int = 10**decimals
        return str(Decimal(self._chance.randint(low * scale, high * scale)) / scale)

    def _by_type(self, leaf: Leaf) -> str:
        """A value that suits the type, for a leaf that nothing else is known of."""
        base, facets = self._plan.simple_base(leaf.type), self._plan.facets(leaf.type)
        if "enumeration" in facets:
            return str(self._chance.choice(facets["enumeration"]))
        if base == "xs:boolean":
            return self._chance.choice(("true", "false"))
        if base == "xs:date":
            return self._date(leaf)
        if base in ("xs:integer", "xs:int", "xs:decimal"):
            low = int(facets.get("minInclusive", 0))
            return self._number(low, int(facets.get("maxInclusive", low + 40)))
        if "pattern" in facets:
            return self.by_pattern(facets["pattern"][0])
        return f"Voorbeeld van {leaf.name}"[: int(facets.get("maxLength", 1000))]

    def _date(self, leaf: Leaf) -> str:
        """A day before the dossier, or after it for an end; the first one from there on that the type allows."""
        first, last = (30, 400) if leaf.name.endswith("einddatum") else (-400, -30)
        start = self._chance.randint(first, last)
        found = (self._day(timedelta(days=start + later)) for later in range(366))
        return next((day for day in found if fits(self._plan, leaf, day)), self._day(timedelta(days=start)))

    def by_pattern(self, pattern: str) -> str:
        """A text of a simple pattern: characters, ranges in brackets and counts."""
        found = [
            self._chance.choice(_signs(item)) for item, count in _ITEM.findall(pattern) for _ in range(int(count or 1))
        ]
        return "".join(found)

    # ---- the words of make in fictie.toml ----

    def _make_overdrachtsoort(self, beside: Record, number: int) -> str:
        return self._setting.profile.overdrachtsoort

    def _make_overstap(self, beside: Record, number: int) -> str:
        return self._setting.overstap

    def _make_dossierdatum(self, beside: Record, number: int) -> str:
        return self._setting.day.isoformat()

    def _make_geboortedatum(self, beside: Record, number: int) -> str:
        return self._setting.birth.isoformat()

    def _make_geboortedag(self, beside: Record, number: int) -> str:
        return f"{self._setting.birth:%d-%m-%Y}"

    def _make_geboortemaand(self, beside: Record, number: int) -> str:
        return f"{self._setting.birth:%Y-%m}"

    def _make_mail(self, beside: Record, number: int) -> str:
        name = self._chance.choice(("info", "proef", "r.verzinsel", "administratie"))
        return f"{name}@{self._filled('school##')}.invalid"

    def _year(self, number: int) -> int:
        """The year in which a school year begins, so many before the present one."""
        day = self._setting.day
        return day.year - (day.month < 8) - number

    def _make_schooljaar(self, beside: Record, number: int) -> str:
        return f"{self._year(number)}-{self._year(number) + 1}"

    def _make_schooljaarbegin(self, beside: Record, number: int) -> str:
        return str(self._year(number))

    def _make_begin_schooljaar(self, beside: Record, number: int) -> str:
        return f"{self._year(number)}-08-01"

    def _make_einde_schooljaar(self, beside: Record, number: int) -> str:
        return f"{self._year(number) + 1}-07-31"

    def _make_jaargroep(self, beside: Record, number: int) -> str:
        return self._setting.years[min(number, len(self._setting.years) - 1)]

    def _make_bijlage(self, beside: Record, number: int) -> str:
        name = text_of(beside.get("bestandsnaam", "")) or "verslag.txt"
        return attachment(name, f"Dit is een verzonnen verslag, nummer {self._chance.randint(1, 999)}.\n")


def attachment(name: str, text: str) -> str:
    """A text file in a ZIP in base64, the same bytes every time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        member = zipfile.ZipInfo(name)
        member.create_system = 0
        archive.writestr(member, text)
    return base64.b64encode(packed.getvalue()).decode("ascii")


def fits(structure: plan.Plan, leaf: Leaf, text: str) -> bool:
    """Whether the type of a leaf allows a text."""
    facets = structure.facets(leaf.type)
    patterns = [pattern.replace(r"\p{Nd}", r"\d") for pattern in facets.get("pattern", ())]
    return (
        _is_of(structure.simple_base(leaf.type), text)
        and int(facets.get("minLength", 0)) <= len(text) <= int(facets.get("maxLength", len(text)))
        and text in facets.get("enumeration", (text,))
        and (not patterns or any(re.fullmatch(pattern, text) for pattern in patterns))
        and ("minInclusive" not in facets or Decimal(facets["minInclusive"]) <= Decimal(text))
        and ("maxInclusive" not in facets or Decimal(facets["maxInclusive"]) >= Decimal(text))
    )


_FORMS = {
    "xs:boolean": r"true|false|1|0",
    "xs:integer": r"[+-]?[0-9]+",
    "xs:int": r"[+-]?[0-9]{1,9}",
    "xs:decimal": r"[+-]?[0-9]+(\.[0-9]+)?",
    "xs:date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
}


def _is_of(base: str, text: str) -> bool:
    """Whether a text is of a built-in type, in its plainest form."""
    return re.fullmatch(_FORMS.get(base, r"(?s).*"), text) is not None


def _signs(item: str) -> str:
    """The characters that one item of a pattern stands for."""
    if item in ("\\d", r"\p{Nd}", "[0-9]"):
        return _DIGITS
    return _LETTERS if item == "[A-Z]" else item.strip("[]\\")[0]


def _holds(conditions: Mapping[str, str], beside: Record) -> bool:
    return all(text_of(beside.get(name, "")) == text for name, text in conditions.items())
