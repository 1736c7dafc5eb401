"""Inspection: whether the parents saw the dossier and what they thought of it."""

from __future__ import annotations

from datetime import date

from oso_bridge.model.base import Deel, veld
from oso_bridge.model.codes import Code37


class Inzage(Deel):
    """Whether the parents inspected the dossier, agreed with it and consented to its transfer."""

    voorlopigdossier: bool | None = veld("Of het dossier nog voorlopig is.")
    inzage: bool | None = veld("Of de ouders het dossier hebben ingezien.")
    datum: date | None = veld("De dag waarop de ouders het dossier inzagen.")
    akkoord: Code37 | None = veld("Of de ouders het met de inhoud eens zijn: Ja, Nee of Onbekend.")
    redennietakkoord: str | None = veld("Waarom de ouders het niet met de inhoud eens zijn.")
    toestemming: Code37 | None = veld("Of de ouders de overdracht toestaan: Ja, Nee of Onbekend.")
