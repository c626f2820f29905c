"""What is sought in a record: the model's inputs, and what only describes; each with its look-back,
unit, limits and the question that fills it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from decision.catalog.t1d_progression.antibodies import Kind
from decision.catalog.t1d_progression.derive import findings, persons
from decision.catalog.t1d_progression.derive.own import Derive, narrowed
from decision.catalog.t1d_progression.limits import limits, lookback, step, unit
from decision.catalog.t1d_progression.local import Place
from decision.clinical.spec import Entry, EntryKind, FeatureSpec, Modality
from decision.evidence import person, results

YES_NO: Mapping[str, str] = MappingProxyType({"no": "No", "yes": "Yes"})
ANTIBODY_STATES: Mapping[str, str] = MappingProxyType(
    {
        "antibody-negative": "Negative",
        "antibody-one-sample": "Positive in one sample",
        "antibody-confirmed": "Positive, confirmed in a second sample",
    }
)
_ANCESTRIES: Mapping[str, str] = MappingProxyType(
    {
        "ancestry-european": "European",
        "ancestry-african": "African",
        "ancestry-other": "Other or mixed",
    }
)
_ANTIBODY_WORDS = ("negative", "positive, confirmed")


def _entry(
    row: str,
    question: str,
    concept: str,
    choices: Mapping[str, str] | None,
) -> Entry:
    if choices is not None:
        return Entry(kind=EntryKind.CHOICE, question=question, concept=concept, choices=choices)
    return Entry(
        kind=EntryKind.NUMBER,
        question=question,
        concept=concept,
        step=step(row),
        unit=unit(row),
        limits=limits(row),
    )


def _feature(
    feature_id: str,
    label: str,
    short: str,
    derive: Derive,
    *,
    row: str = "",
    modality: Modality = Modality.SEROLOGICAL,
    concepts: tuple[str, ...] = (),
    required: bool = False,
    describes: bool = False,
    question: str = "",
    asked: str = "",
    choices: Mapping[str, str] | None = None,
    flag_labels: tuple[str, str] | None = None,
) -> FeatureSpec:
    """`row` names its line in `inputs.csv`, `asked` the concept of an answer that is not its own
    first.
    """
    row = row or feature_id
    concept = asked or (concepts[0] if concepts else "")
    return FeatureSpec(
        id=feature_id,
        label=label,
        short=short,
        modality=modality,
        unit=unit(row),
        concepts=concepts if not asked or asked in concepts else (*concepts, asked),
        lookback=lookback(row),
        supported=limits(row),
        required=required,
        derive=narrowed(derive),
        entry=_entry(row, question, concept, choices) if question else None,
        flag_labels=flag_labels,
        describes=describes,
    )


_PERSON = (
    _feature(
        "age",
        "Age",
        "age",
        persons.age,
        modality=Modality.CLINICAL,
        required=True,
    ),
    _feature(
        "male",
        "Sex",
        "sex",
        person.male,
        modality=Modality.CLINICAL,
        required=True,
        flag_labels=("female", "male"),
    ),
    _feature(
        "bmi",
        "Body mass index",
        "BMI",
        results.measured,
        modality=Modality.CLINICAL,
        concepts=("bmi",),
        question="Body mass index (kg/m²)",
    ),
)


def _antibody(kind: Kind, *, describes: bool) -> FeatureSpec:
    name = kind.value.casefold().replace("-", "")
    return _feature(
        name,
        kind.label,
        kind.value,
        partial(findings.antibody, kind=kind),
        row="antibody",
        concepts=(kind.concept,),
        describes=describes,
        # Every published model and ours rest on it: never imputed.
        required=not describes,
        question=kind.label,
        asked=kind.stated,
        choices=ANTIBODY_STATES,
        flag_labels=_ANTIBODY_WORDS,
    )


_MODEL_TESTS = (
    _antibody(Kind.IA2A, describes=False),
    _feature(
        "grs2",
        "Genetic risk score (GRS2)",
        "GRS2",
        findings.grs2,
        concepts=("grs2",),
        question="GRS2, raw (no other genetic score)",
    ),
    _feature(
        "hba1c",
        "HbA1c",
        "HbA1c",
        findings.hba1c,
        concepts=("hba1c",),
        question="HbA1c (%)",
    ),
    _feature(
        "index60",
        "Glucose test (Index60)",
        "Index60",
        findings.index60,
        concepts=("glucose_60", "c_peptide_60", "c_peptide_0"),
    ),
)


def _described(place: Place) -> tuple[FeatureSpec, ...]:
    value = partial(_feature, row="glucose", describes=True, derive=findings.in_unit)
    peptide = partial(_feature, row="c_peptide", describes=True, derive=findings.in_unit)
    return (
        _feature(
            "antibody_number",
            "Number of confirmed islet antibodies",
            "number of confirmed antibodies",
            findings.antibody_number,
            concepts=("islet_antibody", "islet_status"),
            required=True,
            describes=True,
        ),
        _feature(
            "stratum",
            "Stage",
            "stage",
            partial(findings.stratum, place=place),
            concepts=("islet_antibody", "islet_status", "fasting_glucose", "glucose_120", "hba1c"),
            required=True,
            describes=True,
        ),
        *(_antibody(k, describes=True) for k in Kind if k is not Kind.IA2A and k.counted),
        value(
            "fasting_glucose",
            "Fasting glucose",
            "fasting glucose",
            concepts=("fasting_glucose",),
            question="Fasting glucose (mg/dL)",
        ),
        value(
            "glucose_60",
            "Glucose 1 hour after 75 g",
            "1-hour glucose",
            concepts=("glucose_60",),
            question="Glucose 1 hour after 75 g (mg/dL)",
        ),
        value(
            "glucose_120",
            "Glucose 2 hours after 75 g",
            "2-hour glucose",
            concepts=("glucose_120",),
            question="Glucose 2 hours after 75 g (mg/dL)",
        ),
        peptide(
            "c_peptide_0",
            "Fasting C-peptide",
            "fasting C-peptide",
            concepts=("c_peptide_0",),
            question="Fasting C-peptide of the same test (ng/mL)",
        ),
        peptide(
            "c_peptide_60",
            "C-peptide 1 hour after 75 g",
            "1-hour C-peptide",
            concepts=("c_peptide_60",),
            question="C-peptide 1 hour after 75 g, same test (ng/mL)",
        ),
        _feature(
            "relative",
            "First-degree relative with type 1 diabetes",
            "first-degree relative",
            persons.yes_or_no,
            modality=Modality.CLINICAL,
            concepts=("first_degree_relative",),
            describes=True,
            question="First-degree relative with type 1 diabetes?",
            choices=YES_NO,
            flag_labels=(
                "no first-degree relative with type 1 diabetes",
                "first-degree relative with type 1 diabetes",
            ),
        ),
        _feature(
            "symptoms",
            "Symptoms of hyperglycaemia",
            "symptoms of hyperglycaemia",
            persons.yes_or_no,
            modality=Modality.CLINICAL,
            concepts=("symptoms_of_hyperglycaemia",),
            describes=True,
            question="Symptoms of hyperglycaemia now?",
            choices=YES_NO,
            flag_labels=("denied", "stated"),
        ),
        _feature(
            "ancestry",
            "Genetic ancestry",
            "genetic ancestry",
            findings.ancestry,
            modality=Modality.CLINICAL,
            concepts=("genetic_ancestry",),
            describes=True,
            question="Genetic ancestry, as stated with the genetic score",
            choices=_ANCESTRIES,
            flag_labels=("other than European", "European"),
        ),
    )


def features(place: Place) -> tuple[FeatureSpec, ...]:
    """Every feature under the rules of a place, the model's inputs first."""
    return (*_PERSON, *_MODEL_TESTS, *_described(place))
