"""Envelopes that no reader may take, made of a good one; and an ear that hears whoever fetches what they name."""

from __future__ import annotations

import gzip
import re
import socket
import threading
import zlib

XI = "http://www.w3.org/2001/XInclude"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_START = re.compile(rb"<[A-Za-z]+:Body[^>]*>(?:\s|<!--.*?-->)*<[^\s/>!]+", re.DOTALL)


class Ear:
    """Listens on this machine, and counts who comes."""

    def __init__(self) -> None:
        self.heard = 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.door.getsockname()[1]}/kanarie"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self.door.accept()[0].close()
            except OSError:
                return
            self.heard += 1


def hostile(good: bytes, url: str) -> dict[str, bytes]:
    """Messages by the row of the security table that they are of.

    Args:
        good: An envelope in UTF-8 with a prefix, whose body holds a message.
        url: What they want to be fetched.
    """
    plain = re.sub(rb"\A\s*<\?xml[^>]*\?>\s*", b"", good)
    return {**_doctypes(plain, url.encode()), **_encodings(plain), **_shapes(plain), **_outside(plain, url.encode())}


def _inside(plain: bytes, what: bytes) -> bytes:
    """Put something into the message, as its first child."""
    found = _START.search(plain)
    assert found is not None
    at = plain.index(b">", found.end()) + 1
    return plain[:at] + what + plain[at:]


def _in_tag(plain: bytes, attributes: bytes) -> bytes:
    """Put attributes on the message."""
    found = _START.search(plain)
    assert found is not None
    return plain[: found.end()] + b" " + attributes + plain[found.end() :]


def _doctypes(plain: bytes, url: bytes) -> dict[str, bytes]:
    used = _inside(plain, b"&e;")
    laughs = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    return {
        "A1 an entity that reads a file": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + used,
        "A1 an entity that asks a server": b'<!DOCTYPE x [<!ENTITY e SYSTEM "%s">]>' % url + used,
        "A2 an external DTD": b'<!DOCTYPE x SYSTEM "%s">' % url + plain,
        "A2 a parameter entity": b'<!DOCTYPE x [<!ENTITY %% p SYSTEM "%s"> %%p;]>' % url + plain,
        "A3 a billion laughs": b'<!DOCTYPE x [<!ENTITY a "lol">' + laughs + b"]>" + _inside(plain, b"&j;"),
        "A3 quadratic": b'<!DOCTYPE x [<!ENTITY e "%s">]>' % (b"a" * 50_000) + _inside(plain, b"&e;" * 5_000),
        "A3 in an attribute": b'<!DOCTYPE x [<!ENTITY e "%s">]>' % (b"a" * 50_000)
        + _in_tag(plain, b'q="%s"' % (b"&e;" * 5_000)),
        "A3 behind a comment": b"<!-- > --><!DOCTYPE x>" + plain,
        "A3 an entity that nobody declared": used,
    }


def _encodings(plain: bytes) -> dict[str, bytes]:
    wide = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY e "f">]>' + plain.decode()
    return {
        "A4 a DOCTYPE in UTF-16": wide.encode("utf-16"),
        "A4 a DOCTYPE in UTF-16 without a mark": wide.encode("utf-16-le"),
        "A4 a DOCTYPE behind a mark of UTF-8": b"\xef\xbb\xbf<!DOCTYPE x>" + plain,
        "A4 a DOCTYPE in UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-' + plain,
        "A4 a DOCTYPE in EBCDIC": ('<?xml version="1.0" encoding="cp037"?><!DOCTYPE x>' + plain.decode()).encode(
            "cp037"
        ),
        "A4 UTF-16": ('<?xml version="1.0" encoding="UTF-16"?>' + plain.decode()).encode("utf-16"),
        "A4 UTF-32": plain.decode().encode("utf-32"),
        "A4 Latin-1": b'<?xml version="1.0" encoding="ISO-8859-1"?>' + _inside(plain, b"<!-- \xe9 -->"),
        "A4 a mark that lies": b"\xff\xfe" + plain,
        "A4 XML 1.1": b'<?xml version="1.1" encoding="UTF-8"?>' + plain,
        "A4 what is not UTF-8": _inside(plain, b"<!-- \xff\xfe -->"),
        "A12 packed (gzip)": gzip.compress(plain),
        "A12 packed (zlib)": zlib.compress(plain),
        "A12 an archive": b"PK\x03\x04" + plain,
    }


def _shapes(plain: bytes) -> dict[str, bytes]:
    flood = b" ".join(b'k%d=""' % n for n in range(2_000))
    spaces = b" ".join(b'xmlns:k%d="urn:%d"' % (n, n) for n in range(60_000))
    return {
        "A8 depth": _inside(plain, b"<a>" * 100 + b"</a>" * 100),
        "A8 great depth": _inside(plain, b"<a>" * 50_000 + b"</a>" * 50_000),
        "A9 attributes": _in_tag(plain, flood),
        "A9 namespaces": _in_tag(plain, spaces),
        "A9 elements side by side": _inside(plain, b"<a/>" * 30_000),
        "A9 elements": _inside(plain, (b"<g>" + b"<a/>" * 10_000 + b"</g>") * 21),
        "A9 a long name of a namespace": _in_tag(plain, b'xmlns:k="%s"' % (b"u" * 5_000)),
        "A9 an attribute twice": _in_tag(plain, b'k="" k=""'),
        "A23 an instruction in the message": _inside(plain, b"<?weg?>"),
        "A23 an instruction before it": b"<?weg?>" + plain,
        "A23 an instruction behind it": plain + b"<?weg?>",
        "A23 cut off": plain[: len(plain) // 2],
        "A23 two documents": plain + plain,
        "A23 a sign that XML does not have": _inside(plain, b"&#0;"),
    }


def _outside(plain: bytes, url: bytes) -> dict[str, bytes]:
    include = b'<xi:include xmlns:xi="%s" href="%s" parse="text"/>' % (XI.encode(), url)
    style = b'<?xml-stylesheet type="text/xsl" href="%s"?>' % url
    return {"A5 XInclude": _inside(plain, include), "A6 a stylesheet": style + plain}


def pointers(good: bytes, url: str) -> dict[str, bytes]:
    """Messages that point to a schema; whether they are taken or not, nothing is fetched."""
    told = b'xmlns:xsi="%s" xsi:schemaLocation="urn:x %s"' % (XSI.encode(), url.encode())
    none = b'xmlns:xsi="%s" xsi:noNamespaceSchemaLocation="%s"' % (XSI.encode(), url.encode())
    return {
        "A7 schemaLocation": _in_tag(good, told),
        "A7 noNamespaceSchemaLocation": _in_tag(good, none),
        "A7 on the envelope": re.sub(rb":Envelope ", b":Envelope " + told + b" ", good, count=1),
    }
