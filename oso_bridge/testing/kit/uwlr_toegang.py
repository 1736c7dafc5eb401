"""Scenarios about who may ask: the header autorisatie, what it opens, and in which order that is looked at."""

from __future__ import annotations

from typing import Any

from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.uwlr_messages import Group
from oso_bridge.testing.kit.uwlr_stage import ALL, PUPILS, STAFF, STRUCTURE, UwlrStage

ACCESS = "Client.AutorisatieOngeldig"
CLIENT = "Client.OngeldigeKlantIdentificatie"
_STRANGE = "oso-bridge-testkit-onbekend"
_TOO_NEW = "0.1"


def zonder_kop(stage: UwlrStage) -> None:
    """A request without the header is refused."""
    stage.refused(stage.send(ALL, messages.envelope(messages.question(ALL, stage.values()), "")), ACCESS)


def halve_kop(stage: UwlrStage) -> None:
    """A header without klantnaam is refused."""
    stage.refused(stage.ask(ALL, {"klantnaam": ""}), ACCESS)


def klantcode(stage: UwlrStage) -> None:
    """An unknown klantcode is refused."""
    stage.refused(stage.ask(ALL, {"klantcode": _STRANGE}), CLIENT)


def klantnaam(stage: UwlrStage) -> None:
    """A klantcode with another klantnaam is refused."""
    stage.refused(stage.ask(ALL, {"klantnaam": _STRANGE}), CLIENT)


def sleutel(stage: UwlrStage) -> None:
    """An unknown key is refused."""
    stage.refused(stage.ask(ALL, {"autorisatiesleutel": _STRANGE}), ACCESS)


def lege_sleutel(stage: UwlrStage) -> None:
    """A key of blanks is refused."""
    stage.refused(stage.ask(ALL, {"autorisatiesleutel": "   "}), ACCESS)


def andere_sleutel(stage: UwlrStage) -> None:
    """A key of another school does not open this one."""
    stage.refused(stage.ask(ALL, {"autorisatiesleutel": stage.settings.other_key}), ACCESS)


def andere_school(stage: UwlrStage) -> None:
    """A school that the key does not open is refused."""
    asked = {"brincode": stage.settings["vreemde_brincode"], "dependancecode": "", "schoolkey": ""}
    stage.refused(stage.ask(ALL, asked), ACCESS, CLIENT)


def eerst_klant(stage: UwlrStage) -> None:
    """Who asks is looked at before the key."""
    stage.refused(stage.ask(ALL, {"klantcode": _STRANGE, "autorisatiesleutel": _STRANGE}), CLIENT)


def eerst_sleutel(stage: UwlrStage) -> None:
    """The key is looked at before the message: not even its version is told to who may not ask."""
    stage.refused(
        stage.ask(ALL, {"autorisatiesleutel": _STRANGE, "xsdversie": _TOO_NEW, "schooljaar": "geen jaar"}), ACCESS
    )


def bijna_sleutel(stage: UwlrStage) -> None:
    """A key that is nearly right is as strange as any other: shorter, longer, or in other letters."""
    key = stage.settings.key
    for other in {key[:-1], f"{key}x", key.swapcase(), f"x{key}"} - {key, ""}:
        stage.refused(stage.ask(ALL, {"autorisatiesleutel": other}), ACCESS)


def stappen(stage: UwlrStage) -> None:
    """An unknown key opens no step, and neither does none."""
    for name in (STRUCTURE, PUPILS, STAFF):
        groups = () if name == STRUCTURE else (Group(None),)
        stage.refused(stage.ask(name, {"autorisatiesleutel": _STRANGE}, groups=groups), ACCESS)
        bare = messages.envelope(messages.question(name, stage.values(), groups), "")
        stage.refused(stage.send(name, bare), ACCESS)


def resultaten_ander(stage: UwlrStage) -> None:
    """Results with the key of another school are refused."""
    stage.refused(stage.bring(stage.moment(), autorisatiesleutel=stage.settings.other_key), ACCESS)


def getrapt_andere_school(stage: UwlrStage) -> None:
    """A school that the key does not open is refused in steps as well."""
    asked = {"brincode": stage.settings["vreemde_brincode"], "dependancecode": "", "schoolkey": ""}
    stage.refused(stage.ask(STRUCTURE, asked), ACCESS, CLIENT)


def resultaten_andere_school(stage: UwlrStage) -> None:
    """Results for a school that the key does not open are refused."""
    asked: dict[str, Any] = {"brincode": stage.settings["vreemde_brincode"], "dependancecode": "", "schoolkey": ""}
    stage.refused(stage.bring(stage.moment(), **asked), ACCESS, CLIENT)


def resultaten(stage: UwlrStage) -> None:
    """Results with an unknown key are refused."""
    row = {"leerling": "geen leerling"}
    stage.refused(stage.bring(stage.moment(), row, autorisatiesleutel=_STRANGE), ACCESS)
