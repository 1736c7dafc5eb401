"""The Timestamp of a message: made now, and believed for a while (WS-Security; Digikoppeling WB002)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from oso_bridge.signatures import names
from oso_bridge.signatures.faults import refuse

LIFETIME = timedelta(minutes=5)
"""How long a message that we make may be under way."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)", re.ASCII)
_FORM = "%Y-%m-%dT%H:%M:%S.%f"


@dataclass(frozen=True, slots=True)
class Window:
    """When a message is still believed.

    Attributes:
        age: How long after it was made, whatever the message itself says.
        skew: How far the clocks of both sides may differ.
    """

    age: timedelta = LIFETIME
    skew: timedelta = timedelta(minutes=1)

    def until(self, created: datetime) -> datetime:
        """Until when a message of that time would be let in."""
        return created + self.age + self.skew


def make(at: datetime, lifetime: timedelta = LIFETIME) -> etree._Element:
    """A Timestamp.

    Args:
        at: When the message is made.
        lifetime: How long it may be under way.
    """
    element = etree.Element(names.TIMESTAMP, nsmap={"wsu": names.WSU})
    for name, time in ((names.CREATED, at), (names.EXPIRES, at + lifetime)):
        etree.SubElement(element, name).text = _text(time)
    return element


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime(_FORM)[:-3] + "Z"


def check(element: etree._Element, at: datetime, window: Window) -> datetime:
    """When a message was made, when that is within the window.

    Args:
        element: Its Timestamp.
        at: The time now.
        window: When it is still believed.

    Raises:
        SignatureRefused: It is too old, of later than now, or its times are missing or not in UTC.
    """
    created, expires = _times(element)
    if expires is not None and expires <= created:
        raise refuse("SIG.tijd", element)
    if created > at + window.skew:
        raise refuse("SIG.tijd-toekomst", element)
    if at > window.until(created) or (expires is not None and at - window.skew > expires):
        raise refuse("SIG.tijd-oud", element)
    return created


def _times(element: etree._Element) -> tuple[datetime, datetime | None]:
    """Created, and Expires when it is there; nothing else may be."""
    if [child.tag for child in element] not in ([names.CREATED], [names.CREATED, names.EXPIRES]):
        raise refuse("SIG.tijd", element)
    times = [_time(child) for child in element]
    return times[0], times[1] if len(times) > 1 else None


def _time(element: etree._Element) -> datetime:
    found = _TIME.fullmatch((element.text or "").strip())
    if found is None or len(element):
        raise refuse("SIG.tijd", element)
    try:
        return datetime.strptime(f"{found[1]}.{(found[2] or '0')[:6]}", _FORM).replace(tzinfo=UTC)
    except ValueError:
        raise refuse("SIG.tijd", element) from None
