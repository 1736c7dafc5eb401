"""The process that runs a stylesheet can do nothing else, also with one that was never screened."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from oso_bridge.stylesheets import running
from oso_bridge.stylesheets.running import Answer, RunLimits

from .sheets import sheet

pytestmark = pytest.mark.skipif(not running.can_contain(), reason="only Linux can bound the memory of a process")

CANARY = "kanarie-4711"
OPEN = """
import sys, saxonche
with saxonche.PySaxonProcessor(license=False) as p:
    sheet = p.new_xslt30_processor().compile_stylesheet(stylesheet_text=sys.stdin.read())
    print(sheet.transform_to_string(xdm_node=p.parse_xml(xml_text="<d/>")))
"""
"""The same engine, without anything around it."""


def template(content: str) -> str:
    return sheet(f'<xsl:template match="/"><r>{content}</r></xsl:template>', version="3.0")


def value(expression: str) -> str:
    return template(f'<xsl:value-of select="{expression}"/>')


def uncontained(stylesheet: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OPEN], input=stylesheet, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout


def told(answer: Answer) -> str:
    return repr(answer)


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """The address of a file that is not to be read."""
    file = tmp_path / "geheim.xml"
    file.write_text(f"<geheim>{CANARY}</geheim>", "utf-8")
    return file.as_uri()


READERS: dict[str, Callable[[str], str]] = {
    "doc": lambda uri: value(f"doc('{uri}')"),
    "unparsed-text": lambda uri: value(f"unparsed-text('{uri}')"),
    "external entity": lambda uri: value(
        f"parse-xml('&lt;!DOCTYPE x [&lt;!ENTITY e SYSTEM &quot;{uri}&quot;&gt;]&gt;&lt;x&gt;&amp;e;&lt;/x&gt;')"
    ),
}


@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
def test_it_reads_no_file(make: Callable[[str], str], secret: str) -> None:
    assert CANARY in uncontained(make(secret))
    answer = running.run(make(secret), "<d/>")
    assert answer.state == running.STOPPED
    assert CANARY not in told(answer)


def test_it_includes_no_file(tmp_path: Path) -> None:
    part = tmp_path / "deel.xsl"
    part.write_text(sheet(f'<xsl:variable name="v" select="\'{CANARY}\'"/>'), "utf-8")
    include = f'<xsl:include href="{part.as_uri()}"/>'
    main = sheet(include + '<xsl:template match="/"><r><xsl:value-of select="$v"/></r></xsl:template>')
    assert CANARY in uncontained(main)
    answer = running.run(main, "<d/>")
    assert (answer.state, CANARY in told(answer)) == (running.NOT_COMPILED, False)


def test_it_writes_no_file_and_makes_no_folder(tmp_path: Path) -> None:
    target = tmp_path / "nieuw" / "diep" / "uit.xml"
    attack = template(f'<xsl:result-document href="{target.as_uri()}"><x/></xsl:result-document>')
    running.run(attack, "<d/>")
    assert list(tmp_path.iterdir()) == []
    uncontained(attack)
    assert target.is_file()


def test_it_sees_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSO_GEHEIM", CANARY)
    for expression in ("environment-variable('OSO_GEHEIM')", "available-environment-variables()"):
        answer = running.run(value(expression), "<d/>")
        assert answer.state == running.DONE
        assert CANARY not in told(answer)
        assert "OSO_GEHEIM" not in told(answer)
    assert "OSO_GEHEIM" not in str(running._environment())


@pytest.fixture
def listener() -> Iterator[tuple[str, list[int]]]:
    """An address on this machine, and who came."""
    came: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        done = threading.Event()

        def wait() -> None:
            while not done.is_set():
                try:
                    server.accept()[0].close()
                    came.append(1)
                except TimeoutError:
                    continue

        thread = threading.Thread(target=wait)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x.xml", came
        done.set()
        thread.join()


def test_it_reaches_no_network(listener: tuple[str, list[int]]) -> None:
    address, came = listener
    for attack in (value(f"doc('{address}')"), value(f"unparsed-text('{address}')")):
        assert running.run(attack, "<d/>").state == running.STOPPED
    assert came == []
    uncontained(value(f"doc('{address}')"))
    assert came != []


def test_one_that_never_ends_is_ended() -> None:
    body = """<xsl:template match="/"><xsl:call-template name="r"/></xsl:template>
      <xsl:template name="r"><xsl:call-template name="r"/></xsl:template>"""
    start = monotonic()
    assert running.run(sheet(body), "<d/>", RunLimits(seconds=1)) == Answer(running.LIMIT)
    assert monotonic() - start < 30


def test_one_that_waits_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "slaper.py"
    child.write_text("import time; time.sleep(600)", "utf-8")
    monkeypatch.setattr(running, "_CHILD", child)
    monkeypatch.setattr(running, "_GRACE", 0)
    start = monotonic()
    assert running.run(template("x"), "<d/>", RunLimits(seconds=1)) == Answer(running.LIMIT)
    assert monotonic() - start < 30


def test_one_that_takes_ever_more_memory_is_ended() -> None:
    body = """<xsl:variable name="v"><xsl:for-each select="1 to 100000000"><y a="{.}"/></xsl:for-each></xsl:variable>
      <xsl:copy-of select="$v"/>"""
    answer = running.run(template(body), "<d/>", RunLimits(memory=300 << 20))
    assert answer == Answer(running.LIMIT)


def test_one_that_goes_ever_deeper_stops() -> None:
    body = """<xsl:function name="f:d"><xsl:param name="n"/><xsl:sequence select="1 + f:d($n + 1)"/></xsl:function>
      <xsl:template match="/"><xsl:value-of select="f:d(1)"/></xsl:template>"""
    answer = running.run(sheet(body, 'xmlns:f="urn:f"'), "<d/>", RunLimits(seconds=10))
    assert answer.state in (running.STOPPED, running.LIMIT)


def test_an_error_in_it_is_told_without_its_text() -> None:
    body = '<xsl:template match="/"><xsl:value-of select="xs:date(d)"/></xsl:template>'
    answer = running.run(sheet(body, 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'), f"<d>{CANARY}</d>")
    assert answer == Answer(running.STOPPED)


def test_nothing_of_it_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert running.run(template("x"), "<d/>").state == running.DONE
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_compile_says_why_when_there_is_no_document() -> None:
    broken = template('<xsl:value-of select="1 +"/>')
    assert running.run(broken, None).why != ""
    assert running.run(broken, f"<d>{CANARY}</d>") == Answer(running.NOT_COMPILED)


def test_it_starts_in_an_empty_folder_with_nothing_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "kijk.py"
    child.write_text(
        "import json, os, sys\n"
        "sys.stdin.buffer.read()\n"
        "seen = [os.listdir('.'), sorted(os.environ), sorted(map(int, os.listdir('/proc/self/fd')))[:3]]\n"
        "answer = {'state': 'done', 'result': [json.dumps(seen)], 'messages': []}\n"
        "print(json.dumps({**answer, 'rest': [], 'whole': True, 'unmarked': 0}))\n",
        "utf-8",
    )
    monkeypatch.setattr(running, "_CHILD", child)
    with (tmp_path / "open").open("w", encoding="utf-8") as held:
        os.set_inheritable(held.fileno(), True)
        answer = running.run(template("x"), "<d/>")
    assert answer.result == ("[[], [], [0, 1, 2]]",) or answer.result == ('[[], ["LC_CTYPE"], [0, 1, 2]]',)


def test_the_process_knows_nothing_of_this_package() -> None:
    tree = ast.parse(running._CHILD.read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
