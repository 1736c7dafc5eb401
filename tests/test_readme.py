"""The examples in README.md and docs/ do what they say.

Blocks run page by page, from top to bottom, in a folder that holds the examples of the project:

* ``python`` blocks of a page share one namespace;
* in ``console`` blocks each line that begins with ``$`` runs; it ends with exit code 0, or with the one a
  comment names (``# exit 1``). Lines without ``$`` are output for the reader.
* a block that follows ``<!-- not run: reason -->`` is left out.
"""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from oso_bridge.attachments import ZipLimits
from oso_bridge.bundles.source import BundleLimits
from oso_bridge.testing.checker import Checker
from oso_bridge.xml.limits import Limits

CHECKOUT = Path(__file__).resolve().parent.parent
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^(?P<skip><!-- not run: [^\n]+ -->\n)?(?P<indent> *)```(?P<kind>\w+)[^\n]*\n(?P<code>.*?)^(?P=indent)```\s*$",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"^\$ (?P<command>.+?)(?:\s+# exit (?P<code>\d+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code of a page."""

    line: int
    kind: str
    code: str
    skipped: bool


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text = page.read_text("utf-8")
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code"))
        yield Block(line, match["kind"], match["code"], bool(match["skip"]))


def run_python(block: Block, page: Path, namespace: dict[str, object]) -> None:
    """Run a block so that an error names the line in the page."""
    before = set(namespace)
    exec(compile("\n" * block.line + block.code, str(page), "exec"), namespace)  # noqa: S102
    for name in set(namespace) - before:
        if name.startswith("test_"):
            run_test(namespace[name])


def run_test(test: Any) -> None:
    """Run a test that a page shows; the only fixture that pages use is our own."""
    assert list(inspect.signature(test).parameters) == ["oso_check"]
    test(Checker())


def run_console(block: Block, page: Path, folder: Path) -> None:
    """Run the commands of a block."""
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(CHECKOUT)}
    for command in COMMAND.finditer(block.code):
        done = subprocess.run(
            shell_free(command["command"]),
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        wanted = int(command["code"] or 0)
        assert done.returncode == wanted, f"{page.name}:{block.line}: {command['command']}\n{done.stdout}{done.stderr}"


def shell_free(command: str) -> list[str]:
    """The words of a command; our own program is run with the Python of the tests."""
    words = shlex.split(command)
    if words[0] == "oso-bridge":
        return [sys.executable, "-c", "import sys; from oso_bridge.cli import main; sys.exit(main())", *words[1:]]
    return [sys.executable if words[0] == "python" else words[0], *words[1:]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples, and with one of them under the name that the pages use."""
    shutil.copytree(CHECKOUT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_the_examples_of_a_page_run(page: Path, folder: Path) -> None:
    namespace: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        if block.skipped:
            continue
        if block.kind == "python":
            run_python(block, page, namespace)
        elif block.kind == "toml":
            (folder / "overrides.toml").write_text(block.code, "utf-8")
        elif block.kind == "console":
            run_console(block, page, folder)


def test_the_readme_has_a_tour_that_runs() -> None:
    run = [block.kind for block in blocks(CHECKOUT / "README.md") if not block.skipped]
    assert run.count("python") >= 3
    assert run.count("console") >= 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    generated = {CHECKOUT / "docs" / "rules.md", CHECKOUT / "docs" / "dictionary.md"}
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text("utf-8")):
        path = (page.parent / target).resolve()
        assert path.exists() or path in generated, f"{page.name}: {target}"


@pytest.mark.parametrize("limits", [Limits(), ZipLimits(), BundleLimits()], ids=lambda limits: type(limits).__name__)
def test_the_page_on_limits_has_the_defaults(limits: Limits | ZipLimits | BundleLimits) -> None:
    page = (CHECKOUT / "docs" / "limits.md").read_text("utf-8")
    table = page.split(f"| limit of `{type(limits).__name__}` |")[1].split("\n\n")[0]
    shown = {
        name: int(value.replace(",", "")) for name, value in re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", table, re.M)
    }
    assert shown == dataclasses.asdict(limits)
