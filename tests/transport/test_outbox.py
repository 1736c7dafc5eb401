"""The outbox: its states, what an attempt comes to, what a person decides, and what it never tells."""

from __future__ import annotations

import hashlib
import itertools
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

import oso_bridge as oso
from oso_bridge.parcels import Receipt, Sent
from oso_bridge.transports.box import LARGEST_ROUTING, LONGEST_NAME, Policy
from oso_bridge.transports.outbox import DECISIONS, STATES, TRANSITIONS, Outbox, verdict
from oso_bridge.transports.store import Entry, Event, SqliteStore
from oso_bridge.transports.vault import Vault

from .outbox_doubles import KANARIE, KEY, KNOWING, OTHER_KEY, PLAIN, Clock, DictStore, Line, parcel, trouble, vault

POLICIES = {"knowing": KNOWING, "plain": PLAIN}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Outbox:
    return Outbox(DictStore(), vault(), policies=POLICIES, now=clock)


def in_state(box: Outbox, state: str, name: str = "p1") -> None:
    """Bring a parcel to a state by the road that leads there."""
    box.put(parcel(name, operation="plain"))
    roads: dict[str, Callable[[], object]] = {
        "klaar": lambda: None,
        "bezig": lambda: box.store.claim("klaar", "bezig", now=box._now(), lease=300.0),
        "verzonden": lambda: box.deliver_once(Line()),
        "onzeker": lambda: box.deliver_once(Line([trouble("unknown")])),
        "mislukt": lambda: box.deliver_once(Line([trouble("no", retryable=False)])),
        "ingetrokken": lambda: box.cancel(name),
    }
    roads[state]()
    assert box.find(name).state == state


# --- states --------------------------------------------------------------------------------------------------------


def test_the_table_of_states_is_whole() -> None:
    assert set(TRANSITIONS) == set(STATES) == {*set().union(*TRANSITIONS.values()), "klaar"}
    assert {state for state, after in TRANSITIONS.items() if not after} == Outbox.ended
    assert all(set(text) == {"nl", "en"} for text in STATES.values())
    for states, result in DECISIONS.values():
        assert all(result in TRANSITIONS[state] for state in states)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_every_step_is_in_the_table_or_refused(before: str, after: str, box: Outbox) -> None:
    in_state(box, before)
    entry = box.find("p1")
    if after in TRANSITIONS[before]:
        assert box._moved(entry, after).state == after
        return
    with pytest.raises(oso.UsageError, match=f"What is {before} cannot become {after}"):
        box._moved(entry, after)


@pytest.mark.parametrize(("state", "decision"), list(itertools.product(STATES, DECISIONS)))
def test_a_person_decides_what_the_table_lets_decide(state: str, decision: str, box: Outbox) -> None:
    in_state(box, state)
    states, result = DECISIONS[decision]
    before = box.find("p1")
    if state not in states:
        with pytest.raises(oso.UsageError, match=f"this parcel is {state}"):
            getattr(box, decision)("p1")
        assert box.find("p1") == before
        return
    after = getattr(box, decision)("p1")
    assert (after.state, after.tries, after.events[-1].what) == (result, 0, decision)
    assert after.doubt == before.doubt == (state == "onzeker")
    assert (after.content is None) == (result in Outbox.ended)


def test_deciding_about_nothing(box: Outbox) -> None:
    for decision in DECISIONS:
        with pytest.raises(oso.UsageError, match="no parcel of this id"):
            getattr(box, decision)("p1")


@pytest.mark.parametrize("doubt", [False, True])
@pytest.mark.parametrize("tries", [1, 3])
@pytest.mark.parametrize("retryable", [False, True])
@pytest.mark.parametrize("sent", get_args(Sent))
@pytest.mark.parametrize("recognises", [False, True])
def test_a_failure_comes_to_the_right_state(
    recognises: bool, sent: Sent, retryable: bool, tries: int, doubt: bool
) -> None:
    entry = Entry("a", "a", "", "", "bezig", 0, 0, 0, b"", tries=tries, doubt=doubt)
    state, after = verdict(Policy(recognises=recognises, attempts=3), entry, Event(0, "failed", sent=sent), retryable)
    may_have_arrived = doubt or sent != "no"
    assert after == may_have_arrived
    if state == "klaar":
        assert retryable
        assert tries < 3
        assert recognises or sent == "no"  # what may just have arrived is sent again to who knows it only
    else:
        assert state == ("onzeker" if may_have_arrived else "mislukt")
        assert not retryable or tries == 3 or not recognises


@pytest.mark.parametrize("doubt", [False, True])
@pytest.mark.parametrize("recognises", [False, True])
@pytest.mark.parametrize("what", ["delivered", "accepted", "refused"])
def test_an_answer_comes_to_the_right_state(what: str, recognises: bool, doubt: bool) -> None:
    entry = Entry("a", "a", "", "", "bezig", 0, 0, 0, b"", tries=1, doubt=doubt)
    found = verdict(Policy(recognises=recognises), entry, Event(0, what, sent="yes"), False)
    if what != "refused":
        assert found == ("verzonden", False)
    else:
        unclear = doubt and not recognises  # it may have been refused because it was there already
        assert found == ("onzeker" if unclear else "mislukt", unclear)


# --- putting -------------------------------------------------------------------------------------------------------


def test_what_was_put_is_sent_as_it_was(box: Outbox) -> None:
    given = parcel(operation="plain", media_type="text/xml; charset=utf-8", routing={"brin": "99XX"})
    assert box.put(given, to="school") == "p1"
    line = Line()
    box.run(line)
    assert line.sent == [replace(given, routing={"brin": "99XX", "to": "school"})]
    assert line.sent[0].routing["to"] == box.find("p1").party == "school"


def test_a_parcel_is_kept_once_however_often_it_is_put(box: Outbox) -> None:
    for _ in range(2):
        box.put(parcel(operation="plain"), to="school")
    assert len(box.list()) == 1
    line = Line()
    box.run(line)
    box.put(parcel(operation="plain"), to="school")
    assert box.run(line) == {}
    assert len(line.sent) == 1


def test_where_it_goes_may_stand_in_the_routing(box: Outbox) -> None:
    box.put(parcel(routing={"to": "school"}))
    assert box.find("p1").party == "school"


@pytest.mark.parametrize(
    "other", [parcel(content="x"), parcel(operation="plain"), parcel(routing={"to": "other"})], ids=["1", "2", "3"]
)
def test_another_parcel_under_the_same_id_is_refused(other: oso.Parcel, box: Outbox) -> None:
    box.put(parcel())
    before = box.find("p1")
    with pytest.raises(oso.UsageError, match="Another parcel has this id"):
        box.put(other)
    assert box.find("p1") == before


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"name": " "},
        {"name": f"{KANARIE}\n"},
        {"name": KANARIE + "x" * LONGEST_NAME},
        {"operation": f"{KANARIE}\x1b[2J"},
        {"operation": KANARIE + "\ud800"},
        {"routing": {"to": f"{KANARIE}\0"}},
        {"routing": {KANARIE: "x" * LARGEST_ROUTING}},
        {"media_type": KANARIE + "x" * LARGEST_ROUTING},
    ],
    ids=lambda bad: next(iter(bad)),
)
def test_what_is_no_name_is_not_kept_and_not_quoted(bad: dict[str, Any], box: Outbox) -> None:
    with pytest.raises(oso.DataError) as caught:
        box.put(parcel(**bad))
    assert KANARIE not in str(caught.value)
    assert box.list() == []


# --- sending -------------------------------------------------------------------------------------------------------


def test_what_arrived_is_erased_and_its_receipt_kept(box: Outbox) -> None:
    box.put(parcel(operation="plain"))
    assert box.receipt("p1") is None
    assert box.run(Line()) == {"verzonden": 1}
    entry = box.find("p1")
    assert entry.content is None
    receipt = box.receipt("p1")
    digest = hashlib.sha256(parcel().content).hexdigest()
    assert receipt is not None
    assert receipt == Receipt("delivered", digest, receipt.reply, "200")
    assert receipt.reply is not None
    assert receipt.reply.content == f"reply {KANARIE}".encode()
    assert [(event.what, event.sent, event.code) for event in entry.events] == [("delivered", "yes", "200")]


def test_a_refusal_is_kept_with_its_answer_and_can_be_tried_again(box: Outbox) -> None:
    box.put(parcel(operation="plain"))
    assert box.run(Line(["refused"])) == {"mislukt": 1}
    receipt = box.receipt("p1")
    assert receipt is not None
    assert receipt.status == "refused"
    assert receipt.reply is not None
    box.retry("p1")
    assert box.run(Line(["accepted"])) == {"verzonden": 1}
    again = box.receipt("p1")
    assert again is not None
    assert again.status == "accepted"


def test_it_is_tried_again_later_and_later(box: Outbox, clock: Clock) -> None:
    box.put(parcel(operation="knowing"))
    line = Line([trouble("no"), trouble("unknown")])
    for shortest, longest in ((5.0, 10.0), (10.0, 20.0)):
        assert box.run(line) == {"klaar": 1}
        wait = box.find("p1").due - clock.now
        assert shortest <= wait <= longest
        clock.now += shortest - 0.1
        assert box.run(line) == {}
        clock.now += longest
    assert box.run(line) == {"verzonden": 1}
    assert {sent.id for sent in line.sent} == {"p1"}
    assert [event.sent for event in box.find("p1").events] == ["no", "unknown", "yes"]
    assert box.find("p1").doubt is False


def test_waits_grow_to_a_limit() -> None:
    policy = Policy(first_wait=10.0, longest_wait=100.0)
    for tries, longest in {1: 10.0, 2: 20.0, 4: 80.0, 5: 100.0, 10_000: 100.0}.items():
        assert all(longest / 2 <= policy.wait(tries) <= longest for _ in range(50))


@pytest.mark.parametrize(("sent", "state"), [("no", "mislukt"), ("unknown", "onzeker"), ("yes", "onzeker")])
def test_after_enough_attempts_a_person_is_asked(sent: Sent, state: str, box: Outbox, clock: Clock) -> None:
    box.put(parcel(operation="knowing"))
    line = Line([trouble(sent), trouble("no"), trouble("no")])
    for _ in range(5):
        box.run(line)
        clock.now += 1000.0
    assert len(line.sent) == 3
    assert box.find("p1").state == state


def test_where_a_repeat_is_not_recognised_a_person_is_asked_at_once(box: Outbox, clock: Clock) -> None:
    box.put(parcel(operation="plain"))
    line = Line([trouble("unknown")])
    assert box.run(line) == {"onzeker": 1}
    clock.now += 1e6
    assert box.run(line) == {}
    assert len(line.sent) == 1
    assert box.find("p1").content is not None


def test_an_operation_without_a_policy_is_taken_not_to_be_recognised(box: Outbox) -> None:
    box.put(parcel(operation="something new"))
    assert box.run(Line([trouble("unknown")])) == {"onzeker": 1}
    assert Outbox(DictStore()).policy("").recognises is False


@pytest.mark.parametrize(("operation", "state"), [("plain", "onzeker"), ("knowing", "verzonden")])
def test_what_a_dead_process_was_busy_with(operation: str, state: str, box: Outbox, clock: Clock) -> None:
    box.put(parcel(operation=operation))
    box.store.claim("klaar", "bezig", now=clock.now, lease=300.0)
    line = Line()
    assert box.run(line) == {}
    clock.now += 300.0
    assert box.run(line) == {state: 1}
    assert box.find("p1").events[0].what == "abandoned"
    assert len(line.sent) == (state == "verzonden")


def test_a_parcel_that_kills_every_process_is_not_tried_for_ever(box: Outbox, clock: Clock) -> None:
    box.put(parcel(operation="knowing"))
    for _ in range(3):
        assert box.store.claim("klaar", "bezig", now=clock.now, lease=300.0) is not None
        clock.now += 300.0
    line = Line()
    assert box.run(line) == {"onzeker": 1}
    assert line.sent == []


class Overtaken(Line):
    """A line so slow that another process takes the parcel up meanwhile."""

    def __init__(self, box: Outbox, clock: Clock, plays: list[Any], meanwhile: list[Any]) -> None:
        super().__init__(plays)
        self.box, self.clock, self.meanwhile = box, clock, meanwhile

    def send(self, parcel: oso.Parcel) -> Receipt:
        self.clock.now += 301.0
        self.box.deliver_once(Line(self.meanwhile))
        return super().send(parcel)


@pytest.mark.parametrize(
    ("operation", "late", "meanwhile", "state"),
    [
        ("plain", "delivered", [], "verzonden"),  # a person would have been asked; it is known now
        ("plain", trouble("unknown"), [], "onzeker"),
        ("knowing", "delivered", [trouble("unknown")], "verzonden"),
        ("knowing", "delivered", ["refused"], "verzonden"),
        ("knowing", "delivered", ["delivered"], "verzonden"),
        ("knowing", trouble("no"), ["delivered"], "verzonden"),
        ("knowing", "refused", [trouble("unknown")], "klaar"),
    ],
)
def test_news_that_comes_late_still_counts(
    operation: str, late: Any, meanwhile: list[Any], state: str, box: Outbox, clock: Clock
) -> None:
    box.put(parcel(operation=operation))
    told = box.deliver_once(Overtaken(box, clock, [late], list(meanwhile)))
    entry = box.find("p1")
    assert told is not None
    assert (told.state, entry.state) == (state, state)
    assert (entry.content is None) == (state == "verzonden")
    wanted = ["abandoned", *(["failed" if isinstance(play, Exception) else str(play) for play in meanwhile])]
    assert [event.what for event in entry.events] == [*wanted, "failed" if isinstance(late, Exception) else late]


def test_news_of_a_parcel_that_is_gone(box: Outbox, clock: Clock) -> None:
    class Forgetful(Line):
        def send(self, parcel: oso.Parcel) -> Receipt:
            box.store.purge(["bezig"], clock.now + 1)
            return super().send(parcel)

    box.put(parcel())
    told = box.deliver_once(Forgetful())
    assert told is not None
    assert told.state == "verzonden"
    assert box.list() == []


def test_only_parcels_that_go_there(box: Outbox) -> None:
    box.put(parcel("p1"), to="school")
    box.put(parcel("p2"), to="other")
    assert (box.waiting(), box.waiting("other")) == (2, 1)
    line = Line()
    box.run(line, to="other")
    assert [sent.id for sent in line.sent] == ["p2"]
    assert (box.waiting(), box.waiting("other")) == (1, 0)


def test_it_may_stay_for_what_is_due_later() -> None:
    quick = Policy(recognises=True, first_wait=0.02, longest_wait=0.02)
    box = Outbox(DictStore(), vault(), policies={"": quick})
    box.put(parcel())
    assert box.run(Line([trouble("no"), trouble("no")]), wait=5.0, pause=0.005) == {"klaar": 2, "verzonden": 1}
    box.put(parcel("p2"))
    assert box.run(Line([trouble("no")]), wait=0.001, pause=0.005) == {"klaar": 1}


# --- lines and stores that do not do as they should ----------------------------------------------------------------


def test_a_line_that_is_for_something_else_costs_nothing(box: Outbox, clock: Clock) -> None:
    box.put(parcel())
    with pytest.raises(oso.UsageError, match="only receives"):
        box.run(Line([oso.UsageError("This line only receives.")]))
    entry = box.find("p1")
    assert (entry.state, entry.tries, entry.doubt, entry.events) == ("klaar", 0, False, ())
    clock.now += 1000.0
    assert box.run(Line()) == {"verzonden": 1}


def test_an_adapter_that_breaks_may_have_sent(box: Outbox) -> None:
    box.put(parcel(operation="plain"))
    assert box.run(Line([ZeroDivisionError(KANARIE)])) == {"onzeker": 1}
    assert box.find("p1").events[0].code == "ZeroDivisionError"


def test_a_receipt_for_something_else_is_no_receipt(box: Outbox) -> None:
    box.put(parcel(operation="knowing"))
    assert box.run(Line([Receipt("delivered", "0" * 64)])) == {"onzeker": 1}
    assert box.receipt("p1") is None
    assert "not what should be sent" in box.trouble(box.find("p1"))


@pytest.mark.parametrize("code", ["x" * 100, "line\nbreak", "\x1b[2J"])
def test_a_code_that_is_none_is_not_kept(code: str, box: Outbox) -> None:
    box.put(parcel())
    box.run(Line([Receipt("delivered", parcel().digest, None, code)]))
    assert box.find("p1").events[0].code == ""


def test_a_wrong_key_sends_nothing_and_loses_nothing(clock: Clock) -> None:
    store = DictStore()
    Outbox(store, vault(), now=clock).put(parcel())
    wrong, line = Outbox(store, Vault(OTHER_KEY), now=clock), Line()
    with pytest.raises(oso.IdentityError, match="another key"):
        wrong.run(line)
    with pytest.raises(oso.IdentityError, match="another key"):
        wrong.put(parcel())
    assert line.sent == []
    entry = wrong.find("p1")
    assert (entry.state, entry.tries, entry.doubt) == ("klaar", 0, False)


def test_without_a_key_one_can_look_and_decide(box: Outbox) -> None:
    in_state(box, "onzeker")
    blind = Outbox(box.store)
    assert not blind.has_key
    assert [entry.id for entry in blind.list("onzeker")] == ["p1"]
    with pytest.raises(oso.UsageError, match="needs the key"):
        blind.put(parcel("p2"))
    with pytest.raises(oso.UsageError, match="needs the key"):
        blind.deliver_once(Line())
    with pytest.raises(oso.UsageError, match="needs the key"):
        blind.digest(blind.find("p1"))
    assert blind.confirm("p1").state == "verzonden"


def test_rows_cannot_be_swapped(box: Outbox) -> None:
    box.put(parcel("p1"), to="school")
    box.put(parcel("p2"), to="other")
    one, two = box.find("p1"), box.find("p2")
    box.store.settle(replace(one, content=two.content), "replace")
    with pytest.raises(oso.DataError, match="belongs elsewhere"):
        box.run(Line(), to="school")


@pytest.mark.parametrize("changed", [{"party": "elsewhere"}, {"operation": "other"}, {"id": "p9"}])
def test_the_address_of_a_parcel_cannot_be_changed(changed: dict[str, str], box: Outbox) -> None:
    box.put(parcel(), to="school")
    moved = replace(box.find("p1"), **changed)  # type: ignore[arg-type]
    with pytest.raises(oso.DataError, match="belongs elsewhere"):
        box._parcel(moved)


def test_the_store_of_an_inbox_is_refused() -> None:
    with pytest.raises(oso.UsageError, match="that of an inbox, not of an outbox"):
        Outbox(DictStore("inbox"))


# --- forgetting, and new keys --------------------------------------------------------------------------------------


def test_purging_forgets_what_ended_long_ago(box: Outbox, clock: Clock) -> None:
    for number, state in enumerate(reversed(STATES)):
        in_state(box, state, f"p{number}")
    clock.now += 10 * 86_400.0
    assert box.purge(10.0) == 0
    clock.now += 1.0
    assert box.purge(10.0) == 2
    assert [entry.state for entry in box.list()] == ["mislukt", "onzeker", "bezig", "klaar"]
    assert box.purge(10.0, ["mislukt"]) == 1
    for state in ("klaar", "bezig", "onzeker"):
        with pytest.raises(oso.UsageError, match="has not ended"):
            box.purge(0.0, [state])
    with pytest.raises(oso.UsageError, match="no state 'weg'"):
        box.purge(0.0, ["weg"])


def test_an_unknown_state_is_named(box: Outbox) -> None:
    with pytest.raises(oso.UsageError, match="Choose from klaar, bezig, verzonden"):
        box.list("weg")


def test_all_is_sealed_with_the_new_key_but_what_somebody_is_busy_with(box: Outbox, clock: Clock) -> None:
    for number, state in enumerate(("verzonden", "onzeker", "bezig", "klaar")):
        in_state(box, state, f"p{number}")
    new = Outbox(box.store, Vault(OTHER_KEY).after(vault()), policies=POLICIES, now=clock)
    assert new.rekey() == (3, 1)
    assert new.rekey() == (0, 1)
    clock.now += 300.0
    new.run(Line())
    assert new.rekey() == (1, 0)
    alone = Outbox(box.store, Vault(OTHER_KEY), policies=POLICIES, now=clock)
    assert {alone.digest(entry) for entry in alone.list()} == {parcel().digest}
    receipt = alone.receipt("p0")
    assert receipt is not None
    assert receipt.reply is not None
    alone.retry("p1")
    assert alone.run(line := Line()) == {"verzonden": 1}
    assert line.sent[0].content == parcel().content
    assert alone.rekey() == (0, 0)


# --- what it never tells -------------------------------------------------------------------------------------------


def said(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(vars(error))


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(SqliteStore(tmp_path / "uit.db"), Vault(KEY), policies=POLICIES)
    yield box
    box.close()


def test_no_content_is_on_the_disk_in_the_log_or_in_an_error(
    on_disk: Outbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    secret = {"routing": {"to": "school", "name": KANARIE}, "media_type": f"text/xml; name={KANARIE}"}
    plays: list[Any] = [trouble("no"), ValueError(KANARIE), "refused", "delivered", oso.UsageError("no line")]
    for number, play in enumerate(plays):
        on_disk.put(parcel(f"p{number}", **secret, operation=("plain", "knowing")[number % 2]))
        try:
            on_disk.deliver_once(Line([play]))
        except oso.OsoBridgeError as error:
            told.append(said(error))
        told += [repr(on_disk.find(f"p{number}")), repr(on_disk.list()), repr(on_disk.store)]
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert KANARIE.encode() not in held
        assert parcel().digest.encode() not in held  # a digest of a short content could be guessed
    assert len(list(tmp_path.iterdir())) == 3
    assert len(caplog.records) >= len(plays) - 1
    assert KANARIE not in caplog.text + "".join(told)
