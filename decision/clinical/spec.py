"""How a decision describes itself: data that rules, models and pages read, and nothing that they
hard-code. What a specification is made of (`inputs`, `cautions`, `choices`) is offered here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from decision.clinical.cautions import CautionFinding as CautionFinding
from decision.clinical.cautions import CautionRule as CautionRule
from decision.clinical.cautions import CriterionResult as CriterionResult
from decision.clinical.cautions import Eligibility as Eligibility
from decision.clinical.cautions import Presence as Presence
from decision.clinical.cautions import Severity as Severity
from decision.clinical.choices import NO_DRUG
from decision.clinical.choices import OtherChoice as OtherChoice
from decision.clinical.choices import OverrideReason as OverrideReason
from decision.clinical.codes import Codelist
from decision.clinical.features import FeatureVector
from decision.clinical.inputs import Entry as Entry
from decision.clinical.inputs import EntryKind as EntryKind
from decision.clinical.inputs import FeatureSpec as FeatureSpec
from decision.clinical.inputs import Limits as Limits
from decision.clinical.inputs import Modality as Modality
from decision.clinical.inputs import ModelColumn as ModelColumn
from decision.clinical.inputs import Player as Player
from decision.clinical.inputs import ShownAs as ShownAs
from decision.clinical.inputs import Stratum as Stratum
from decision.clinical.inputs import Threshold as Threshold
from decision.clinical.inputs import Transform as Transform
from decision.clinical.inputs import UnmeasuredFloor as UnmeasuredFloor
from decision.clinical.inputs import Verification as Verification
from decision.clinical.record import PatientRecord
from decision.clinical.situation import Situation
from decision.clinical.summary import NO_HISTORY, DrugHistory
from decision.clinical.summary import SummaryItem as SummaryItem
from decision.clinical.trends import Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One drug class the decision speaks of, always named by class. The code list of its drugs has
    its id. Where two are compared these are the arms.
    """

    id: str
    label: str
    label_with_article: str
    names: tuple[str, ...] = ()
    """By which a drug of the class is recognised where it carries no code of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is predicted, and by when."""

    label: str
    definition: str
    citation: str
    desirable: bool
    """True where the larger probability is the better one, as for response; False for harm."""
    horizon_weeks: int = 0
    """By when, where there is one horizon; a prognosis names its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrognosisSpec:
    """What makes a decision a prognosis: one risk that grows over fixed horizons, and nothing
    compared.
    """

    horizons_years: tuple[float, ...]
    """Ascending; the last one is the headline."""
    stratum: str
    """The feature whose value is the number of the stratum, which never pools."""
    describe: Callable[[PatientRecord, DecisionSpec, FeatureVector], Situation]
    band: Callable[[float, int], str]
    """What a risk at the last horizon is called in a stratum (by its number)."""
    band_note: str
    """Whose the bands are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSpec:
    """A whole decision. Everything that can be said about it without a patient or a model.

    With a `prognosis` it is a risk over time; without one, a comparison of exactly two treatments.
    """

    id: str
    version: str
    title: str
    intended_use: str
    not_for: tuple[str, ...]
    treatments: tuple[Treatment, ...]
    outcome: Outcome
    features: tuple[FeatureSpec, ...]
    players: tuple[Player, ...]
    columns: tuple[ModelColumn, ...]
    strata: tuple[Stratum, ...]
    quorum: Mapping[Modality, int]
    """How many features of a modality must be there for the modality to count as present."""
    thresholds: Mapping[str, Threshold]
    codelists: Mapping[str, Codelist]
    cautions: tuple[CautionRule, ...]
    eligibility: Callable[[PatientRecord, DecisionSpec], tuple[CriterionResult, ...]]
    find_cautions: Callable[[PatientRecord, DecisionSpec], tuple[CautionFinding, ...]]
    override_reasons: tuple[OverrideReason, ...]
    not_modelled: tuple[str, ...]
    citations: tuple[str, ...]
    other_choices: tuple[OtherChoice, ...] = ()
    standing_choices: Mapping[str, str] = field(default_factory=lambda: NO_DRUG)
    """What can always be chosen, by code."""
    summary: tuple[SummaryItem, ...] = ()
    history: DrugHistory = NO_HISTORY
    trends: tuple[Trend, ...] = ()
    """What is shown over time; filled from the `trends` module of the decision's folder."""
    prognosis: PrognosisSpec | None = None
    local: str = ""
    """In words, what the place chose (`Local`) that changes anything here; part of every input
    hash.
    """

    def feature(self, feature_id: str) -> FeatureSpec:
        """The feature of that id; KeyError when the decision has none."""
        return next(f for f in self.features if f.id == feature_id)

    def treatment(self, treatment_id: str) -> Treatment:
        return next(t for t in self.treatments if t.id == treatment_id)

    def choices(self) -> dict[str, str]:
        """Everything that can be chosen, by code: its drugs by name, other choices, the rest."""
        drugs = {t.id: t.label for t in sorted(self.treatments, key=lambda t: t.label)}
        other = {choice.code: choice.label for choice in self.other_choices}
        return drugs | other | dict(self.standing_choices)

    def reason(self, code: str) -> str:
        """The words of a coded reason; the code itself where the decision does not know it."""
        return {r.code: r.label for r in self.override_reasons}.get(code, code)
