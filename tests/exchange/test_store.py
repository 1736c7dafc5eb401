"""The versions on SQLite: they are what the protocols ask for, and tell nothing to whoever has only the file."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge.exchange import (
    Adres,
    Dossierbron,
    Dossierdoel,
    Melding,
    SqliteBron,
    SqliteDoel,
    Zoekvraag,
    messages,
    soap,
)
from oso_bridge.exchange.messages import DocumentRequest
from oso_bridge.transports.store import SqliteStore

from .scene import EXAMPLES, POVO, PUPIL, VAULT, WHEN, Memory, Scene

POSWV = (EXAMPLES / "poswv.xml").read_bytes()
KEY = "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with SqliteBron(tmp_path / "bron.db", VAULT) as bron, SqliteDoel(tmp_path / "doel.db", VAULT) as doel:
        yield Scene(bron=bron, doel=doel)


def put(scene: Scene, dossier: bytes = POVO, **facts: object) -> str:
    given = {"soort": "OV", "bron": scene.bron, "doel": scene.doel, "account": "intern.begeleider", "verzameld": WHEN}
    return str(scene.at_bron.klaarzetten(dossier, **{**given, **facts}))


def test_they_are_what_the_exchange_asks_for(scene: Scene) -> None:
    assert isinstance(scene.at_bron, Dossierbron)
    assert isinstance(scene.at_doel, Dossierdoel)
    assert isinstance(Memory(), Dossierbron)


def test_a_dossier_goes_from_one_file_to_the_other(scene: Scene) -> None:
    number = put(scene)
    assert scene.fetch().uitkomst.ok
    ((_, dossier, report),) = scene.at_doel.ontvangsten()
    assert oso.read(dossier).record == oso.read(POVO).record
    assert '"ok": true' in report
    (asked,) = scene.at_bron.aanvragen(number)
    assert (asked.pgn, asked.account, asked.doel) == (PUPIL, "intern.begeleider", scene.doel)
    assert scene.at_bron.aanvragen("een ander") == []


def test_the_report_is_kept_with_what_is_ready(scene: Scene) -> None:
    put(scene)
    (found,) = scene.at_bron.vind(Zoekvraag(soort="OV", bron=scene.bron, pgn=PUPIL))
    assert found.dossier == POVO
    assert '"ok": true' in found.rapport
    assert PUPIL not in found.rapport
    assert (found.verzameld, found.account) == (WHEN, "intern.begeleider")


def test_what_is_taken_back_is_gone(scene: Scene) -> None:
    number = put(scene)
    scene.at_bron.intrekken(number, "intern.begeleider")
    assert scene.fetch().uitkomst.woord == "LeerlinginfoNietBeschikbaar"
    assert scene.at_bron.zie_account(number) == "intern.begeleider"
    with pytest.raises(oso.UsageError, match="No dossier"):
        scene.at_bron.intrekken(number, "intern.begeleider")


def test_a_faulty_dossier_is_not_set_ready_unless_asked(scene: Scene) -> None:
    unseen = POVO.replace(b"<inzage>true<", b"<inzage>false<")
    with pytest.raises(oso.WriteRefused):
        put(scene, unseen)
    put(scene, unseen, check=False)
    assert scene.fetch().uitkomst.woord == "LeerlinginfoNietOpvraagbaar"


def test_what_cannot_be_asked_for_is_not_set_ready(scene: Scene) -> None:
    with pytest.raises(oso.UsageError, match="koppelsleutel"):
        put(scene, POSWV, soort="SWV")
    with pytest.raises(oso.UsageError, match="koppelsleutel"):
        put(scene, koppelsleutel=KEY)
    with pytest.raises(oso.UsageError, match="no number"):
        put(scene, POSWV, check=False)


def test_an_swv_finds_its_dossier_by_the_key(scene: Scene) -> None:
    number = put(scene, POSWV, soort="SWV", koppelsleutel=KEY)
    (found,) = scene.at_bron.vind(Zoekvraag(soort="SWV", bron=scene.bron, koppelsleutel=KEY))
    assert found.nummer == number
    assert not scene.at_bron.vind(Zoekvraag(soort="SWV", bron=Adres("01YY"), koppelsleutel=KEY))


def test_notifications_and_feedback_are_kept(scene: Scene) -> None:
    told = Melding(
        afzender=scene.bron, ontvanger=scene.doel, koppelsleutel=KEY, inhoud="Akkoord.", moment=datetime.now(UTC)
    )
    scene.at_doel.genotificeerd(told)
    scene.at_bron.teruggekoppeld(told)
    assert scene.at_doel.notificaties() == [told]
    assert scene.at_bron.terugkoppelingen() == [told]


def test_what_came_can_be_wiped(scene: Scene) -> None:
    put(scene)
    scene.fetch()
    ((name, _, _),) = scene.at_doel.ontvangsten()
    scene.at_doel.wis(name)
    assert scene.at_doel.ontvangsten() == []


def test_the_files_tell_nothing_of_a_pupil(tmp_path: Path, scene: Scene) -> None:
    put(scene)
    put(scene, POSWV, soort="SWV", koppelsleutel=KEY)
    scene.fetch()
    told = Melding(afzender=scene.bron, ontvanger=scene.doel, koppelsleutel=KEY, inhoud="Akkoord.", moment=WHEN)
    scene.at_bron.teruggekoppeld(told)
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"intern.begeleider" in held
    for secret in (PUPIL, KEY, "Daan", "Bosch", "Akkoord", "dossier xmlns"):
        assert secret.encode() not in held


def test_a_content_cannot_be_laid_in_the_place_of_another(tmp_path: Path, scene: Scene) -> None:
    one, two = put(scene), put(scene, (EXAMPLES / "popo.xml").read_bytes())
    with sqlite3.connect(tmp_path / "bron.db") as base:
        query = "UPDATE klaargezet SET dossier = (SELECT dossier FROM klaargezet WHERE nummer = ?) WHERE nummer = ?"
        base.execute(query, (two, one))
    base.close()
    with pytest.raises(oso.DataError, match="belongs elsewhere"):
        scene.at_bron.vind(Zoekvraag(soort="OV", bron=scene.bron, pgn=PUPIL))


@pytest.mark.parametrize("what", ["doel_brin = '01SS'", "soort = 'BB'", "verzameld = '2030-01-01T00:00:00+00:00'"])
def test_a_dossier_cannot_be_addressed_to_another(tmp_path: Path, scene: Scene, what: str) -> None:
    """Whoever can write to the file, without the key, names another school beside a dossier."""
    put(scene)
    with sqlite3.connect(tmp_path / "bron.db") as base:
        base.execute(f"UPDATE klaargezet SET {what}")  # noqa: S608 - from above
    base.close()
    with pytest.raises(oso.DataError, match="belongs elsewhere"):
        scene.at_bron.vind(Zoekvraag(soort="BB" if "BB" in what else "OV", bron=scene.bron, pgn=PUPIL))


def test_what_is_wiped_is_in_no_file(tmp_path: Path, scene: Scene) -> None:
    """Not in the log that SQLite keeps beside its file either."""
    name = put(scene)
    scene.fetch()
    ((received, _, _),) = scene.at_doel.ontvangsten()
    tables = {"bron.db": "klaargezet", "doel.db": "ontvangst"}
    sealed = {}
    for file, table in tables.items():
        with sqlite3.connect(tmp_path / file) as base:
            sealed[file] = base.execute(f"SELECT dossier FROM {table}").fetchone()[0][-100:]  # noqa: S608 - from above
        base.close()
        assert any(sealed[file] in path.read_bytes() for path in tmp_path.glob(f"{file}*"))
    scene.at_bron.intrekken(name, "intern.begeleider")
    scene.at_doel.wis(received)
    for file, content in sealed.items():
        assert not any(content in path.read_bytes() for path in tmp_path.glob(f"{file}*"))


@pytest.mark.parametrize("moment", ["2022-01-20T12:17:33+23:59:59.5", "2022-01-20T12:17:33-01:00:30"])
def test_a_moment_that_others_chose_can_be_read_back(scene: Scene, moment: str) -> None:
    """One request with an odd offset would make the whole list of requests unreadable."""
    put(scene)
    session = scene.fetch().sessie_id
    del scene.centre.ended[session]
    asked = DocumentRequest(
        bron=scene.bron, doel=scene.doel, pgn=PUPIL, overdrachtsoort="OV", sessie_id=session, aanvraagdatum=WHEN
    )
    good = soap.wrap(messages.write(asked, scene.wire))
    assert WHEN.isoformat().encode() in good
    scene.endpoint(oso.Parcel(good.replace(WHEN.isoformat().encode(), moment.encode())))
    assert scene.at_bron.aanvragen()[-1].aanvraagdatum == datetime.fromisoformat(moment)


def test_it_is_there_the_next_time(tmp_path: Path) -> None:
    file, adres = tmp_path / "bron.db", Adres("00YY", "1")
    with SqliteBron(file, VAULT) as first:
        first.klaarzetten(POVO, soort="OV", bron=adres, doel=Adres("00SS"), account="ib")
    with SqliteBron(file, VAULT) as second:
        assert len(second.vind(Zoekvraag(soort="OV", bron=adres, pgn=PUPIL))) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_several_threads_use_one(scene: Scene) -> None:
    put(scene)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: scene.fetch().uitkomst.woord, range(24)))
    assert found == ["OverdrachtGeslaagd"] * 24
    assert len(scene.at_doel.ontvangsten()) == 24
    assert len(scene.at_bron.aanvragen()) == 24


def test_old_requests_and_messages_are_wiped(scene: Scene, tmp_path: Path) -> None:
    put(scene)
    assert scene.fetch().uitkomst.ok
    assert scene.at_bron.wis_voor(WHEN) == 0
    assert scene.at_bron.wis_voor(datetime.now(UTC)) == 1
    assert scene.at_bron.aanvragen() == []
    assert scene.fetch().uitkomst.ok, "what is ready stays"
    with pytest.raises(oso.UsageError, match="time zone"):
        scene.at_bron.wis_voor(datetime(2030, 1, 1))  # noqa: DTZ001


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "box.db"
    SqliteStore(path, "outbox").close()
    with pytest.raises(oso.DataError, match="another program"):
        SqliteBron(path, VAULT)
    (tmp_path / "none.db").write_bytes(b"this is no database at all" * 50)
    with pytest.raises(oso.DataError) as told:
        SqliteDoel(tmp_path / "none.db", VAULT)
    assert "none.db" in str(told.value)
