"""A clinician adds a file on the page: it counts as an entry of this chart, or changes nothing."""

from __future__ import annotations

import dataclasses
import gzip
from datetime import date
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from decision.clinical.assessment import AuditAction
from decision.clinical.features import Found
from decision.clinical.record import Origin
from decision.ui.adding import content_type, on_day
from decision.ui.services import Services
from decision.ui.texts import adding as words
from decision.ui.texts.trail import what
from fhir.dates import moment
from tests.drawn_pages import chart_of
from tests.expression_samples import (
    ARRAY,
    RNA,
    declared,
    genes,
    lines,
    parquet,
    sample,
    scorer,
    table,
)
from tests.fhir_builders import NAME
from tests.screens import field, go, open_patient, press, shown, start
from tests.test_expression_record import INTERFERON, NONRESPONSE

WITH_RNA, WITHOUT = "demo-08", "demo-01"
PLATFORM, SCALE, SPECIMEN = "Simulated RNA-seq (tpm, whole blood, simulated)", "TPM", "whole blood"
TAKEN = date(2026, 11, 12)


@pytest.fixture
def services(real_services, tmp_path) -> Services:
    return real_services(tmp_path)


def on_data_used(services: Services, patient: str = WITH_RNA) -> AppTest:
    return go(open_patient(start(services), patient), "data")


def fill(at: AppTest, content: bytes, name: str = "sample.tsv", **answers: Any) -> AppTest:
    """The form filled in, one answer or another left open or changed."""
    given = {"platform": RNA, "scale": "tpm", "specimen": "whole-blood", "taken": TAKEN} | answers
    at.file_uploader[0].set_value((name, content, "application/octet-stream"))
    (mine,) = [c for c in at.checkbox if c.label == words.MINE]
    mine.set_value(given.get("mine", True))
    for label, answer in (
        (words.PLATFORM, given["platform"]),
        (words.SCALE, given["scale"]),
        (words.SPECIMEN, given["specimen"]),
        (words.SAMPLE, given.get("sample")),
    ):
        if answer is not None:
            field(at, label).set_value(answer)
    if given["taken"] is not None:
        (day,) = [d for d in at.date_input if d.label == words.TAKEN]
        day.set_value(given["taken"])
    return press(at, words.SEND)


def probabilities(at: AppTest, patient: str = WITH_RNA) -> tuple[float, ...]:
    (found,) = chart_of(at, patient).assessments.values()
    return tuple(p.probability for p in found.answer.predictions)


def score_of(at: AppTest, patient: str = WITH_RNA) -> Found:
    (found,) = chart_of(at, patient).assessments.values()
    return found.features[INTERFERON]


def test_a_file_becomes_an_entry_of_this_chart_and_the_answer_is_another(services):
    at = on_data_used(services)
    before = probabilities(at)
    fill(at, table(row=1))
    assert not at.exception
    assert probabilities(at) != before
    found = score_of(at)
    assert found.evidence.origin is Origin.CLINICIAN
    assert found.evidence.effective.day_text == "2026-11-12"
    page = shown(at)
    assert "A file added on this page is in use: 11 panel scores" in page
    assert "Platform and sample" in page


def test_the_trail_has_what_the_file_was_and_nobodys_name(services):
    at = on_data_used(services)
    record = chart_of(at, WITH_RNA).record
    fill(at, table(row=1), name=f"{NAME}.tsv")
    kept = services.audit.entries(record.patient_id, record.identity).entries
    (entered,) = [event for _, event in kept if event.action is AuditAction.ENTERED]
    told = entered.outcome["file"]
    assert set(told) == {"sha256", "platform", "specimen", "scale", "taken"}
    assert len(told["sha256"]) == 64
    assert "interferon-score = " in what(services.decisions[0].spec, entered)
    assert NAME not in repr(entered.outcome)


def test_taking_the_entry_back_takes_the_file_back(services):
    at = on_data_used(services)
    before = probabilities(at)
    fill(at, table(row=1))
    press(go(at, "patient"), "Undo")
    assert probabilities(at) == before
    chart = chart_of(at, WITH_RNA)
    assert chart.with_entries().expression == chart.record.expression
    assert "A file added on this page" not in shown(go(at, "data"))


def test_a_second_file_stands_in_place_of_the_first(services):
    at = on_data_used(services)
    fill(at, table(row=1))
    first = score_of(at).value
    fill(at, table(row=2))
    assert score_of(at).value != first
    assert len(chart_of(at, WITH_RNA).with_entries().expression) == 1


def test_nothing_of_a_file_is_kept_but_what_it_came_to(services):
    at = on_data_used(services)
    fill(at, table(row=1))
    (added,) = chart_of(at, WITH_RNA).adding.files
    assert added.file.content == b""
    assert added.file.size == len(table(row=1))


def test_another_patients_chart_knows_nothing_of_it(services):
    at = on_data_used(services)
    fill(at, table(row=1))
    page = shown(go(open_patient(at, WITHOUT), "data"))
    assert "A file added on this page" not in page
    assert chart_of(at, WITHOUT).adding.files == ()


def test_a_file_alone_is_shown_and_said_not_to_count(services):
    """The model counts RNA with both scores; the other one is the laboratory's to report."""
    at = on_data_used(services, WITHOUT)
    before = probabilities(at, WITHOUT)
    fill(at, table(row=1))
    assert probabilities(at, WITHOUT) == before
    page = shown(at)
    assert "the model counts RNA only with all of its scores" in page
    assert "not public" in page
    assert "Shown for reading only, not used by the model:" in page
    (found,) = chart_of(at, WITHOUT).assessments.values()
    assert NONRESPONSE in found.features.missing


WAYS: dict[str, tuple[bytes, str, dict[str, Any]]] = {
    "gzip": (gzip.compress(table(row=1)), "s.tsv.gz", {}),
    "CSV": (table(row=1, delimiter=","), "s.csv", {}),
    "Parquet": (parquet({"gene": genes(), "S1": sample(row=1)}), "s.PARQUET", {}),
    "intensities": (table(ARRAY, row=1), "s.txt", {"platform": ARRAY, "scale": "intensity"}),
    "logarithms": (
        lines(genes(), np.log2(sample(row=1) + 0.01)),
        "s.tsv",
        {"scale": "log2-tpm"},
    ),
}


def test_every_way_of_writing_a_sample_comes_to_its_score(services):
    at = on_data_used(services)
    for content, name, answers in WAYS.values():
        platform = answers.get("platform", RNA)
        fill(at, content, name, **answers)
        own = scorer().score(table(platform, row=1), declared(platform))
        expected = own.scores["interferon_alpha"].standard
        assert score_of(at).value == pytest.approx(expected, abs=1e-3)


def twice() -> bytes:
    head, *rows = table(row=1).decode().splitlines()
    return "\n".join([f"{head}\tS2", *(f"{r}\t{r.split(chr(9))[1]}" for r in rows)]).encode()


def test_a_file_of_several_samples_asks_which_is_this_patients(services):
    at = on_data_used(services)
    before = probabilities(at)
    fill(at, twice())
    assert probabilities(at) == before
    assert "The file holds 2 samples." in shown(at)
    fill(at, twice(), sample="S2")
    assert probabilities(at) != before
    assert "The file holds 2 samples." not in shown(at)


REFUSED: dict[str, tuple[bytes, str, dict[str, Any], str]] = {
    "an unknown platform": (table(), "s.tsv", {"platform": "-"}, "models.expression.register"),
    "another specimen": (table(), "s.tsv", {"specimen": "-"}, "another specimen"),
    "another kind": (table(), "s.tsv", {"scale": "count"}, "rank differently"),
    "another platform's": (table(ARRAY), "s.tsv", {}, "another platform (Simulated microarray)"),
    "no patient confirmed": (table(), "s.tsv", {"mine": False}, "Confirm"),
    "no platform": (table(), "s.tsv", {"platform": None}, "Platform it was measured on: not"),
    "no kind": (table(), "s.tsv", {"scale": None}, "What the numbers are: not answered"),
    "no day": (table(), "s.tsv", {"taken": None}, "Day the specimen was taken: not answered"),
    "a spreadsheet": (b"PK\x03\x04" + b"\0" * 90, "s.xlsx.csv", {}, "no text"),
    "an empty file": (b"", "s.tsv", {}, "empty"),
    "a mouse": (b"gene\tS1\nActb\t1\nCd19\t99\n", "s.tsv", {}, "another species"),
    "cut off": (gzip.compress(table())[:-9], "s.tsv.gz", {}, "cut off"),
    "a selection": (b"gene\tS1\nOAS1\t900000\nMX2\t99.5\n", "s.tsv", {}, "0% of the genes"),
    "an older specimen": (table(), "s.tsv", {"taken": date(2026, 11, 3)}, "of a later one"),
    "the same day": (table(), "s.tsv", {"taken": date(2026, 11, 4)}, "of the same day"),
}


def test_a_file_that_cannot_be_used_says_why_and_changes_nothing(services):
    at = on_data_used(services)
    before = probabilities(at)
    for kind, (content, name, answers, said) in REFUSED.items():
        go(open_patient(at, WITH_RNA), "data")  # a form with nothing in it
        fill(at, content, name, **answers)
        assert not at.exception
        assert probabilities(at) == before, kind
        assert chart_of(at, WITH_RNA).entries == ()
        warned = " ".join(w.value for w in at.warning)
        assert said in warned, kind
        assert "unchanged" in warned or "nothing was changed" in warned


def test_a_mapping_of_probe_sets_is_used_where_the_platform_has_none(services):
    probes = [f"{200_000 + i}_s_at" for i in range(len(genes()))]
    content = lines(probes, sample(row=1))
    mapping = "probe,gene\n" + "".join(f"{p},{g}\n" for p, g in zip(probes, genes(), strict=True))
    at = on_data_used(services)
    before = probabilities(at)
    fill(at, content)
    assert "mapping" in " ".join(w.value for w in at.warning)
    at.file_uploader[1].set_value(("map.csv", mapping.encode(), "text/csv"))
    fill(at, content)
    assert probabilities(at) != before


def test_whose_chart_it_is_stands_beside_the_form(services):
    at = on_data_used(services)
    (said,) = [e.proto.body for e in at.get("html") if "One sample&#x27;s file" in e.proto.body]
    assert 'class="tr-whose"' in said
    assert "Tara Example-Transcript" in said


def test_a_decision_that_reads_no_rna_asks_for_no_file(services):
    assert not on_data_used(services, "demo-t1-02").file_uploader


def test_without_a_reader_there_is_no_form(services):
    assert not on_data_used(dataclasses.replace(services, laboratory=None)).file_uploader


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("A.TSV", "text/tab-separated-values"),
        ("a.b.txt.gz", "text/tab-separated-values"),
        ("a.csv", "text/csv"),
        ("a.parquet", "application/vnd.apache.parquet"),
        ("a.xlsx", ""),
        ("gz", ""),
        ("", ""),
    ],
)
def test_the_end_of_a_name_says_how_a_file_is_written(name, kind):
    assert content_type(name) == kind


@pytest.mark.parametrize("day", [date(2026, 11, 12), date(2024, 2, 29), date(2025, 12, 31)])
def test_a_day_from_the_form_is_the_same_moment_as_one_from_a_chart(day):
    assert on_day(day) == moment(day.isoformat())
