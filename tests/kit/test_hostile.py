"""The kit before an endpoint that is out to harm it: nothing of its answers gets into what the kit says."""

from __future__ import annotations

import html.parser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from oso_bridge.testing.kit import run, scenarios

from .mistakes import Answer, around
from .stage import PLAN, READY, make_stage
from .uwlr_door import KEY, Call, Mistake, Reply, stage

CANARY = "Kanarievogel123456782"
SCRIPT = f"&lt;script&gt;alert('{CANARY}')&lt;/script&gt;"


def names(call: Call) -> Reply:
    return call.go().swap("<achternaam>Kamille</achternaam>", f"<{CANARY}>x</{CANARY}>")


def attributes(call: Call) -> Reply:
    return call.go().swap('<leerling key="L-1"', f'<leerling {CANARY}="x" key="L-1"')


def keys(call: Call) -> Reply:
    return call.go().swap('<leerling key="L-[12]"', f'<leerling key="{CANARY}"')


def texts(call: Call) -> Reply:
    return call.go().swap("<geboortedatum>[^<]*", f"<geboortedatum>{SCRIPT}")


def answer(call: Call) -> Reply:
    return call.go().swap("_antwoord", f"_{CANARY}")


def space(call: Call) -> Reply:
    return call.go().swap("http://www.edustandaard.nl/leerresultaten", f"urn:{CANARY}")


def codes(call: Call) -> Reply:
    body = f"<faultcode>Client.{SCRIPT}\t&#x9b;31m</faultcode><faultstring>{SCRIPT}</faultstring><{CANARY}/>"
    head = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    return Reply(500, {"Content-Type": f"text/{CANARY}"}, f"{head}{body}</s:Fault></s:Body></s:Envelope>".encode())


def headers(call: Call) -> Reply:
    reply = call.go()
    return Reply(reply.status, {"Content-Type": f"<script>{CANARY}", "Content-Encoding": CANARY}, reply.body)


def noise(call: Call) -> Reply:
    return Reply(299, {"Content-Type": "text/html"}, f"\x1b[31m<script>{CANARY}</script>\x00\ufffe".encode())


UWLR: list[Mistake] = [names, attributes, keys, texts, answer, space, codes, headers, noise]


class Tags(html.parser.HTMLParser):
    """The tags on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.found.add(tag)


def written(folder: Path) -> str:
    """All that is in the reports, which only their owner may read."""
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    ElementTree.parse(folder / "junit.xml")
    for name in ("kit.html", "transcript.html"):
        assert not {"script", "img", "iframe", "svg"} & Tags((folder / name).read_text("utf-8")).found
    return "".join(path.read_text("utf-8") for path in folder.iterdir())


@pytest.mark.parametrize("mistake", UWLR)
def test_nothing_of_an_answer_of_uwlr_is_told(mistake: Mistake, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    there = stage(tmp_path / "in", mistake)
    found = run(there, scenarios("uwlr"))
    found.save(tmp_path / "out", "en")
    there.save(tmp_path / "out")
    told = written(tmp_path / "out") + found.table("nl")
    assert not [word for word in (CANARY, KEY, "Jildou", "Zilverschoon", "\x1b", "\x9b") if word in told]
    assert "failed" in {one.state for one in found.outcomes}
    assert "afgebroken" not in {one.code for one in found.outcomes}, found.table("en")


def test_reports_that_are_asked_to_hold_values_hold_no_tags_of_an_answer(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    there = stage(tmp_path / "in", noise)
    there._transcript._show = True
    run(there, scenarios("uwlr")).save(tmp_path / "out")
    there.save(tmp_path / "out")
    assert CANARY in written(tmp_path / "out")


def hostile(body: bytes, answer: Answer) -> Answer:
    del body
    word = f"{CANARY}<x>'".encode()
    changed = (
        answer[2].replace(b"Response", b"Response" + CANARY.encode()).replace(b"faultstring>", word + b"faultstring>")
    )
    return (answer[0], f"text/{CANARY}", changed)


def renamed(body: bytes, answer: Answer) -> Answer:
    del body
    return (*answer[:2], answer[2].replace(b"roepnaam", CANARY.encode()).replace(b"LeerlinginfoNiet", CANARY.encode()))


@pytest.mark.parametrize("how", [hostile, renamed])
@pytest.mark.parametrize("wsdl", [True, False])
def test_nothing_of_an_answer_of_oso_is_told(how: object, wsdl: bool, tmp_path: Path) -> None:
    there = make_stage(lambda las: around(las, answer=how), wsdl=wsdl, wacht=0.2)
    found = run(there, scenarios("oso"))
    found.save(tmp_path, "en")
    there.save(tmp_path)
    there.close()
    numbers = [one.number for one in READY if one.number]
    told = written(tmp_path) + found.table("nl")
    assert not [word for word in (CANARY, PLAN.koppelsleutel, *numbers) if word in told]
    assert "afgebroken" not in {one.code for one in found.outcomes}, found.table("en")


def test_a_report_takes_the_place_of_one_that_all_could_read(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.write_text("mine", "utf-8")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "kit.json").write_text("old", "utf-8")
    (folder / "kit.html").symlink_to(other)
    (tmp_path / "in").mkdir()
    run(stage(tmp_path / "in"), scenarios("uwlr")[:1]).save(folder)
    assert other.read_text("utf-8") == "mine"
    assert {path.name for path in folder.iterdir()} == {"kit.json", "kit.html", "junit.xml"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
