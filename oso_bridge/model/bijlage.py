"""Attachments: files that travel inside a dossier, packed in a ZIP and written as base64."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pydantic import Field

from oso_bridge.errors import DocumentError, UsageError
from oso_bridge.model.base import Deel, veld

if TYPE_CHECKING:
    from oso_bridge.attachments import ZipLimits

# zipfile and what opens a ZIP are imported where they are used: most programs that import the model open none

_SUFFIX = ".zip"
_ABSENT = ("it has no content", "Make one with Bijlage.van.")
_SMALLER = "Make it smaller, divide it over several attachments, or leave it out."
_TOLD = {
    "geen-base64": ("its content is not base64", "Make one with Bijlage.van, or encode the bytes of a ZIP."),
    "geen-zip": ("its content is not a ZIP", "Bijlage.van packs a file that is not called .zip into one."),
    "afgekapt": ("its ZIP is truncated: the end is missing", "Ask for the file again, and for the whole of it."),
    "versleuteld": ("a file in it is encrypted", "Ask for it without a password."),
    "genest": ("a file in it is an archive itself", "Put the files themselves into one ZIP."),
    "beschadigd": ("its ZIP is damaged", "Ask for the file again."),
}
_LIMITS = {
    "bytes": ("max_bytes", "{limit} bytes for the ZIP itself"),
    "members": ("max_members", "{limit} files"),
    "member-bytes": ("max_member_bytes", "{limit} bytes for one unpacked file"),
    "total-bytes": ("max_total_bytes", "{limit} bytes for all unpacked files together"),
    "ratio": ("max_ratio", "{limit} times the packed size"),
}


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
        taken as it is, since a dossier may not hold one inside another.  What :meth:`names` would refuse within its
        safe limits is refused here.

        Args:
            bron: The path of a file, or its content.
            naam: What the file is called; by default the name of the path. Content needs one.
            omschrijving: What the attachment is about.

        Raises:
            UsageError: There is no content, or content without a name, the name is not safe or of a kind that is not
                allowed, the content goes beyond a limit, which is named, or what is called a ZIP is none that can be
                opened.
            OSError: The file cannot be read; a name that is none, most likely content given as a str, is not repeated.
        """
        content = bron if isinstance(bron, bytes) else _read(Path(bron), naam)
        name = naam or ("" if isinstance(bron, bytes) else Path(bron).name)
        _refuse_name(name)
        if not content:
            raise UsageError("An empty file cannot be an attachment.", remedy="Leave it out, or give its content.")
        _refuse_size(len(content), name)
        packed = content if name.lower().endswith(_SUFFIX) else _packed(name, content)
        made = cls(bestandsnaam=name, omschrijving=omschrijving, inhoud=base64.b64encode(packed).decode("ascii"))
        _refuse_unopenable(made)
        return made

    def names(self, limits: ZipLimits | None = None) -> list[str]:
        """The names of the files in the attachment, made safe to use and unique.

        Args:
            limits: How large the ZIP and its files may be; safe limits by default.

        Raises:
            DocumentError: The content is no base64 of a ZIP, or is truncated or damaged; the text says which.
            UnsafeDocument: It goes beyond a limit, which the text names, or holds an encrypted file or an archive.
        """
        return [name for name, _ in self._members(limits)]

    def open(self, name: str | None = None, limits: ZipLimits | None = None) -> BinaryIO:
        """A file of the attachment, unpacked into memory.

        Args:
            name: One of :meth:`names`; by default the first.
            limits: How large the ZIP and its files may be; safe limits by default.

        Raises:
            UsageError: The attachment has no such file.
            DocumentError: The content is no base64 of a ZIP, or is truncated or damaged; the text says which.
            UnsafeDocument: It goes beyond a limit, which the text names, or holds an encrypted file or an archive.
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
            DocumentError: The content is no base64 of a ZIP, or is truncated or damaged; the text says which.
            UnsafeDocument: It goes beyond a limit, which the text names, or holds an encrypted file or an archive.
            OSError: A file cannot be written.
        """
        found = list(self._members(limits))
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        return [_save(target, name, unpack()) for name, unpack in found]

    def _members(self, limits: ZipLimits | None) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
        from oso_bridge import attachments

        try:
            for name, unpack in attachments.members(self.inhoud or "", limits or attachments.SAFE):
                yield name, _explaining(unpack)
        except DocumentError as error:
            fault = _explained(error, absent=not self.inhoud)
        else:
            return
        raise fault


def _explaining(unpack: Callable[[], BinaryIO]) -> Callable[[], BinaryIO]:
    """A function that unpacks a file, and says what is wrong when it cannot."""

    def explained() -> BinaryIO:
        try:
            return unpack()
        except DocumentError as error:
            fault = _explained(error)
        raise fault

    return explained


def _explained(error: DocumentError, *, absent: bool = False) -> DocumentError:
    """The same error, saying what is wrong with this attachment and what to do; nothing of its content."""
    kind = error.rule.rpartition(".")[2]
    what, remedy = _ABSENT if absent else _TOLD.get(kind) or _beyond(error)
    return type(error)(f"The attachment cannot be opened: {what}.", rule=error.rule, args=error.args_, remedy=remedy)


def _beyond(error: DocumentError) -> tuple[str, str]:
    """What to say of a limit that an attachment goes beyond."""
    reason = error.args_.get("reason")
    if reason not in _LIMITS:
        what = "its files share their bytes, as in a ZIP bomb" if reason == "overlap" else error.what
        return what, "Do not open it; ask the sender what it is."
    name, most = _LIMITS[reason]
    what = f"it goes beyond the limit {name}, {most.format(limit=error.args_['limit'])}"
    return what, f"Make it smaller; who trusts the sender opens it with limits=ZipLimits({name}=...)."


def _read(path: Path, naam: str | None) -> bytes:
    """The content of a file; a text that names no file may be content by mistake, and is not repeated."""
    try:
        if path.is_file():
            _refuse_size(path.stat().st_size, naam or path.name)
        if path.is_file() or naam is None:
            return path.read_bytes()
    except UsageError:
        raise
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


def _refuse_size(size: int, name: str) -> None:
    """Refuse what is too large for any attachment, before it is read or packed."""
    from oso_bridge.attachments import SAFE

    limit = "max_bytes" if name.lower().endswith(_SUFFIX) else "max_member_bytes"
    most = getattr(SAFE, limit)
    if size > most:
        what = f"it has {size} bytes, which goes beyond the limit {limit} of {most} bytes"
        raise UsageError(f"This cannot be an attachment: {what}.", remedy=_SMALLER)


def _refuse_unopenable(made: Bijlage) -> None:
    """Refuse an attachment that no receiver could open."""
    try:
        made.names()
    except DocumentError as error:
        what = error.what.replace("The attachment cannot be opened", "This cannot be an attachment")
        fault = UsageError(what, remedy=_SMALLER if "limit" in error.args_ else error.remedy)
    else:
        return
    raise fault


def _packed(name: str, content: bytes) -> bytes:
    """A ZIP with one file in it; what would shrink so much that it looks like a ZIP bomb is not compressed."""
    import zipfile

    from oso_bridge.attachments import SAFE

    packed = _zipped(name, content, zipfile.ZIP_DEFLATED)
    bomb = len(content) >= SAFE.ratio_from and len(content) > len(packed) * SAFE.max_ratio // 2
    return _zipped(name, content, zipfile.ZIP_STORED) if bomb else packed


def _zipped(name: str, content: bytes, method: int) -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo(name)  # the date of a ZipInfo is 1980-01-01 unless told otherwise
        member.compress_type = method
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
