"""A folder of another machine, over SFTP: against a server of asyncssh on this machine."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

import oso_bridge as oso
from oso_bridge.testing import Ends, MailboxContract
from oso_bridge.testing.transports import take

from .peers import closed_port

PARCEL = oso.Parcel(b"<dossier/>", id="bericht-1")


class Login(asyncssh.SSHServer):
    """Lets in who knows the password, or holds a key of the file."""

    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("school", "fictief wachtwoord")


class Server:
    """A server in a thread of its own, with a folder that every test gets anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "root"
        self.own = folder
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key.write_private_key(str(folder / "key"))
        self.user_key.write_private_key(str(folder / "locked"), "openssh", "fictief slot", rounds=50)
        (folder / "keys").write_bytes(self.user_key.export_public_key())
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.listener = self._wait(self._start())
        self.port = self.listener.get_port()
        self.known = folder / "known_hosts"
        public = self.host_key.export_public_key().decode()
        self.known.write_text(f"[localhost]:{self.port} {public}")
        self.url = f"sftp://school@localhost:{self.port}/bus"
        self.options: dict[str, Any] = {"known_hosts": self.known, "key": folder / "key"}

    async def _start(self) -> Any:
        root = str(self.folder).encode()
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: Login(self.connections),
            server_host_keys=[self.host_key],
            authorized_client_keys=str(self.own / "keys"),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=root),
        )

    def _wait(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(20)

    def emptied(self) -> Server:
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "bus").mkdir(parents=True)
        return self

    def line(self, **settings: Any) -> oso.Transport:
        return oso.transport("sftp", **{"url": self.url, **self.options, **settings})

    async def _stop(self) -> None:
        self.listener.close()
        await self.listener.wait_closed()
        for connection in self.connections:
            connection.abort()
            await connection.wait_closed()

    def close(self) -> None:
        self._wait(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("sftp"))
    yield made
    made.close()


@pytest.fixture
def server(running: Server) -> Server:
    return running.emptied()


class TestSftp(MailboxContract):
    stalls = True

    @pytest.fixture
    def ends(self, server: Server, peers: Callable[..., Any]) -> Ends:
        silent = peers(lambda talk: talk.nothing(), None)
        nowhere = f"sftp://school@localhost:{closed_port()}/bus"
        stalled = f"sftp://school@localhost:{silent.port}/bus"
        return Ends(
            server.line,
            lambda **settings: server.line(url=nowhere, **settings),
            receiver=server.line,
            stalled=lambda **settings: server.line(url=stalled, **settings),
        )


def failure(line: oso.Transport) -> oso.TransportError:
    with line, pytest.raises(oso.TransportError) as caught:
        line.send(PARCEL)
    assert caught.value.sent == "no"
    return caught.value


def test_it_looks_as_a_folder_here_does(server: Server) -> None:
    with server.line() as line:
        line.send(PARCEL)
    (place,) = (server.folder / "bus" / "new").iterdir()
    assert (place / "content").read_bytes() == PARCEL.content
    assert (place / "content").stat().st_mode & 0o777 == 0o600
    with oso.transport("file", path=server.folder / "bus") as line:
        assert take(line) == [PARCEL]


def test_a_machine_that_is_not_known_gets_nothing(server: Server, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (tmp_path / "other").write_text(f"elders.invalid {other}")
    error = failure(server.line(known_hosts=tmp_path / "other"))
    assert error.what == "The other machine is not in known_hosts."
    assert not error.retryable
    assert (tmp_path / "other").read_text() == f"elders.invalid {other}"
    (tmp_path / "changed").write_text(f"[localhost]:{server.port} {other}")
    error = failure(server.line(known_hosts=tmp_path / "changed"))
    assert error.what == "The key of the other machine is not the one that is known."
    assert not list(server.folder.glob("bus/*"))


def test_who_is_not_let_in_sends_nothing(server: Server) -> None:
    error = failure(server.line(key=None, password="KANARIE"))
    assert (error.what, error.retryable) == ("The other machine does not let us in.", False)
    assert "KANARIE" not in repr(error)


def test_a_password_or_a_locked_key_will_do(server: Server) -> None:
    with server.line(key=None, password="fictief wachtwoord") as line:
        line.send(PARCEL)
    with server.line(key=server.own / "locked", key_password="fictief slot") as line:
        assert take(line) == [PARCEL]


@pytest.mark.parametrize("options", [{"key_password": "KANARIE"}, {}])
def test_a_key_that_cannot_be_opened_is_wrong_use(server: Server, options: dict[str, str]) -> None:
    for name in ("locked", "nowhere", "known_hosts"):
        with pytest.raises(oso.UsageError, match="The private key cannot be used") as caught:
            server.line(key=server.own / name, **options)
        assert "KANARIE" not in str(caught.value)


def test_a_folder_that_is_not_there_is_not_made(server: Server) -> None:
    error = failure(server.line(url=server.url.replace("/bus", "/nergens")))
    assert error.what == "The mailbox is not there."
    assert not (server.folder / "nergens").exists()


def test_links_are_not_followed(server: Server) -> None:
    with server.line() as line:
        line.send(PARCEL)
        (place,) = (server.folder / "bus" / "new").iterdir()
        (place / "content").rename(server.folder / "geheim")
        (place / "content").symlink_to(server.folder / "geheim")
        assert take(line) == []
    (reason,) = (server.folder / "bus").glob("rejected/*/reason.txt")
    assert reason.read_text() == "The file content is not there, or no ordinary file.\n"


def test_a_connection_that_was_lost_is_made_again(server: Server) -> None:
    with server.line(retry=oso.Retry(attempts=3, pause=0.01)) as line:
        line.send(PARCEL)
        client = line.line._disk._client  # type: ignore[attr-defined]
        client.get_transport().sock.close()
        line.send(PARCEL)
        assert len(take(line)) == 2


def test_a_channel_that_closed_is_a_connection_that_was_lost(server: Server) -> None:
    with server.line(retry=oso.Retry(attempts=3, pause=0.01)) as line:
        line.send(PARCEL)
        line.line._disk._sftp.get_channel().close()  # type: ignore[attr-defined]
        line.send(PARCEL)
        assert len(take(line)) == 2


def test_no_more_is_asked_for_than_a_file_holds(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    whole = asyncssh.SFTPServer.read

    async def counted(self: Any, file: Any, offset: int, size: int) -> Any:
        asked.append(offset)
        return await asyncio.sleep(0) or whole(self, file, offset, size)

    monkeypatch.setattr(asyncssh.SFTPServer, "read", counted)
    large = oso.Parcel(bytes(100_000), id="bericht-2")
    with server.line() as line:
        line.send(large)
        assert take(line) == [large]
    assert len(asked) < 10, "two files, of one piece and of four, and the end of each"
    assert not [thread.name for thread in threading.enumerate() if "prefetch" in thread.name]


@pytest.mark.parametrize(
    "url",
    [
        "https://school@localhost/bus",
        "sftp://localhost/bus",
        "sftp://school:KANARIE@localhost/bus",
        "sftp://a@b:x/",
        "",
    ],
)
def test_an_address_that_may_not_be(server: Server, url: str) -> None:
    with pytest.raises(oso.UsageError, match="no address of SFTP") as caught:
        server.line(url=url)
    assert "KANARIE" not in str(caught.value)


def test_known_hosts_without_a_key_is_wrong_use(server: Server, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    shutil.copy(server.own / "key", tmp_path)
    for name in ("empty", "nowhere", "key"):
        with pytest.raises(oso.UsageError, match="no key of a known machine"):
            server.line(known_hosts=tmp_path / name)


def test_a_server_that_stalls_half_way_ends_with_the_deadline(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    whole = asyncssh.SFTPServer.write

    async def slow(self: Any, *arguments: Any) -> Any:
        while not released.is_set():
            await asyncio.sleep(0.02)
        return whole(self, *arguments)

    monkeypatch.setattr(asyncssh.SFTPServer, "write", slow)
    started = time.monotonic()
    assert "longer than" in failure(server.line(deadline=1)).what
    assert time.monotonic() - started < 8
    released.set()
    monkeypatch.undo()
    with server.line() as line:
        assert take(line) == []
