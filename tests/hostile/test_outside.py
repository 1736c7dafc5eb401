"""Nothing goes out: no network, no other file; and what comes out of a dossier cannot do harm elsewhere."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile_documents import EXAMPLES, GOOD, NAMESPACE, ROOT, XSI, attachment, dossier, places, tree, with_attachment
from lxml import etree

import oso_bridge as oso
from oso_bridge import cli
from oso_bridge.render import render


class Listener:
    """A server on this machine that counts who comes by."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._accepted = self._own = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._accepted += 1
            connection.close()

    def call(self) -> None:
        """Come by, and wait until that was counted; whoever came before was counted as well."""
        with socket.create_connection(self._socket.getsockname(), timeout=60) as connection:
            assert connection.recv(1) == b""

    @property
    def hits(self) -> int:
        """How many came by."""
        self.call()
        self._own += 1
        return self._accepted - self._own

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


REACHING = {
    "schemaLocation": f'<dossier xmlns="{NAMESPACE}" xmlns:xsi="{XSI}" xsi:schemaLocation="{NAMESPACE} URL"/>',
    "noNamespaceSchemaLocation": f'<dossier xmlns:xsi="{XSI}" xsi:noNamespaceSchemaLocation="URL"/>',
    "both, in the namespace": (
        f'<dossier xmlns="{NAMESPACE}" xmlns:xsi="{XSI}" xsi:schemaLocation="urn:x URL {NAMESPACE} URL" '
        'xsi:noNamespaceSchemaLocation="URL"><x xmlns="urn:x"/></dossier>'
    ),
    "DTD": f'<!DOCTYPE dossier SYSTEM "URL"><dossier xmlns="{NAMESPACE}"/>',
    "public DTD": f'<!DOCTYPE dossier PUBLIC "-//X//Y" "URL"><dossier xmlns="{NAMESPACE}"/>',
    "external entity": f'<!DOCTYPE dossier [<!ENTITY a SYSTEM "URL">]><dossier xmlns="{NAMESPACE}">&a;</dossier>',
    "parameter entity": f'<!DOCTYPE dossier [<!ENTITY % a SYSTEM "URL"> %a;]><dossier xmlns="{NAMESPACE}"/>',
    "hidden DTD": f'<!---><a --><!DOCTYPE dossier SYSTEM "URL"><dossier xmlns="{NAMESPACE}"/>',
    "XInclude": (
        f'<dossier xmlns="{NAMESPACE}"><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="URL"/></dossier>'
    ),
    "stylesheet": f'<?xml-stylesheet type="text/xsl" href="URL"?><dossier xmlns="{NAMESPACE}"/>',
    "xml:base": f'<dossier xmlns="{NAMESPACE}" xml:base="URL"><x href="a"/></dossier>',
    "a schema that imports": (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:import namespace="urn:x" schemaLocation="URL"/><xs:include schemaLocation="URL"/></xs:schema>'
    ),
    "namespace": '<dossier xmlns="URL"/>',
    "text": "URL",
}


def try_all(source: str | bytes) -> None:
    """Check, show the outcome in every form, read and write."""
    report = oso.check(source)
    for form in ("text", "json", "sarif", "junit", "html"):
        render([report.to_dict()], form)
    try:
        read = oso.read(source)
    except oso.DocumentError:
        return
    oso.write(read)


@pytest.mark.parametrize("name", REACHING)
def test_no_network(name: str, listener: Listener, tmp_path: Path) -> None:
    document = REACHING[name].replace("URL", listener.url)
    path = tmp_path / "a.xml"
    path.write_text(document, encoding="utf-8")
    try_all(document.encode())
    try_all(("\ufeff" + document).encode("utf-16-le"))
    try_all(str(path))
    assert listener.hits == 0


def test_a_str_is_not_fetched(listener: Listener) -> None:
    for entrance in (oso.check, oso.read):
        with pytest.raises(OSError, match=r"No such file|cannot find"):
            entrance(listener.url)
    assert listener.hits == 0


def test_the_listener_hears(listener: Listener) -> None:
    for _ in range(3):
        listener.call()
    assert listener.hits == 3
    assert listener.hits == 3


@pytest.mark.parametrize("name", ["external entity", "parameter entity", "XInclude", "DTD", "hidden DTD"])
def test_no_other_file(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "geheim.txt"
    secret.write_text("<geheim>Kanarie7f3a91</geheim>", encoding="utf-8")
    document = REACHING[name].replace("URL", secret.as_uri()).encode()
    report = oso.check(document, show_values=True)
    assert "Kanarie7f3a91" not in str(report.to_dict())
    try:
        read = oso.read(document)
    except oso.UnsafeDocument:
        return
    assert "Kanarie7f3a91" not in str(read.record)


def test_a_compressed_file_is_not_unpacked(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "dossier.xml"
    path.write_bytes(gzip.compress(GOOD))
    assert [finding.rule for finding in oso.check(path).findings] == ["DOC.archief"]


# --- attachments --------------------------------------------------------------------------------------------------

NAMES = [
    "../boven.txt",
    "../../../../../../tmp/boven.txt",
    "..\\..\\boven.txt",
    "/tmp/absoluut.txt",
    "C:\\absoluut.txt",
    "\\\\server\\deel\\x.txt",
    "nul.txt",
    "COM1.txt",
    "a\u2044..\u2044b.txt",
    "\u202etxt.exe",
    "x.txt:verborgen",
    "~/.profile.txt",
    "-rf.txt",
    "." * 3 + ".txt",
    "map/../../x.txt",
    "x" * 300 + ".txt",
    "zelfde.txt",
    "ZELFDE.TXT",
]


def extracted(document: bytes, folder: Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, list[Path], str]:
    """The exit code of extract, every file there is afterwards, and what was said."""
    source = folder / "dossier.xml"
    source.write_bytes(document)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["extract", str(source), "--to", str(folder / "uit")])
    output = capfd.readouterr()
    files = [path for path in folder.rglob("*") if path.is_file() and path != source]
    assert isinstance(stopped.value.code, int)
    return stopped.value.code, files, output.out + output.err


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files_lead_nowhere(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = f"inhoud van {NAMES.index(name)}".encode()
    document = with_attachment(attachment({name: content}))
    _, files, _ = extracted(document, tmp_path, capfd)
    assert {path.parent for path in files} == {tmp_path / "uit"}
    (found,) = [path for path in files if path.read_bytes() == content]
    assert found.name not in ("", ".", "..")
    assert not set(found.name) & set('/\\:\0\n"<>|*?\u202e\u2044')
    assert len(found.name.encode()) < 256
    assert found.name.partition(".")[0].rstrip().lower() not in ("nul", "com1")


def test_a_name_that_is_taken_is_not_overwritten(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = {name: name.encode() for name in NAMES}
    _, found, _ = extracted(with_attachment(attachment(files)), tmp_path, capfd)
    assert set(files.values()) <= {path.read_bytes() for path in found}


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    victim = tmp_path / "slachtoffer"
    (tmp_path / "uit").mkdir()
    (tmp_path / "uit" / "notitie.txt").symlink_to(victim)
    extracted(with_attachment(attachment({"notitie.txt": b"x"})), tmp_path, capfd)
    assert not victim.exists()


HARMFUL = {
    "a bomb": {"a.txt": bytes(60_000_000)},
    "many bombs": {f"{number}.txt": bytes(900_000) * 2 for number in range(60)},
    "many files": {f"{number}.txt": b"" for number in range(5000)},
    "an archive inside": {"binnen.zip": b"PK\x03\x04" + bytes(100)},
    "gzip inside": {"binnen.txt": b"\x1f\x8b\x08" + bytes(100)},
}


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_attachments_are_refused(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, files, output = extracted(with_attachment(attachment(HARMFUL[name])), tmp_path, capfd)
    assert code == 1
    assert sum(path.stat().st_size for path in files) < 1_000_000
    assert "INT.bijlage." in output


# --- pages --------------------------------------------------------------------------------------------------------

INJECTED = (
    "<script>kwaad()</script><img src=x onerror=kwaad()>\"' onmouseover='kwaad()' javascript:kwaad() &lt;b&gt; --> ]]>"
)


class Page(HTMLParser):
    """What a browser would see: the elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what could do something."""
        if tag in ("script", "img", "iframe", "object", "embed", "form", "base", "link"):
            self.bad.append(tag)
        self.bad += [name for name, _ in attrs if name.startswith("on")]
        self.bad += [f"{name}={value}" for name, value in attrs if "kwaad" in (value or "")]

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def injected() -> bytes:
    """The good example with markup for a browser in every text."""
    root = tree()
    for place in places(tree(), leaves=True):
        element = root
        for step in place:
            element = element[step]
        if element.tag.rpartition("}")[2] not in ("overdrachtsoort", "overstap"):
            element.text = INJECTED
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def test_a_page_with_values_holds_no_markup_of_a_document(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, page = tmp_path / "a.xml", tmp_path / "a.html"
    source.write_bytes(injected())
    with pytest.raises(SystemExit):
        cli.main(["show", str(source), "--output", str(page)])
    shown = Page(page.read_text(encoding="utf-8"))
    assert shown.bad == []
    assert shown.text.count("<script>kwaad()</script>") > 50
    assert "Traceback" not in capfd.readouterr().err


def test_reports_with_values_hold_no_markup_of_a_document() -> None:
    report = oso.check(injected(), show_values=True).to_dict()
    report["source"] = INJECTED
    page = Page(render([report, report], "html"))
    assert page.bad == []
    assert page.text.count("<script>kwaad()</script>") > 50
    suites = etree.fromstring(render([report], "junit").encode())
    assert {element.tag for element in suites.iter()} <= {
        *("testsuites", "testsuite", "testcase", "failure", "skipped", "properties", "property"),
        *("system-out", "system-err", "error"),
    }


def test_a_terminal_is_not_steered() -> None:
    report = oso.check(b"").to_dict()
    report["source"] = "a\x1b]0;kwaad\x07\x1b[2Jb\u202e\u009b1m\r.xml"
    for form in ("text", "junit", "html"):
        assert not set(render([report], form)) & set("\x1b\x07\u202e\u009b\r")


# --- threads ------------------------------------------------------------------------------------------------------


def outcome(document: bytes) -> list[object]:
    """What a check says, without how long it took."""
    held = oso.check(document).to_dict()
    return [held["ok"], held["digest"], held["findings"], [layer["state"] for layer in held["layers"]]]


def test_threads_do_not_mix_documents() -> None:
    documents = [path.read_bytes() for path in EXAMPLES]
    documents += [GOOD.replace(b"<bsn>", f"<x{number}/><bsn>".encode()) for number in range(20)]
    documents += [dossier("&a;"), dossier("<a>" * 100), b"", injected()]
    expected = [outcome(document) for document in documents]
    assert len({str(item) for item in expected}) == len(documents)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(outcome, documents * 4))
    assert found == expected * 4


def test_threads_share_a_document() -> None:
    read = oso.read(injected())
    with ThreadPoolExecutor(8) as pool:
        reports = [report.to_dict()["findings"] for report in pool.map(oso.check, [read] * 16)]
        assert len(set(pool.map(oso.write, [read] * 16))) == 1
    assert all(report == reports[0] for report in reports)


def test_the_first_use_may_be_in_several_threads() -> None:
    # everything that is loaded once is loaded by all of them at the same time, so in a process of its own
    program = (
        "import sys, threading, oso_bridge as oso\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "gate = threading.Barrier(8)\n"
        "def work(_):\n    gate.wait()\n    return oso.check(sys.argv[1]).ok\n"
        "print(list(ThreadPoolExecutor(8).map(work, range(8))))\n"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(ROOT / "examples" / "povo.xml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    assert (done.stderr, done.stdout.strip()) == ("", str([True] * 8))
