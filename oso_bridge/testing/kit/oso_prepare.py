"""What a vendor loads before the scenarios of OSO: dossiers, a table of pupils, settings and certificates."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any, Literal

from oso_bridge import document as documents
from oso_bridge.exchange.messages import Adres
from oso_bridge.exchange.store import SqliteBron
from oso_bridge.pki import Authority, fictional_oin, pem
from oso_bridge.testing.kit.oso_plan import Plan, Point, Pupils
from oso_bridge.testing.kit.oso_start import keys
from oso_bridge.testing.simulator.las import RELEASE, Case, cases, dossier
from oso_bridge.transports.private import new_file
from oso_bridge.transports.vault import new_key_file
from oso_bridge.writing import write

_PARTIES = ("kit", "ander", "las", "centrum")
_EXAMPLE = "voorbeeld"
_HEADS = ("waarvoor", "pgn", "koppelsleutel", "soort", "voor_brin", "voor_kenmerk", "verzameld", "zoeksleutel")
_COLUMNS = (*_HEADS, "pgnfrag", "bestand")


@dataclass(frozen=True, slots=True)
class Ready:
    """A dossier to set ready in the system that is tested.

    Attributes:
        name: What it is for: a key of ``oso.leerlingen``, or ``swv``.
        number: The number of the pupil; empty for an SWV.
        kind: The kind of transfer.
        doel: For whom.
        collected: When its data were collected.
        dossier: The document.
    """

    name: str
    number: str
    kind: Literal["OV", "BB", "SWV"]
    doel: Point
    collected: datetime
    dossier: bytes = field(repr=False)


def ready(plan: Plan) -> list[Ready]:
    """The dossiers that the scenarios ask for.

    Args:
        plan: The table ``oso`` of ``kit.toml``.
    """
    places = {"ander": plan.ander, "bb": plan.buur}
    numbers = {name: number for name, number in plan.leerlingen.model_dump().items() if name != "niet_klaar" and number}
    made = [
        _ready(name, replace(case, number=number), places.get(name, plan.vrager))
        for name, number in numbers.items()
        for case in _cases(name)
    ]
    swv = [_ready("swv", Case("POSWV"), plan.swv)] if plan.koppelsleutel else []
    return [*made, *swv]


def _cases(name: str) -> list[Case]:
    """The published cases for which a pupil is meant; that of inspection is a dossier that lacks it."""
    if name == "geen_inzage":
        return [Case("POVO")]
    return [one for one in cases() if one.number == getattr(Pupils(), name)]


def _ready(name: str, case: Case, doel: Point) -> Ready:
    content = dossier(case)
    if name == "geen_inzage":
        content = _not_inspected(content)
    kind: Any = case.kind
    return Ready(name, case.number, kind, doel, case.collected, content)


def _not_inspected(content: bytes) -> bytes:
    """A dossier that the parents have not seen yet."""
    made: Any = documents.read(content).dossier()
    made.inzage.inzage = False
    return write(made, release=RELEASE, check=False)


def prepare(folder: Path) -> list[Path]:
    """Write what a vendor needs: dossiers, a table, ``kit.toml``, certificates, and an endpoint of ours to try it on.

    Args:
        folder: An empty folder.

    Returns:
        The files.

    Raises:
        OSError: It cannot be written to.
    """
    for part in (folder / "dossiers", folder / _EXAMPLE):
        part.mkdir(mode=0o700)
    plan = Plan()
    made = [*_certificates(folder), *_dossiers(folder, plan), *_settings(folder)]
    return [*made, *_example(folder / _EXAMPLE, plan)]


def _certificates(folder: Path) -> list[Path]:
    """Those of a test authority; ``kit.pem`` holds the root as well, so it is all that the kit needs."""
    authority, now = Authority(), datetime.now(UTC)
    made = authority.save(folder / "pki", _PARTIES)
    own = authority.issue("client", name="kit").pem() + pem(authority.root)
    late = authority.issue("client", name="kit", begins=now - timedelta(days=9), ends=now - timedelta(days=2))
    files = {folder / "kit.pem": own, folder / "pki" / "verlopen-client.pem": late.pem()}
    for path, content in files.items():
        new_file(path, content)
    return [*made, *files]


def _dossiers(folder: Path, plan: Plan) -> list[Path]:
    """The dossiers, and the table that says what each is for."""
    lines, written, compute = [], [], keys(plan.sleutels)
    for number, one in enumerate(ready(plan), 1):
        path = folder / "dossiers" / f"{number:02}-{one.name}.xml"
        path.write_bytes(one.dossier)
        written.append(path)
        lines.append(_row(plan, one, path, compute))
    lines.append({"waarvoor": "niet_klaar", "pgn": plan.leerlingen.niet_klaar, "soort": "OV"})
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, _COLUMNS, delimiter=";", restval="")
    writer.writeheader()
    writer.writerows(lines)
    (folder / "leerlingen.csv").write_text(table.getvalue(), "utf-8")
    return [folder / "leerlingen.csv", *written]


def _row(plan: Plan, one: Ready, path: Path, compute: Any) -> dict[str, str]:
    """A line of ``leerlingen.csv``."""
    facts = {"waarvoor": one.name, "pgn": one.number, "soort": one.kind, "verzameld": one.collected.isoformat()}
    facts |= {"voor_brin": one.doel.brin, "voor_kenmerk": one.doel.kenmerk, "bestand": f"dossiers/{path.name}"}
    if not one.number:
        return {**facts, "koppelsleutel": plan.koppelsleutel}
    return {**facts, "zoeksleutel": compute[0](one.number), "pgnfrag": compute[1](one.number)}


def _settings(folder: Path) -> list[Path]:
    """``kit.toml``, with every key and its default."""
    text = Template(Path(__file__).with_name("oso_kit.toml").read_text("utf-8"))
    path = folder / "kit.toml"
    path.write_text(text.substitute(las=fictional_oin("las")), "utf-8")
    return [path]


def _example(folder: Path, plan: Plan) -> list[Path]:
    """An endpoint of ours with everything ready: ``oso-bridge serve las --config voorbeeld/las.toml``."""
    store = SqliteBron(folder / "dossiers.db", new_key_file(folder / "kluis.key"))
    here = Adres(plan.bron.brin, plan.bron.kenmerk)
    with store:
        for one in ready(plan):
            store.klaarzetten(
                one.dossier,
                soort=one.kind,
                bron=here,
                doel=Adres(one.doel.brin, one.doel.kenmerk),
                account="oso-bridge kit prepare",
                verzameld=one.collected,
                koppelsleutel="" if one.number else plan.koppelsleutel,
                check=one.name != "geen_inzage",
            )
    text = Template(Path(__file__).with_name("oso_las.toml").read_text("utf-8"))
    values = {"map": folder.parent.resolve().as_posix(), "kit": fictional_oin("kit"), "ander": fictional_oin("ander")}
    path = folder / "las.toml"
    path.write_text(text.substitute(values, brin=plan.bron.brin, kenmerk=plan.bron.kenmerk), "utf-8")
    return [path, folder / "dossiers.db", folder / "kluis.key"]
