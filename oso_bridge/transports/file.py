"""A folder of this machine as a mailbox; one on a file server will do when it renames in one step."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from oso_bridge.transports.mailbox import LEASE, Mailbox

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class FileLine(Mailbox):
    """Parcels in a folder: see :mod:`oso_bridge.transports.mailbox` for what it looks like.

    Args:
        path: The folder. It has to be there: a share that is not mounted must not become a folder of this machine.
        lease: Seconds after which what a receiver did not settle comes again.
        shared: Whether the group of the folder may read and write the parcels too.
    """

    address = "path"

    def __init__(self, path: str | os.PathLike[str], *, lease: float = LEASE, shared: bool = False) -> None:
        super().__init__(LocalDisk(Path(path), shared), lease)


class LocalDisk:
    """The file system of this machine."""

    def __init__(self, root: Path, shared: bool = False) -> None:
        self.where = str(root)
        self._root = root
        self._folder_mode, self._file_mode = (0o770, 0o660) if shared else (0o700, 0o600)

    def prepare(self, folders: tuple[str, ...]) -> None:
        """Make the folders of a mailbox."""
        for folder in folders:
            path = self._root / folder
            try:
                self.make(folder)
            except FileExistsError:
                if path.is_symlink() or not path.is_dir():
                    raise

    def names(self, folder: str) -> tuple[list[str], int]:
        """The folders in a folder; links are none."""
        with os.scandir(self._root / folder) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        names = [name for name, is_folder in found if is_folder]
        return names, len(found) - len(names)

    def make(self, folder: str) -> None:
        """Make a folder that only those see who may."""
        path = self._root / folder
        path.mkdir(self._folder_mode)
        if self._folder_mode != 0o700:
            path.chmod(self._folder_mode)  # the umask may have taken the group out

    def write(self, file: str, content: bytes) -> None:
        """Write a file, and wait until it is on disk."""
        descriptor = os.open(self._root / file, _WRITE, self._file_mode)
        with os.fdopen(descriptor, "wb") as stream:
            if self._file_mode != 0o600 and hasattr(os, "fchmod"):
                os.fchmod(descriptor, self._file_mode)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        self._sync((self._root / file).parent)

    def read(self, file: str, most: int) -> bytes:
        """Read an ordinary file; never what a link or a pipe leads to."""
        path = self._root / file
        # that of the folder, which may have been put there after its name was looked at; that of the file where the
        # system cannot refuse it while opening
        if path.parent.is_symlink() or path.is_symlink():
            raise OSError("a link")
        descriptor = os.open(path, _READ)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError("no file")
            return stream.read(most + 1)

    def rename(self, old: str, new: str) -> None:
        """Rename a folder, and wait until that is on disk."""
        source, target = self._root / old, self._root / new
        source.rename(target)
        self._sync(target.parent)
        self._sync(source.parent)

    def remove(self, folder: str, files: tuple[str, ...]) -> None:
        """Remove a folder of ours; one with something else in it stays."""
        for file in files:
            (self._root / folder / file).unlink(missing_ok=True)
        (self._root / folder).rmdir()

    def close(self) -> None:
        """There is nothing to let go of."""

    def _sync(self, folder: Path) -> None:
        """Have the names in a folder on disk; Windows has no such thing."""
        if os.name == "nt":
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
