"""What was said with an endpoint of UWLR, as lines, JSON and HTML; values only when asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from oso_bridge.render.json import dump
from oso_bridge.render.page import page, table, tag
from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.calling import Answer
from oso_bridge.transports.private import replace_file

_MOST = 20_000
_HEADS = ("#", "UTC", "asked", "answered", "status", "bytes", "s")


@dataclass(frozen=True, slots=True)
class Line:
    """One question with its answer.

    Attributes:
        moment: When it was asked, in UTC.
        asked: What was asked: the element, or ``?wsdl``.
        answered: What came: the element, or the code of a fault; ``?`` for what is in no table.
        status: The status of HTTP; 0 when no answer came.
        size: The bytes of the answer.
        seconds: How long it took.
        question: The question as it was sent; empty unless values are shown.
        answer: The answer as it came; likewise.
    """

    moment: str
    asked: str
    answered: str
    status: int
    size: int
    seconds: float
    question: str = ""
    answer: str = ""

    def __str__(self) -> str:
        return f"{self.asked} -> {self.status} {self.answered}, {self.size} bytes, {self.seconds:.2f} s"


class Transcript:
    """Keeps the last 20,000 lines.

    Args:
        show_values: Keep messages as they are. They may hold names, numbers and keys.
    """

    def __init__(self, *, show_values: bool = False) -> None:
        self.lines: list[Line] = []
        self._show = show_values

    def add(self, asked: str, content: bytes, answer: Answer) -> None:
        """Add a question with its answer.

        Args:
            asked: What is asked, in a word.
            content: What was sent.
            answer: What came.
        """
        word = messages.shown(answer.body) if asked in messages.table()["bericht"] else messages.UNKNOWN
        texts = [part.decode("utf-8", "replace") if self._show else "" for part in (content, answer.body)]
        facts = (answer.status, len(answer.body), round(answer.seconds, 3))
        self.lines.append(Line(_now(), asked, word, *facts, *texts))
        del self.lines[:-_MOST]

    def missed(self, asked: str, code: str) -> None:
        """Add a question without an answer.

        Args:
            asked: What was asked, in a word.
            code: What kept the answer from coming, see :class:`~oso_bridge.testing.kit.calling.NoAnswer`.
        """
        self.lines.append(Line(_now(), asked, code, 0, 0, 0.0))

    def save(self, folder: Path) -> list[Path]:
        """Write ``transcript.json`` and ``transcript.html``.

        Args:
            folder: Where; it is there.
        """
        files = {"transcript.json": dump([asdict(line) for line in self.lines]), "transcript.html": self._html()}
        for name, text in files.items():
            replace_file(folder / name, text.encode())
        return [folder / name for name in files]

    def _html(self) -> str:
        rows = [(str(number), line.moment[11:23], *_cells(line)) for number, line in enumerate(self.lines, 1)]
        told = [
            tag("details", tag("summary", f"{number} {line.asked}"), tag("pre", f"{line.question}\n\n{line.answer}"))
            for number, line in enumerate(self.lines, 1)
            if line.question or line.answer
        ]
        return page("UWLR", "en", [tag("h1", "UWLR"), table(_HEADS, rows), *told], "")


def _cells(line: Line) -> tuple[str, ...]:
    return (line.asked, line.answered, str(line.status), str(line.size), f"{line.seconds:.2f}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
