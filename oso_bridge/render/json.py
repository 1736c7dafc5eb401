"""JSON: the reports as they are, in one shape for one document and for many."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oso_bridge._version import __version__
from oso_bridge.errors import DataError
from oso_bridge.render.outcome import Report, exit_code

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_dict(reports: Sequence[Report]) -> dict[str, Any]:
    """The envelope around the reports: version, whether all are in order, exit code."""
    return {
        "oso_bridge": __version__,
        "ok": bool(reports) and all(report["ok"] for report in reports),
        "exit_code": exit_code(reports),
        "reports": list(reports),
    }


def render(reports: Sequence[Report], language: str = "nl") -> str:
    """Reports as JSON; the texts are in every language, whatever the language asked for."""
    del language
    return _text(as_dict(reports))


def dump(value: Any) -> str:
    """Any plain value as readable JSON with a newline at the end."""
    return _text(value)


def load(text: str) -> list[Report]:
    """The reports of a saved JSON report, to render them again.

    Raises:
        DataError: The text is not a JSON report of this package.
    """
    try:
        reports = json.loads(text)["reports"]
        if all(isinstance(report, dict) and {"layers", "findings", "exit_code"} <= set(report) for report in reports):
            return list(reports)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass  # told below, so that this error, which quotes the text, is not dragged along
    raise DataError("This is not a JSON report of oso_bridge.", remedy="Make one with: oso-bridge check --format json.")


def _text(value: Any) -> str:
    # A file name that is not valid in its encoding holds half surrogates; as \udcXX they are valid JSON.
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"
