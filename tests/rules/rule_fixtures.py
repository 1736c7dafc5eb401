"""Fixtures for the rules: base documents, small edits, and what a check of the result must give."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

import oso_bridge as oso
from oso_bridge.findings import Finding
from oso_bridge.releases import release
from oso_bridge.report import Report
from oso_bridge.rules.rows import Row, rows

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
NAMESPACE = "http://www.edustandaard.nl/oso_gegevensset/2019/dossier"
LAYERS = ("schema", "codes", "rules")
RELEASE = release("oso/2019.1")
ROWS: dict[str, Row] = {row.key: row for row in rows(RELEASE)}
SWV = ("poswv", "voswv")

Edit = dict[str, Any]
Element = etree._Element
Order = dict[str, list[str]]


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / "fixtures" / f"{name}.toml").read_text(encoding="utf-8"))


COMMON = _toml("common")
CODELISTS = _toml("codelists")
ORDERS: dict[str, Order] = {NAMESPACE: COMMON["order"]}
"""The order of the children of an element, by namespace."""


@dataclass(frozen=True)
class Fixture:
    """One document that breaks one rule, with its good neighbours."""

    key: str
    base: str
    at: str
    broken: list[Edit]
    good: list[list[Edit]]
    expect: str
    official: str
    warning: bool = False
    validator: str | None = None
    check: str = "OV"

    @property
    def row(self) -> Row:
        return self.rows[self.key]

    @property
    def rows(self) -> dict[str, Row]:
        """The rules of the release it is a fixture of."""
        return ROWS

    @property
    def version(self) -> str:
        """The version of that release."""
        return RELEASE.version

    def document(self, edits: list[Edit]) -> Element:
        return edited(self.base, edits)

    def examine(self, edits: list[Edit]) -> Report:
        return examine(self.document(edits), self.validator)

    def expected(self, without: str | None = None) -> set[str]:
        """The ids that the breaking document must give; ``without`` leaves one out of ``with``."""
        document = self.document(self.broken)
        kind, overstap = text_of(document, "dossier/overdrachtsoort"), text_of(document, "metadata/overstap")
        found = {self.expect}
        for rule in companions(self.row, self.version):
            if rule != without:
                found |= {
                    row.keys.get("id_by_kind", {}).get(kind, row.id)
                    for row in self.rows.values()
                    if row.id == rule and _applies(row, self.check, kind, overstap)
                }
        return found


def companions(row: Row, version: str = RELEASE.version) -> list[str]:
    """The ids that ``with`` of a row declares for a release."""
    declared = row.keys.get("with", [])
    return list(declared.get(version, []) if isinstance(declared, dict) else declared)


def _applies(row: Row, check: str, kind: str | None, overstap: str | None) -> bool:
    keys = row.keys
    return (
        keys["check"] in ("common", check)
        and kind in keys.get("kind", [kind])
        and kind not in keys.get("kind_not", [])
        and overstap in keys.get("overstap", [overstap])
        and overstap not in keys.get("overstap_not", [])
    )


# ---- editing ----


@lru_cache(maxsize=16)
def _base(name: str) -> Element:
    return etree.parse(EXAMPLES / f"{name}.xml", etree.XMLParser(remove_blank_text=True)).getroot()


def edited(base: str, edits: list[Edit]) -> Element:
    """A copy of an example with edits made, in their order."""
    return changed(deepcopy(_base(base)), edits)


def changed(root: Element, edits: list[Edit]) -> Element:
    """A document with edits made in it, in their order."""
    for edit in edits:
        _edit(root, edit)
    return root


def _edit(root: Element, edit: Edit) -> None:
    if "set" in edit:
        find(root, edit["set"]).text = edit["to"].rjust(edit.get("pad", 0), "a")
    elif "delete" in edit:
        _remove(find(root, edit["delete"]))
    elif "clear" in edit:
        parent, _, name = _full(edit["clear"]).rpartition("/")
        for element in find(root, parent).findall(f"{{{_namespace(root)}}}{name}"):
            _remove(element)
    elif "empty" in edit:
        target = find(root, edit["empty"])
        for child in list(target):
            _remove(child)
    elif "put" in edit:
        target = find(root, edit["put"])
        for element in blocks(edit["xml"], _namespace(root)):
            _put(target, element)
    else:
        raise ValueError(f"No such edit: {sorted(edit)}")


def _full(place: str) -> str:
    first, slash, rest = place.partition("/")
    name, bracket, number = first.partition("[")
    return COMMON["places"].get(name, name) + bracket + number + slash + rest


def find(root: Element, place: str) -> Element:
    """The one element at a place."""
    steps = _full(place).split("/")[1:]
    found = root
    for step in steps:
        name, _, number = step.rstrip("]").partition("[")
        found = found.findall(f"{{{_namespace(root)}}}{name}")[int(number or 1) - 1]
    return found


def text_of(root: Element, place: str) -> str | None:
    """The text at a place, None when it is not there."""
    try:
        return find(root, place).text
    except IndexError:
        return None


def blocks(xml: str, namespace: str = NAMESPACE) -> list[Element]:
    """Elements from XML, or from the name of a block of common.toml."""
    return list(etree.fromstring(f'<x xmlns="{namespace}">{COMMON["xml"].get(xml, xml)}</x>'))


def _put(target: Element, element: Element) -> None:
    """Before the first child that the order puts later; at the end where the order does not know the element."""
    order = ORDERS[_namespace(target)].get(_local(target), [])
    later = order[order.index(_local(element)) + 1 :] if _local(element) in order else []
    for index, child in enumerate(target):
        if _local(child) in later:
            target.insert(index, element)
            return
    target.append(element)


def _remove(element: Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _local(element: Element) -> str:
    return etree.QName(element).localname


def _namespace(element: Element) -> str:
    return str(etree.QName(element).namespace)


def place_of(root: Element, at: str) -> str:
    """The numbered path that a finding at a place bears."""
    if at == "document":
        return "/[1]"
    steps: list[str] = []
    element: Element | None = find(root, at)
    while element is not None:
        number = 1 + len(list(element.itersiblings(element.tag, preceding=True)))
        steps.insert(0, f"{_local(element)}[{number}]")
        element = element.getparent()
    return "/" + "/".join(steps)


# ---- checking ----


def examine(root: Element, validator: str | None = None) -> Report:
    """The report of the layers that the fixtures are about."""
    return oso.check(etree.tostring(root, encoding="UTF-8", xml_declaration=True), layers=LAYERS, validator=validator)


def rule_findings(report: Report) -> list[Finding]:
    """The findings of the code lists and the rules."""
    return [finding for finding in report.findings if finding.layer in ("codes", "rules")]


def ids(report: Report) -> set[str]:
    """The ids found by the code lists and the rules."""
    return {finding.rule for finding in rule_findings(report)}


# ---- the fixtures ----


def _from(raw: dict[str, Any], base: str, key: str) -> Fixture:
    rule = raw.get("expect", key.partition("#")[0])
    setup = raw.get("setup", [])
    return Fixture(
        key=key,
        base=base,
        at=raw["at"],
        broken=setup + raw["break"],
        good=[setup + edits for edits in raw["good"]],
        expect=rule,
        official=raw.get("official", rule),
        warning=raw.get("warning", False),
        validator=raw.get("validator"),
        check=raw.get("validator") or raw.get("check") or ("PaO" if base in SWV else "OV"),
    )


def _listed(name: str) -> list[Fixture]:
    found = []
    for raw in _toml(name)["fixture"]:
        pairs = raw["for"] if "for" in raw else {raw["base"]: raw["rule"]}
        found += [_from(raw, base, key) for base, key in pairs.items()]
    return found


def _coded() -> list[Fixture]:
    group = CODELISTS["categories"]
    fields = list(CODELISTS["field"])
    for name in group["fields"]:
        common = {"base": group["base"], "wrong": group["wrong"], "right": [group["right"]]}
        fields.append({"rule": f"CL.48.{name}", "at": f"categorie/{name}", **common})
    return [
        _from(
            {
                "at": raw["at"],
                "official": "",
                "setup": raw.get("setup", []),
                "break": [{"set": raw["at"], "to": wrong}],
                "good": [[{"set": raw["at"], "to": right}] for right in raw["right"]],
            },
            raw["base"],
            raw["rule"],
        )
        for raw in fields
        for wrong in raw["wrong"]
    ]


def _categories() -> list[Fixture]:
    return [fixture for raw in _toml("categories")["category"] for fixture in _category(raw)]


def _category(raw: dict[str, Any]) -> list[Fixture]:
    parent, value, official = raw.get("in", "leerling"), f"categorie/cat_{raw['name']}", raw["official"]
    setup: list[Edit] = [{"clear": "leerling/onderwijsondersteuning"}]
    if parent == "steuning":
        setup += [{"put": "leerling", "xml": "<onderwijsondersteuning/>"}]
    setup += [{"clear": f"{parent}/{block}"} for block in raw["blocks"]]
    puts = {block: {"put": parent, "xml": xml} for block, xml in raw["blocks"].items()}
    demanded = {"set": value, "to": "VERPLICHT"}
    common = {"at": "document", "official": official, "setup": setup}
    found = [
        _from(
            {**common, "break": [demanded], "good": [[put, demanded] for put in puts.values()]},
            "binnenbrin",
            f"CAT.{raw['name']}.present.VERPLICHT",
        )
    ]
    for block, put in puts.items():
        for text in ("VERBODEN", "OPT-UIT"):
            refused = {
                **common,
                "break": [put, {"set": value, "to": text}],
                "good": [[put, {"set": value, "to": "OPTIONEEL"}], [{"set": value, "to": text}]],
                "warning": block in raw.get("not_enforced", []),
            }
            found.append(_from(refused, "binnenbrin", f"CAT.{raw['name']}.{block}.{text}"))
    return found


FIXTURES: list[Fixture] = [*_coded(), *_listed("general"), *_categories(), *_listed("profiles")]


def names() -> list[str]:
    """A name for each fixture: its rule, with a number when it has several."""
    seen: dict[str, int] = {}
    found = []
    for fixture in FIXTURES:
        seen[fixture.key] = seen.get(fixture.key, 0) + 1
        found.append(fixture.key if seen[fixture.key] == 1 else f"{fixture.key}~{seen[fixture.key]}")
    return found
