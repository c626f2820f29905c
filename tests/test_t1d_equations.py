"""DPTRS, Index60, units and C-peptide after onset: printed values, invariants, refusals."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision.catalog.t1d_progression.equations import (
    Ogtt,
    dptrs,
    expected_log_auc12,
    index60,
    quantitative_response,
)
from decision.catalog.t1d_progression.refusals import IncompleteInputError, UnitRefusedError
from decision.catalog.t1d_progression.tables import LIMITS, UNITS
from decision.catalog.t1d_progression.units import canonical, reported_in
from decision.clinical.quantities import Quantity
from fhir.units import TESTS, TO_CANONICAL
from tests.t1d_people import PERSON_A, PERSON_B, PERSON_C, quantity

MINUTES = (30, 60, 90, 120)
GLUCOSE = st.floats(60, 350)
PEPTIDE = st.floats(0.3, 12)
FASTING = st.floats(0.2, 5)


@st.composite
def glucose_tests(draw: st.DrawFn) -> Ogtt:
    return Ogtt(
        glucose={m: quantity(draw(GLUCOSE), "mg/dL") for m in MINUTES},
        c_peptide={
            0: quantity(draw(FASTING), "ng/mL"),
            **{m: quantity(draw(PEPTIDE), "ng/mL") for m in MINUTES},
        },
    )


def changed(test: Ogtt, series: str, minute: int, factor: float) -> Ogtt:
    """The same test with one value multiplied."""
    values = {"glucose": dict(test.glucose), "c_peptide": dict(test.c_peptide)}
    old = values[series][minute]
    values[series][minute] = Quantity(value=old.value * factor, unit=old.unit)
    return Ogtt(**values)


def without(test: Ogtt, series: str, minute: int) -> Ogtt:
    values = {"glucose": dict(test.glucose), "c_peptide": dict(test.c_peptide)}
    del values[series][minute]
    return Ogtt(**values)


def in_units(test: Ogtt, glucose: str, c_peptide: str) -> Ogtt:
    return Ogtt(
        glucose={m: reported_in("glucose", q.value, glucose) for m, q in test.glucose.items()},
        c_peptide={
            m: reported_in("c_peptide", q.value, c_peptide) for m, q in test.c_peptide.items()
        },
    )


@pytest.mark.parametrize(
    ("person", "expected_dptrs", "expected_index60"),
    [(PERSON_A, 6.3674, 0.1910), (PERSON_B, 8.8959, 2.0074), (PERSON_C, 5.5528, -0.1841)],
    ids="ABC",
)
def test_printed_scores(person, expected_dptrs, expected_index60):
    bmi, age, test = person

    assert dptrs(bmi_kg_m2=bmi, age_years=age, ogtt=test) == pytest.approx(expected_dptrs, abs=5e-5)
    assert index60(test) == pytest.approx(expected_index60, abs=5e-5)


@settings(max_examples=50)
@given(
    test=glucose_tests(),
    glucose=st.sampled_from(["mg/dL", "mmol/L"]),
    peptide=st.sampled_from(["ng/mL", "ug/L", "nmol/L", "pmol/L"]),
)
def test_units_do_not_change_a_score(test, glucose, peptide):
    """One test reported in other units is the same test."""
    other = in_units(test, glucose, peptide)

    assert index60(other) == pytest.approx(index60(test), abs=1e-9)
    assert dptrs(bmi_kg_m2=18, age_years=10, ogtt=other) == pytest.approx(
        dptrs(bmi_kg_m2=18, age_years=10, ogtt=test), abs=1e-9
    )


@settings(max_examples=50)
@given(test=glucose_tests(), minute=st.sampled_from(MINUTES), factor=st.floats(1.01, 1.5))
def test_scores_go_the_way_of_their_coefficients(test, minute, factor):
    """More glucose raises both, more stimulated C-peptide lowers both, by the printed signs."""

    def both(changed_test: Ogtt) -> tuple[float, float]:
        return dptrs(bmi_kg_m2=18, age_years=10, ogtt=changed_test), index60(changed_test)

    before = both(test)
    sweeter = both(changed(test, "glucose", minute, factor))
    richer = both(changed(test, "c_peptide", minute, factor))
    fuller = both(changed(test, "c_peptide", 0, factor))
    assert sweeter[0] > before[0]
    assert richer[0] < before[0]
    assert fuller[0] > before[0]
    assert fuller[1] > before[1]
    if minute == 60:
        assert sweeter[1] > before[1]
        assert richer[1] < before[1]
    else:
        assert sweeter[1] == richer[1] == before[1]


@settings(max_examples=50)
@given(test=glucose_tests(), bmi=st.floats(12, 50), age=st.floats(1, 60), more=st.floats(1.01, 1.4))
def test_dptrs_rises_with_bmi_and_falls_with_age(test, bmi, age, more):
    """ln(BMI) has a positive, age a negative coefficient."""
    here = dptrs(bmi_kg_m2=bmi, age_years=age, ogtt=test)

    assert dptrs(bmi_kg_m2=bmi * more, age_years=age, ogtt=test) > here
    assert dptrs(bmi_kg_m2=bmi, age_years=age * more, ogtt=test) < here


@pytest.mark.parametrize(
    ("series", "minute"),
    [("glucose", m) for m in MINUTES] + [("c_peptide", m) for m in (0, *MINUTES)],
)
def test_a_missing_time_point_gives_no_partial_sum(series, minute):
    bmi, age, test = PERSON_A
    lacking = without(test, series, minute)

    name = {"glucose": "glucose", "c_peptide": "C-peptide"}[series]
    with pytest.raises(IncompleteInputError, match=f"{name} at {minute} minutes"):
        dptrs(bmi_kg_m2=bmi, age_years=age, ogtt=lacking)
    needed = minute == 60 or (series, minute) == ("c_peptide", 0)
    if needed:
        with pytest.raises(IncompleteInputError, match="no partial sum"):
            index60(lacking)
    else:
        assert index60(lacking) == index60(test)


def test_what_an_equation_lacks_is_told_in_a_readers_words():
    with pytest.raises(IncompleteInputError) as caught:
        dptrs(bmi_kg_m2=None, age_years=10, ogtt=Ogtt())
    assert caught.value.reason == (
        "DPTRS needs BMI; glucose at 30, 60, 90 and 120 minutes; "
        "C-peptide at 0, 30, 60, 90 and 120 minutes"
    )


@pytest.mark.parametrize("missing", ["bmi_kg_m2", "age_years"])
def test_dptrs_needs_bmi_and_age(missing):
    bmi, age, test = PERSON_A
    given_values = {"bmi_kg_m2": bmi, "age_years": age, missing: None}
    with pytest.raises(IncompleteInputError):
        dptrs(**given_values, ogtt=test)


@pytest.mark.parametrize(("bmi", "age"), [(180, 10), (float("nan"), 10), (18, 0), (18, 200)])
def test_an_unbelievable_bmi_or_age_is_refused(bmi, age):
    with pytest.raises(UnitRefusedError, match="not believable"):
        dptrs(bmi_kg_m2=bmi, age_years=age, ogtt=PERSON_A[2])


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "expected"),
    [
        ("glucose", 5.6, "mmol/L", 100.8),
        ("c_peptide", 0.40, "nmol/L", 1.2081),
        ("c_peptide", 400, "pmol/L", 1.2081),
        ("c_peptide", 331.09, "pmol/L", 1.0000),
        ("c_peptide", 1.2, "ug/L", 1.2),
        ("hba1c", 38.798, "mmol/mol", 5.7),
    ],
)
def test_printed_conversions(analyte, value, unit, expected):
    assert canonical(analyte, quantity(value, unit)) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("percent", "ifcc"), [(5.7, 38.80), (6.5, 47.54)])
def test_hba1c_is_converted_by_its_own_formula(percent, ifcc):
    assert reported_in("hba1c", percent, "mmol/mol").value == pytest.approx(ifcc, abs=5e-3)


@given(value=st.floats(0.5, 10), row=st.sampled_from([r for r in UNITS.rows]))
def test_a_conversion_and_its_reverse_cancel(value, row):
    """Otherwise a value would drift each time it is shown in another unit."""
    analyte, unit = row.text("analyte"), row.text("unit")
    limits = LIMITS[analyte]
    low, high = limits.number("low"), limits.number("high")
    inside = low + (high - low) * value / 10
    there = reported_in(analyte, inside, unit)
    back = reported_in(analyte, inside, row.text("canonical")).value
    assert back == pytest.approx(inside, rel=1e-12)
    if low < inside < high:
        assert canonical(analyte, there) == pytest.approx(inside, rel=1e-9)


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "told"),
    [
        ("c_peptide", 400, "ng/mL", "would fit pmol/L"),
        ("hba1c", 58, "%", "would fit mmol/mol"),
        ("hba1c", 7.5, "mmol/mol", "would fit %"),
        ("hba1c", 0.075, "1", "not known"),
        ("glucose", 5.6, "mg/dL", "would fit mmol/L"),
        ("glucose", 140, "mmol/L", "would fit mg/dL"),
        ("glucose", 140, "", "has no unit"),
        ("glucose", 140, " ", "has no unit"),
        ("c_peptide", 1.2, "MG/DL", "not known"),
    ],
)
def test_a_unit_that_does_not_go_with_its_number_is_refused(analyte, value, unit, told):
    with pytest.raises(UnitRefusedError) as caught:
        canonical(analyte, quantity(value, unit))
    words = str(caught.value)
    assert told.removeprefix("would ") in words
    assert str(value) not in words.replace("mmol/mol", "")
    assert caught.value.remedy


def test_a_bound_is_no_number_for_an_equation():
    with pytest.raises(UnitRefusedError, match="bound"):
        canonical("c_peptide", quantity(0.1, "ng/mL", "<"))
    with pytest.raises(UnitRefusedError):
        reported_in("glucose", 100, "ng/mL")


def test_expected_c_peptide_after_onset():
    expected = expected_log_auc12(auc0_nmol_l=0.8, age_years=15)

    assert expected == pytest.approx(0.3820, abs=5e-5)
    observed = quantitative_response(auc0_nmol_l=0.8, auc12_nmol_l=0.8, age_years=15)
    assert observed == pytest.approx(0.5878 - 0.3820, abs=1e-4)


def test_the_reader_and_the_equations_agree_on_units():
    """Two tables by the rule that the domain may not import the reader; they must not drift."""
    checked = 0
    for (system, code, unit), how in TO_CANONICAL.items():
        analyte = TESTS[system, code].analyte
        mine = next(
            (
                a
                for a in ("glucose", "c_peptide", "hba1c")
                if a in analyte and "urine" not in analyte
            ),
            None,
        )
        if mine is None:
            continue
        limits = LIMITS[mine]
        assert (TESTS[system, code].low, TESTS[system, code].high) == (
            limits.number("low"),
            limits.number("high"),
        )
        for value in (limits.number("low") * 1.5, limits.number("high") / 2):
            received = reported_in(mine, value, unit)
            # the reader's HbA1c formula is the other published form of the same relation
            assert how(received.value) == pytest.approx(
                value, abs=0.005 if mine == "hba1c" else 1e-9
            )
        checked += 1
    assert checked >= 70
