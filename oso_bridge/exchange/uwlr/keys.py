"""Keys and references of pupil data on their way out; the published schema forgets to look at them.

Of a key that was met its hash is remembered, so that a large school takes little memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from oso_bridge.exchange.conversation import log
from oso_bridge.exchange.uwlr.faults import INTERNAL, UwlrFault
from oso_bridge.model.administratie import Administratieleerling, Leerkracht, Schooladministratie


class Sleutels:
    """The keys of one answer, remembered while it is made; blanks around a key do not count.

    Args:
        kop: The groups and branches that persons may refer to.
    """

    def __init__(self, kop: Schooladministratie) -> None:
        self._seen: defaultdict[str, set[int]] = defaultdict(set)
        for groep in kop.groepen:
            self._new("groep", groep.sleutel)
        for vestiging in kop.vestigingen:
            self._new("vestiging", vestiging.sleutel)
        self._groups = {(groep.soort, _plain(groep.sleutel)) for groep in kop.groepen}
        self._branches = {_plain(vestiging.sleutel) for vestiging in kop.vestigingen}

    def leerling(self, leerling: Administratieleerling) -> None:
        """Take a pupil.

        Raises:
            UwlrFault: There is no such group or branch, or another has the same key.
        """
        self._new("leerling", leerling.leerlingid)
        self._new("leerling/@eckid", leerling.eckid)
        groups = [("stamgroep", leerling.groep)] if leerling.groep is not None else []
        self._refers("leerling", [*groups, *(("samengesteld", one.sleutel) for one in leerling.samengestelde_groepen)])
        if leerling.vestiging is not None and _plain(leerling.vestiging) not in self._branches:
            raise _refused("sleutel-onbekend", "leerling/vestiging")

    def leerkracht(self, leerkracht: Leerkracht) -> None:
        """Take a member of staff; see :meth:`leerling`."""
        self._new("leerkracht", leerkracht.sleutel)
        self._new("leerkracht/@eckid", leerkracht.eckid)
        self._refers("leerkracht", [(groep.soort, groep.sleutel) for groep in leerkracht.groepen])

    def _new(self, kind: str, key: str | None) -> None:
        if key is None:
            return
        # of 64 bits, and other ones in every process: two keys that share it are not to be made, nor met
        found = hash(_plain(key))
        if found in self._seen[kind]:
            raise _refused("sleutel-dubbel", kind)
        self._seen[kind].add(found)

    def _refers(self, kind: str, groups: Iterable[tuple[str, str | None]]) -> None:
        if any((sort, _plain(key)) not in self._groups for sort, key in groups):
            raise _refused("sleutel-onbekend", f"{kind}/groep")


def _plain(key: str | None) -> str:
    return (key or "").strip()


def _refused(why: str, where: str) -> UwlrFault:
    """The other side can do nothing about it; here the log says what to look for."""
    log("uwlr-gegevens-fout", reden=why, plaats=where)
    return UwlrFault(INTERNAL)
