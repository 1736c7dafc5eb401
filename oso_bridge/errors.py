"""The tree of errors: what is wrong, where, and what to do about it.

Every error that this package raises on purpose is an :class:`OsoBridgeError`.  Its text
never quotes a value of a document: documents hold the data of children, and an exception
ends up in logs and on screens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def alike(given: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The names that were probably meant: in other capitals, cut off, or with a slip of the pen.

    Args:
        given: The name that does not exist.
        known: Those that exist.
        most: How many to give at the most.

    >>> alike("povo", ["POPO", "POVO"]), alike("oso/2019", ["oso/2016.1", "oso/2019.1"]), alike("x", ["POPO"])
    (['POVO'], ['oso/2019.1'], [])
    """
    import difflib

    wanted, names = given.casefold(), {name.casefold(): name for name in known}
    if wanted in names:
        return [names[wanted]]
    part_of = [name for name in names if len(wanted) > 2 and wanted in name]
    found = part_of or difflib.get_close_matches(wanted, names, n=most)
    return [names[name] for name in found[:most]]


def choose(given: str, known: Iterable[str], rest: str | None = None) -> str:
    """What to do about a name that does not exist: the ones that were probably meant, and where the others are.

    Args:
        given: The name that does not exist.
        known: Those that exist.
        rest: What to say of the others; when None they are all listed.
    """
    names = list(known)
    near = alike(given, names)
    meant = f"Do you mean {' or '.join(near)}? " if near else ""
    return meant + (f"Choose from {', '.join(names)}." if rest is None else rest)


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


class BundleRefused(DataError):
    """The official bundle of a release cannot be installed: it is unsafe, or not understood; nothing was written."""


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


class FieldError(OsoBridgeError, ValueError):
    """A part of the model was given fields that do not exist, or values of another type.

    Args:
        part: The name of the part.
        faults: See below.
        made: False when the part was there already, and a field of it was assigned to.

    Attributes:
        faults: For each fault the path of the field, what is wrong in Dutch and in English; never a value.
    """

    def __init__(self, part: str, faults: list[dict[str, str]], *, made: bool = True) -> None:
        told = "; ".join(f"{fault['path']}: {fault['en']}".removeprefix("-: ") for fault in faults[:5])
        more = f" (and {len(faults) - 5} more)" if len(faults) > 5 else ""
        super().__init__(f"{part} cannot {'be made' if made else 'hold this'}: {told}{more}.")
        self.faults = faults


class IllTyped(OsoBridgeError, ValueError):
    """A document holds values that their fields cannot hold; raised by ``dossier(strict=True)`` only.

    Attributes:
        findings: A finding for each of them.
    """

    def __init__(self, findings: list[Any]) -> None:
        places = ", ".join(str(finding.path) for finding in findings[:5])
        super().__init__(f"{len(findings)} values are of another type than their fields: {places}.")
        self.findings = findings


class WriteRefused(OsoBridgeError):
    """What would be written does not pass the checks.

    Attributes:
        report: The report on it, with a remedy for each finding.
    """

    def __init__(self, report: Any) -> None:
        rules = dict.fromkeys(finding.rule for finding in report.findings if finding.severity == "error")
        named = ", ".join(list(rules)[:5]) + (" ..." if len(rules) > 5 else "")
        super().__init__(
            f"The dossier was not written: it breaks {named or 'a check that could not be made'}.",
            remedy="See .report, or oso.todo(dossier, release=...); check=False writes it all the same.",
        )
        self.report = report


class NotChecked(UserWarning):
    """What was written could be checked in part only: the rules of its release cannot be run here."""


class WouldLose(OsoBridgeError):
    """The release, or the table of a mapping, has no place for a part of the dossier.

    Args:
        losses: What would be lost, each with its path and kind.
        of: What has no place for it.

    Attributes:
        losses: What would be lost, each with its path and kind.
    """

    def __init__(self, losses: list[Any], of: str = "release") -> None:
        named = ", ".join(loss.path for loss in losses[:5]) + (" ..." if len(losses) > 5 else "")
        super().__init__(
            f"The {of} has no place for {len(losses)} parts of the dossier: {named}.",
            remedy='Leave them out, or write with losses="allow".',
        )
        self.losses = losses


class TransportError(OsoBridgeError):
    """A parcel could not be sent or fetched.

    Args:
        what: What went wrong, in one sentence; never what the other side wrote, for that may hold personal data.
        retryable: Whether trying again later may help.
        sent: Whether the parcel arrived: ``no``, ``unknown`` or ``yes``. After ``no`` a repeat is surely the first.
        where: The address or folder.
        remedy: What the reader can do.

    Attributes:
        retryable: See above.
        sent: See above.
    """

    def __init__(
        self,
        what: str,
        *,
        retryable: bool,
        sent: Literal["no", "unknown", "yes"],
        where: str | None = None,
        remedy: str | None = None,
        code: str = "",
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.retryable = retryable
        self.sent = sent
        self.code = code


class IdentityError(OsoBridgeError):
    """A key or a certificate cannot be used: wrong file, wrong password, expired, not trusted, no OIN.

    Args:
        what: What is wrong, in one sentence; never a password, a key or the name of a person.
        code: The stable name of what is wrong, such as ``expired``.
        where: The file concerned, or which certificate.
        remedy: What the reader can do.
        notice: The same in Dutch and in English: a :class:`oso_bridge.identity.Notice`.

    Attributes:
        code: See above.
        notice: See above; None when there is none.
    """

    def __init__(
        self, what: str, *, code: str = "", where: str | None = None, remedy: str | None = None, notice: Any = None
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.code = code
        self.notice = notice


class MessageRefused(OsoBridgeError):
    """A message is not accepted: its envelope, its addressing or its signature is not as it has to be.

    Args:
        what: What is wrong, in one sentence; never what the message says.
        rule: The stable id of what is wrong, such as ``WUS.action``.
        args: The values, safe to show, for the texts of that rule.
        line: The line, when it is known.
        remedy: What the reader can do.
        finding: The same in Dutch and in English.

    Attributes:
        rule: See above.
        args_: See above.
        finding: See above.
    """

    def __init__(
        self,
        what: str,
        *,
        rule: str,
        args: Mapping[str, str] | None = None,
        line: int | None = None,
        remedy: str | None = None,
        finding: Any = None,
    ) -> None:
        super().__init__(what, line=line, remedy=remedy)
        self.rule = rule
        self.args_ = dict(args or {})
        self.finding = finding


class SignatureRefused(MessageRefused):
    """A signature is not accepted, or the one that has to be there is not; its ``rule`` begins with ``SIG.``."""
