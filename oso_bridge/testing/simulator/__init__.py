"""A simulator of the OSO exchange: a Traffic Center, a test school (bron) and a samenwerkingsverband (doel).

Shares no message code with :mod:`oso_bridge.exchange`, so that one mistake is not made twice.  What it does is data:

    berichten.toml   its own templates of the messages, with how well each layout is known
    verkeer.toml     the Traffic Center as a table: state, message, conditions -> answer, next state, effect
    las.toml         the test school of Kennisnet, with its published cases
    swv.toml         a samenwerkingsverband that fetches what it is notified of
    fouten.toml      the faults that it makes on command

    messages         reads and writes messages
    tables           chooses the row of a table
    verkeer, las, swv   what the words in the tables mean
    faults           faults on command
    transcript       what was said, as JSON and HTML, without values
    application      all of it as one WSGI application

All pupils are fictional, and the keys are fake.
"""

from __future__ import annotations

from oso_bridge.testing.simulator.application import Simulator
from oso_bridge.testing.simulator.verkeer import Punt

__all__ = ["Punt", "Simulator"]
