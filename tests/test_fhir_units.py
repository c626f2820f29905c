"""The table of (code, unit): every conversion against a number from elsewhere, and every trap."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fhir.units
from decision.catalog.ra_biologic_response.codelists import load_codelists
from decision.catalog.ra_biologic_response.features import FEATURES
from decision.clinical.codes import LOCAL, LOINC, Code, CodeError
from decision.clinical.quantities import Quantity
from decision.clinical.record import IssueKind, ReferenceRange
from fhir.units import TESTS, TO_CANONICAL, TestKind, conversion
from tests.fhir_builders import NAME, kinds, observation, quantity, record_of

DATA = Path(fhir.units.__file__).parent / "data"


def read(code: tuple[str, str], value: object, unit: str, **more):
    """The record of one result in that unit."""
    return record_of(observation(code=code, valueQuantity=quantity(value, unit), **more))


@pytest.mark.parametrize(
    ("code", "value", "unit", "expected", "canonical"),
    [
        # factors of docs/evidence.md
        ((LOINC, "1988-5"), 3.1, "mg/dL", 31.0, "mg/L"),
        ((LOINC, "1988-5"), 31, "mg/L", 31.0, "mg/L"),
        ((LOINC, "11572-5"), 40, "k[IU]/L", 40.0, "[IU]/mL"),
        ((LOINC, "11572-5"), 40, "[IU]/mL", 40.0, "[IU]/mL"),
        ((LOINC, "718-7"), 118, "g/L", 11.8, "g/dL"),
        ((LOINC, "1742-6"), 35, "[IU]/L", 35.0, "U/L"),
        # IFCC = 10.929 x (NGSP - 2.15), docs/evidence.md: 58 mmol/mol is 7.5 %, 48 is 6.5 %
        ((LOINC, "4548-4"), 58, "mmol/mol", 7.45698142556, "%"),
        ((LOINC, "59261-8"), 48, "mmol/mol", 6.54198462805, "%"),
        # SI: 1 ukat = 60 U
        ((LOINC, "1742-6"), 0.58, "ukat/L", 34.8, "U/L"),
        # metric prefixes
        ((LOINC, "26881-3"), 0.062, "ng/mL", 62.0, "pg/mL"),
        ((LOCAL, "calprotectin"), 6.1, "ug/mL", 6.1, "mg/L"),
        ((LOCAL, "calprotectin"), 6100, "ng/mL", 6.1, "mg/L"),
        ((LOCAL, "sicam1"), 0.25, "mg/L", 250.0, "ng/mL"),
        ((LOCAL, "cxcl13"), 0.1, "ng/mL", 100.0, "pg/mL"),
        ((LOINC, "751-8"), 1600, "/uL", 1.6, "10*9/L"),
        ((LOINC, "777-3"), 250, "10*3/uL", 250.0, "10*9/L"),
        ((LOINC, "4537-7"), 40, "mm/1 h", 40.0, "mm/h"),
        # a visual analogue scale of 100 mm against the numeric rating of 0 to 10
        ((LOCAL, "patient-global-0-10"), 57, "mm", 5.7, "{score}"),
        ((LOCAL, "patient-global-0-10"), 5.7, "{score}", 5.7, "{score}"),
        ((LOCAL, "disease-duration"), 18, "mo", 1.5, "a"),
        # 220 lb, from the definition of the pound (0.45359237 kg)
        ((LOINC, "29463-7"), 220, "[lb_av]", 99.7903214, "kg"),
    ],
)
def test_known_conversions(code, value, unit, expected, canonical):
    record = read(code, value, unit)

    assert record.issues == ()
    assert record.observations[0].value == Quantity(value=expected, unit=canonical)
    assert record.observations[0].reported == Quantity(value=value, unit=unit)


@pytest.mark.parametrize("unit", ["U/mL", "[IU]/mL", "RU/mL", "AU", "index", "{titer}", "1"])
def test_a_result_without_conversion_keeps_whatever_unit_it_has(unit):
    (result,) = read((LOINC, "53027-9"), 40, unit).observations

    assert result.value == Quantity(value=40, unit=unit)


def test_words_in_the_place_of_a_unit_are_not_repeated():
    record = read((LOINC, "53027-9"), 40, NAME)

    assert record.observations == ()
    assert kinds(record) == [IssueKind.UNKNOWN_UNIT]
    assert NAME not in str(record.issues)


def test_a_conversion_leaves_no_binary_dust_that_could_cross_a_threshold():
    # 120 * 0.1 is 12.000000000000002 in some orders of arithmetic; "below 12" must not depend on it
    for grams_per_litre in range(20, 250):
        value = read((LOINC, "718-7"), grams_per_litre, "g/L").observations[0].value
        assert value == Quantity(value=grams_per_litre / 10, unit="g/dL")


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [
        ((LOINC, "1988-5"), 12, "mmol/L"),
        ((LOINC, "1988-5"), 12, ""),
        ((LOINC, "1988-5"), 12, "MG/L"),  # UCUM is case-sensitive, and M is mega
        ((LOINC, "26881-3"), 4, "[arb'U]/mL"),
        ((LOINC, "4548-4"), 0.075, "1"),
        ((LOINC, "59261-8"), 7.5, "%"),
        ((LOINC, "11572-5"), 40, "U/mL"),
        ((LOINC, "718-7"), 7.4, "mmol/L"),
    ],
)
def test_a_unit_without_a_line_gives_an_issue_and_no_value(code, value, unit):
    record = read(code, value, unit)

    assert record.observations == ()
    assert kinds(record) == [IssueKind.UNKNOWN_UNIT]
    assert record.issues[0].reference == "Observation/o1"
    assert record.issues[0].codes == (Code(system=code[0], code=code[1]),)
    assert record.issues[0].remedy


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [
        # the HbA1c trap: right number, other unit's name; a dimensional library accepts both
        ((LOINC, "4548-4"), 58, "%"),
        ((LOINC, "4548-4"), 7.5, "mmol/mol"),
        ((LOINC, "718-7"), 118, "g/dL"),
        ((LOINC, "718-7"), 11.8, "g/L"),
        ((LOINC, "777-3"), 250000, "10*9/L"),
        ((LOCAL, "patient-global-0-10"), 57, "{score}"),
        ((LOCAL, "tender-joints-28"), 29, "{count}"),
        ((LOCAL, "haq-di"), 3.125, "{score}"),
        ((LOINC, "39156-5"), 1.7, "kg/m2"),
        ((LOINC, "1988-5"), -1, "mg/L"),
    ],
)
def test_an_unbelievable_value_gives_an_issue_and_no_value(code, value, unit):
    record = read(code, value, unit)

    assert record.observations == ()
    assert kinds(record) == [IssueKind.IMPLAUSIBLE]


def test_the_coded_unit_counts_and_a_contradicting_text_stops_the_value():
    assert read(("http://loinc.org", "1988-5"), 3, "mg/dL").observations[0].value.value == 30

    shown_otherwise = quantity(3, "mg/L") | {"unit": "mg/dL"}
    record = record_of(observation(valueQuantity=shown_otherwise))

    assert record.observations == ()
    assert kinds(record) == [IssueKind.UNKNOWN_UNIT]


def test_a_written_unit_counts_where_none_is_coded():
    record = record_of(observation(valueQuantity={"value": 1.2, "unit": "mg/dL"}))

    assert record.observations[0].value == Quantity(value=12.0, unit="mg/L")


@pytest.mark.parametrize("micro", ["\u00b5g/mL", "\u03bcg/mL"])
def test_both_micro_signs_are_micro(micro):
    record = record_of(observation(valueQuantity={"value": 12, "unit": micro}))

    assert record.observations[0].value == Quantity(value=12.0, unit="mg/L")


def test_a_comparator_survives_the_conversion():
    record = record_of(observation(valueQuantity=quantity(0.5, "mg/dL", comparator="<")))

    assert record.observations[0].value == Quantity(value=5.0, unit="mg/L", comparator="<")


def test_normal_limits_are_converted_with_their_result():
    limits = [{"low": quantity(0, "mg/dL"), "high": quantity(0.5, "mg/dL")}]
    record = record_of(observation(valueQuantity=quantity(3.1, "mg/dL"), referenceRange=limits))

    assert record.observations[0].reference_range == ReferenceRange(low=0.0, high=5.0)


@pytest.mark.parametrize(
    "limits",
    [
        [{"high": quantity(5, "mg/L")}, {"high": quantity(10, "mg/L")}],
        [{"high": quantity(5, "furlong")}],
        [{"high": {"value": "5"}}],
        [{"text": "below 5"}],
        "below 5",
    ],
)
def test_limits_that_cannot_be_chosen_or_read_are_no_limits(limits):
    record = record_of(observation(referenceRange=limits))

    assert record.observations[0].reference_range is None


def test_an_assay_keeps_its_own_unit_and_its_own_limits():
    acpa = observation(
        code=(LOINC, "53027-9"),
        valueQuantity=quantity(96, "[arb'U]/mL"),
        referenceRange=[{"high": quantity(17, "[arb'U]/mL")}],
    )
    result = record_of(acpa).observations[0]

    assert result.value == Quantity(value=96.0, unit="[arb'U]/mL")
    assert result.reference_range == ReferenceRange(high=17.0)


def test_counts_and_scores_come_with_or_without_an_annotation():
    for unit in ("", "1", "{count}"):
        record = read((LOCAL, "tender-joints-28"), 9, unit)
        assert record.observations[0].value == Quantity(value=9.0, unit="{count}")
    whole = observation(code=(LOCAL, "tender-joints-28"), valueInteger=9)
    assert record_of(whole).observations[0].value == Quantity(value=9.0, unit="{count}")


pairs = st.sampled_from(sorted(TO_CANONICAL, key=str))


@given(pair=pairs, value=st.floats(0, 1e5))
def test_a_conversion_can_be_undone(pair, value):
    # a table with a wrong sign or a zero factor would lose the value it converts
    how = TO_CANONICAL[pair]
    back = (how(value) - how.offset) / how.factor

    assert back == pytest.approx(value, rel=1e-9, abs=1e-6)


@given(pair=pairs, value=st.floats(0, 1e4), more=st.floats(1e-3, 1e4))
def test_a_conversion_keeps_the_order(pair, value, more):
    # why a comparator can be kept as it is: `<5` of one unit is `<` in every other
    how = TO_CANONICAL[pair]

    assert how(value) < how(value + more)


def test_every_line_says_how_sure_it_is_and_where_from():
    for name in ("results.csv", "units.csv"):
        with (DATA / name).open(encoding="utf-8", newline="") as handle:
            for line in csv.DictReader(handle):
                assert None not in line, f"{name}: too many columns in {line}"
                assert line["status"] in {"verified", "computed", "design", "unverified"}
                assert line["citation"] or line["status"] == "design"


def test_every_code_of_the_table_has_a_right_check_digit_and_a_use():
    with (DATA / "units.csv").open(encoding="utf-8", newline="") as handle:
        with_units = {line["analyte"] for line in csv.DictReader(handle)}

    for (system, code), test in TESTS.items():
        Code(system=system, code=code)
        assert (test.analyte in with_units) is (test.kind is not TestKind.CODED)
    with pytest.raises(CodeError):
        Code(system=LOINC, code="32218-9")


def test_the_decision_asks_for_the_units_that_the_reader_delivers():
    # two folders write down codes and units on their own; here they must agree
    codelists = load_codelists()
    checked = 0
    for feature in FEATURES:
        for entry in codelists[feature.concepts[0]].entries if feature.concepts else ():
            test = TESTS.get((entry.code.system, entry.code.code))
            if test is None:
                assert entry.code.system == LOCAL or feature.derive.__name__ != "measured"
            elif test.kind is TestKind.NUMBER:
                how = conversion(entry.code, feature.unit)
                assert how is not None, f"{feature.id}: no line for {feature.unit}"
                assert how.unit == feature.unit
                checked += 1
    assert checked >= 15
