"""The demo patients before type 1 diabetes: what each shows, worked out by hand from the printed
thresholds (ADA table 2.1, mg/dL and %: stage 2 from 100 fasting, 140 after 2 hours, HbA1c 5.7, or a
tenth more HbA1c than 3 to 12 months before; stage 3 from 126, 200 and 6.5).
"""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import pytest

from decision import catalog
from decision.catalog.t1d_progression.derive import genes, glucose, persons
from decision.catalog.t1d_progression.derive.staged import Staged, staged
from decision.catalog.t1d_progression.equations import dptrs, index60
from decision.catalog.t1d_progression.genetics import Ancestry, grs2x_centile
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.refusals import AncestryRefusedError, WrongScoreError
from decision.catalog.t1d_progression.staging import Stratum
from decision.clinical.assessment import AbstentionReason
from decision.clinical.codes import Code
from decision.clinical.features import FeatureVector
from decision.clinical.local import Local
from decision.clinical.quantities import Quantity
from decision.clinical.record import PatientRecord
from decision.clinical.spec import Presence
from decision.rules import causes_before_model, derive_features
from examples import make_demo_patients as converter
from fhir.bundles import FolderSource
from tests.samples import unpacked

FOLDER = Path(converter.__file__).parent / "demo_patients"
SOURCE = FolderSource(FOLDER)
FILES = sorted(FOLDER.glob("demo-t1-*.json"))
SPEC = catalog.load("t1d_progression", Local(jurisdiction="US"))
PLACE = Place(jurisdiction="US")
NOT_ELIGIBLE = AbstentionReason.NOT_ELIGIBLE


@cache
def case(number: int) -> PatientRecord:
    return SOURCE.load(f"demo-t1-{number:02d}")


def stage_of(record: PatientRecord) -> Staged:
    return staged(record, SPEC.codelists, PLACE)


def reasons(record: PatientRecord) -> set[AbstentionReason]:
    criteria = SPEC.eligibility(record, SPEC)
    return {c.reason for c in causes_before_model(SPEC, criteria, derive_features(record, SPEC))}


def features(number: int) -> FeatureVector:
    return derive_features(case(number), SPEC)


@dataclasses.dataclass(frozen=True)
class Shown:
    """One case as a sentence, with what a reader of the table and the thresholds would say."""

    number: int
    sentence: str
    outcome: str
    confirmed: str
    reached: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    stratum: Stratum | None = None
    """Whose risk is shown; of nobody else any."""


ONE, TWO = Stratum.STAGE_1, Stratum.STAGE_2
NO_OGTT = ("2-hour glucose",)
ONLY_HBA1C = ("fasting glucose", "2-hour glucose")
CASES = [
    # GADA 22, 26 and 31 on three days, limit 5; IA-2A, IAA and ZnT8A below theirs. 86 < 100 fasting
    # and 98 < 140 after 2 hours; HbA1c 5.1 < 5.7
    Shown(
        1,
        "a child with one confirmed antibody and normal glucose",
        "single antibody",
        "GADA",
        stratum=Stratum.SINGLE,
    ),
    # GADA and IAA three times each; 90 < 100, 108 < 140, 4.9 < 5.7
    Shown(2, "a child in stage 1 with all measured", "stage 1", "GADA IAA", stratum=ONE),
    # 84 < 100 and 5.2 < 5.7, and nobody knows the 2-hour value
    Shown(
        3,
        "a small child in stage 1 without a glucose test",
        "stage 1, provisional",
        "GADA IAA",
        missing=NO_OGTT,
        stratum=ONE,
    ),
    # 97 < 100, HbA1c 5.5 < 5.7, and 5.5 is 5.8 % more than 5.2 a year before; 140 <= 158 < 200
    Shown(
        4,
        "an adolescent in stage 2 by the 2-hour glucose alone",
        "stage 2",
        "GADA IA-2A ZnT8A",
        reached=("2-hour glucose 158 mg/dL",),
        stratum=TWO,
    ),
    # 5.6 / 5.0 = 1.12 within 251 days; 94 < 100, 129 < 140 and 5.6 < 5.7
    Shown(
        5,
        "an adult in stage 2 by the rise of HbA1c alone",
        "stage 2",
        "GADA IA-2A",
        reached=("HbA1c rise 5.6 %",),
        stratum=TWO,
    ),
    Shown(
        6,
        "two antibodies of one single day wait for a second sample",
        "awaiting confirmation",
        "",
        missing=ONLY_HBA1C,
    ),
    # 200 <= 212 on one day, denied symptoms; 112 and 6.2 are in stage 2 range
    Shown(
        7,
        "a first value in stage 3 range without symptoms is to be repeated",
        "stage 3 range, unconfirmed",
        "GADA IA-2A ZnT8A",
        reached=("2-hour glucose 212 mg/dL", "HbA1c 6.2 %", "fasting glucose 112 mg/dL"),
    ),
    # one antibody twice (9.8 and 11.2, limit 5); 114, 172 and 6.1 are raised
    Shown(
        9,
        "one antibody with raised glucose has no stage",
        "not stageable",
        "GADA",
        reached=("2-hour glucose 172 mg/dL", "HbA1c 6.1 %", "fasting glucose 114 mg/dL"),
    ),
    Shown(
        10,
        "a relative whose antibodies were never tested",
        "not stageable",
        "",
        missing=NO_OGTT,
    ),
    # 87 < 100, 105 < 140, 5.1 < 5.7: the score changes nothing
    Shown(11, "a bare genetic score leaves stage 1 alone", "stage 1", "GADA IAA", stratum=ONE),
    # 5.0 < 5.6 and 6.0 < 7.8 mmol/L, 30 < 39 mmol/mol
    Shown(12, "stage 1 in another laboratory's units", "stage 1", "GADA IAA", stratum=ONE),
    # 93 < 100, HbA1c 5.5 is 5.8 % more than 5.2 six months before; 140 <= 152 < 200
    Shown(
        13,
        "a child of five in stage 2",
        "stage 2",
        "GADA IA-2A IAA",
        reached=("2-hour glucose 152 mg/dL",),
        stratum=TWO,
    ),
    # 89 < 100, 112 < 140, 5.3 < 5.7
    Shown(14, "a child of African ancestry in stage 1", "stage 1", "GADA IA-2A", stratum=ONE),
    # 86 < 100 and 5.3 < 5.7; the 152 mg/dL of the pregnancy screen would have made it stage 2
    Shown(
        15,
        "the pregnancy screen is no 2-hour value",
        "stage 1, provisional",
        "GADA ZnT8A",
        missing=NO_OGTT,
        stratum=ONE,
    ),
]


@pytest.mark.parametrize("shown", CASES, ids=lambda c: f"{c.number:02d} {c.sentence}")
def test_each_patient_shows_what_it_promises(shown):
    record = case(shown.number)
    found = stage_of(record).staging
    reached = sorted(f"{f.criterion} {f.measurement.quantity}" for f in found.fired)

    assert found.outcome == shown.outcome
    assert tuple(reached) == shown.reached
    assert tuple(c for c in found.missing if c != "HbA1c") == shown.missing
    assert found.stratum is shown.stratum
    confirmed = found.antibodies.confirmed if found.antibodies else ()
    assert " ".join(confirmed) == shown.confirmed
    assert (reasons(record) == set()) == (shown.stratum is not None)


def test_the_diagnosed_child_is_asked_no_question_whatever_the_stage_would_be():
    record = case(8)
    (diagnosis,) = record.diagnosed(SPEC.codelists["type_1_diabetes"])
    assert diagnosis.onset is not None
    assert diagnosis.onset.text == "2026-02-20"
    assert NOT_ELIGIBLE in reasons(record)
    refused = [c for c in SPEC.eligibility(record, SPEC) if c.id == "no_diabetes"]
    assert "Type 1 diabetes is diagnosed" in refused[0].detail
    assert len(record.medications) == 2


def test_there_is_a_case_for_every_patient_and_every_patient_is_read_without_a_doubt():
    numbers = [int(path.stem.split("-")[2]) for path in FILES]
    assert numbers == sorted({c.number for c in CASES} | {8}) == list(range(1, 16))
    for number in numbers:
        record = case(number)
        assert (record.issues, record.gaps) == ((), ()), number


# Units


def test_the_same_person_in_other_units_has_the_same_stage_scores_and_inputs():
    ours, theirs = case(2), case(12)
    one, two = stage_of(ours).staging, stage_of(theirs).staging
    assert one.outcome == two.outcome
    assert one.antibodies.confirmed == two.antibodies.confirmed
    (mine,) = glucose.glucose_tests(ours, SPEC.codelists)
    (other,) = glucose.glucose_tests(theirs, SPEC.codelists)
    # 1.06 ng/mL is 0.351 nmol/L: two decimals of a laboratory, no more, apart
    assert index60(mine.ogtt) == pytest.approx(index60(other.ogtt), abs=0.005)
    body = {"bmi_kg_m2": 16.6, "age_years": 9.8}
    assert dptrs(ogtt=mine.ogtt, **body) == pytest.approx(dptrs(ogtt=other.ogtt, **body), abs=0.005)
    left, right = features(2), features(12)
    for feature in SPEC.features:
        if feature.id in left.values:
            assert right.value(feature.id) == pytest.approx(left.value(feature.id), abs=0.006)
    assert set(left.values) == set(right.values)


def test_what_was_received_is_kept_beside_what_it_is_in_our_unit():
    newest = case(12).observed(SPEC.codelists["hba1c"])[0]
    assert newest.reported == Quantity(value=30, unit="mmol/mol")
    # 30 / 10.929 + 2.15
    assert newest.value.unit == "%"
    assert newest.value.value == pytest.approx(4.894990, abs=1e-6)
    after_two_hours = case(12).observed(SPEC.codelists["glucose_120"])[0]
    assert after_two_hours.reported == Quantity(value=6.0, unit="mmol/L")
    assert after_two_hours.value == Quantity(value=108, unit="mg/dL")


def test_a_test_that_is_one_result_with_parts_is_read_as_one_that_is_ten_results():
    panel = case(12).observed(SPEC.codelists["glucose_120"])[0]
    parts = [o for o in case(12).observations if o.source == panel.source]
    assert len(parts) == 10
    assert len({o.effective for o in parts}) == 1
    tubes = glucose.glucose_tests(case(2), SPEC.codelists)[0].results
    assert glucose.glucose_tests(case(12), SPEC.codelists)[0].results.keys() == tubes.keys()
    assert len({o.source for o in tubes.values()}) == 10


# Genes


def test_the_scores_are_read_under_their_type_with_version_and_ancestry():
    child, other = case(1), case(14)
    for record, ancestry in ((child, Ancestry.EUROPEAN), (other, Ancestry.AFRICAN)):
        score = genes.grs2_of(record, SPEC.codelists)
        assert score.ancestry is ancestry
        assert score.version == "PGS000024, demonstration laboratory 2026.1"
    # printed: 50th centile 10.1591, 90th 13.1151
    band = grs2x_centile(genes.typed(child, SPEC.codelists, "grs2x"))
    assert (band.above, band.below) == (50, 90)
    with pytest.raises(AncestryRefusedError):
        grs2x_centile(genes.typed(other, SPEC.codelists, "grs2x"))


def test_a_bare_score_is_refused_by_its_reason_and_takes_nothing_else_with_it():
    record = case(11)
    with pytest.raises(WrongScoreError, match="without its type is refused"):
        genes.grs2_of(record, SPEC.codelists)
    found = derive_features(record, SPEC)
    assert "grs2" not in found.values
    assert {"age", "bmi", "hba1c", "index60"} <= set(found.values)


# Age, traps and untested antibodies


@pytest.mark.parametrize(("number", "years"), [(13, 5), (4, 14), (5, 32), (3, 4), (9, 43)])
def test_ages_are_those_of_the_story(number, years):
    record = case(number)
    found = persons.age_years(record.identity.birth_date, record.as_of.date())
    assert int(found) == years


def test_codes_that_mean_something_else_are_refused_aloud():
    told = " ".join(stage_of(case(15)).unusable)
    for words in ("1504-0", "50 g, not the 75 g test", "1989-3", "not C-peptide"):
        assert words in told
    assert glucose.glucose_tests(case(15), SPEC.codelists)[0].ogtt.c_peptide == {}


def test_a_low_count_is_an_exclusion_and_a_normal_one_still_waits_for_the_clinician():
    """Lymphocytes 2.1 and 0.8 against 1.0: nothing of the label's list is inferred as absent."""
    for number, reached, words in ((4, set(), "2.1"), (5, {"lymphocytes"}, "0.8")):
        exclusions = [
            f
            for f in SPEC.find_cautions(case(number), SPEC)
            if not f.rule.id.startswith("teplizumab")
        ]
        present = {f.rule.id for f in exclusions if f.presence is Presence.PRESENT}
        assert present == reached
        others = {f.presence for f in exclusions if f.rule.id not in reached}
        assert others == {Presence.NOT_FOUND}
        (lymphocytes,) = (f for f in exclusions if f.rule.id == "lymphocytes")
        assert words in lymphocytes.detail


@pytest.mark.parametrize(
    ("number", "below"), [(1, True), (3, True), (13, True), (4, False), (5, False)]
)
def test_the_label_age_of_eight_parts_the_children(number, below):
    found = {f.rule.id: f.presence for f in SPEC.find_cautions(case(number), SPEC)}
    assert (found["teplizumab-age"] is Presence.PRESENT) == below


def test_an_untested_antibody_is_said_to_be_untested():
    assert "not tested: ZnT8A" in stage_of(case(3)).staging.notes


def test_every_code_is_one_the_decision_knows_or_a_bystander():
    bystanders = {"8302-2", "29463-7", "38341003", "274783", "86009"}  # height, weight, ...
    known = {e.code for codelist in SPEC.codelists.values() for e in codelist.entries}
    for number in range(1, 16):
        record = case(number)
        for fact in (*record.observations, *record.conditions, *record.medications):
            strange = [c for c in fact.codes if c not in known and c.code not in bystanders]
            assert strange == []
        answers = [o.value for o in record.observations if isinstance(o.value, Code)]
        assert [a for a in answers if a not in known] == []


# The sample patients


def test_the_decision_refuses_the_sample_patients_and_says_why(tmp_path):
    """The man has type 2 diabetes and insulin; antibodies were measured in none of the three."""
    source = unpacked(tmp_path)
    for listing in source.patients():
        record = source.load(listing.patient_id)
        assert NOT_ELIGIBLE in reasons(record)
        assert stage_of(record).staging.outcome == "not stageable"
        criteria = {c.id: c for c in SPEC.eligibility(record, SPEC)}
        if "Kuhlman" in record.identity.name:
            assert "Type 2 diabetes is diagnosed" in criteria["no_diabetes"].detail
