"""What the tests of the kit share: an endpoint of ours, with every dossier that is asked for, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exchange.scene import Memory

from oso_bridge.exchange import (
    Adres,
    Application,
    Bron,
    Bronsysteem,
    Doel,
    Doelsysteem,
    Endpoint,
    Melding,
    by_oin,
    load,
)
from oso_bridge.parcels import Parcel, Transport
from oso_bridge.testing.exchange import NEPSLEUTELS
from oso_bridge.testing.kit.calling import Caller, WsgiCaller
from oso_bridge.testing.kit.oso_layout import Layout
from oso_bridge.testing.kit.oso_plan import Plan
from oso_bridge.testing.kit.oso_prepare import ready
from oso_bridge.testing.kit.oso_stage import OsoStage
from oso_bridge.testing.kit.oso_start import know, make_simulator
from oso_bridge.testing.simulator import Simulator
from oso_bridge.transports.loopback import LoopbackLine

CHECKOUT = Path(__file__).resolve().parents[2]
XSD = CHECKOUT / "schemas" / "oso-exchange" / "2022" / "berichten.xsd"
CENTRE, ENDPOINT = "https://verkeerscentrum.invalid/oso", "https://las.invalid/oso"
PLAN = Plan(seconden=120.0, haalt_zelf_op=True, wacht=2.0)
READY = ready(PLAN)


class Fetching(Memory):
    """Fetches at once what it is notified of."""

    def __init__(self) -> None:
        super().__init__()
        self.doelsysteem: Any = None

    def genotificeerd(self, melding: Melding) -> None:
        super().genotificeerd(melding)
        if melding.afzender.brin == "00YY" and self.doelsysteem is not None:
            facts: Any = {"bron": melding.afzender, "koppelsleutel": melding.koppelsleutel, "soort": "SWV"}
            self.doelsysteem.ophalen(self, account="test", **facts)


class Las:
    """A school system of ours; a mistake is planted by putting another part in its place.

    Attributes:
        memory: Where its dossiers are.
        system: Asks the Traffic Center.
        bron: Answers requests.
        doel: Takes notifications.
        toegang: Who may ask.
        endpoint: Answers parcels; made of the others when it is None.
        around: What is between HTTP and the application.
        late: How many seconds a mistake took.
    """

    def __init__(self, simulator: Simulator, plan: Plan = PLAN) -> None:
        here, wire = Adres(plan.bron.brin, plan.bron.kenmerk), load(plan.draad)
        self.memory: Any = Fetching()
        for one in ready(plan):
            facts: Any = {"soort": one.kind, "bron": here, "doel": Adres(one.doel.brin, one.doel.kenmerk)}
            key = {"pgn": one.number} if one.number else {"koppelsleutel": plan.koppelsleutel}
            self.memory.klaarzetten(one.dossier, **facts, **key, account="test", verzameld=one.collected)
        line: Any = {"verkeerscentrum": centre(simulator), "lijn": lambda url: centre(simulator)}
        self.memory.doelsysteem = Doelsysteem(wire, here, **line, sleutels=NEPSLEUTELS)
        self.system: Any = Bronsysteem(wire, here, **line, sleutels=NEPSLEUTELS)
        self.points = [here]
        self.bron: Any = Bron(self.system, self.memory, aanleverpunten=self.points)
        self.doel: Any = Doel(wire, self.memory, aanleverpunten=self.points)
        self.toegang: Any = by_oin({"kit": ["*"], "ander": ["03SS"]})
        self.endpoint: Any = None
        self.options: dict[str, Any] = {}
        self.late = 0.0
        self.around: Callable[[Any], Any] = lambda application: application

    def clock(self) -> float:
        """The time, later by what a mistake takes without taking it."""
        return time.monotonic() + self.late

    def application(self) -> Any:
        """The whole as a WSGI application."""
        self.endpoint = self.endpoint or Endpoint(bron=self.bron, doel=self.doel, toegang=self.toegang)
        inside = Application(self.endpoint, oin=lambda environ: str(environ.get("oin", "")), **self.options)
        return self.around(inside)


def centre(simulator: Simulator) -> Transport:
    """A line to the Traffic Center in this process, over WSGI, so that it can be silent too."""
    call = WsgiCaller(simulator)

    def answer(parcel: Parcel) -> Parcel:
        return Parcel(call(parcel.content).body, "text/xml; charset=utf-8")

    return LoopbackLine(answer)


def make_stage(
    plant: Callable[[Las], None] = lambda las: None, *, wsdl: bool = True, plan: Plan = PLAN, **settings: Any
) -> OsoStage:
    """A stage around an endpoint of ours, with or without a mistake in it."""
    plan = plan.model_copy(update=settings)
    simulator = make_simulator(plan)
    simulator.listens(CENTRE)
    know(simulator, plan, ENDPOINT)
    las = Las(simulator, plan)
    plant(las)
    application = las.application()
    callers: dict[str, Caller] = {
        "kit": WsgiCaller(application, {"oin": "kit"}, seconds=plan.seconden, clock=las.clock),
        "ander": WsgiCaller(application, {"oin": "ander"}, seconds=plan.seconden),
    }
    return OsoStage(plan, callers, simulator, layout=Layout([XSD] if wsdl else []), close=simulator.close)
