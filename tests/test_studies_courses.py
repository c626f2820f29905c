"""Samples to courses: baseline only, one sample and one drug per person, every value told."""

from __future__ import annotations

import numpy as np
import pytest

from models.studies.courses import courses_of
from models.studies.errors import LabelError, MappingError
from models.studies.mapping import parse_mapping
from models.studies.samples import Samples
from tests.study_files import MINE

VISITS = MINE.replace('always = "baseline"', 'from = "visit"\nbaseline = ["BL"]\nother = ["M3"]')


def samples(rows: dict[str, list[str]], study: str = "") -> Samples:
    n = len(next(iter(rows.values())))
    return Samples(
        accessions=tuple(f"GSM{i + 1}" for i in range(n)),
        said={key: tuple(values) for key, values in rows.items()},
        study=study,
    )


def rows(**changed: list[str]) -> dict[str, list[str]]:
    usual = {
        "subject": ["a", "a", "b", "c"],
        "visit": ["BL", "M3", "BL", "BL"],
        "drug": ["Infliximab", "infliximab", "Tocilizumab", "none"],
        "response": ["yes", "yes", "no", ""],
        "age": ["50", "50", "", "71"],
        "sex": ["F", "F", "M", "F"],
    }
    return {**usual, **changed}


def courses(**changed: list[str]):
    return courses_of(parse_mapping(VISITS, "m.toml"), samples(rows(**changed)))


def test_the_sample_before_treatment_is_taken_and_other_drugs_are_left_out():
    found = courses()
    assert found.sample.tolist() == [0, 2]
    assert found.arm.tolist() == [0, 1]
    assert found.outcome.tolist() == [1.0, 0.0]
    assert np.array_equal(found.age, [50.0, np.nan], equal_nan=True)
    assert found.male.tolist() == [0.0, 1.0]
    assert "1 samples of other drugs or none were left out" in found.notes


def test_whoever_has_no_sample_from_before_is_left_out_and_counted():
    found = courses(visit=["M3", "M3", "BL", "BL"])
    assert found.sample.tolist() == [2]
    assert any("1 persons without a sample from before" in note for note in found.notes)


def test_an_outcome_recorded_at_any_visit_of_the_person_counts():
    assert courses(response=["", "yes", "no", ""]).outcome.tolist() == [1.0, 0.0]
    unknown = courses(response=["", "", "no", ""])
    assert np.isnan(unknown.outcome[0])
    assert any("1 courses without a recorded outcome" in note for note in unknown.notes)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"response": ["yes", "yes", "maybe", ""]}, ["'maybe' in samples 3 (GSM3)", "'yes'"]),
        ({"drug": ["ifx", "ifx", "Tocilizumab", "none"]}, ["'ifx' in samples 1 (GSM1), 2 (GSM2)"]),
        ({"subject": ["a", "a", "a", "c"]}, ["both drug classes"]),
        (
            {"visit": ["BL", "BL", "BL", "BL"]},
            ["several samples from before", "1 (GSM1), 2 (GSM2)"],
        ),
        ({"visit": ["M3", "M3", "M3", "M3"]}, ["No sample is from before treatment"]),
        ({"response": ["yes", "no", "no", ""]}, ["two outcomes"]),
        ({"drug": ["none"] * 4}, ["No sample is left"]),
        ({"subject": ["a", "a", "", "c"]}, ["[person]: no value in samples 3 (GSM3)"]),
        ({"age": ["fifty", "50", "", "71"]}, ["[age]: no number of years in sample 1"]),
        ({"age": ["500", "50", "", "71"]}, ["[age]: no number of years"]),
    ],
)
def test_what_the_mapping_does_not_cover_is_refused_with_the_rows(changed, said):
    with pytest.raises(LabelError) as caught:
        courses(**changed)
    for words in said:
        assert words in caught.value.message
    assert caught.value.remedy


def test_a_person_under_both_drugs_is_refused_even_where_one_course_is_later():
    with pytest.raises(LabelError, match="1 persons have samples under both"):
        courses(drug=["infliximab", "tocilizumab", "tocilizumab", "none"])


def test_an_unknown_characteristic_names_the_ones_that_exist():
    told = rows()
    del told["response"]
    with pytest.raises(LabelError) as caught:
        courses_of(parse_mapping(VISITS, "m.toml"), samples(told))
    assert "no characteristic 'response'" in caught.value.message
    assert "'subject', 'visit', 'drug', 'age', 'sex'" in caught.value.message
    assert "Correct `from` in [response]" in caught.value.remedy


def test_a_pattern_that_fits_nothing_lists_the_rows():
    cut = VISITS.replace('from = "subject"', "from = \"subject\"\npattern = '(\\d+)'")
    with pytest.raises(
        LabelError, match=r"pattern fits no part of 'subject' in samples 1 \(GSM1\)"
    ):
        courses_of(parse_mapping(cut, "m.toml"), samples(rows()))


def test_no_message_repeats_a_persons_identifier():
    with pytest.raises(LabelError) as caught:
        courses(subject=["Jane", "Jane", "Jane", "c"])
    assert "Jane" not in caught.value.message + caught.value.remedy


def test_a_file_of_another_study_is_refused():
    with pytest.raises(MappingError, match="The file is of GSE1, and the mapping of mine"):
        courses_of(parse_mapping(VISITS, "m.toml"), samples(rows(), study="GSE1"))
