"""Attachments: files that travel inside a dossier, packed in a ZIP and written as base64."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pydantic import Field

from oso_bridge.errors import UsageError
from oso_bridge.model.base import Deel, veld

if TYPE_CHECKING:
    from oso_bridge.attachments import ZipLimits

# zipfile and what opens a ZIP are imported where they are used: most programs that import the model open none

_SUFFIX = ".zip"


class Bijlage(Deel):
    """A document that goes along with a dossier, as a file name and a ZIP in base64.

    Nothing is decoded before :meth:`names`, :meth:`open` or :meth:`save` asks for it, and then within limits.

    >>> bijlage = Bijlage.van(b"Verslag", naam="verslag.txt")
    >>> bijlage.names(), bijlage.open("verslag.txt").read()
    (['verslag.txt'], b'Verslag')
    """

    bestandsnaam: str = Field(description="De naam van het bestand.")
    omschrijving: str | None = veld("Wat er in de bijlage staat.")
    inhoud: str | None = Field(default=None, repr=False, description="Een ZIP met de bestanden, als base64.")

    @classmethod
    def van(cls, bron: Path | str | bytes, *, naam: str | None = None, omschrijving: str | None = None) -> Bijlage:
        """An attachment made of a file.

        The same content gives the same attachment: the ZIP bears no dates.  A file that is a ZIP itself is
        taken as it is, since a dossier may not hold one inside another.

        Args:
            bron: The path of a file, or its content.
            naam: What the file is called; by default the name of the path. Content needs one.
            omschrijving: What the attachment is about.

        Raises:
            UsageError: There is content without a name, or the name is not safe or of a kind that is not allowed.
            OSError: The file cannot be read; a name that is none, most likely content given as a str, is not repeated.
        """
        content = bron if isinstance(bron, bytes) else _read(Path(bron), naam)
        name = naam or ("" if isinstance(bron, bytes) else Path(bron).name)
        _refuse_name(name)
        packed = content if name.lower().endswith(_SUFFIX) else _packed(name, content)
        return cls(bestandsnaam=name, omschrijving=omschrijving, inhoud=base64.b64encode(packed).decode("ascii"))

    def names(self, limits: ZipLimits | None = None) -> list[str]:
        """The names of the files in the attachment, made safe to use and unique.

        Args:
            limits: How large the ZIP and its files may be; safe limits by default.

        Raises:
            DocumentError: The content is no base64 of a ZIP, or is damaged.
            UnsafeDocument: It asks for more than the limits allow.
        """
        return [name for name, _ in self._members(limits)]

    def open(self, name: str | None = None, limits: ZipLimits | None = None) -> BinaryIO:
        """A file of the attachment, unpacked into memory.

        Args:
            name: One of :meth:`names`; by default the first.
            limits: How large the ZIP and its files may be; safe limits by default.

        Raises:
            UsageError: The attachment has no such file.
            DocumentError: The content is no base64 of a ZIP, or is damaged.
            UnsafeDocument: It asks for more than the limits allow.
        """
        for member, unpack in self._members(limits):
            if name is None or member == name:
                return unpack()
        raise UsageError("The attachment has no file of that name.", remedy="Ask names() for those it has.")

    def save(self, folder: Path | str, limits: ZipLimits | None = None) -> list[Path]:
        """Save the files of the attachment in a folder, which is made when it is absent.

        Names are made safe, so that nothing lands outside the folder, and numbered where a file of that name
        is there already: nothing is ever overwritten.

        Args:
            folder: Where to save.
            limits: How large the ZIP and its files may be; safe limits by default.

        Returns:
            The files made.

        Raises:
            DocumentError: The content is no base64 of a ZIP, or is damaged.
            UnsafeDocument: It asks for more than the limits allow.
            OSError: A file cannot be written.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        return [_save(target, name, unpack()) for name, unpack in self._members(limits)]

    def _members(self, limits: ZipLimits | None) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
        from oso_bridge import attachments

        return attachments.members(self.inhoud or "", limits or attachments.SAFE)


def _read(path: Path, naam: str | None) -> bytes:
    """The content of a file; a text that names no file may be content by mistake, and is not repeated."""
    try:
        if path.is_file() or naam is None:
            return path.read_bytes()
    except (OSError, ValueError):
        if naam is None and len(str(path)) < 200 and "\n" not in str(path):
            raise
    raise UsageError(
        "There is no file of that name to make an attachment of.",
        remedy="Give content as bytes: text.encode(); a str is the path of a file.",
    )


def _refuse_name(name: str) -> None:
    """Refuse what a file in a dossier may not be called."""
    from oso_bridge import attachments

    if not name:
        raise UsageError("Content without a name cannot be an attachment.", remedy="Give naam=.")
    if attachments.name_problem(name) or "/" in name or "\\" in name:
        raise UsageError("The name of the attachment is not safe to use.", remedy="Give another naam=.")
    if not attachments.allowed_type(name) and not name.lower().endswith(_SUFFIX):
        kinds = ", ".join(sorted(attachments.ALLOWED_TYPES))
        raise UsageError("A dossier may not hold files of this kind.", remedy=f"Allowed are: {kinds}.")


def _packed(name: str, content: bytes) -> bytes:
    """A ZIP with one file in it."""
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(name)  # the date of a ZipInfo is 1980-01-01 unless told otherwise
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = 0o644 << 16
        archive.writestr(member, content)
    return buffer.getvalue()


def _save(folder: Path, name: str, content: BinaryIO) -> Path:
    """Write a file that is not there yet; a number before the end of the name makes it so."""
    path, number = folder / name, 1
    while True:
        try:
            with path.open("xb") as file:
                file.write(content.read())
            return path
        except FileExistsError:
            number += 1
            path = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
