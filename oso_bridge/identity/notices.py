"""What is wrong with a certificate, in Dutch and in English: the texts of ``schemas/identity.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oso_bridge import data
from oso_bridge.errors import DataError, IdentityError
from oso_bridge.findings import fill

FILE = ("schemas", "identity.toml")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about a certificate, a key, a chain or a CRL that its owner has to know.

    Attributes:
        code: Its stable name, such as ``expires``.
        args: What the texts fill in; never a secret.
    """

    code: str
    args: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """What is wrong.

        Args:
            language: ``nl`` or ``en``.
        """
        return fill(_row(self.code)["text"][language], self._words(language), language)

    def remedy(self, language: str = "en") -> str:
        """What to do about it.

        Args:
            language: ``nl`` or ``en``.
        """
        return fill(_row(self.code)["remedy"][language], self._words(language), language)

    def _words(self, language: str) -> dict[str, str]:
        """The arguments, those that are words in that language."""
        table = {**_row("words"), **_row(self.code)}
        kinds = {name: table.get(name, {}) for name in self.args}
        return {name: kinds[name].get(value, {}).get(language, value) for name, value in self.args.items()}


def refusal(notice: Notice, where: str | None = None) -> IdentityError:
    """The error that says what a notice says.

    Args:
        notice: What is wrong.
        where: The file, or which certificate.
    """
    return IdentityError(notice.text("en"), code=notice.code, where=where, remedy=notice.remedy("en"), notice=notice)


def refuse(code: str, where: str | None = None, **args: str) -> IdentityError:
    """The error of that code.

    Args:
        code: One of ``schemas/identity.toml``.
        where: The file, or which certificate.
        args: What its texts fill in.
    """
    return refusal(Notice(code, args), where)


def _row(code: str) -> dict[str, Any]:
    try:
        row: dict[str, Any] = data.toml(*FILE)[code]
        return row
    except KeyError as error:
        raise DataError(f"There is no text for {code}.", where="identity.toml") from error
