"""What is wrong with a signature or a message: the texts of ``SIG`` and ``WUS`` in ``schemas/findings.toml``."""

from __future__ import annotations

from lxml import etree

from oso_bridge import catalog
from oso_bridge.errors import IdentityError, MessageRefused, SignatureRefused
from oso_bridge.findings import LANGUAGES, Finding, Severity
from oso_bridge.xml import parser

LAYER = "signature"


def refuse(rule: str, element: etree._Element | None = None, **args: str) -> MessageRefused:
    """The error of a rule.

    Args:
        rule: Its id, such as ``SIG.gewijzigd``.
        element: Where it is, for its line.
        args: What its texts fill in; never a value of a document.
    """
    return _refusal(rule, None if element is None else parser.line_of(element), args)


def untrusted(error: IdentityError, element: etree._Element | None = None) -> MessageRefused:
    """The error for a signer that is not accepted, with the reason."""
    args = {"reden": error.what}
    if error.notice is not None:
        args = {f"reden.{language}": error.notice.text(language) for language in LANGUAGES}
    return _refusal(
        "SIG.ondertekenaar", None if element is None else parser.line_of(element), {**args, "code": error.code}
    )


def _refusal(rule: str, line: int | None, args: dict[str, str]) -> MessageRefused:
    group, _, kind = rule.partition(".")
    message = catalog.message(group, kind)
    found = Finding(rule, LAYER, Severity.ERROR, False, message, xpath="/[1]", line=line, args=args)
    made = SignatureRefused if group == "SIG" else MessageRefused
    return made(found.text("en"), rule=rule, args=args, line=line, remedy=found.remedy("en"), finding=found)
