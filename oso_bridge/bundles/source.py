"""Reads a bundle, a ZIP, a folder or a lone XSD, into memory: nothing is unpacked to disk, and no name leads out of it.

Official bundles hold links: ``OV/common`` may stand for ``../common``. In a ZIP a link is a member of its own kind;
where a program that knows no links unpacked one, it is a small file that holds only a path. Both are followed inside
the bundle, and a bundle with one that leads out of it is refused.
"""

from __future__ import annotations

import errno
import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from oso_bridge import attachments
from oso_bridge.errors import BundleRefused

SCHEMA, STYLESHEET, DOCUMENT = ".xsd", (".xsl", ".xslt"), ".xml"
_WANTED = (SCHEMA, *STYLESHEET, DOCUMENT)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADER = 30  # what stands before the name of a member, in bytes
_LONGEST_LINK = 500
_MOST_HOPS = 40
_LINK = re.compile(rb"[\w.@()+ -]+(?:/[\w.@()+ -]+)*/?|/[^\r\n]*|[A-Za-z]:[\\/][^\r\n]*|[^\r\n<]*\.\.[\\/][^\r\n]*")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """How much a bundle may ask for.

    Attributes:
        max_bytes: Size of the ZIP, in bytes.
        max_files: Number of files, folders and links in it.
        max_file_bytes: Size of one file that is read, in bytes.
        max_total_bytes: Size of all files that are read together, in bytes.
        max_ratio: How many times larger than packed a file of more than a megabyte may be.
        max_name: Length of the name of a file with its folders, in characters.
    """

    max_bytes: int = 200_000_000
    max_files: int = 5_000
    max_file_bytes: int = 20_000_000
    max_total_bytes: int = 100_000_000
    max_ratio: int = 200
    max_name: int = 300


@dataclass(eq=False)
class Bundle:
    """The files of a bundle that matter here: schemas, stylesheets and documents, by their name in it.

    Attributes:
        name: The name of the ZIP, folder or file, without the folders above it.
        digest: SHA-256 of the ZIP or of all that was read, as ``sha256:...``.
        files: The content of each file by its name, with ``/`` between folders.
        links: Where a name that is a link leads, as a path from the folder it is in.
        lone: The schema, when only that was named.
    """

    name: str
    digest: str = ""
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    links: dict[str, str] = field(default_factory=dict, repr=False)
    lone: str | None = None

    def resolve(self, name: str) -> str:
        """The name that a path in the bundle stands for, when every link in it is followed.

        Raises:
            BundleRefused: It leads out of the bundle, or links go round in a circle.
        """
        todo, done, hops = list(reversed(name.split("/"))), list[str](), 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    raise outside()
                done.pop()
                continue
            done.append(part)
            target = self.links.get("/".join(done))
            if target is not None:
                hops += 1
                done.pop()
                todo.extend(reversed(_inside(target, hops).split("/")))
        return "/".join(done)

    def beside(self, name: str, href: str) -> str:
        """The name that a relative reference in a file stands for.

        Args:
            name: The file that refers.
            href: The reference, such as ``../common/lijsten.xsl``.

        Raises:
            BundleRefused: It is an address or an absolute path, leads out of the bundle, or to no file in it.
        """
        if not href or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/|\\", href) or "\\" in href or "%" in href or "#" in href:
            raise BundleRefused("A file of the bundle refers to something outside it.", where=name)
        found = self.resolve(f"{name.rpartition('/')[0]}/{href}")
        if found not in self.files:
            raise BundleRefused(f"A file of the bundle refers to {_shown(href)}, which is not in it.", where=name)
        return found

    def of_kind(self, *suffixes: str) -> list[str]:
        """The names of the files whose names end so."""
        return sorted(name for name in self.files if name.lower().endswith(suffixes))


def outside() -> BundleRefused:
    """What is raised for a link or name that leads out of the bundle."""
    return BundleRefused("A name or link in the bundle leads out of it.", remedy="Use the bundle as it was published.")


def _inside(target: str, hops: int) -> str:
    if hops > _MOST_HOPS:
        raise BundleRefused("Links in the bundle go round in a circle.")
    if target.startswith(("/", "\\")) or ":" in target or "\\" in target:
        raise outside()
    return target


def _shown(text: str) -> str:
    return re.sub(r"[^\w./@+ -]", "?", text)[:80]


def load(path: Path, limits: BundleLimits) -> Bundle:
    """Read a bundle.

    Args:
        path: A ZIP, a folder, or an XSD; beside an XSD the other XSDs in its folder are read.
        limits: What the bundle may ask for.

    Raises:
        OSError: It cannot be read.
        BundleRefused: It is none of these, exceeds a limit, holds a name that is not safe or a link that leads out.
    """
    bundle = Bundle(path.name)
    _refuse_unwritable(path.name)
    if path.is_dir():
        _read_all(bundle, _folder(path, limits), limits)
    elif path.suffix.lower() == SCHEMA:
        _read_all(bundle, _schemas(path, limits), limits)
        bundle.lone = path.name
    else:
        _read_zip(bundle, path, limits)
    _follow_texts(bundle)
    _refuse_unwritable(*bundle.files, *bundle.links, *bundle.links.values())
    for name in (*bundle.links, *bundle.files):
        bundle.resolve(name)
    bundle.digest = bundle.digest or _digest(bundle)
    return bundle


def _refuse_unwritable(*names: str) -> None:
    """Refuse a name that is no text: a file system may hold any bytes as one."""
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            # no cause: it would hold the name
            raise BundleRefused(
                "A name in the bundle, or its own, is not UTF-8.", remedy="Rename it, or use the ZIP as published."
            ) from None


def _digest(bundle: Bundle) -> str:
    whole = hashlib.sha256()
    for name, content in sorted(bundle.files.items()):
        whole.update(f"{len(name)}:{name}:{len(content)}:".encode())
        whole.update(content)
    return "sha256:" + whole.hexdigest()


_Entry = tuple[str, Path | None, str | None]
"""A name in the bundle, the file with its content, and where it leads when it is a link."""


def _folder(top: Path, limits: BundleLimits) -> Iterator[_Entry]:
    """What a folder holds; hidden files aside. No link is followed on disk."""
    seen, todo = 0, [top]
    while todo:
        for item in sorted(todo.pop().iterdir()):
            if item.name.startswith((".", "__MACOSX")):
                continue
            seen += 1
            _refuse_many(seen, limits)
            name = item.relative_to(top).as_posix()
            if item.is_symlink():
                yield name, None, item.readlink().as_posix()
            elif item.is_dir():
                todo.append(item)
            elif item.is_file():
                yield name, item, None


def _schemas(path: Path, limits: BundleLimits) -> Iterator[_Entry]:
    """A lone XSD, and the others in its folder, which it may include."""
    for seen, item in enumerate(sorted(path.parent.glob("*.[xX][sS][dD]")), start=1):
        _refuse_many(seen, limits)
        if item.is_file() and (item.name == path.name or not item.is_symlink()):
            yield item.name, item, None
    if not path.is_file():
        raise FileNotFoundError(2, "No such file or directory", str(path))


def _refuse_many(number: int, limits: BundleLimits) -> None:
    if number > limits.max_files:
        raise _too_much("max_files", limits.max_files)


def _read_all(bundle: Bundle, found: Iterator[_Entry], limits: BundleLimits) -> None:
    """Read the files that matter."""
    total = 0
    for name, file, target in found:
        if target is not None:
            bundle.links[name] = target
        elif file is not None and _matters(name, size := file.stat().st_size):
            total += size
            _refuse_size(size, total, limits)
            with file.open("rb") as source:
                bundle.files[name] = source.read(size)


def _matters(name: str, size: int) -> bool:
    """Whether a file is read: one of the kinds that matter, or a small one that may be a link to a folder."""
    last = name.rpartition("/")[2]
    return name.lower().endswith(_WANTED) or ("." not in last and size <= _LONGEST_LINK)


def _refuse_size(size: int, total: int, limits: BundleLimits) -> None:
    if size > limits.max_file_bytes:
        raise _too_much("max_file_bytes", limits.max_file_bytes)
    if total > limits.max_total_bytes:
        raise _too_much("max_total_bytes", limits.max_total_bytes)


def _too_much(name: str, limit: int) -> BundleRefused:
    return BundleRefused(
        f"The bundle exceeds the limit {name} ({limit}).", remedy="Use the bundle as it was published."
    )


# --- ZIP ------------------------------------------------------------------------------------------------------------


def _read_zip(bundle: Bundle, path: Path, limits: BundleLimits) -> None:
    """Read a ZIP; its table of contents is judged whole before anything is unpacked."""
    with path.open("rb") as source:
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise _too_much("max_bytes", limits.max_bytes)
        _refuse_many(attachments.entries(source), limits)
        source.seek(0)
        bundle.digest = "sha256:" + hashlib.file_digest(source, "sha256").hexdigest()
        try:
            with zipfile.ZipFile(source) as archive:
                _unpack(bundle, archive, list(_judged(archive, limits)), limits)
        except _UNREADABLE:
            raise _no_zip(path) from None
        except OSError as error:
            # a table of contents that points to before the beginning
            if error.errno == errno.EINVAL:
                raise _no_zip(path) from None
            raise


def _no_zip(path: Path) -> BundleRefused:
    return BundleRefused(
        "The bundle is no ZIP that can be read.", where=path.name, remedy="Name a ZIP, a folder or an XSD."
    )


def _judged(archive: zipfile.ZipFile, limits: BundleLimits) -> Iterator[zipfile.ZipInfo]:
    """The files and links of a ZIP, when nothing in its table of contents is wrong."""
    names = set[str]()
    _refuse_overlap(archive.infolist())
    for number, member in enumerate(archive.infolist(), start=1):
        _refuse_many(number, limits)
        _refuse_member(member, number, limits)
        if not member.is_dir() and member.filename.casefold() in names:
            raise _overlaps(number)
        names.add(member.filename.casefold())
        if not member.is_dir() and not member.filename.startswith("__MACOSX/"):
            yield member


def _refuse_overlap(members: list[zipfile.ZipInfo]) -> None:
    """Refuse members that share bytes: so a small ZIP unpacks to any size."""
    ordered = sorted(enumerate(members, start=1), key=lambda item: item[1].header_offset)
    for (_, member), (number, following) in pairwise(ordered):
        if member.header_offset + _HEADER + member.compress_size > following.header_offset:
            raise _overlaps(number)


def _overlaps(number: int) -> BundleRefused:
    return BundleRefused(f"Member {number} of the ZIP overlaps another.", remedy="Use the ZIP as published.")


def _refuse_member(member: zipfile.ZipInfo, number: int, limits: BundleLimits) -> None:
    """Refuse a name that is not safe, what is encrypted or packed in an unknown way, and what unpacks to too much."""
    reason = attachments.name_problem(member.orig_filename.rstrip("/"), limits.max_name)
    if reason or "\\" in member.orig_filename:
        raise BundleRefused(f"The name of member {number} of the ZIP is not safe ({reason or 'backslash'}).")
    if member.flag_bits & 0x1 or member.compress_type not in _METHODS:
        raise BundleRefused(f"Member {number} of the ZIP is encrypted, or packed in a way that is not supported.")
    if member.file_size > 1_000_000 and member.file_size > limits.max_ratio * max(1, member.compress_size):
        raise _too_much("max_ratio", limits.max_ratio)


def _unpack(bundle: Bundle, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], limits: BundleLimits) -> None:
    """Read the members that matter into memory, none beyond the size that the table of contents gives."""
    total = 0
    for member in members:
        link = stat.S_ISLNK(member.external_attr >> 16)
        if not link and not _matters(member.filename, member.file_size):
            continue
        total += member.file_size
        _refuse_size(member.file_size, total, limits)
        with archive.open(member) as stream:
            content = stream.read(member.file_size + 1)
        if not link:
            bundle.files[member.filename] = content
            continue
        if len(content) > _LONGEST_LINK:
            raise outside()
        bundle.links[member.filename] = content.decode("utf-8", "replace")


def _follow_texts(bundle: Bundle) -> None:
    """Take small files that hold nothing but a path for the links that they were."""
    for name, content in list(bundle.files.items()):
        text = content.removeprefix(b"\xef\xbb\xbf").strip()
        named = name.lower().endswith(_WANTED)
        if named and (len(text) > _LONGEST_LINK or not _LINK.fullmatch(text)):
            continue
        del bundle.files[name]
        if _LINK.fullmatch(text) and (named or text.startswith((b".", b"/"))):
            bundle.links[name] = text.decode("utf-8", "replace")
