"""Scores against the published and computed vectors, and against the traps of floats and units."""

import inspect
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical import scores
from decision.clinical.scores import (
    HAQ_IMPORTANT_DIFFERENCE,
    SOURCES,
    AcrCoreSet,
    ScoreError,
    acr_reached,
    acr_response,
    boolean_remission,
    boolean_remission_2,
    cdai,
    cdai_important_difference,
    cdai_response,
    cdai_state,
    das28_crp,
    das28_crp_state,
    das28_crp_three,
    das28_esr,
    das28_esr_three,
    das28_state,
    eular_response,
    haq_category,
    sdai,
    sdai_state,
)
from decision.clinical.spec import Verification
from tests.printed_vectors import DAS28, PRINTED


def crp_score(tender=9, swollen=4, crp=30.0, patient_global=70.0) -> float:
    return das28_crp(
        tender_joints_28=tender,
        swollen_joints_28=swollen,
        crp_mg_l=crp,
        patient_global_0_100=patient_global,
    )


@pytest.mark.parametrize(("tender", "swollen", "marker", "pga", "by_crp", "by_esr"), DAS28)
def test_das28_equals_its_printed_vectors(tender, swollen, marker, pga, by_crp, by_esr):
    assert crp_score(tender, swollen, marker, pga) == pytest.approx(by_crp, abs=PRINTED)
    assert das28_esr(
        tender_joints_28=tender,
        swollen_joints_28=swollen,
        esr_mm_h=marker,
        patient_global_0_100=pga,
    ) == pytest.approx(by_esr, abs=PRINTED)


def test_das28_crp_of_published_vectors_rounds_as_printed():
    assert round(crp_score(4, 5, 7, 50), 2) == 4.15
    assert round(crp_score(28, 28, 10, 100), 2) == 7.67


@pytest.mark.parametrize(
    ("tender", "swollen", "marker", "by_esr", "by_crp"),
    [(4, 5, 7, 3.516895, 3.894168), (9, 4, 30, 5.150505, 4.973859)],
)
def test_three_variable_das28_equals_its_printed_vectors(tender, swollen, marker, by_esr, by_crp):
    joints = {"tender_joints_28": tender, "swollen_joints_28": swollen}
    assert das28_esr_three(**joints, esr_mm_h=marker) == pytest.approx(by_esr, abs=PRINTED)
    assert das28_crp_three(**joints, crp_mg_l=marker) == pytest.approx(by_crp, abs=PRINTED)


def test_the_swollen_joints_are_weighted_and_not_added():
    # 0.28 + sqrt(4) instead of 0.28 * sqrt(4) would give 7.136
    assert crp_score() == pytest.approx(5.416235, abs=PRINTED)
    assert crp_score() != pytest.approx(7.136, abs=0.01)


def test_crp_in_mg_per_dl_or_ten_times_too_high_gives_the_known_wrong_scores():
    # documents what a unit error costs: the argument's name is the only guard of a bare float
    assert crp_score(crp=3) == pytest.approx(4.679, abs=5e-4)
    assert crp_score(crp=300) == pytest.approx(6.235, abs=5e-4)
    assert crp_score() == pytest.approx(5.416, abs=5e-4)


def test_a_global_on_0_to_10_gives_the_known_wrong_score():
    assert crp_score(patient_global=7) == pytest.approx(4.534, abs=5e-4)


@given(esr=st.floats(0, 1))
def test_esr_below_one_counts_as_one(esr):
    # ln of a fraction is negative and would lower the score of a patient with nothing else wrong
    score = das28_esr(tender_joints_28=0, swollen_joints_28=0, esr_mm_h=esr, patient_global_0_100=0)
    assert score == 0.0


def test_cdai_and_sdai_of_one_patient_are_high():
    globals_ = {"patient_global_0_10": 7.0, "physician_global_0_10": 5.5}
    score = cdai(tender_joints_28=9, swollen_joints_28=4, **globals_)
    simple = sdai(tender_joints_28=9, swollen_joints_28=4, **globals_, crp_mg_l=30)
    assert (score, cdai_state(score)) == (25.5, "high")
    assert (simple, sdai_state(simple)) == (28.5, "high")


def make_cdai(tender, swollen, patient, physician) -> float:
    return cdai(
        tender_joints_28=tender,
        swollen_joints_28=swollen,
        patient_global_0_10=patient,
        physician_global_0_10=physician,
    )


def make_sdai(patient, physician, crp_mg_l) -> float:
    return sdai(
        tender_joints_28=0,
        swollen_joints_28=0,
        patient_global_0_10=patient,
        physician_global_0_10=physician,
        crp_mg_l=crp_mg_l,
    )


def test_cdai_of_0_1_and_2_7_is_remission_though_the_floats_sum_to_more_than_2_8():
    assert 0 + 0 + 0.1 + 2.7 > 2.8
    assert make_cdai(0, 0, 0.1, 2.7) == 2.8
    assert cdai_state(make_cdai(0, 0, 0.1, 2.7)) == "remission"


def test_sdai_at_3_3_is_remission_and_at_11_is_low_though_the_floats_sum_to_more():
    assert 3.2 + 0.1 > 3.3
    assert 0.3 + 9.9 + 0.8 > 11
    assert sdai_state(make_sdai(3.2, 0, 1)) == "remission"
    assert sdai_state(make_sdai(0.3, 9.9, 8)) == "low"
    assert sdai_state(0.3 + 9.9 + 0.8) == "low"
    assert cdai_state(0.1 + 2.7) == "remission"


@given(
    tender=st.integers(0, 28),
    swollen=st.integers(0, 28),
    patient=st.integers(0, 100),
    physician=st.integers(0, 100),
)
def test_cdai_is_exact_in_tenths(tender, swollen, patient, physician):
    # scales are read to a tenth, so the score is a whole number of tenths with no binary dust
    tenths = 10 * (tender + swollen) + patient + physician
    assert make_cdai(tender, swollen, patient / 10, physician / 10) == tenths / 10


@pytest.mark.parametrize(
    ("score", "state"),
    [
        (2.59, "remission"),
        (2.6, "low"),
        (3.2, "low"),
        (3.21, "moderate"),
        (5.1, "moderate"),
        (5.11, "high"),
        (3.2000000000000006, "low"),
        (5.1000000000000005, "moderate"),
    ],
)
def test_das28_states_at_their_edges(score, state):
    assert das28_state(score) == state


@pytest.mark.parametrize(
    ("score", "state"),
    [(2.39, "remission"), (2.4, "low"), (2.9, "low"), (4.6, "moderate"), (4.61, "high")],
)
def test_das28_crp_states_at_their_edges(score, state):
    assert das28_crp_state(score) == state


@pytest.mark.parametrize(
    ("score", "state"),
    [
        (0, "remission"),
        (2.8, "remission"),
        (2.9, "low"),
        (10, "low"),
        (10.1, "moderate"),
        (22, "moderate"),
        (22.1, "high"),
        (76, "high"),
    ],
)
def test_cdai_states_at_their_edges(score, state):
    assert cdai_state(score) == state


@pytest.mark.parametrize(
    ("score", "state"),
    [
        (3.3, "remission"),
        (3.4, "low"),
        (11, "low"),
        (11.1, "moderate"),
        (26, "moderate"),
        (26.1, "high"),
    ],
)
def test_sdai_states_at_their_edges(score, state):
    assert sdai_state(score) == state


@pytest.mark.parametrize(
    ("before", "after", "response"),
    [
        (5.21, 1.8, "good"),
        (3.93, 1.1, "good"),
        (4.41, 3.2, "good"),
        (6.0, 4.0, "moderate"),
        (9.0, 6.0, "moderate"),
        (4.4, 3.2, "moderate"),
        (4.3, 5.13, "none"),
        (6.0, 5.6, "none"),
        (5.0, 4.6, "none"),
        (3.8, 3.2, "none"),
        (6.4, 5.2, "none"),
        (5.2, 4.6, "none"),
        (6.0, 5.1, "moderate"),
        (6.0, 5.11, "none"),
    ],
)
def test_eular_response_of_every_listed_pair(before, after, response):
    assert eular_response(baseline_das28=before, attained_das28=after) == response


def test_eular_traps_are_traps_in_floating_point():
    # were these false, the three cases above would prove nothing
    assert 4.4 - 3.2 > 1.2
    assert 6.4 - 5.2 > 1.2
    assert 5.2 - 4.6 > 0.6


@pytest.mark.parametrize(
    ("before", "after", "response"),
    [
        (40, 20, "minor"),
        (40, 20.1, "none"),
        (40, 12, "moderate"),
        (40, 6, "major"),
        (0, 0, "none"),
        (30, 9, "moderate"),
        (20, 3, "major"),
        (20, 25, "none"),
    ],
)
def test_cdai_response_counts_exactly_50_70_and_85_percent(before, after, response):
    assert cdai_response(baseline_cdai=before, attained_cdai=after) == response


@pytest.mark.parametrize(("baseline", "step"), [(22.1, 12), (22, 6), (10.1, 6), (10, 1), (3, 1)])
def test_the_cdai_difference_that_matters_depends_on_the_baseline(baseline, step):
    assert cdai_important_difference(baseline) == step


def test_the_haq_difference_that_matters():
    assert HAQ_IMPORTANT_DIFFERENCE == 0.22


def core(tender, swollen, patient, physician, pain, haq, crp) -> AcrCoreSet:
    return AcrCoreSet(
        tender_joints=tender,
        swollen_joints=swollen,
        patient_global=patient,
        physician_global=physician,
        pain=pain,
        haq_di=haq,
        acute_phase=crp,
    )


BEFORE = core(20, 12, 60, 60, 70, 1.5, 20)


@pytest.mark.parametrize(
    ("after", "levels"),
    [
        (core(10, 6, 30, 30, 35, 1.25, 18), {20, 50}),
        (core(10, 7, 10, 10, 10, 0.25, 2), {20}),
        (core(16, 9, 48, 48, 56, 1.5, 20), {20}),
        (core(6, 3, 18, 15, 20, 1.0, 12), {20, 50, 70}),
        (core(20, 12, 0, 0, 0, 0, 0), set()),
    ],
)
def test_acr_levels_of_every_listed_course(after, levels):
    assert {n for n in (20, 50, 70) if acr_reached(BEFORE, after, n)} == levels
    assert acr_response(BEFORE, after) == max(levels, default=0)


def test_a_fall_from_10_to_8_is_exactly_20_percent():
    assert 1 - 8 / 10 < 0.2
    assert acr_reached(core(10, 10, 10, 10, 10, 1, 10), core(8, 8, 8, 8, 8, 1, 10), 20)


def test_a_component_that_was_and_stays_zero_counts_as_improved_but_a_new_one_does_not():
    before = core(10, 0, 50, 50, 50, 1, 10)
    assert acr_reached(before, core(5, 0, 25, 25, 25, 1, 10), 50)
    assert not acr_reached(before, core(5, 1, 25, 25, 25, 1, 10), 20)


def remission(crp=10.0, patient=1.0, tender=1, swollen=1) -> dict[str, float]:
    return {
        "tender_joints_28": tender,
        "swollen_joints_28": swollen,
        "crp_mg_l": crp,
        "patient_global_0_10": patient,
    }


def test_boolean_remission_takes_one_of_each_with_crp_in_mg_per_dl():
    assert boolean_remission(**remission())
    assert not boolean_remission(**remission(crp=10.1))
    assert not boolean_remission(**remission(tender=2))
    assert not boolean_remission(**remission(swollen=2))
    assert not boolean_remission(**remission(patient=1.1))


def test_boolean_two_allows_a_global_of_two_and_is_marked_unverified():
    assert boolean_remission_2(**remission(patient=2.0))
    assert not boolean_remission_2(**remission(patient=2.1))
    assert SOURCES["boolean_remission_2"].verification is Verification.UNVERIFIED


@pytest.mark.parametrize(
    ("haq", "start"),
    [
        (0, "mild"),
        (0.875, "mild"),
        (1, "moderate"),
        (1.875, "moderate"),
        (2, "severe"),
        (3, "severe"),
    ],
)
def test_haq_categories_at_their_edges(haq, start):
    assert haq_category(haq).startswith(start)
    assert SOURCES["haq_category"].verification is Verification.UNVERIFIED


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tender": 29}, "tender_joints_28"),
        ({"tender": 1.5}, "tender_joints_28"),
        ({"swollen": -1}, "swollen_joints_28"),
        ({"crp": -0.1}, "crp_mg_l"),
        ({"crp": math.nan}, "crp_mg_l"),
        ({"crp": math.inf}, "crp_mg_l"),
        ({"patient_global": 101}, "patient_global_0_100"),
    ],
)
def test_a_value_off_its_scale_is_refused_by_name(change, named):
    with pytest.raises(ScoreError, match=named):
        crp_score(**change)


@pytest.mark.parametrize("patient", [10.1, 57, -1])
def test_a_global_in_millimetres_is_refused_by_cdai(patient):
    with pytest.raises(ScoreError, match="patient_global_0_10"):
        make_cdai(1, 1, patient, 1)


def test_core_set_values_off_their_scale_are_refused_by_name():
    with pytest.raises(ScoreError, match="haq_di"):
        core(1, 1, 1, 1, 1, 3.1, 1)


@given(
    tender=st.integers(0, 28),
    swollen=st.integers(0, 27),
    crp=st.floats(0, 500),
    pga=st.floats(0, 100),
)
def test_das28_never_falls_when_a_joint_swells(tender, swollen, crp, pga):
    # every term of the sum grows with its input; a sign error in one weight would break it
    assert crp_score(tender, swollen + 1, crp, pga) > crp_score(tender, swollen, crp, pga)


FORMULAS = sorted(
    name
    for name in scores.__all__
    if inspect.isfunction(getattr(scores, name)) or isinstance(getattr(scores, name), float)
)
"""Every public function and number of the package, whether or not anybody thought of its source."""


@pytest.mark.parametrize("name", FORMULAS)
def test_every_formula_and_cut_off_is_cited(name):
    assert SOURCES[name].citation.strip()
    assert SOURCES[name].verification in Verification


def test_nothing_is_cited_that_is_no_formula_or_cut_off():
    assert sorted(SOURCES) == FORMULAS


def test_every_function_of_the_package_that_computes_a_score_is_public():
    files = (scores.das28, scores.indices, scores.response, scores.states)
    defined = {
        name
        for module in files
        for name, thing in vars(module).items()
        if inspect.isfunction(thing)
        and thing.__module__ == module.__name__
        and not name.startswith("_")
    }
    assert defined <= set(scores.__all__)
