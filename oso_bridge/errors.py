"""The tree of errors: what is wrong, where, and what to do about it.

Every error that this package raises on purpose is an :class:`OsoBridgeError`.  Its text
never quotes a value of a document: documents hold the data of children, and an exception
ends up in logs and on screens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class OsoBridgeError(Exception):
    """The root of all errors of this package.

    Args:
        what: What is wrong, in one sentence, without values of a document.
        where: The file, path, row or line concerned, when there is one.
        remedy: What the reader can do about it, when there is something.
        line: The line in the source, when it is known.
    """

    def __init__(
        self, what: str, *, where: str | None = None, remedy: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.line = line

    def __str__(self) -> str:
        parts = [self.what]
        if self.where or self.line:
            at = ", ".join(str(part) for part in (self.where, self.line and f"line {self.line}") if part)
            parts.append(f"({at})")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(parts)


class UsageError(OsoBridgeError, ValueError):
    """The caller asked for something that does not exist or cannot be combined."""


class DataError(OsoBridgeError):
    """A file of this package, a plug-in or the user (schema, rule, table, mapping) is wrong."""


class DocumentError(OsoBridgeError):
    """A document cannot be read at all.

    Attributes:
        rule: The id under which :func:`oso_bridge.check` reports the same fault.
        args_: The values, safe to show, for the text of that rule.
    """

    def __init__(
        self,
        what: str,
        *,
        rule: str,
        args: Mapping[str, str] | None = None,
        where: str | None = None,
        remedy: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(what, where=where, remedy=remedy, line=line)
        self.rule = rule
        self.args_ = dict(args or {})


class NotXml(DocumentError):
    """The bytes are not well-formed XML 1.0 in an encoding that is accepted."""


class UnsafeDocument(DocumentError):
    """The document asks for something that is refused: a DOCTYPE, or more than a named limit."""


class UnknownRelease(DocumentError):
    """The root element belongs to no format that this installation knows."""


class NotADossier(DocumentError):
    """The root is an element of a known release, but not one that stands by itself."""
