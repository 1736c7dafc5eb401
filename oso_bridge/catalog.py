"""The texts of findings that belong to no format's rules: ``schemas/findings.toml``."""

from __future__ import annotations

from typing import Any

from oso_bridge import data
from oso_bridge.data import cached
from oso_bridge.errors import DataError
from oso_bridge.findings import Message

FILE = ("schemas", "findings.toml")


@cached(maxsize=256)
def message(group: str, kind: str) -> Message:
    """The text and remedy of a kind of finding.

    Args:
        group: ``DOC``, ``XSD``, ``PROF``, ``LAAG``, ``MODEL``, ``MAP`` or ``VERLIES``.
        kind: What is wrong, such as ``doctype``.

    Raises:
        DataError: There is no such text.
    """
    try:
        described = data.toml(*FILE)[group][kind]
        return Message(described["text"], described["remedy"])
    except KeyError as error:
        raise DataError(f"There is no text for {group}.{kind}.", where="findings.toml") from error


def kinds(group: str) -> list[str]:
    """The kinds of a group, in the order of the file."""
    return list(data.toml(*FILE)[group])


def pattern_words(pattern: str) -> dict[str, str]:
    """What a text looks like that fits a pattern of a schema, by language; of one without words the pattern itself.

    Args:
        pattern: The pattern; empty when it is not known.
    """
    words: dict[str, Any] = data.toml(*FILE)["patroon"]
    found = words.get(pattern) or words["onbekend" if not pattern else "ander"]
    return {language: str(text).replace("{patroon}", pattern) for language, text in found.items()}


def type_words(name: str) -> dict[str, str]:
    """What a built-in type is called, by language."""
    words: dict[str, Any] = data.toml(*FILE)["type"]
    return dict(words.get(name, {"nl": name, "en": name}))
