"""What scenarios are played on, and what it is made from: the options of the command and the tables of ``kit.toml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from oso_bridge import data
from oso_bridge.errors import DataError, UsageError, choose
from oso_bridge.testing.kit.scenario import KINDS, Finding, Text

TABLES = ("client", "verkeerscentrum", "oso", "uwlr")
"""The tables of ``kit.toml``."""
Mark = Literal["confirmed", "inferred", "provisional"]
"""How well the layout of a message is known."""


class Stage(Protocol):
    """What the scenarios of one kind are played on; one scenario at a time."""

    def mark(self, message: str) -> Mark:
        """How well the layout of a message is known here.

        Args:
            message: The name of its element; one that an official schema describes is ``confirmed``.
        """
        ...

    def lack(self, need: str) -> Text | None:
        """Why something that scenarios need is not there, and what to do; None when it is there.

        Args:
            need: A word of ``nodig`` in the scenarios.
        """
        ...

    def excuse(self, found: Finding) -> Text | None:
        """Why what was found says nothing of the endpoint, since nobody prepared it; None when it does.

        Args:
            found: What a scenario found.
        """
        ...

    def begin(self) -> None:
        """Forget what the scenario before left behind."""
        ...

    def said(self) -> Sequence[str]:
        """What was said since :meth:`begin`, a line for each message, without values."""
        ...

    def save(self, folder: Path) -> list[Path]:
        """Write ``transcript.json`` and ``transcript.html``.

        Args:
            folder: Where; it is there.
        """
        ...

    def close(self) -> None:
        """Let go of what is open; may be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for.

    Attributes:
        endpoint: The address that is tested.
        identity: PEM or PKCS#12 with the certificate and key that the kit calls with; None for ``http://`` only.
        roots: The roots that the endpoint's certificate is judged by; None for those in ``identity``.
        wsdl: Official WSDL or XSD files.
        settings: The tables of ``kit.toml``.
        folder: The folder of ``kit.toml``: files that it names are relative to it.
        show_values: Keep values of documents in transcripts.
    """

    endpoint: str
    identity: Path | None = None
    roots: Path | None = None
    wsdl: Sequence[Path] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()
    show_values: bool = False

    def file(self, name: str) -> Path:
        """A file that ``kit.toml`` names.

        Args:
            name: As it stands there.
        """
        return self.folder / Path(name).expanduser()


def settings(path: Path) -> dict[str, Any]:
    """The tables of ``kit.toml``.

    Args:
        path: The file.

    Raises:
        DataError: It is no TOML, or has a table that means nothing.
        OSError: It cannot be read.
    """
    found = data.load_toml(path)
    unknown = next((table for table in found if table not in TABLES), None)
    if unknown is not None:
        raise DataError(f"kit.toml has something unknown in it: {unknown}.", remedy=choose(unknown, TABLES))
    return found


def prepare(kind: str, folder: Path) -> list[Path]:
    """Write what a vendor loads before the scenarios of a kind are played.

    Args:
        kind: ``oso`` or ``uwlr``: the module ``oso_prepare`` or ``uwlr_prepare`` has ``prepare(folder)``.
        folder: Where; a new or an empty folder.

    Returns:
        The files.

    Raises:
        UsageError: There is no such kind, or the folder is not empty.
        OSError: It cannot be written to.
    """
    module = _module(kind, "prepare")
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            "This folder is not empty; nothing was written.", where=str(folder), remedy="Name a new one, or empty it."
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[Path] = module.prepare(folder)
    return made


def open_stage(kind: str, options: Options) -> Stage:
    """Open the stage for scenarios of a kind.

    Args:
        kind: ``oso`` or ``uwlr``: the module ``oso_start`` or ``uwlr_start`` has ``open_stage(options)``.
        options: What the user asked for.

    Raises:
        OsoBridgeError: Something that was asked for cannot be used.
    """
    return cast(Stage, _module(kind, "start").open_stage(options))


def _module(kind: str, part: str) -> Any:
    """A module of a kind."""
    if kind not in KINDS:
        raise UsageError("There is no such kind of scenarios.", remedy=choose(kind, KINDS))
    return import_module(f"{__package__}.{kind}_{part}")
