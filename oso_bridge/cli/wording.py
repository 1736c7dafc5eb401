"""Errors of the library in the words of who reads them: options of a command, or names in a file of settings.

The library speaks of its own arguments (``identity=``, ``roots=``).  Who gave ``--identity`` or wrote ``certificaat``
is helped by that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from oso_bridge.errors import OsoBridgeError

OPTIONS: Mapping[str, str] = {
    "identity=": "--identity",
    "key=": "--identity-key",
    "password=": "it at a terminal",
    "password_env=": "--identity-password-env",
    "roots=": "--roots",
    "crls=": "--crls",
    "insecure=True": "--set insecure=true",
    "url=": "--via ",
}
"""The options of ``send`` and ``outbox run``."""

SETTINGS: Mapping[str, str] = {
    "identity=": "certificaat",
    "key=": "sleutel",
    "password=, or": "",
    "password_env=": "wachtwoord_env",
    "chain=": "keten",
    "roots=": "wortels",
    "crls=": "crls",
    "allowed_oins=": "toegang",
    "to Trust": "",
    "test=True": "proef = true under tls",
    "url=": "url = ",
}
"""The names in the settings of ``serve``."""


def retold(text: str, names: Mapping[str, str]) -> str:
    """A text with the names of the reader.

    Args:
        text: What the library says.
        names: The reader's name for each of ours, such as :data:`OPTIONS`.

    >>> retold("Give identity=, or roots= (a file in PEM, or system).", OPTIONS)
    'Give --identity, or --roots (a file in PEM, or system).'
    """
    for ours, theirs in names.items():
        text = re.sub(rf"(?<![\w-]){re.escape(ours)}", theirs, text)
    return re.sub(r" +(?=[ .])", "", text)


@contextmanager
def telling(names: Mapping[str, str]) -> Iterator[None]:
    """Give errors that come from here the names of the reader.

    Args:
        names: See :func:`retold`.
    """
    try:
        yield
    except OsoBridgeError as error:
        error.what = retold(error.what, names)
        error.remedy = error.remedy and retold(error.remedy, names)
        raise
