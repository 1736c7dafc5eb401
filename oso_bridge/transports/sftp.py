"""A folder of another machine as a mailbox, over SFTP.

The key of the other machine has to be known beforehand; an unknown one is never taken over in silence.
"""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko

from oso_bridge.errors import TransportError, UsageError
from oso_bridge.transports.calls import current, cut
from oso_bridge.transports.mailbox import LEASE, Mailbox

PORT = 22
# What paramiko still offers for the sake of old servers.
WEAK = {
    "keys": ["ssh-rsa"],
    "pubkeys": ["ssh-rsa"],
    "kex": ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}


class SftpLine(Mailbox):
    """Parcels in a folder of another machine: see :mod:`oso_bridge.transports.mailbox` for what it looks like.

    Args:
        url: ``sftp://user@host:22/folder``; the folder has to be there. No password in here.
        known_hosts: The file with the keys of machines that are known, as ``ssh-keyscan`` writes it.
        key: The file with our private key, in the form of OpenSSH or PEM.
        key_password: The password of that file.
        password: The password of the user, where no key is used.
        lease: Seconds after which what a receiver did not settle comes again.

    Raises:
        UsageError: The address or a file cannot be used, or the extra ``sftp`` is not installed.
    """

    address = "url"

    def __init__(
        self,
        url: str,
        *,
        known_hosts: str | os.PathLike[str],
        key: str | os.PathLike[str] | None = None,
        key_password: str | None = None,
        password: str | None = None,
        lease: float = LEASE,
    ) -> None:
        super().__init__(SftpDisk(url, Path(known_hosts), key, key_password, password), lease)


class SftpDisk:
    """The file system of another machine; connected when it is first used, and again after a connection was lost."""

    def __init__(
        self,
        url: str,
        known_hosts: Path,
        key: str | os.PathLike[str] | None,
        key_password: str | None,
        password: str | None,
    ) -> None:
        self._host, self._port, self._user, self._root = _place(url)
        self.where = f"sftp://{self._host}:{self._port}{self._root}"
        self._known = _known_hosts(known_hosts)
        self._key = _private_key(key, key_password)
        self._password = password
        self._lock = threading.RLock()
        self._client: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None

    def prepare(self, folders: tuple[str, ...]) -> None:
        """Make the folders of a mailbox."""
        with self._session() as sftp:
            there = set(sftp.listdir(self._root))
        for folder in folders:
            if folder not in there:
                with suppress(OSError):  # servers do not say in one way that another one was faster
                    self.make(folder)

    def names(self, folder: str) -> tuple[list[str], int]:
        """The folders in a folder; links are none."""
        with self._session() as sftp:
            found = sftp.listdir_attr(self._path(folder))
        names = [one.filename for one in found if stat.S_ISDIR(one.st_mode or 0)]
        return names, len(found) - len(names)

    def make(self, folder: str) -> None:
        """Make a folder that only its owner sees, where the server lets that be asked for."""
        with self._session() as sftp:
            sftp.mkdir(self._path(folder), 0o700)

    def write(self, file: str, content: bytes) -> None:
        """Write a file that is not there yet, and see that its size is right."""
        with self._session() as sftp, sftp.open(self._path(file), "wx") as stream:
            stream.set_pipelined(True)
            with suppress(OSError):  # a server may have no rights to set; then those of its folder hold
                stream.chmod(0o600)
            stream.write(content)
        with self._session() as sftp:
            if sftp.lstat(self._path(file)).st_size != len(content):
                raise OSError("the size differs")

    def read(self, file: str, most: int) -> bytes:
        """Read an ordinary file; never what a link leads to."""
        with self._session() as sftp:
            about = sftp.lstat(self._path(file))
            if not stat.S_ISREG(about.st_mode or 0):
                raise OSError("no file")
            with sftp.open(self._path(file), "rb") as stream:
                # no further than the file goes: a thread of paramiko asks, and would still ask when all is closed
                stream.prefetch(min(about.st_size or 0, most + 1))
                return stream.read(most + 1)

    def rename(self, old: str, new: str) -> None:
        """Rename a folder."""
        with self._session() as sftp:
            sftp.rename(self._path(old), self._path(new))

    def remove(self, folder: str, files: tuple[str, ...]) -> None:
        """Remove a folder of ours; one with something else in it stays."""
        with self._session() as sftp:
            for file in files:
                with suppress(FileNotFoundError):
                    sftp.remove(f"{self._path(folder)}/{file}")
            sftp.rmdir(self._path(folder))

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            client, self._client, self._sftp = self._client, None, None
        if client:
            client.close()

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _session(self) -> Iterator[paramiko.SFTPClient]:
        """The connection, for one thread at a time; a lost one is forgotten, so that the next use makes another."""
        call = current()
        with self._lock:
            try:
                sftp = self._connected()
                call.when_over(lambda: _cut(sftp))
                channel = sftp.get_channel()
                if channel:
                    channel.settimeout(call.left())
                yield sftp
            except (EOFError, paramiko.SSHException, ConnectionError, TimeoutError) as error:
                self.close()
                raise ConnectionError("the connection was lost") from error
            except OSError as error:
                # paramiko says so of a file that is not there, and of a channel that closed under it
                if not self._is_lost():
                    raise
                self.close()
                raise ConnectionError("the connection was lost") from error

    def _is_lost(self) -> bool:
        channel = self._sftp.get_channel() if self._sftp else None
        return channel is None or channel.closed

    def _connected(self) -> paramiko.SFTPClient:
        if self._sftp is None:
            self._client = self._connect()
            self._sftp = self._client.open_sftp()
        return self._sftp

    def _connect(self) -> paramiko.SSHClient:
        """A connection to a machine that is known.

        Raises:
            TransportError: It is not reached, not known, another one than it was, or does not let us in.
        """
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(_OnlyKnown())
        client.load_system_host_keys(str(self._known))
        try:
            self._log_in(client)
        except _UnknownHost:
            raise self._refused("The other machine is not in known_hosts.") from None
        except paramiko.BadHostKeyException:
            raise self._refused("The key of the other machine is not the one that is known.") from None
        except paramiko.AuthenticationException:
            raise TransportError(
                "The other machine does not let us in.", retryable=False, sent="no", where=self.where
            ) from None
        except (paramiko.SSHException, OSError, EOFError):
            raise TransportError(
                "The other machine cannot be reached.", retryable=True, sent="no", where=self.where
            ) from None
        return client

    def _log_in(self, client: paramiko.SSHClient) -> None:
        call = current()
        with ExitStack() as undo:
            undo.callback(client.close)
            connection = undo.enter_context(socket.create_connection((self._host, self._port), call.left()))
            call.watch(connection)
            left = call.left()
            client.connect(
                self._host,
                self._port,
                self._user,
                self._password,
                self._key,
                sock=connection,
                timeout=left,
                banner_timeout=left,
                auth_timeout=left,
                channel_timeout=left,
                allow_agent=False,
                look_for_keys=False,
                disabled_algorithms=WEAK,
            )
            undo.pop_all()

    def _refused(self, what: str) -> TransportError:
        remedy = "Ask its owner for the key, and compare it; do not just accept it."
        return TransportError(what, retryable=False, sent="no", where=self.where, remedy=remedy)


class _UnknownHost(paramiko.SSHException):
    """The key of this machine is not in the file."""


class _OnlyKnown(paramiko.MissingHostKeyPolicy):
    """Takes no key that is not known."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        raise _UnknownHost


def _cut(sftp: paramiko.SFTPClient) -> None:
    """Break the connection off; closing it in the proper way would wait for the other side."""
    channel = sftp.get_channel()
    transport = channel.get_transport() if channel else None
    if transport and isinstance(transport.sock, socket.socket):
        cut(transport.sock)


def _place(url: str) -> tuple[str, int, str, str]:
    """Host, port, user and folder.

    Raises:
        UsageError: It is no address of SFTP, or holds a password.
    """
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme == "sftp" and parts.hostname and parts.username and not parts.password:
            folder = unquote(parts.path).rstrip("/") or "/"
            return parts.hostname, parts.port or PORT, unquote(parts.username), folder
    raise UsageError("This is no address of SFTP.", remedy="Give url=sftp://user@host/folder, without a password.")


def _known_hosts(file: Path) -> Path:
    """The file with known machines, when it is one.

    Raises:
        UsageError: It is not there, or holds no key.
    """
    try:
        keys = paramiko.HostKeys(str(file))
    except (OSError, ValueError, paramiko.SSHException, paramiko.hostkeys.InvalidHostKey):
        keys = paramiko.HostKeys()
    if not keys:
        raise UsageError("There is no key of a known machine in this file.", where=str(file))
    return file


def _private_key(file: str | os.PathLike[str] | None, password: str | None) -> paramiko.PKey | None:
    """Our private key.

    Raises:
        UsageError: The file or its password is wrong.
    """
    if file is None:
        return None
    secret = password.encode() if password else None
    try:
        return paramiko.PKey.from_path(Path(file), secret)  # type: ignore[arg-type]  # bytes is what it takes
    except (OSError, ValueError, TypeError, paramiko.SSHException):
        raise UsageError(
            "The private key cannot be used.", where=str(file), remedy="Check the file and its password."
        ) from None
