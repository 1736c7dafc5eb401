"""What people read instead of the names of elements: ``schemas/oso/labels.toml``."""

from __future__ import annotations

import re
from typing import Any

from oso_bridge import data

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")
_YES_NO = {"nl": ("ja", "nee"), "en": ("yes", "no")}


def label(name: str, language: str = "nl") -> str:
    """The label of an element; one that is not in the list bears its own name."""
    row = _rows().get(name, {})
    return str(row.get(language) or row.get("nl") or name)


def shown(name: str, text: str, language: str = "nl") -> str:
    """A text as a person writes it: a date as ``17-03-2012``, a boolean as ``ja`` or ``nee``.

    A text that is no date or boolean, though its element should hold one, is shown as it stands.

    >>> shown("geboortedatum", "2012-03-17"), shown("tehuis", "0"), shown("groepscode", "0")
    ('17-03-2012', 'nee', '0')
    """
    shape = _rows().get(name, {}).get("shape")
    bare = text.strip()
    if shape == "date" and (match := _DATE.fullmatch(bare)):
        return f"{match[3]}-{match[2]}-{match[1]}" + (f" ({match[4]})" if match[4] else "")
    if shape == "boolean" and bare in ("true", "1", "false", "0"):
        return _YES_NO[language][bare in ("false", "0")]
    return text


def _rows() -> dict[str, Any]:
    return data.toml("schemas", "oso", "labels.toml")
