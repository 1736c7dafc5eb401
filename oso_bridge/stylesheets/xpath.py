"""As much of the lexis of XPath as it takes to see what an expression calls, and with which literal texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"]|"")*"|'(?:[^']|'')*')
    |(?P<comment>\(:)
    |(?P<name>Q\{[^{}]*\}[\w.-]+|(?:[^\W\d][\w.-]*:)?[^\W\d][\w.-]*)
    |(?P<space>\s+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"\(:|:\)")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression.

    Attributes:
        kind: ``string``, ``name`` or ``other``.
        text: The piece as it stands.
        start: Where it begins.
        end: Where it ends.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def value(self) -> str:
        """What a string literal stands for."""
        quote = self.text[0]
        return self.text[1:-1].replace(quote * 2, quote)


def tokens(expression: str) -> list[Token]:
    """The pieces of an expression, without white space and comments."""
    return list(_tokens(expression))


def _tokens(expression: str, at: int = 0) -> Iterator[Token]:
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:  # cannot be: every character is at least "other"
            return
        at = match.end()
        if match.lastgroup == "comment":
            at = _behind_comment(expression, at)
        elif match.lastgroup != "space":
            yield Token(str(match.lastgroup), match[0], match.start(), at)


def _behind_comment(expression: str, at: int) -> int:
    """Where a comment ends, which may hold others."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(expression, at):
        depth += 1 if edge[0] == "(:" else -1
        if not depth:
            return edge.end()
    return len(expression)


def calls(found: list[Token]) -> Iterator[tuple[int, str]]:
    """The names that are called, or referred to as functions, with their place among the tokens."""
    for number, token in enumerate(found[:-1]):
        if token.kind == "name" and found[number + 1].text in ("(", "#"):
            yield number, token.text


def literal_argument(found: list[Token], number: int) -> Token | None:
    """The only argument of a call when it is a literal text, or one followed by ``/`` as base; None when it is not."""
    rest = found[number + 1 : number + 6]
    texts = [token.text for token in rest]
    if len(rest) < 3 or texts[0] != "(" or rest[1].kind != "string":
        return None
    if texts[2] == ")" or texts[2:5] == [",", "/", ")"]:
        return rest[1]
    return None


def braced(text: str) -> list[tuple[int, int]]:
    """Where the expressions in a value template such as ``a{b}c`` begin and end, the braces not included."""
    found, at = [], 0
    while (at := text.find("{", at)) >= 0:
        if text.startswith("{{", at):
            at += 2
            continue
        end = _closing(text, at + 1)
        found.append((at + 1, end))
        at = end + 1
    return found


def _closing(text: str, start: int) -> int:
    """Where the expression that begins here ends: at the brace that closes it, or at the end of the text."""
    depth = 1
    for token in _tokens(text, start):
        if token.kind == "other":
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if not depth:
                return token.start
    return len(text)
