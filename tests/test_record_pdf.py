"""The page to file: every number of the screen in its text, tagged for those who listen to it, and
a record's own words never anything but words.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decision.clinical.assessment import ComparisonCard
from decision.ui.record.exported import exported
from decision.ui.record.glyphs import drawable, printable
from decision.ui.record.pdf import FONTS, PageError
from decision.ui.texts import evidence, pages
from decision.ui.texts.displayed import displayed
from settings import ROOT
from tests.needed import missing
from tests.records_made import (
    KINDS,
    MADE,
    PRESS,
    TAKEN,
    abstention,
    comparison,
    named,
    page_of,
    recorded,
    tags_of,
    words_of,
)

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
HOSTILE = (
    '#panic("x") *bold* _under_ $x^2$ @label <tag> // gone /* gone */ \\ `raw` = Heading',
    "#set page(width: 1cm)",
    "- item + item / term: ~ -- --- ... 'quotes' \"double\"",
    "Ö" * 300,
    "a" * 300,
)


def numbers(words: str) -> set[str]:
    return set(NUMBER.findall(words))


def bare(words: str) -> str:
    """Without what parts a heading from what stands below it."""
    return " ".join(re.sub("[•.]", " ", words).split())


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_layer_has_every_number_of_the_screen(kind):
    shown, record = KINDS[kind]()
    said = words_of(page_of(recorded(kind)))
    wanted = numbers(" ".join(displayed(shown)))
    wanted |= numbers(" ".join(" ".join(evidence.in_short(r)) for r in evidence.rows(shown)))
    wanted |= numbers(" ".join(pages.whose(record)))
    assert wanted
    assert wanted <= numbers(said)
    assert shown.input_hash in said
    assert shown.audit_id in said
    if shown.model is not None:
        assert shown.model.checksum in said


@pytest.mark.parametrize("kind", KINDS)
def test_every_sentence_that_was_displayed_is_on_the_page(kind):
    shown, _ = KINDS[kind]()
    said = words_of(page_of(recorded(kind)))
    for sentence in displayed(shown):
        assert bare(sentence) in bare(said)


def test_another_reader_finds_the_same_numbers(tmp_path):
    if shutil.which("pdftotext") is None:
        missing("pdftotext is not installed")
    shown, record = comparison()
    file = tmp_path / "record.pdf"
    file.write_bytes(PRESS.pdf(exported(shown, record, MADE, TAKEN)))
    read = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(file), "-"],
        capture_output=True,
        check=True,
        timeout=30,
    ).stdout.decode()
    assert numbers(" ".join(displayed(shown))) <= numbers(read)
    assert "Simulated model".upper() in read


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_tagged_with_a_language_a_title_and_the_marks_of_both_standards(kind):
    page = page_of(recorded(kind))
    root = page.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712  a PDF boolean
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712
    told = root["/Metadata"].get_data().decode()
    assert re.search(r"<pdfuaid:part>1</pdfuaid:part>", told)
    assert re.search(r"<pdfaid:part>2</pdfaid:part>", told)
    assert re.search(r"<pdfaid:conformance>B</pdfaid:conformance>", told)


@pytest.mark.parametrize("kind", KINDS)
def test_headings_go_down_one_level_at_a_time_below_one_first(kind):
    levels = [int(tag[2]) for tag, _ in tags_of(page_of(recorded(kind))) if re.match(r"/H\d", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


@pytest.mark.parametrize("kind", ["comparison", "prognosis"])
def test_every_picture_says_what_it_shows_in_the_words_of_the_page(kind):
    shown, _ = KINDS[kind]()
    said = " ".join(" ".join(displayed(shown)).split())
    told = [
        element["/Alt"] for tag, element in tags_of(page_of(recorded(kind))) if tag == "/Figure"
    ]
    assert len(told) == (2 if kind == "comparison" else len(shown.answer.risks))
    assert all(" ".join(words.split()) in said for words in told)


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_has_a_head(kind):
    tags = [tag for tag, _ in tags_of(page_of(recorded(kind)))]
    assert tags.count("/Table") >= 1
    assert tags.count("/THead") == tags.count("/Table")
    assert tags.count("/TH") >= 3


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_anybody_is_in_its_metadata(kind):
    _, record = KINDS[kind]()
    page = page_of(recorded(kind))
    about = f"{page.metadata} {page.trailer['/Root']['/Metadata'].get_data().decode()}"
    who = record.identity
    for secret in (who.name, who.record_number, record.patient_id + " ", MADE.agent):
        assert not secret.strip() or secret not in about
    assert page.metadata is not None
    assert set(page.metadata) <= {"/Title", "/Creator", "/CreationDate", "/ModDate"}


def test_it_is_the_same_to_the_byte_for_the_same_record():
    record = recorded("comparison")
    assert PRESS.pdf(record) == PRESS.pdf(record)


def test_it_carries_its_fonts_and_they_are_ours():
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in page_of(recorded("comparison")).pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert fonts
    assert all("DejaVuSansCondensed" in name for name in fonts)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_printed_as_it_is_written_and_does_nothing(name):
    shown, record = comparison()
    whole = page_of(dict(exported(shown, named(record, name), MADE, TAKEN)))
    assert len(whole.pages) <= 2
    assert "".join(name.split()) in "".join(words_of(whole).split())


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Line\none\r\ntwo", "Line one two"),
        ("Turned \u202eevil", "Turned [U+202E]evil"),
        ("Null \x00 byte", "Null [U+0000] byte"),
        ("日本", "[U+65E5][U+672C]"),
        ("Sm\U0001f9eaile", "Sm[U+1F9EA]ile"),
        ("Łukasz Ğüneş Ελένη Вера", "Łukasz Ğüneş Ελένη Вера"),
    ],
)
def test_what_cannot_be_printed_is_written_out(name, printed):
    shown, record = comparison()
    whole = page_of(dict(exported(shown, named(record, name), MADE, TAKEN)))
    assert "".join(printed.split()) in "".join(words_of(whole).split())


def test_names_that_run_from_right_to_left_keep_all_their_letters():
    shown, record = comparison()
    for name in ("שרה לוי", "فاطمة"):
        whole = page_of(dict(exported(shown, named(record, name), MADE, TAKEN)))
        said = words_of(whole)
        plain = said.translate({n: None for n in range(0xFE00, 0xFF00)})
        assert set(name) - {" "} <= set(plain) or any("\ufe70" <= c <= "\ufeff" for c in said)


def test_a_word_without_an_end_breaks_at_the_edge_of_the_page():
    shown, record = comparison()
    whole = page_of(dict(exported(shown, named(record, "W" * 300), MADE, TAKEN)))
    placed = []

    def seen(words, matrix, at, font, size):
        if "W" in words:
            placed.append((matrix[5] + at[5], words.count("W")))

    whole.pages[0].extract_text(visitor_text=seen)
    rows = {}
    for height, letters in placed:
        rows[height] = rows.get(height, 0) + letters
    assert sum(rows.values()) >= 300
    assert max(rows.values()) < 80  # what a line has room for


DRAWN = drawable((FONTS / "DejaVuSansCondensed.ttf").read_bytes())


@given(st.text(max_size=60))
def test_whatever_is_printed_can_be_drawn(words):
    assert all(ord(c) in DRAWN for c in printable(words, DRAWN))


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_plain_letters_stay_as_they_are(words):
    assert printable(words, DRAWN) == words


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=80))
def test_no_name_keeps_a_page_from_being_made(name):
    """A page is PDF/A, where one letter without a picture would be an error."""
    shown, record = comparison()
    whole = page_of(dict(exported(shown, named(record, name), MADE, TAKEN)))
    assert len(whole.pages) >= 1


def test_without_a_decision_it_says_so_and_without_an_estimate_why():
    assert "No decision had been recorded" in words_of(page_of(recorded("comparison", None)))
    shown, _ = abstention()
    said = words_of(page_of(recorded("abstention")))
    assert pages.NO_ESTIMATE in said
    for cause in shown.causes:
        assert " ".join(pages.cause(cause)[1].split()) in said


def test_the_decision_is_on_it_with_reason_remark_and_who():
    said = words_of(page_of(recorded("comparison")))
    for words in ("Patient preference", "wants tablets", "ward: Practitioner/7", "overrode"):
        assert words in said


@pytest.mark.parametrize("simulated", [True, False])
def test_it_is_called_simulated_exactly_while_the_model_is(simulated):
    record = recorded("comparison")
    record |= {"simulated": simulated, "banner": list(pages.SIMULATED) if simulated else None}
    lead = pages.SIMULATED[0].upper()
    assert (lead in words_of(page_of(record))) is simulated


def test_what_does_not_fit_goes_on_to_the_next_page_with_the_name_and_the_warning():
    record = recorded("comparison")
    long = {"kind": "lines", "lines": [{"lead": "", "text": f"line {n}"} for n in range(200)]}
    record["sections"] += [{"id": "extra", "title": "Extra", "blocks": [long]}]
    whole = page_of(record)
    assert len(whole.pages) > 1
    assert f"line {199}" in words_of(whole)
    for page in whole.pages[1:]:
        said = " ".join(page.extract_text().split())
        assert record["patient"]["words"][0] in said
        assert pages.SIMULATED[0].upper() in said


def test_a_usual_comparison_fits_one_page():
    shown, _ = comparison()
    assert isinstance(shown, ComparisonCard)
    assert len(page_of(recorded("comparison")).pages) == 1


def test_a_page_that_cannot_be_made_is_an_error_that_says_nothing_of_it():
    broken = recorded("comparison") | {"sections": "Name of p1"}
    with pytest.raises(PageError) as caught:
        PRESS.pdf(broken)
    assert "Name" not in f"{caught.value.message} {caught.value.remedy} {caught.value.__cause__}"


def test_making_a_page_leaves_typst_out_of_this_process():
    """It keeps what it has laid out: here that would be the words of earlier patients."""
    code = (
        "import sys; from tests.records_made import PRESS, recorded; "
        "assert PRESS.pdf(recorded('comparison')); assert 'typst' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=120)
