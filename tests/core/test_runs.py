"""Places inside a repeated sequence: the document counts over the whole, the model within the run."""

from pathlib import Path

import oso_bridge as oso

POVO = Path(__file__).parents[2] / "examples" / "povo.xml"


def test_a_place_in_the_second_run_counts_within_that_run() -> None:
    text = POVO.read_text(encoding="utf-8")
    part = "<onderdeel><naam>Breuken</naam><score><waarde/></score></onderdeel>"
    broken = text.replace("<naam>Rekenen</naam>", f"<naam>Rekenen</naam>{part}", 1)
    (finding,) = (found for found in oso.check(broken.encode()).findings if found.layer == "schema")
    place = "cijferlijstTypelijst[1]/onderdeel[3]/score[1]/waarde[1]"
    assert finding.xpath is not None
    assert finding.xpath.endswith(place)
    assert finding.path == "rapport.cijferlijsten.vakken[2].onderdelen.score.waarde"


def test_a_place_in_the_first_run_and_of_a_run_itself() -> None:
    text = POVO.read_text(encoding="utf-8")
    first = text.replace("<waarde>6,5</waarde>", "<waarde/>", 1)
    third = text.replace("<naam>Wereldoriëntatie</naam>", "<naam/>", 1)
    paths = [next(f.path for f in oso.check(t.encode()).findings if f.layer == "schema") for t in (first, third)]
    assert paths == [
        "rapport.cijferlijsten.vakken.onderdelen[2].score.waarde",
        "rapport.cijferlijsten.vakken[3].naam",
    ]
