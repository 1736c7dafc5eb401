"""Dossiers that fill every place of a structure, made from the XSD and the code lists, and right by both.

Every element that may be repeated is there twice.  Of alternatives one is taken, of codes and kinds any; so seeds
differ.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Any

from lxml import etree

from .oracle import DATA, Node, codes, list_of, schema, structure

_BY_BASE = {"boolean": ("true", "false", "1"), "date": ("2016-02-29", "2018-12-31"), "decimal": ("7.5", "0.30")}
_BY_NAME = {
    "einddatum": "2018-07-31",
    "lwoo_einddatum": "2018-07-31",
    "schooljaar": "2017-2018",
    "geboortemaand": "2012-03",
    "gbageboortedatum": "17-03-2012",
    "bestandsinhoud": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==",
}
_BY_CHANCE = {
    "voelementcode": ("0123", "vwo"),
    "elementcode": ("0123", "havo"),
    "upwvoelementcode": ("0123", "vmbo-t"),
    "relatietotkind": ("1", "moeder"),
}
_DOCTORS = ("huisarts", "Huisarts", "logopedist")


@cache
def filled(version: str, seed: int) -> bytes:
    """A document in which every element is, as far as alternatives allow; the same for the same seed."""
    chance = random.Random(f"{version} {seed}")  # noqa: S311 - invents, and guards nothing
    namespace = schema(version).target_namespace
    root = etree.Element(f"{{{namespace}}}dossier", nsmap={None: namespace})
    _fill(root, structure(version), "", version, chance)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


@cache
def validator(version: str) -> Any:
    return etree.XMLSchema(etree.parse(DATA / version / "dossier.xsd"))


def _fill(parent: Any, node: Node, path: str, version: str, chance: random.Random) -> None:
    for _ in range(2 if node.repeated else 1):
        for alternatives in node.particles:
            child = chance.choice(alternatives)
            # of what repeats as a whole the name comes once in each round
            twice = child.many and not (node.repeated and child.name == "naam")
            for _ in range(2 if twice else 1):
                element = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{child.name}")
                where = f"{path}/{child.name}".lstrip("/")
                if child.kind is None:
                    _fill(element, child, where, version, chance)
                else:
                    element.text = _text(child, where, version, chance)
                    for name in child.attributes:
                        element.set(name, f"{name} van {child.name} {chance.randint(1, 9)}")


def _text(node: Node, path: str, version: str, chance: random.Random) -> str:
    if node.name == "soort" and path.endswith("arts/soort"):
        return chance.choice(_DOCTORS)
    number = list_of(version, path)
    known = sorted(codes(number, version)) if number is not None else []
    if known:
        return chance.choice(known)
    tried = [
        *([chance.choice(_BY_CHANCE[node.name])] if node.name in _BY_CHANCE else []),
        *([_BY_NAME[node.name]] if node.name in _BY_NAME else []),
        *chance.sample(_BY_BASE.get(_base(node), ()), k=len(_BY_BASE.get(_base(node), ()))),
        f"Een tekst over {node.name} {chance.randint(1, 99)}"[:35],
        "99XX",
        "0123",
        "07",
        str(chance.randint(1, 24)),
    ]
    return next(text for text in tried if node.kind.is_valid(text))


def _base(node: Node) -> str:
    return str(node.kind.root_type.local_name)
