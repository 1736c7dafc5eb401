"""Importing this makes ready what every check needs: it is what the processes of ``--workers`` begin with.

The program starts the process that the workers come from before it looks at its own arguments any further, so that
both make ready at the same time; the workers then have it all at once.
"""

from __future__ import annotations

import contextlib

from oso_bridge import document, releases
from oso_bridge.errors import OsoBridgeError

with contextlib.suppress(OsoBridgeError):  # whoever really needs it will say what is wrong
    for _release in releases.installed()[-1:]:
        document.check(f'<{_release.roots[0]} xmlns="{_release.namespace}"/>'.encode())
