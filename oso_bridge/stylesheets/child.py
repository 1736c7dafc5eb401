"""The process that runs a stylesheet, and can do nothing else: started by path, it imports nothing of this package.

It reads a job from standard input and then gives up, in this order: the network (a namespace without one), the file
system (Landlock), new files, sockets and processes, memory and time beyond a limit. What the system does not know of
these is passed over, save the limits: a process that cannot limit itself does not begin. Only then is the stylesheet
compiled and run.

The answer on standard output is JSON: ``state`` (``done``, ``stopped`` or ``not_compiled``), ``result`` and
``messages`` with what bears a mark, ``rest`` with the beginning of the result that bears none, ``whole`` (false when
something with a mark had to be left out) and ``unmarked``, the number of messages without a mark. Texts of errors are
left out, for they may quote the document; those of the compiler, which has none, are
given when the job is only to compile (``"document": null``).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from importlib import import_module
from typing import Any

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES = 38
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
# what each version of Landlock can take away; a ruleset may not name more than the kernel knows
_LANDLOCK_FILES = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 5: 0xFFFF}
_LANDLOCK_NETWORK, _NETWORK_FROM = 0x3, 4
_MARK = "urn:oso-bridge:stylesheet"
_PASSED_OVER = "<ob:q"
_MOST_ITEMS = 50_000
_MOST_CHARACTERS = 50_000_000
_MOST_UNMARKED_CHARACTERS = 5_000_000


class _Ruleset(ctypes.Structure):
    """What a Landlock ruleset handles, and so forbids when no rule allows it."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


def main() -> None:
    """Take one job, and answer it."""
    job = json.loads(sys.stdin.buffer.read())
    sys.path.append(job["folder"])
    saxon = import_module("saxonche")
    # now or never: no file can be opened later
    limits = import_module("resource") if job["limited"] else None
    _leave_network()
    processor = saxon.PySaxonProcessor(license=False)
    os.closerange(3, 4096)
    # not before: the engine opens itself when it starts
    _leave_files()
    if limits is not None:
        _limit(limits, job["seconds"], job["memory"])
    answer = json.dumps(_run(processor, job)).encode()
    while answer:
        answer = answer[os.write(1, answer) :]
    # what the engine still has to tidy up needs what was given up
    os._exit(0)


def _leave_network() -> None:
    """Move into a namespace without a network; where that is not allowed, the limits have to do."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None, use_errno=True)
        # who may do so directly keeps the right to open the engine; others need a namespace of users for it
        if library.unshare(_NEW_NET):
            library.unshare(_NEW_USER | _NEW_NET)


def _leave_files() -> None:
    """Give up the file system and TCP for good, by Landlock."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(ctypes.c_long(_LANDLOCK_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return
    rules = _Ruleset(_LANDLOCK_FILES[max(known for known in _LANDLOCK_FILES if known <= version)])
    rules.network = _LANDLOCK_NETWORK if version >= _NETWORK_FROM else 0
    size = ctypes.sizeof(rules) if version >= _NETWORK_FROM else ctypes.sizeof(ctypes.c_uint64)
    ruleset = library.syscall(
        ctypes.c_long(_LANDLOCK_CREATE), ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if ruleset >= 0:
        library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        library.syscall(ctypes.c_long(_LANDLOCK_RESTRICT), ctypes.c_int(ruleset), ctypes.c_uint32(0))
        os.close(ruleset)


def _limit(resource: Any, seconds: int, memory: int) -> None:
    """Bound this process for good: no file of any size, no new descriptor or process, so much memory and time."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        # address space is reserved by the gigabyte and never used; what is written to is what counts
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, seconds),
        # 0, 1 and 2 are open: no file and no socket can be opened any more
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(what, (most, most))


def _run(processor: Any, job: dict[str, Any]) -> dict[str, Any]:
    """Run the stylesheet; an error in it, of whatever kind, is only told to have happened."""
    answer: dict[str, Any] = {
        "state": "stopped",
        "result": [],
        "messages": [],
        "rest": [],
        "whole": True,
        "unmarked": 0,
    }
    try:
        processor.set_configuration_property("http://saxon.sf.net/feature/allow-external-functions", "off")
        processor.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "data")
        sheet = processor.new_xslt30_processor().compile_stylesheet(stylesheet_text=job["stylesheet"])
    except Exception as error:  # noqa: BLE001 - the engine has errors of its own
        return {**answer, "state": "not_compiled", "why": str(error)[:500] if job["document"] is None else ""}
    if job["document"] is None:
        return {**answer, "state": "done"}
    sheet.set_save_xsl_message(True)
    sheet.set_capture_result_documents(True)
    try:
        document = processor.parse_xml(xml_text=job["document"])
        sheet.set_global_context_item(xdm_item=document)
        kept = _Kept(sheet.transform_to_value(xdm_node=document))
        answer.update(state="done", result=kept.marked, rest=kept.rest, whole=kept.whole)
    except Exception:  # noqa: BLE001
        answer["state"] = "stopped"
    try:
        kept = _Kept(sheet.get_xsl_messages())
    except Exception:  # noqa: BLE001 - what was said is lost, and that has to be known
        answer["whole"] = False
    else:
        answer.update(messages=kept.marked, unmarked=kept.unmarked, whole=answer["whole"] and kept.whole)
    return answer


class _Kept:
    """The items of a value as XML: those with a mark up to a limit, and the beginning of the others."""

    def __init__(self, value: Any) -> None:
        self.marked: list[str] = []
        self.rest: list[str] = []
        self.whole = True
        self.unmarked = 0
        self._left, self._rest_left = _MOST_CHARACTERS, _MOST_UNMARKED_CHARACTERS
        for number in range(value.size if value is not None else 0):
            self._take(str(value.item_at(number)))

    def _take(self, text: str) -> None:
        marks = text.count(_MARK)
        if not marks:
            self.unmarked += 1
            self._rest_left -= len(text)
            if self._rest_left >= 0:
                self.rest.append(text)
        # nothing but the sign that this is no message about the document
        elif marks > 1 or not text.startswith(_PASSED_OVER):
            self._left -= len(text)
            if self._left < 0 or len(self.marked) >= _MOST_ITEMS:
                self.whole = False
            else:
                self.marked.append(text)


if __name__ == "__main__":
    main()
