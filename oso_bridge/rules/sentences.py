"""A row of ``rules.toml`` in sentences: for whom it is, where it looks, what must be so there, and when.

One template for each word of the vocabulary and language; see :mod:`oso_bridge.rules` for what the words mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oso_bridge import codes
from oso_bridge.findings import LANGUAGES
from oso_bridge.releases import Release
from oso_bridge.rules.rows import Row
from oso_bridge.rules.words import required_text

_NL = {
    "or": " of ",
    "and": " en ",
    "self": "dit element",
    "anywhere": "{path} (waar ook in het document)",
    "everyone": "In {release} geldt deze regel voor elk dossier.",
    "audience": "In {release} geldt deze regel voor dossiers {of}.",
    "kind": "met overdrachtsoort {values}",
    "kind_not": "met een andere overdrachtsoort dan {values}",
    "overstap": "met overstap {values}",
    "overstap_not": "met een andere overstap dan {values}",
    "maker": "Hij hoort bij de officiële controle {check}.",
    "document": "Er wordt één keer gekeken, naar het document als geheel.",
    "place": "Er wordt gekeken naar elk element {path}{limits}.",
    "place_anywhere": "Er wordt gekeken naar elk element {path}, waar het ook staat{limits}.",
    "inside": ", alleen binnen {name}",
    "outside": ", maar niet binnen {name}",
    "required": "Verplicht: {path}.",
    "forbidden": "Verboden: {path}.",
    "one_of": "Ten minste één van deze moet er zijn: {paths}.",
    "true": "Er moet staan dat {path} waar is (true of 1).",
    "equals": "De inhoud van {path} moet precies {value} zijn.",
    "in_list": "De inhoud van {path} moet een code van codelijst {number} ({name}) zijn: {values}.",
    "in_values": "De inhoud van {path} moet {values} zijn.",
    "contains": "De inhoud van {path} moet de tekst {value} bevatten.",
    "matches": "In de inhoud van {path} moet een tekst van deze vorm staan (reguliere expressie): {pattern}",
    "min_length": "De inhoud van {path} moet ten minste {length} tekens lang zijn.",
    "max_length": "De inhoud van {path} mag ten hoogste {length} tekens lang zijn.",
    "school_years": "De oudste datum in {path} mag niet vóór 1 augustus van het eerste van {years} schooljaren liggen; "
    "het laatste daarvan is dat van {reference}.",
    "when": "Dat geldt alleen als {conditions}.",
    "unless": "Dat geldt niet als {conditions}.",
    "if_true": "{path} waar is",
    "if_false": "{path} onwaar is",
    "if_present": "{path} er is",
    "if_is": "{path} gelijk is aan {values}",
}
_EN = {
    "or": " or ",
    "and": " and ",
    "self": "this element",
    "anywhere": "{path} (anywhere in the document)",
    "everyone": "In {release} this rule holds for every dossier.",
    "audience": "In {release} this rule holds for dossiers {of}.",
    "kind": "with overdrachtsoort {values}",
    "kind_not": "with another overdrachtsoort than {values}",
    "overstap": "with overstap {values}",
    "overstap_not": "with another overstap than {values}",
    "maker": "It is a part of the official check {check}.",
    "document": "It looks once, at the document as a whole.",
    "place": "It looks at every element {path}{limits}.",
    "place_anywhere": "It looks at every element {path}, wherever it stands{limits}.",
    "inside": ", only within {name}",
    "outside": ", but not within {name}",
    "required": "Required: {path}.",
    "forbidden": "Forbidden: {path}.",
    "one_of": "At least one of these must be there: {paths}.",
    "true": "It must say that {path} is true (true or 1).",
    "equals": "The content of {path} must be exactly {value}.",
    "in_list": "The content of {path} must be a code of code list {number} ({name}): {values}.",
    "in_values": "The content of {path} must be {values}.",
    "contains": "The content of {path} must contain the text {value}.",
    "matches": "The content of {path} must hold a text of this form (a regular expression): {pattern}",
    "min_length": "The content of {path} must be at least {length} characters long.",
    "max_length": "The content of {path} may be at most {length} characters long.",
    "school_years": "The oldest date in {path} may not lie before 1 August of the first of {years} school years; the "
    "last of them is that of {reference}.",
    "when": "That holds only if {conditions}.",
    "unless": "That does not hold if {conditions}.",
    "if_true": "{path} is true",
    "if_false": "{path} is false",
    "if_present": "{path} is present",
    "if_is": "{path} is {values}",
}
_WORDS = {"nl": _NL, "en": _EN}
_AUDIENCE = ("kind", "kind_not", "overstap", "overstap_not")


def sentences(row: Row, release: Release) -> dict[str, list[str]]:
    """What a rule asks, in plain sentences.

    Args:
        row: The rule.
        release: The release that it is told for; it gives the codes and versions.

    Returns:
        By language (``nl``, ``en``): for whom the rule is, where it looks, what must be so there, and when.
    """
    return {language: list(_Teller(language, release).told(row)) for language in LANGUAGES}


class _Teller:
    """Tells rules in one language.

    Args:
        language: ``nl`` or ``en``.
        release: Gives code lists and texts of its own.
    """

    def __init__(self, language: str, release: Release) -> None:
        self.language = language
        self.release = release
        self.words = _WORDS[language]

    def told(self, row: Row) -> Iterator[str]:
        """The sentences, in the order in which the rule works."""
        yield self._audience(row)
        if row.keys["check"] != "common":
            yield self._say("maker", check=row.keys["check"])
        yield self._place(row)
        yield self._check(row.word, row.what)
        for guard in ("when", "unless"):
            if guard in row.keys:
                conditions = self.words["and"].join(self._conditions(row.keys[guard]))
                yield self._say(guard, conditions=conditions)

    def _say(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)

    def _any(self, values: str | list[str] | tuple[str, ...]) -> str:
        """Several texts of which one will do."""
        return self._joined([values] if isinstance(values, str) else list(values), "or")

    def _joined(self, values: list[str], word: str) -> str:
        return self.words[word].join(part for part in (", ".join(values[:-1]), values[-1]) if part)

    def _audience(self, row: Row) -> str:
        named = [self._say(key, values=self._any(row.keys[key])) for key in _AUDIENCE if key in row.keys]
        if not named:
            return self._say("everyone", release=self.release.id)
        return self._say("audience", release=self.release.id, of=self._joined(named, "and"))

    def _place(self, row: Row) -> str:
        place = row.keys["at"]
        if place == "/":
            return self.words["document"]
        limits = "".join(self._say(key, name=row.keys[key]) for key in ("inside", "outside") if key in row.keys)
        if place.startswith("**/"):
            return self._say("place_anywhere", path=place.removeprefix("**/"), limits=limits)
        return self._say("place", path=place, limits=limits)

    def _path(self, path: str) -> str:
        if path == ".":
            return self.words["self"]
        return self._say("anywhere", path=path[2:]) if path.startswith("//") else path

    def _check(self, word: str, what: Any) -> str:
        """The sentence for a check word."""
        if word == "one_of":
            return self._say(word, paths=self._any([self._path(path) for path in what]))
        if not isinstance(what, dict):
            return self._say(word, path=self._path(what))
        path = self._path(what["path"])
        if word == "equals":
            return self._say(word, path=path, value=required_text(what, self.release))
        if word == "in_list":
            return self._in_list(path, what)
        paths = {"path": path, "reference": self._path(what.get("reference", "."))}
        return self._say(word, **{**what, **paths})

    def _in_list(self, path: str, what: dict[str, Any]) -> str:
        if "values" in what:
            return self._say("in_values", path=path, values=self._any(what["values"]))
        found = codes.code_list(self.release.format, what["list"], self.release.version)
        values, name = self._any(found.codes), found.name[self.language]
        return self._say("in_list", path=path, number=found.number, name=name, values=values)

    def _conditions(self, guard: dict[str, Any]) -> Iterator[str]:
        """A clause for each condition of a guard; all of them must hold."""
        for word, what in guard.items():
            if word == "is":
                for path, values in what.items():
                    yield self._say("if_is", path=self._path(path), values=self._any(values))
            else:
                for path in [what] if isinstance(what, str) else what:
                    yield self._say(f"if_{word}", path=self._path(path))
