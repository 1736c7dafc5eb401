"""The canonical model: documented, there and back through JSON, silent about values, and the files it carries."""

from __future__ import annotations

import base64
import copy
import io
import json
import os
import pickle
import pprint
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

import oso_bridge.model as model
from oso_bridge.attachments import ZipLimits, inspect
from oso_bridge.errors import DocumentError, FieldError, UnsafeDocument, UsageError
from oso_bridge.model import (
    Adres,
    Advies,
    Bijlage,
    Cijferlijst,
    Code,
    Code2,
    Code13,
    Code14,
    Deel,
    Dossier,
    Extra,
    Handelingsplan,
    Land,
    Leerling,
    Levering,
    Maand,
    Ondersteuning,
    OnderwijskundigRapport,
    Overstapadvies,
    Schoolloopbaan,
    Score,
    Tlv,
    Vakcijfers,
    Vakresultaat,
    Verzorger,
)
from oso_bridge.model.base import Basis
from oso_bridge.model.fields import coded_fields

CANARY = "Kanarie-7431"
PARTS = [
    item for item in vars(model).values() if isinstance(item, type) and issubclass(item, Basis) and item is not Basis
]
CODES = [item for item in vars(model).values() if isinstance(item, type) and issubclass(item, Code)]


def a_dossier() -> Dossier:
    """A dossier with a value of every type."""
    return Dossier(
        levering=Levering(overdrachtsoort="overstapdossier", overstap="POVO", datum=date(2019, 3, 1)),
        leerling=Leerling(
            voornamen=["Noor", "Saar"],
            geboortedatum=date(2012, 3, 17),
            geboortemaand="2012-03",
            geslacht="1",
            adresgeheim=False,
            adressen=[Adres(straat="Dorpsstraat", land=Land(code="6030", omschrijving="Nederland"))],
            verzorgers=[Verzorger(achternaam="Jansen", wettigevertegenwoordiger=True)],
        ),
        rapport=OnderwijskundigRapport(
            advies=Overstapadvies(adviezen=[Advies(soort="definitief", niveau="60")]),
            schoolloopbaan=[Schoolloopbaan(schooljaar="2018-2019", jaargroep="8")],
            cijferlijsten=[Cijferlijst(vakken=[Vakcijfers(naam="rekenen", scores=[Score(waarde="7,5")])])],
            vakken=[Vakresultaat(eindcijfer=7, cijferse=[Decimal("7.50"), Decimal("6")])],
        ),
        extra=[Extra(release="oso/2019.1", pad="huidigeschool", soort="volgorde", inhoud=["naam", "brincode"])],
    )


# --- documentation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_part_and_field_says_what_it_means(part: type[Deel]) -> None:
    assert part.__doc__
    for name, described in part.model_fields.items():
        assert described.description, name
        assert described.description.endswith("."), name
        assert len(described.description.split()) > 2, name


def test_the_package_exports_every_part_and_every_code() -> None:
    assert set(model.__all__) >= {item.__name__ for item in (*PARTS, *CODES)}
    assert {item.__module__.rpartition(".")[0] for item in PARTS} == {"oso_bridge.model"}


def test_every_field_can_be_left_out_except_the_identity_of_a_part() -> None:
    needed = {(part.__name__, name) for part in PARTS for name, item in part.model_fields.items() if item.is_required()}
    assert needed == {
        ("Advies", "soort"),
        ("Bijlage", "bestandsnaam"),
        ("Eindtoets", "soort"),
        ("Groep", "soort"),
        ("Groepstaak", "soort"),
        ("Extra", "inhoud"),
        ("Extra", "pad"),
        ("Extra", "release"),
        ("Extra", "soort"),
    }


def test_the_json_schema_names_code_lists_and_units() -> None:
    schema = Dossier.model_json_schema()
    loopbaan = schema["$defs"]["Schoolloopbaan"]["properties"]["jaargroep"]
    assert {"type": "string", "x-codelijst": 13} in loopbaan["anyOf"]
    assert schema["$defs"]["Voorschools"]["properties"]["maanden"]["x-eenheid"] == "maanden"
    assert schema["$defs"]["Leerling"]["additionalProperties"] is False


# --- values ---------------------------------------------------------------------------------------------------------


def test_json_there_and_back_gives_the_same_dossier() -> None:
    dossier = a_dossier()
    again = Dossier.model_validate_json(dossier.model_dump_json())
    assert again == dossier
    assert str(again.rapport.vakken[0].cijferse[0]) == "7.50"
    assert again.leerling is not None
    assert isinstance(again.leerling.geslacht, Code14)
    assert again.leerling.geboortemaand == Maand("2012-03")
    assert Dossier.model_validate(dossier.model_dump()) == dossier


def test_copies_are_equal_and_apart() -> None:
    dossier = a_dossier()
    pickled = pickle.loads(pickle.dumps(dossier))  # noqa: S301 - made right here
    for again in (copy.deepcopy(dossier), pickled, dossier.model_copy(deep=True)):
        assert again == dossier
        again.rapport.schoolloopbaan[0].jaargroep = Code13("7")
        assert again != dossier


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(FieldError, match="perhaps voorletters is meant") as caught:
        Leerling.model_validate({"voorletters-1": "N."})
    assert "voorletters-1" not in str(caught.value)
    with pytest.raises(FieldError, match="perhaps voorletters is meant"):
        Leerling().voorletter = "N."  # type: ignore[attr-defined]


def test_assignments_are_checked() -> None:
    leerling = Leerling()
    leerling.geslacht = "2"  # type: ignore[assignment]
    assert isinstance(leerling.geslacht, Code14)
    with pytest.raises(FieldError, match="geboortedatum: this must be a date"):
        leerling.geboortedatum = "17 maart"  # type: ignore[assignment]
    assert leerling.geboortedatum is None


@pytest.mark.parametrize("text", ["2012", "2012-3", "2012-00", "2012-13", "maart 2012", "2012-03-17", "2012-03\n"])
def test_a_month_has_one_form(text: str) -> None:
    with pytest.raises(FieldError) as caught:
        Leerling(geboortemaand=text)
    assert [fault["path"] for fault in caught.value.faults] == ["geboortemaand"]
    with pytest.raises(FieldError):
        Leerling.model_validate({"geboortemaand": text})


def test_a_month_gives_its_numbers() -> None:
    maand = Leerling(geboortemaand="2012-03").geboortemaand
    assert maand is not None
    assert (maand.jaar, maand.maand) == (2012, 3)


def test_a_code_is_a_text_with_a_list_and_a_label() -> None:
    code = Schoolloopbaan(jaargroep="8").jaargroep
    assert code == "8"
    assert code is not None
    assert (code.lijst, code.label) == (13, "PO jaargroep 8")


def test_no_label_where_the_standard_gives_none() -> None:
    assert Code2("60").label is None
    assert Code13("geen code").label is None


def test_codes_are_kept_as_they_are_and_not_judged() -> None:
    adapter = TypeAdapter(Code14)
    assert adapter.validate_python(" 01") == " 01"
    with pytest.raises(ValidationError):
        adapter.validate_python(1)


def test_every_list_that_is_checked_has_a_class() -> None:
    from oso_bridge import data

    numbers = {item["number"] for item in data.toml("schemas", "oso", "codelists.toml")["list"]}
    own = {kind.__name__: kind.lijst for kind in CODES if kind is not Code}
    assert own == {f"Code{number}": number for number in numbers}


def test_advice_is_found_by_its_kind() -> None:
    herzien = Advies(soort="herzien", niveau="61")
    advies = Overstapadvies(adviezen=[Advies(soort="definitief"), herzien])
    assert advies.advies("herzien") == herzien
    assert advies.advies("voorlopig") is None


# --- silence --------------------------------------------------------------------------------------------------------


def test_no_representation_shows_a_value() -> None:
    leerling = Leerling(achternaam=CANARY, voornamen=[CANARY], bsn=CANARY)
    dossier = Dossier(leerling=leerling)
    assert repr(leerling) == str(leerling) == f"{leerling}" == "Leerling(3 velden)"
    assert repr(Leerling(bsn=CANARY)) == "Leerling(1 veld)"
    assert CANARY not in pprint.pformat([dossier, leerling]) + repr([dossier])


def test_rich_shows_no_value() -> None:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=200)
    console.print(Leerling(achternaam=CANARY))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "velden=1" in shown
    assert CANARY not in shown


@pytest.mark.parametrize(
    "fields",
    [
        {"geboortedatum": CANARY},
        {"geboortemaand": CANARY},
        {"adresgeheim": CANARY},
        {"voornamen": CANARY},
        {"adressen": [{"straat": 1, "plaats": CANARY}]},
        {"achternaam": [CANARY]},
    ],
)
def test_no_error_shows_a_value(fields: dict[str, object]) -> None:
    for make in (
        lambda: Leerling(**fields),  # type: ignore[arg-type]
        lambda: Leerling.model_validate(fields),
        lambda: Leerling.model_validate_json(json.dumps(fields, default=str)),
    ):
        with pytest.raises(FieldError) as caught:
            make()
        error = caught.value
        assert CANARY not in str(error) + repr(error) + repr(error.faults)
        assert error.__context__ is error.__cause__ is None


TWICE = {
    '{"roepnaam": "KANARIE", "roepnaam": "x"}': "roepnaam",
    '{"verzorgers": [{}, {"achternaam": "KANARIE", "achternaam": "KANARIE"}]}': "verzorgers[2].achternaam",
    '{"KANARIE": {"KANARIE": 1, "KANARIE": 2}}': "?.?",
}


@pytest.mark.parametrize(("text", "path"), TWICE.items())
def test_a_name_that_occurs_twice_is_refused_with_its_place(text: str, path: str) -> None:
    for form in (text, text.encode()):
        with pytest.raises(FieldError, match="occurs twice") as caught:
            Leerling.model_validate_json(form)
        assert [fault["path"] for fault in caught.value.faults] == [path]
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize("value", [[{}] * 5000, {f"KANARIE{number}": 1 for number in range(5000)}, {}, Adres()])
def test_a_flood_of_faults_is_told_in_short(value: object) -> None:
    with pytest.raises(FieldError) as caught:
        Leerling.model_validate({"extra": value, **(value if isinstance(value, dict) else {})})
    assert len(caught.value.faults) <= 4
    assert CANARY not in str(caught.value)


# --- attachments ----------------------------------------------------------------------------------------------------


def zipped(*files: tuple[str, bytes]) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return base64.b64encode(buffer.getvalue()).decode()


def test_a_file_becomes_an_attachment_and_a_file_again(tmp_path: Path) -> None:
    source = tmp_path / "verslag.pdf"
    source.write_bytes(b"%PDF-1.7 verslag")
    bijlage = Bijlage.van(source, omschrijving="Een verslag")
    assert (bijlage.bestandsnaam, bijlage.omschrijving) == ("verslag.pdf", "Een verslag")
    assert inspect(bijlage.inhoud or "") == []
    assert bijlage.names() == ["verslag.pdf"]
    assert bijlage.open("verslag.pdf").read() == bijlage.open().read() == b"%PDF-1.7 verslag"
    assert Bijlage.van(str(source)).inhoud == bijlage.inhoud


def test_an_empty_file_is_no_attachment(tmp_path: Path) -> None:
    (tmp_path / "leeg.txt").touch()
    for source, name in ((b"", "leeg.txt"), (b"", "leeg.zip"), (tmp_path / "leeg.txt", None)):
        with pytest.raises(UsageError, match="An empty file cannot be an attachment"):
            Bijlage.van(source, naam=name)


def test_the_same_content_gives_the_same_attachment() -> None:
    assert Bijlage.van(b"tekst", naam="a.txt") == Bijlage.van(b"tekst", naam="a.txt")


def test_a_zip_is_taken_as_it_is() -> None:
    content = base64.b64decode(zipped(("a.txt", b"a"), ("b.txt", b"b")))
    assert Bijlage.van(content, naam="alles.zip").names() == ["a.txt", "b.txt"]


@pytest.mark.parametrize("name", [None, "", "../a.txt", "map/a.txt", "map\\a.txt", "nul.txt", "a.exe", "a", "x/y.zip"])
def test_names_that_a_dossier_may_not_hold_are_refused(name: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        Bijlage.van(b"tekst", naam=name)
    assert "a.exe" not in str(caught.value)


def test_a_name_may_differ_from_that_of_the_path(tmp_path: Path) -> None:
    source = tmp_path / "tijdelijk.bin"
    source.write_bytes(b"tekst")
    assert Bijlage.van(source, naam="verslag.txt").names() == ["verslag.txt"]


def test_saving_stays_in_the_folder_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "nieuw" / "map"
    bijlage = Bijlage(bestandsnaam="x", inhoud=zipped(("../../weg.txt", b"1"), ("weg.txt", b"2")))
    first, second = bijlage.save(folder), bijlage.save(folder)
    assert [path.name for path in first] == ["weg.txt", "weg (2).txt"]
    assert [path.name for path in second] == ["weg (3).txt", "weg (2) (2).txt"]
    assert [path.read_bytes() for path in (*first, *second)] == [b"1", b"2", b"1", b"2"]
    assert {path.parent for path in tmp_path.rglob("*.txt")} == {folder}


def test_saving_follows_no_link_out_of_the_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "map", tmp_path / "buiten.txt"
    folder.mkdir()
    (folder / "a.txt").symlink_to(outside)
    Bijlage.van(b"tekst", naam="a.txt").save(folder)
    assert not outside.exists()


def test_limits_hold_for_all_that_open_an_attachment(tmp_path: Path) -> None:
    bijlage, limits = Bijlage.van(b"x" * 1000, naam="a.txt"), ZipLimits(max_member_bytes=10)
    for use in (lambda: bijlage.names(limits), lambda: bijlage.open("a.txt", limits)):
        with pytest.raises(UnsafeDocument):
            use()
    with pytest.raises(UnsafeDocument):
        bijlage.save(tmp_path, limits)
    assert list(tmp_path.iterdir()) == []


WHOLE = zipped(("Kanarie-7431.txt", b"Kanarie-7431"))
ENCRYPTED = base64.b64decode(WHOLE).replace(b"\x14\x00\x00\x00", b"\x14\x00\x01\x00")
INSIDE = zipped(("a.txt", base64.b64decode(WHOLE)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "it has no content"),
        ("", "it has no content"),
        ("geen bijlage!", "not base64"),
        (base64.b64encode(b"%PDF-1.7 Kanarie-7431").decode(), "not a ZIP"),
        (WHOLE[:-40], "truncated"),
        (base64.b64encode(ENCRYPTED).decode(), "encrypted"),
        (INSIDE, "an archive itself"),
    ],
)
def test_an_attachment_that_cannot_be_opened_says_why_and_what_to_do(
    content: str | None, told: str, tmp_path: Path
) -> None:
    bijlage = Bijlage(bestandsnaam="Kanarie-7431.txt", inhoud=content)
    for use in (bijlage.names, bijlage.open, lambda: bijlage.save(tmp_path / "map")):
        with pytest.raises(DocumentError, match=told) as caught:
            use()
        assert caught.value.remedy
        assert caught.value.rule.startswith("INT.bijlage.")
        assert CANARY not in str(caught.value)
        assert caught.value.__context__ is None
    assert not (tmp_path / "map").exists()


def test_a_file_that_proves_damaged_when_opened_says_so(tmp_path: Path) -> None:
    data = base64.b64decode(zipped(("a.txt", b"tekst"), ("Kanarie-7431.txt", bytes(range(256)) * 9)))
    at = data.index(CANARY.encode() + b".txt") + 60
    content = base64.b64encode(data[:at] + b"????" + data[at + 4 :]).decode()
    bijlage = Bijlage(bestandsnaam="a.zip", inhoud=content)
    with pytest.raises(DocumentError, match="damaged") as caught:
        bijlage.save(tmp_path)
    assert caught.value.remedy
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (ZipLimits(max_bytes=10), "max_bytes, 10 bytes"),
        (ZipLimits(max_members=0), "max_members, 0 files"),
        (ZipLimits(max_member_bytes=3), "max_member_bytes, 3 bytes"),
        (ZipLimits(max_total_bytes=3), "max_total_bytes, 3 bytes"),
        (ZipLimits(max_ratio=0, ratio_from=1), "max_ratio, 0 times"),
    ],
)
def test_the_limit_that_an_attachment_goes_beyond_is_named(limits: ZipLimits, told: str) -> None:
    with pytest.raises(UnsafeDocument, match=f"goes beyond the limit {told}"):
        Bijlage.van(b"tekst", naam="a.txt").names(limits)


def test_what_is_too_large_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oso_bridge.attachments.SAFE", ZipLimits(max_bytes=500, max_member_bytes=600))
    source = tmp_path / f"{CANARY}.txt"
    source.write_bytes(bytes(601))
    for what, name, limit in (
        (source, None, "601 bytes, which goes beyond the limit max_member_bytes of 600 bytes"),
        (bytes(601), "a.txt", "601 bytes, which goes beyond the limit max_member_bytes of 600 bytes"),
        (bytes(501), "a.zip", "501 bytes, which goes beyond the limit max_bytes of 500 bytes"),
        (os.urandom(599), "a.txt", "the limit max_bytes, 500 bytes for the ZIP itself"),
    ):
        with pytest.raises(UsageError, match=limit) as caught:
            Bijlage.van(what, naam=name)
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"tekst", "not a ZIP"), (base64.b64decode(WHOLE)[:-30], "truncated"), (ENCRYPTED, "encrypted")],
)
def test_a_zip_that_is_none_is_refused_at_once(content: bytes, told: str) -> None:
    with pytest.raises(UsageError, match=f"This cannot be an attachment: .*{told}") as caught:
        Bijlage.van(content, naam="alles.zip")
    assert CANARY not in str(caught.value)


def test_a_file_that_shrinks_very_much_does_not_look_like_a_bomb() -> None:
    content = b" " * 2_000_000
    bijlage = Bijlage.van(content, naam="leeg.txt")
    assert bijlage.open().read() == content


def test_a_file_that_is_not_there_is_named_to_no_one() -> None:
    with pytest.raises(UsageError) as caught:
        Bijlage.van(b"a", naam="a.txt").open(CANARY)
    assert CANARY not in str(caught.value)


def with_attachments() -> Iterator[Dossier]:
    note = Bijlage.van(b"a", naam="a.txt")
    support = Ondersteuning(onderwijsbehoeften=note, tlv=[Tlv(bijlagen=[note]), Tlv(bijlagen=[note, note])])
    plans = [Handelingsplan(), Handelingsplan(bijlagen=[note])]
    yield Dossier(rapport=OnderwijskundigRapport(ondersteuning=support, handelingsplannen=plans, bijlagen=[note]))


def test_a_dossier_gives_its_attachments_with_their_places() -> None:
    (dossier,) = with_attachments()
    assert [path for path, _ in dossier.bijlagen()] == [
        "rapport.ondersteuning.onderwijsbehoeften",
        "rapport.ondersteuning.tlv.bijlagen",
        "rapport.ondersteuning.tlv[2].bijlagen",
        "rapport.ondersteuning.tlv[2].bijlagen[2]",
        "rapport.handelingsplannen[2].bijlagen",
        "rapport.bijlagen",
    ]
    assert all(bijlage.bestandsnaam == "a.txt" for _, bijlage in dossier.bijlagen())


# --- cost -----------------------------------------------------------------------------------------------------------


def test_importing_the_model_loads_nothing_that_only_some_need() -> None:
    late = ["lxml", "zipfile", "xmlschema", "oso_bridge.attachments", "oso_bridge.plan"]
    code = f"import sys, oso_bridge.model; print([name for name in {late} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_fields_that_take_codes_are_known_by_their_path() -> None:
    fields = coded_fields()
    assert fields["leerling.geslacht"] == 14
    assert fields["leerling.verzorgers[].relatietotkind"] == 41
    assert fields["rapport.advies.adviezen[].niveau"] == 2
    assert fields["levering.overdrachtsoort"] == 29
    assert set(fields.values()) == {code.lijst for code in CODES} - {0}
