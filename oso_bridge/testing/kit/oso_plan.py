"""The tables ``oso`` and ``verkeerscentrum`` of ``kit.toml``; every key has a default.

What ``oso-bridge kit prepare`` writes is ``oso_kit.toml``, with these defaults and what they are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oso_bridge.errors import DataError
from oso_bridge.testing.simulator import Punt


class _Table(BaseModel):
    """A table with nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Point(_Table):
    """A delivery point.

    Attributes:
        brin: Its school.
        kenmerk: Its routeringsKenmerk, or its index on the wire of 2018.
        oin: The OIN of the certificate that it calls the Traffic Center with; anyone's when empty.
    """

    brin: str
    kenmerk: str
    oin: str = ""

    def at(self, url: str, *, doel: str = "OV", sector: str = "PO") -> Punt:
        """The point as the Traffic Center knows it.

        Args:
            url: Where it listens.
            doel: ``OV`` or ``SWV``.
            sector: The sector of its school.
        """
        return Punt(self.brin, self.kenmerk, url, doel=doel, oin=self.oin, sector=sector)


class Pupils(_Table):
    """The fictional pupils whose dossiers the endpoint holds; an empty number leaves their scenarios out.

    The numbers are those of the test school of Kennisnet, with the same meaning.
    """

    popo: str = "310008475"
    povo: str = "274957462"
    vovo: str = "088584574"
    bb: str = "238521436"
    niet_klaar: str = "097902378"
    geen_inzage: str = "334390205"
    bijlagen: str = "613543439"
    nieuwer: str = "388483763"
    ander: str = "482782481"


class Keys(_Table):
    """How the zoeksleutel and pgnfrag of a pupil are computed, the same as in the system that is tested.

    Attributes:
        zoeksleutel: A function, ``module:name``; a fake one when left out.
        pgnfrag: Likewise.
        tabel: Instead: for each pupil the two.
    """

    zoeksleutel: str = "oso_bridge.testing.keys:nep_zoeksleutel"
    pgnfrag: str = "oso_bridge.testing.keys:nep_pgnfrag"
    tabel: dict[str, tuple[str, str]] = {}


class Plan(_Table):
    """The table ``oso``.

    Attributes:
        draad: The wire: ``2022`` or ``2018``.
        rollen: What the endpoint does: ``bron``, ``doel`` or both.
        seconden: How long an answer may take.
        bron: The delivery point under test that supplies dossiers.
        doel: The delivery point under test that takes notifications.
        vrager: The school of the kit that asks.
        tweede: A second delivery point of that school.
        ander: Another school of the kit, for which one dossier is ready.
        buur: A delivery point of the kit with the BRIN of ``bron``, for a transfer within one BRIN.
        swv: The samenwerkingsverband of the kit.
        elders: A delivery point with the BRIN of ``bron`` at which no dossier is ready.
        koppelsleutel: Under which a dossier for ``swv`` is ready; empty leaves its scenarios out.
        notificaties: The notifications that the endpoint takes: ``SWV``, ``OV``.
        haalt_zelf_op: Whether it fetches by itself what it is notified of.
        wacht: How long the kit waits for that, in seconds.
        ander_certificaat: A certificate that the endpoint lets in, of a party that does not speak for ``vrager``.
        verlopen_certificaat: One that has expired, under roots that the endpoint trusts.
        leerlingen: See :class:`Pupils`.
        sleutels: See :class:`Keys`.
    """

    draad: Literal["2022", "2018"] = "2022"
    rollen: tuple[Literal["bron", "doel"], ...] = ("bron", "doel")
    seconden: float = Field(default=20.0, gt=0, le=600)
    bron: Point = Point(brin="01SS", kenmerk="0000000700001SS00001")
    doel: Point = Point(brin="01SS", kenmerk="0000000700001SS00001")
    vrager: Point = Point(brin="02SS", kenmerk="0000000700002SS00001")
    tweede: Point = Point(brin="02SS", kenmerk="0000000700002SS00002")
    ander: Point = Point(brin="03SS", kenmerk="0000000700003SS00001")
    buur: Point = Point(brin="01SS", kenmerk="0000000700001SS00002")
    swv: Point = Point(brin="00WW", kenmerk="0000000700000WW00001")
    elders: Point = Point(brin="01SS", kenmerk="0000000700001SS00009")
    koppelsleutel: str = "5C1E9A00-0000-4000-8000-000000000001"
    notificaties: tuple[Literal["SWV", "OV"], ...] = ("SWV", "OV")
    haalt_zelf_op: bool = False
    wacht: float = Field(default=30.0, gt=0, le=600)
    ander_certificaat: str = ""
    verlopen_certificaat: str = ""
    leerlingen: Pupils = Pupils()
    sleutels: Keys = Keys()


class Centre(_Table):
    """The table ``verkeerscentrum``: where the Traffic Center of the kit listens.

    Attributes:
        adres: The address.
        poort: The port; 0 for any.
        pad: The path; every path is answered.
        certificaat: Its certificate and key, for mutual TLS; empty for plain HTTP on this machine.
        wortels: The roots that callers are judged by; those of ``--oso-roots`` when empty.
        crls: Their CRLs; revocation is not checked when empty.
        toegang: The OINs that are let in; all under these roots when empty.
    """

    adres: str = "127.0.0.1"
    poort: int = Field(default=8444, ge=0, le=65535)
    pad: str = "/oso"
    certificaat: str = ""
    wortels: str = ""
    crls: str = ""
    toegang: tuple[str, ...] = ()


def read(settings: Mapping[str, Any]) -> tuple[Plan, Centre]:
    """The two tables.

    Args:
        settings: The tables of ``kit.toml``.

    Raises:
        DataError: Something in them is unknown, or cannot be what it is; no value is quoted.
    """
    try:
        found = settings.get("oso", {}), settings.get("verkeerscentrum", {})
        return Plan.model_validate(found[0]), Centre.model_validate(found[1])
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in fault["loc"])
        raise DataError(
            f"In kit.toml, {place} is unknown, or cannot be what it is.", remedy="See docs/kit.md."
        ) from None
