"""Documents that ask for much, and the program that meets one of them in a process of its own.

    python hostile_attacks.py "depth 10,000" 60 2000

reads and checks that document with at most 60 seconds of processor time and 2000 megabytes of memory, and
prints what came of it as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile_documents import GOOD, attachment, dossier, many, with_attachment

MEGABYTE = 1024 * 1024
# name: (maker, the first rule that check gives, and the error of read; None where it is readable)
ATTACKS: dict[str, tuple[Callable[[], bytes], str | None, str | None]] = {
    # depth
    "depth 10,000": (lambda: dossier("<a>" * 10_000 + "</a>" * 10_000), "DOC.limiet.max_depth", "UnsafeDocument"),
    "depth 10,000, never closed": (lambda: dossier("<a>" * 10_000), "DOC.limiet.max_depth", "UnsafeDocument"),
    "depth 1,500 beside a long text": (
        lambda: dossier("<a>" * 1500 + "</a>" * 1500 + "<b>" + "x" * 11_000_000 + "</b>"),
        "DOC.limiet.max_depth",
        "UnsafeDocument",
    ),
    "depth 500,000": (lambda: dossier("<a>" * 500_000), "DOC.limiet.max_elements", "UnsafeDocument"),
    # attributes
    "a million attributes on one element": (
        lambda: dossier(root=many("a%d=''", 1_000_000)),
        "DOC.limiet.max_attributes",
        "UnsafeDocument",
    ),
    "a million attributes on as many elements": (
        lambda: dossier("<a b='c'/>" * 1_000_000),
        "DOC.limiet.max_elements",
        "UnsafeDocument",
    ),
    "a million attributes behind wide gaps": (
        lambda: dossier(root=many("a%d=" + " " * 30 + "''", 1_000_000)),
        "DOC.limiet.max_attributes",
        "UnsafeDocument",
    ),
    "45,000 attributes on one element": (
        lambda: dossier(root=many("a%d=''", 45_000)),
        "DOC.limiet.parser",
        "UnsafeDocument",
    ),
    "45,000 attributes with a namespace each": (
        lambda: dossier(root=many("xmlns:n%d='u:%d' n%d:a=''", 22_000)),
        "DOC.limiet.parser",
        "UnsafeDocument",
    ),
    "an attribute of 11 MB": (lambda: dossier(root="a='" + "x" * 11_000_000 + "'"), "XSD.attribuut.dossier", None),
    # elements
    "300,000 elements": (lambda: dossier("<a/>" * 300_000), "DOC.limiet.max_elements", "UnsafeDocument"),
    "190,000 elements": (lambda: dossier("<a/>" * 190_000), "DOC.limiet.max_children", "UnsafeDocument"),
    "19,000 elements that the structure has once": (
        lambda: GOOD.replace(b"<voornaam>", b"<nnca>0</nnca>" * 19_000 + b"<voornaam>", 1),
        "XSD.volgorde.nnca",
        None,
    ),
    "15,000 addresses with an error in each": (
        lambda: GOOD.replace(b"<adreslijst>", b"<adreslijst>" + b"<adres><postcode>1</postcode></adres>" * 15_000, 1),
        "XSD.ontbreekt.soortadres",
        None,
    ),
    "a million comments": (lambda: dossier("<!--a-->" * 1_000_000), "DOC.limiet.max_elements", "UnsafeDocument"),
    # names
    "a name of 200,000 characters": (
        lambda: dossier("<" + "a" * 200_000 + "/>"),
        "DOC.limiet.parser",
        "UnsafeDocument",
    ),
    "a namespace of 100,000 characters for 30,000 elements": (
        lambda: dossier("<p:a/>" * 30_000, root=f"xmlns:p='{'u' * 100_000}'"),
        "DOC.limiet.parser",
        "UnsafeDocument",
    ),
    "45,000 namespaces": (lambda: dossier(root=many("xmlns:n%d='u:%d'", 45_000)), "XSD.ontbreekt.metadata", None),
    "3,000 namespaces around 19,000 elements": (
        lambda: dossier("<a/>" * 19_000, root=many("xmlns:n%d='u:%d'", 3_000)),
        "XSD.onbekend.dossier",
        None,
    ),
    "text full of declarations": (
        lambda: dossier("<a>" + ' xmlns="' * 5_000_000 + "</a>"),
        "DOC.limiet.max_attributes",
        "UnsafeDocument",
    ),
    "text full of equals signs": (lambda: dossier("<a>" + "= " * 15_000_000 + "</a>"), "XSD.onbekend.dossier", None),
    # text
    "text of 200 MB": (
        lambda: dossier("<a>" + "x" * (200 * MEGABYTE) + "</a>"),
        "DOC.limiet.max_bytes",
        "UnsafeDocument",
    ),
    "UTF-16 that grows beyond the limit": (
        lambda: ("\ufeff<a>" + "€" * 25_000_000 + "</a>").encode("utf-16-le"),
        "DOC.limiet.max_bytes",
        "UnsafeDocument",
    ),
    "60 MB of blanks": (lambda: b" " * (60 * MEGABYTE), "DOC.leeg", "NotXml"),
    "60 MB of one tag": (lambda: b"<" + b"a" * (60 * MEGABYTE), "DOC.limiet.parser", "UnsafeDocument"),
    "60 MB without an end": (lambda: b"<?xml " + b"a" * (60 * MEGABYTE), "DOC.syntaxis", "NotXml"),
    "a scan of 11 MB": (lambda: with_attachment(_scan(11_000_000)), None, None),
    "a scan of 40 MB": (lambda: with_attachment(_scan(40_000_000)), None, None),
    "an attachment that is a bomb": (lambda: with_attachment(_bomb()), "INT.bijlage.zipbom", None),
}


def _scan(size: int) -> bytes:
    """A ZIP with that much base64, that cannot be made smaller."""
    noise = bytes(range(256)) * (size * 3 // 4 // 256)
    return attachment({"scan.pdf": noise}, method=0)


def _bomb() -> bytes:
    return attachment({f"{number}.txt": bytes(100 * MEGABYTE) for number in range(3)})


def meet(name: str) -> dict[str, Any]:
    """Read, check, render and write one of the documents."""
    import oso_bridge as oso

    document = ATTACKS[name][0]()
    report = oso.check(document)
    size = len(json.dumps(report.to_dict()))
    try:
        written = len(oso.write(oso.read(document)))
        error = None
    except oso.OsoBridgeError as caught:
        written, error = 0, type(caught).__name__
    rules = [finding.rule for finding in report.findings]
    return {"rules": rules[:50], "ok": report.ok, "error": error, "size": size, "written": written}


def _limited(seconds: int, megabytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTE, megabytes * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    _limited(int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(meet(sys.argv[1])))
