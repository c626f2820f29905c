"""All comparators side by side: each has a result or a reason, its people and its licence."""

from __future__ import annotations

import dataclasses

import pytest

from decision.catalog.t1d_progression.antibodies import Kind
from decision.catalog.t1d_progression.comparators import (
    Circumstances,
    Person,
    ScoreResult,
    comparators,
    required,
    unavailable,
)
from decision.catalog.t1d_progression.criteria import Criterion
from decision.catalog.t1d_progression.equations import Ogtt
from decision.catalog.t1d_progression.genetics import Ancestry, CentileBand, Grs1, Grs2x
from decision.catalog.t1d_progression.refusals import (
    NotPublishedError,
    OutsidePopulationError,
    RejectedCodeError,
    RequiredMissingError,
)
from decision.catalog.t1d_progression.rejected import refuse_rejected
from decision.catalog.t1d_progression.staging import stage
from decision.catalog.t1d_progression.trialnet import RelativeHazard, Submodel
from decision.clinical.codes import LOINC, Code
from decision.clinical.refusal import Refused
from tests.t1d_people import AS_OF, PERSON_B, grs2, normal, profile, quantity, staged, with_value

UNAVAILABLE = {"dptrs60", "m60_m90_m120", "pls", "abrs", "crs", "jacobsen"}
STAGE_2 = staged(
    profile(Kind.GADA, Kind.IAA, Kind.IA2A), with_value(Criterion.TWO_HOUR_GLUCOSE, 180, "mg/dL")
)
PERSON = Person(
    staging=STAGE_2,
    age_years=10,
    male=True,
    bmi_kg_m2=18,
    ogtt=PERSON_B[2],
    hba1c=quantity(5.6, "%"),
    genetic_score=grs2(13),
    family_history=True,
)


def results(person: Person, noncommercial: bool = True) -> dict[str, object]:
    return {c.id: c.result for c in comparators(person, noncommercial=noncommercial)}


def with_changes(**changes: object) -> dict[str, object]:
    return results(dataclasses.replace(PERSON, **changes))


def test_a_whole_person_has_every_comparator_that_applies():
    found = results(PERSON)

    assert found["dptrs"].value == pytest.approx(8.8959, abs=5e-5)
    assert {a.id for a in found["dptrs"].quotations} >= {
        "dptrs-high-tnhs",
        "dptrs-dysglycaemic-high",
    }
    assert found["index60"].value == pytest.approx(2.0074, abs=5e-5)
    assert isinstance(found["trialnet_cox"], RelativeHazard)
    assert found["trialnet_cox"].ratio == pytest.approx(11.327, abs=5e-4)
    assert {a.risk for a in found["antibody_number"]} == {0.697, 0.47}
    assert {a.risk for a in found["stage"]} == {0.6, 0.75}
    assert found["combined_risk"].kind == "NoExactMatchError"
    assert found["grs2x_centile"].kind == "WrongScoreError"


def test_each_comparator_names_its_people_source_and_licence():
    for comparator in comparators(PERSON, noncommercial=True):
        assert comparator.source
        assert comparator.population
        if not isinstance(comparator.result, Refused):
            assert comparator.units
            assert comparator.validity
            assert comparator.licence


@pytest.mark.parametrize("name", sorted(UNAVAILABLE))
def test_a_score_without_published_coefficients_is_named_and_never_guessed(name):
    found = results(PERSON)[name]

    assert found.kind == "NotPublishedError"
    assert found.reason.startswith("unavailable")
    assert "(" in found.reason
    with pytest.raises(NotPublishedError):
        unavailable(name)


def test_units_of_the_hba1c_do_not_change_the_hazard():
    ratio = with_changes(hba1c=quantity(10.929 * (5.6 - 2.15), "mmol/mol"))["trialnet_cox"].ratio
    assert ratio == pytest.approx(11.327, abs=5e-4)
    confused = with_changes(hba1c=quantity(38, "%"))["trialnet_cox"]
    assert confused.kind == "UnitRefusedError"
    assert "would fit mmol/mol" in confused.reason


@pytest.mark.parametrize("score", [13.0, Grs1(value=13, version="1", ancestry=Ancestry.EUROPEAN)])
def test_a_score_of_another_scale_is_refused_not_passed_over(score):
    assert with_changes(genetic_score=score)["trialnet_cox"].kind == "WrongScoreError"


def test_without_a_score_or_a_test_the_submodel_says_its_name():
    assert with_changes(genetic_score=None)["trialnet_cox"].submodel is Submodel.NO_GRS
    found = with_changes(ogtt=Ogtt())
    assert found["trialnet_cox"].submodel is Submodel.NO_OGTT
    assert found["dptrs"].kind == found["index60"].kind == "IncompleteInputError"


def test_a_european_grs2x_has_a_centile():
    score = Grs2x(value=13.5, version="1", ancestry=Ancestry.EUROPEAN)
    found = with_changes(genetic_score=score)

    assert isinstance(found["grs2x_centile"], CentileBand)
    assert found["trialnet_cox"].kind == "WrongScoreError"


def test_the_commercial_build_has_no_trialnet_figure():
    assert results(PERSON, noncommercial=False)["trialnet_cox"].kind == "NotLicensedError"


def test_without_age_nothing_that_rests_on_the_person_is_shown():
    for result in with_changes(age_years=None).values():
        assert isinstance(result, Refused)
    with pytest.raises(RequiredMissingError):
        required(dataclasses.replace(PERSON, age_years=None))


@pytest.mark.parametrize(
    "change",
    [
        {"circumstances": Circumstances(suspected_type_2=True)},
        {"circumstances": Circumstances(suspected_monogenic=True)},
        {"circumstances": Circumstances(anti_cd3_treated=True)},
        {"staging": staged(measurements=with_value(Criterion.FASTING_GLUCOSE, 130, "mg/dL"))},
        {"staging": staged(profile(Kind.GADA), with_value(Criterion.HBA1C, 5.9, "%"))},
        {"staging": staged(profile(unconfirmed=(Kind.GADA,)))},
        {"staging": staged(profile())},
    ],
    ids=str,
)
def test_outside_every_population_no_number_is_shown(change):
    person = dataclasses.replace(PERSON, **change)

    with pytest.raises(OutsidePopulationError):
        required(person)
    for name, result in results(person).items():
        assert isinstance(result, Refused) or name == "grs2x_centile"


def test_without_antibodies_no_number_is_shown():
    person = dataclasses.replace(
        PERSON, staging=stage(None, normal(), as_of=AS_OF, jurisdiction="US")
    )
    with pytest.raises(RequiredMissingError, match="antibody status"):
        required(person)


def test_a_refusal_never_repeats_a_persons_value():
    person = dataclasses.replace(PERSON, bmi_kg_m2=777.5, hba1c=quantity(66.6, "%"))
    refused = [r for r in results(person).values() if isinstance(r, Refused)]

    assert {"UnitRefusedError"} <= {r.kind for r in refused}
    for result in refused:
        assert "777" not in result.reason + result.remedy
        assert "66.6" not in result.reason + result.remedy


def test_combined_risk_is_quoted_for_the_two_published_children():
    child = dataclasses.replace(PERSON, staging=staged(profile(Kind.GADA, Kind.IAA)), age_years=2.4)
    assert [a.risk for a in results(child)["combined_risk"]] == [0.14, 0.36, 0.51]


def test_a_score_result_is_a_number_with_quotations():
    assert isinstance(results(PERSON)["index60"], ScoreResult)


@pytest.mark.parametrize(
    ("code", "told"), [("1504-0", "50 g, not the 75 g test"), ("1989-3", "vitamin D3")]
)
def test_trap_codes_are_refused_by_name(code, told):
    with pytest.raises(RejectedCodeError, match=told) as caught:
        refuse_rejected([Code(system=LOINC, code="1507-3"), Code(system=LOINC, code=code)])
    assert code in caught.value.reason
    refuse_rejected([Code(system=LOINC, code="1507-3")])
