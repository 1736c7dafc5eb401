"""Absence: how much of it there was, and who was told."""

from __future__ import annotations

from oso_bridge.model.base import Deel, lijst, veld
from oso_bridge.model.bijlage import Bijlage


class Verzuim(Deel):
    """The absence of the pupil in half-days (primary school) or hours (secondary school)."""

    dagdelengeoorloofd: int | None = veld("Afwezig met een geldige reden, in dagdelen.", eenheid="dagdelen")
    dagdelenongeoorloofd: int | None = veld("Afwezig zonder geldige reden, in dagdelen.", eenheid="dagdelen")
    urengeoorloofd: int | None = veld("Afwezig met een geldige reden, in uren.", eenheid="uren")
    urenongeoorloofd: int | None = veld("Afwezig zonder geldige reden, in uren.", eenheid="uren")
    meerdan25percent: bool | None = veld("Of de leerling meer dan een kwart van de tijd afwezig was.")
    frequentie: int | None = veld("Hoe vaak de leerling afwezig was.", eenheid="keren")
    contactleerplicht: bool | None = veld("Of er contact was met de leerplichtambtenaar.")
    rmcmelding: bool | None = veld("Of het verzuim bij het regionaal meld- en coördinatiepunt (RMC) is gemeld.")
    bijlagen: list[Bijlage] = lijst("Een bijlage over het verzuim.")
