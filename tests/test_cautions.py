"""27 cautions on records: present, absent, not found; and never absent for want of data."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision.clinical.record import (
    Condition,
    MedicationExposure,
    Observation,
    PatientRecord,
)
from decision.clinical.spec import CautionFinding, Presence, Severity
from tests.clinical_records import SPEC, condition, eligible, medication, observation, record

COUNT = "10*9/L"
RULES = [r.id for r in SPEC.cautions]


def find(rule: str, told: PatientRecord) -> CautionFinding:
    return next(f for f in SPEC.find_cautions(told, SPEC) if f.rule.id == rule)


def yes(of: str) -> Observation:
    return observation(of, answer="answer_positive")


def no(of: str) -> Observation:
    return observation(of, answer="answer_negative")


def having(*of: str, state: str = "active", onset: str = "") -> PatientRecord:
    return record(conditions=[condition(c, state, onset) for c in of])


def blood(of: str, number: float, unit: str = COUNT, high: float | None = None) -> Observation:
    return observation(of, number, unit=unit, high=high)


def enzymes(alt: float, ast: float) -> PatientRecord:
    return record([blood("alt", alt, "U/L", 40), blood("ast", ast, "U/L", 40)])


def refuted(*of: str) -> PatientRecord:
    return having(*of, state="refuted")


def joints(tender: int, patient: float, esr: float, *csdmards: str) -> PatientRecord:
    parts = {"tender_joints": tender, "swollen_joints": tender, "patient_global": patient}
    return record(
        [*(observation(k, v) for k, v in parts.items()), observation("esr", esr)],
        medications=[medication(drug, "stopped", start="2020-01-01") for drug in csdmards],
    )


TWO_CSDMARDS = ("methotrexate", "sulfasalazine")


none_of_these = observation("pregnancy_status", answer="answer_no_pregnancy_question")
latex_route = [no("route_issue"), observation("weight", 71, unit="kg")]

PRESENT_AND_ABSENT: dict[str, tuple[PatientRecord, PatientRecord]] = {
    "R1": (having("heart_failure"), refuted("heart_failure")),
    "R2": (
        having("other_demyelination"),
        record(
            [no("ms_relative")],
            [condition(c, "refuted") for c in ("multiple_sclerosis", "other_demyelination")],
        ),
    ),
    "R3": (
        having("diverticulitis", state="resolved"),
        refuted("diverticulitis", "bowel_perforation", "upper_gi_ulcer"),
    ),
    "R4": (record([blood("neutrophils", 1.4)]), record([blood("neutrophils", 4.4)])),
    "R5": (record([blood("platelets", 90)]), record([blood("platelets", 290)])),
    "R6": (enzymes(70, 20), enzymes(30, 20)),
    "R7": (having("hepatic_disease"), refuted("hepatic_disease")),
    "R8": (having("hyperlipidemia"), refuted("hyperlipidemia", "cardiovascular_disease")),
    "R9": (having("latent_tuberculosis"), record([no("tb_screen")])),
    "R10": (record([yes("hbsag")]), record([no("hbsag")])),
    "R11": (record([yes("anti_hbc"), no("hbsag")]), record([no("anti_hbc")])),
    "R12": (
        having("serious_infection"),
        record([observation("active_infection_screen", answer="answer_negative", on="2026-11-01")]),
    ),
    "R13": (
        having("serious_infection", state="resolved", onset="2026-05"),
        refuted("serious_infection"),
    ),
    "R14": (having("ntm_lung_disease"), refuted("ntm_lung_disease")),
    "R15": (having("pregnancy"), record([none_of_these])),
    "R16": (having("uveitis"), refuted("uveitis")),
    "R17": (having("crohns_disease"), refuted("crohns_disease", "ulcerative_colitis")),
    "R18": (
        having("psoriasis"),
        record([no("paradoxical_psoriasis")], [condition("psoriasis", "refuted")]),
    ),
    "R19": (having("interstitial_lung_disease"), refuted("interstitial_lung_disease")),
    "R20": (having("castleman_disease"), refuted("castleman_disease", "aa_amyloidosis")),
    "R21": (
        record([yes("dsdna")]),
        record(
            [no("ana"), no("dsdna")],
            [condition(c, "refuted") for c in ("lupus", "drug_induced_lupus")],
        ),
    ),
    "R22": (having("lymphoma", state="resolved", onset="2024"), refuted("lymphoma", "melanoma")),
    "R23": (record([no("csdmard_possible")]), record([yes("csdmard_possible")])),
    "R24": (
        record(medications=[medication("etanercept", "stopped", stop="stop_primary_failure")]),
        record([observation("prior_tnfi_count", 0)]),
    ),
    "R25": (record([yes("surgery_or_live_vaccine")]), record([no("surgery_or_live_vaccine")])),
    "R26": (
        record([observation("weight", 120, unit="kg")]),
        record(latex_route, [condition("latex_allergy", "refuted")]),
    ),
    "R27": (joints(12, 7, 60, *TWO_CSDMARDS), joints(1, 1, 10)),
}
"""Per rule a record in which it is present and one in which it is absent."""


def test_every_caution_of_the_file_has_its_trigger_tested():
    assert list(PRESENT_AND_ABSENT) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_every_caution_reaches_all_three_states(rule):
    present, absent = PRESENT_AND_ABSENT[rule]
    assert find(rule, present).presence is Presence.PRESENT
    assert find(rule, absent).presence is Presence.ABSENT
    assert find(rule, record()).presence is Presence.NOT_FOUND


@pytest.mark.parametrize("rule", RULES)
def test_a_caution_that_is_not_present_says_nothing_against_either_drug(rule):
    _, absent = PRESENT_AND_ABSENT[rule]
    for told in (absent, record()):
        assert set(find(rule, told).severity.values()) == {Severity.NONE}


@pytest.mark.parametrize("rule", RULES)
def test_what_is_not_found_is_never_called_absent(rule):
    finding = find(rule, record())
    assert finding.presence is Presence.NOT_FOUND
    assert not {"absent", "denied", "refuted", "negative"} & set(finding.detail.lower().split())
    assert finding.evidence == ()


@pytest.mark.parametrize("rule", RULES)
def test_every_finding_is_a_sentence_and_names_the_resource_it_rests_on(rule):
    present, _ = PRESENT_AND_ABSENT[rule]
    finding = find(rule, present)
    assert finding.detail.endswith(".")
    assert finding.evidence


def test_low_neutrophils_name_value_date_and_limit():
    told = record([observation("neutrophils", 1.4, unit=COUNT, on="2026-10-28")])
    finding = find("R4", told)
    assert finding.detail == "1.4 ×10⁹/L on 2026-10-28, below 2.0."
    assert finding.severity == {"tnfi": Severity.CAUTION, "il6i": Severity.STOP}
    assert finding.evidence == ("Observation/neutrophils-2026-10-28",)


def test_of_two_counts_of_one_day_the_one_that_warns_is_believed():
    same = [blood("neutrophils", 4.4), dataclasses.replace(blood("neutrophils", 1.4))]
    for listed in (same, same[::-1]):
        assert find("R4", record(listed)).presence is Presence.PRESENT


def test_a_newer_normal_count_replaces_an_older_low_one():
    older = observation("neutrophils", 1.4, unit=COUNT, on="2026-09-01")
    assert find("R4", record([older, blood("neutrophils", 4.4)])).presence is Presence.ABSENT


@pytest.mark.parametrize(
    ("number", "comparator", "presence"),
    [(2.0, "<", "present"), (3.0, "<", "not found in the record"), (3.0, ">", "absent")],
)
def test_a_count_with_a_comparator_is_judged_only_where_it_can_be(number, comparator, presence):
    told = observation("neutrophils", number, unit=COUNT, comparator=comparator)
    assert find("R4", record([told])).presence.value == presence


def test_a_count_in_another_unit_is_not_judged():
    told = record([observation("neutrophils", 1400, unit="/uL")])
    assert find("R4", told).presence is Presence.NOT_FOUND


def test_heart_failure_without_a_class_says_that_the_class_is_not_found():
    finding = find("R1", having("heart_failure"))
    assert "NYHA class not found" in finding.detail
    assert finding.severity["tnfi"] is Severity.CAUTION


def test_perforation_risk_names_the_drugs_that_add_to_it():
    told = record(
        conditions=[condition("diverticulitis")],
        medications=[medication("prednisone"), medication("nsaid")],
    )
    assert "glucocorticoid (dose not in the record) and an NSAID" in find("R3", told).detail


@pytest.mark.parametrize(
    ("why", "il6i"),
    [
        ("stop_primary_failure", Severity.FAVOUR),
        ("stop_secondary_failure", Severity.INFORMATION),
        ("", Severity.INFORMATION),
    ],
)
def test_only_primary_failure_favours_another_class(why, il6i):
    told = record(medications=[medication("etanercept", "stopped", stop=why)])
    assert find("R24", told).severity["il6i"] is il6i


def test_a_drug_stopped_for_an_adverse_event_has_not_failed():
    told = record(medications=[medication("etanercept", "stopped", stop="stop_adverse_event")])
    assert find("R24", told).presence is Presence.ABSENT


def test_anti_hbc_beside_a_positive_hbsag_leaves_the_word_to_the_other_caution():
    told = record([yes("anti_hbc"), yes("hbsag")])
    assert find("R10", told).severity["tnfi"] is Severity.CAUTION
    assert set(find("R11", told).severity.values()) == {Severity.NONE}
    assert "HBsAg is positive as well" in find("R11", told).detail


def test_pregnancy_is_absent_for_recorded_men_unless_somebody_says_otherwise():
    assert find("R15", record(sex="male")).presence is Presence.ABSENT
    told = record(sex="male", conditions=[condition("pregnancy")])
    assert find("R15", told).presence is Presence.PRESENT


def test_the_payer_band_uses_the_global_in_millimetres():
    # 12 and 12 joints, ESR 60, global 7 of 10: 5.775 + 0.98; on 0-10 it would be 5.87
    assert "DAS28-ESR 6.76" in find("R27", joints(12, 7, 60, *TWO_CSDMARDS)).detail


@pytest.mark.parametrize(
    ("taken", "known"),
    [((), 0), (("methotrexate",), 1), (("methotrexate", "methotrexate", "adalimumab"), 1)],
)
def test_a_payer_band_needs_two_different_csdmards_that_are_known(taken, known):
    finding = find("R27", joints(12, 7, 60, *taken))
    assert finding.presence is Presence.NOT_FOUND
    assert f"csDMARDs listed: {known}" in finding.detail
    assert "at least 2 csDMARDs not found" in finding.detail


@pytest.mark.parametrize(
    ("tender", "esr", "band"), [(12, 60, "high activity band"), (3, 20, "moderate activity band")]
)
def test_with_two_csdmards_the_payer_band_is_named(tender, esr, band):
    finding = find("R27", joints(tender, 5, esr, *TWO_CSDMARDS))
    assert finding.presence is Presence.PRESENT
    assert finding.detail.endswith(f"csDMARDs listed: 2; {band}.")


def test_a_csdmard_only_ordered_has_not_been_tried():
    told = joints(12, 7, 60, "methotrexate")
    ordered = medication("sulfasalazine", "planned")
    told = dataclasses.replace(told, medications=(*told.medications, ordered))
    assert find("R27", told).presence is Presence.NOT_FOUND


@pytest.mark.parametrize("hard", [Severity.STOP, Severity.AVOID, Severity.FAVOUR])
def test_an_unconfirmed_diagnosis_never_forbids_and_never_favours(hard):
    rules = [r for r in SPEC.cautions if hard in r.severity.values()]
    assert rules
    for rule in rules:
        present, _ = PRESENT_AND_ABSENT[rule.id]
        if present.observations or present.medications:
            continue
        doubted = [
            dataclasses.replace(c, state=condition("uveitis", "unconfirmed").state)
            for c in present.conditions
        ]
        assert hard not in find(rule.id, record(conditions=doubted)).severity.values()


DIAGNOSES = sorted(
    {
        name
        for name, codelist in SPEC.codelists.items()
        if any(e.code.system.endswith(("/sct", "icd-10-cm")) for e in codelist.entries)
        and not name.startswith(("answer", "nyha"))
    }
)
STATES = ["active", "resolved", "unconfirmed", "refuted"]
ONSETS = ["", "2015-03-01", "2026-06-01"]
DAYS = ["2019-03-01", "2026-02-01", "2026-08-20", "2026-10-19", "2026-10-28", "2026-11-01"]
YES_OR_NO = [
    "tb_screen",
    "hbsag",
    "anti_hbc",
    "ana",
    "dsdna",
    "ms_relative",
    "csdmard_possible",
    "paradoxical_psoriasis",
    "active_infection_screen",
    "surgery_or_live_vaccine",
]
ANSWERS = {
    **{key: ["answer_positive", "answer_negative", "stop_other"] for key in YES_OR_NO},
    "pregnancy_status": [
        "answer_pregnant",
        "answer_planning_pregnancy",
        "answer_not_pregnant",
        "answer_no_pregnancy_question",
    ],
    "last_tnfi_stop_reason": ["stop_primary_failure", "stop_adverse_event", "answer_not_now"],
    "nyha_class": ["nyha_3_4", "nyha_1_2"],
}
# made once and drawn from: building them anew for every example costs more than all the rules
RESULTS = [
    *(observation(of, answer=a, on=d) for d in DAYS for of in ANSWERS for a in ANSWERS[of]),
    *(
        observation(of, number, unit=COUNT, on=day, status=status)
        for day in DAYS
        for of in ("neutrophils", "platelets")
        for number in (0.9, 1.7, 4.0, 120.0, 300.0)
        for status in ("final", "preliminary")
    ),
    *(
        observation(of, number, unit="U/L", on=day, high=high)
        for day in DAYS
        for of in ("alt", "ast")
        for number in (20.0, 90.0)
        for high in (None, 40.0)
    ),
]
# one result per concept and day: two that differ on one day are a conflict, which removal settles
observations = st.lists(
    st.sampled_from(RESULTS), max_size=10, unique_by=lambda o: (o.codes, o.effective.text)
)
conditions = st.sampled_from(
    [condition(d, s, o) for d in DIAGNOSES for s in STATES for o in ONSETS]
)
medications = st.sampled_from(
    [
        medication(of, state, start="2025-01-01", stop=stop)
        for of in ("methotrexate", "adalimumab", "etanercept", "prednisone")
        for state in ("active", "stopped", "planned")
        for stop in ("", "stop_primary_failure", "stop_adverse_event")
    ]
)

Part = Observation | Condition | MedicationExposure


def presences(told: PatientRecord) -> dict[str, Presence]:
    return {f.rule.id: f.presence for f in SPEC.find_cautions(told, SPEC)}


@settings(max_examples=300)
@given(
    seen=observations,
    diagnosed=st.lists(conditions, max_size=8),
    taken=st.lists(medications, max_size=4),
    pick=st.integers(0, 100),
)
def test_removing_data_never_turns_not_found_into_absent(seen, diagnosed, taken, pick):
    # absence must rest on something that says so; taking things away can only make us know less
    parts: list[Part] = [*seen, *diagnosed, *taken]
    if not parts:
        return
    gone = parts[pick % len(parts)]
    before = presences(record(seen, diagnosed, taken))
    after = presences(
        record(
            [o for o in seen if o is not gone],
            [c for c in diagnosed if c is not gone],
            [m for m in taken if m is not gone],
        )
    )
    for rule, presence in before.items():
        if presence is Presence.NOT_FOUND:
            assert after[rule] is not Presence.ABSENT, (rule, gone)


@settings(max_examples=100)
@given(
    of=st.lists(st.sampled_from(DIAGNOSES), min_size=1, max_size=10), onset=st.sampled_from(ONSETS)
)
def test_a_refuted_diagnosis_never_makes_a_caution_present(of, onset):
    # `refuted` is the one state that says the disease is not there
    told = record(conditions=[condition(c, "refuted", onset) for c in of])
    assert Presence.PRESENT not in presences(told).values()


@settings(max_examples=100)
@given(
    seen=observations,
    diagnosed=st.lists(conditions, max_size=8),
    more=st.sampled_from([condition(d) for d in DIAGNOSES]),
)
def test_a_further_active_diagnosis_never_makes_a_caution_disappear(seen, diagnosed, more):
    # the problem list is a list of warnings: a longer one cannot be more reassuring
    before = presences(record(seen, diagnosed))
    after = presences(record(seen, [*diagnosed, more]))
    for rule, presence in before.items():
        if presence is Presence.PRESENT:
            assert after[rule] is Presence.PRESENT, rule


@settings(max_examples=50)
@given(diagnosed=st.lists(conditions, max_size=8))
def test_a_caution_never_changes_a_predictor(diagnosed):
    # cautions stand beside the model: no diagnosis but arthritis itself reaches a predictor
    arthritis = condition("rheumatoid_arthritis").codes
    others = [c for c in diagnosed if c.codes != arthritis]
    for feature in SPEC.features:
        with_, without = eligible((), others), eligible()
        assert feature.derive(with_, feature, SPEC.codelists) == feature.derive(
            without, feature, SPEC.codelists
        )
