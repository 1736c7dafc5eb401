"""Identifiers of pupils, schools and parties: is a text one in the form in which it travels?

Each identifier is an :class:`Identifier` with two questions, :meth:`~Identifier.is_valid` and
:meth:`~Identifier.why`.  Only the form of the wire counts: no spaces, dots or dashes, no lower-case
letters where capitals belong, no digits of another script.  Neither answer holds a part of the text.

>>> bsn.is_valid("613543439"), brin.is_valid("00YY"), postcode.is_valid("1234 AB")
(True, True, False)
>>> bsn.why("613543438"), bsn.why("61354343"), bsn.why("6135.43.439"), bsn.why("613543439")
('proef', 'lengte', 'tekens', None)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oso_bridge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY = "leeg"
CHARACTERS = "tekens"
LENGTH = "lengte"
FORM = "vorm"
CHECK = "proef"
REGISTER = "register"

REASONS = (EMPTY, CHARACTERS, LENGTH, FORM, CHECK, REGISTER)
"""What :meth:`Identifier.why` may answer: empty, a character that never occurs, the wrong length,
characters in the wrong place, the check digit, an unknown register or issuer."""

OIN_REGISTERS = frozenset(f"{number:08}" for number in (*range(1, 11), 99))
"""The first eight positions of an OIN: the register that its main number comes from; 99 is for tests (OIN-stelsel)."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One kind of identifier.

    Attributes:
        name: Its name, as in the ids of findings (``INT.bsn``).
        check: Gives one of :data:`REASONS`, or None when the text is right.
    """

    name: str
    check: Callable[[str], str | None]

    def why(self, text: str) -> str | None:
        """Why a text is not such an identifier.

        Args:
            text: The text exactly as it travels.

        Returns:
            One of :data:`REASONS`, or None when the text is right.
        """
        return self.check(text) if text else EMPTY

    def is_valid(self, text: str) -> bool:
        """True when the text is such an identifier in the form of the wire."""
        return self.why(text) is None


def _shape(text: str, alphabet: str, length: int, pattern: str) -> str | None:
    """The first of: a foreign character, another length, another form; None when it is of the form."""
    if re.fullmatch(pattern, text):
        return None
    if re.fullmatch(f"[{alphabet}]*", text) is None:
        return CHARACTERS
    return FORM if len(text) == length else LENGTH


def _nine_digits(text: str) -> str | None:
    if reason := _shape(text, "0-9", 9, "[0-9]{9}"):
        return reason
    return FORM if text == "000000000" else None


def _bsn(text: str) -> str | None:
    if reason := _nine_digits(text):
        return reason
    from stdnum.nl import bsn as official

    # not is_valid: that cleans the text first, which costs five times as much and was ruled out above
    return None if official.checksum(text) == 0 else CHECK


def _onderwijsnummer(text: str) -> str | None:
    if reason := _nine_digits(text):
        return reason
    if text[0] != "1":
        return FORM
    from stdnum.nl import bsn as official

    # stdnum's own onderwijsnummer asks for 10 in front; the rule of the exchange for 1
    return None if official.checksum(text) == 5 else CHECK


def _brin(text: str) -> str | None:
    return _shape(text, "0-9A-Z", 4, "[0-9]{2}[A-Z]{2}")


def _vestigingscode(text: str) -> str | None:
    return _shape(text, "0-9", 2, "[0-9]{2}")


def _vestiging(text: str) -> str | None:
    return _shape(text, "0-9A-Z", 6, "[0-9]{2}[A-Z]{2}[0-9]{2}")


def _postcode(text: str) -> str | None:
    if reason := _shape(text, "0-9A-Z", 6, "[1-9][0-9]{3}[A-Z]{2}"):
        return reason
    # letters that no postcode ends in; stdnum knows them too, but cleans the text first, which costs ten times as much
    return FORM if text[4:] in ("SA", "SD", "SS") else None


def _oin(text: str) -> str | None:
    # the main number may hold letters (a BRIN), and no check digit covers the whole
    if reason := _shape(text, "0-9A-Z", 20, "[0-9]{8}[0-9A-Z]{12}"):
        return reason
    return None if text[:8] in OIN_REGISTERS else REGISTER


def _eckid(text: str) -> str | None:
    if re.fullmatch(r"[!-~]*", text) is None:
        return CHARACTERS
    if len(text) > 256:
        return LENGTH
    if not text.startswith("https://ketenid.nl/"):
        return REGISTER
    return None if re.fullmatch(r"https://ketenid\.nl/[A-Za-z0-9]+/[0-9a-f]{128}", text) else FORM


bsn = Identifier("bsn", _bsn)
"""Burgerservicenummer: nine digits that pass the 11-test (Wet algemene bepalingen burgerservicenummer).

>>> bsn.is_valid("088584574"), bsn.why("000000000")
(True, 'vorm')
"""

onderwijsnummer = Identifier("onderwijsnummer", _onderwijsnummer)
"""Onderwijsnummer of a pupil without a bsn: nine digits, a 1 in front, an 11-test with remainder 5.

>>> onderwijsnummer.is_valid("101211151"), onderwijsnummer.why("613543439"), bsn.why("101211151")
(True, 'vorm', 'proef')
"""

brin = Identifier("brin", _brin)
"""BRIN of a school: two digits, two capitals.

>>> brin.is_valid("00YY"), brin.why("00yy"), brin.why("YY00")
(True, 'tekens', 'vorm')
"""

vestigingscode = Identifier("vestigingscode", _vestigingscode)
"""The two digits of one location of a school.

>>> vestigingscode.is_valid("00"), vestigingscode.why("0")
(True, 'lengte')
"""

vestiging = Identifier("vestiging", _vestiging)
"""A BRIN and a vestigingscode in one.

>>> vestiging.is_valid("00YY01"), vestiging.why("00YY")
(True, 'lengte')
"""

postcode = Identifier("postcode", _postcode)
"""Dutch postcode as dossiers hold it, without a space.

>>> postcode.is_valid("1234AB"), postcode.why("1234SS"), postcode.why("1234 AB")
(True, 'vorm', 'tekens')
"""

oin = Identifier("oin", _oin)
"""Organisatie-identificatienummer: 20 positions, a known register in front; no check digit exists.

>>> oin.is_valid("0000000700000YY00931"), oin.why("0000001100000YY00931")
(True, 'register')
"""

eckid = Identifier("eckid", _eckid)
"""ECK iD: an address at ketenid.nl that ends in 128 hexadecimal digits (Nummervoorziening).

>>> eckid.is_valid("https://ketenid.nl/pilot/" + "0" * 128), eckid.why("https://ketenid.nl/pilot/0")
(True, 'vorm')
"""

ALL = {each.name: each for each in (bsn, onderwijsnummer, brin, vestigingscode, vestiging, postcode, oin, eckid)}
"""Every identifier by its name."""


def eckid_hash(pgn: str, salt: str) -> str:
    """The first-level hash of a person-bound number, which Nummervoorziening turns into an ECK iD.

    It is not an ECK iD and cannot be made into one here: the service takes the second step, with a secret of its own.
    It is scrypt with N = 131072, r = 8, p = 4 over the number in lower case; that takes 128 MiB of memory and about
    half a second, on purpose.  Treat the outcome as the number itself: whoever knows the salt can try all numbers.

    Args:
        pgn: The bsn or onderwijsnummer of a pupil (nine digits, the zero in front included). Nothing is cleaned:
            a blank or a dash gives another hash.
        salt: The salt of the environment in base64; that of production comes from Nummervoorziening.

    Returns:
        64 hexadecimal digits in lower case.

    Raises:
        UsageError: The number is absent or has fewer than two characters, or the salt is not base64.
    """
    import base64
    import binascii
    import hashlib

    if len((pgn or "").strip()) < 2:
        raise UsageError("There is no number to hash.", remedy="Give the number as text, with the zeros in front.")
    try:
        raw = base64.b64decode(salt, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raw = b""
    if not raw:
        raise UsageError("The salt is not base64.", remedy="Give the salt of the environment as it was handed out.")
    # 128 * N * r bytes are needed; the default of OpenSSL is less
    made = hashlib.scrypt(pgn.lower().encode(), salt=raw, n=131_072, r=8, p=4, maxmem=160 * 1024 * 1024, dklen=32)
    return made.hex()
