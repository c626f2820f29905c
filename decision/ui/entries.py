"""What the form asks and what becomes of an answer; pure, so that every limit is tested here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from decision.clinical.codes import LOCAL, Code
from decision.clinical.features import FeatureVector, Finding, Found, Missing
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import Observation, Origin, PatientRecord, Source
from decision.clinical.scores.joints import COUNTED
from decision.clinical.scores.questionnaires import ASKED
from decision.clinical.spec import (
    CautionFinding,
    CriterionResult,
    DecisionSpec,
    Eligibility,
    Entry,
    FeatureSpec,
    Modality,
    ShownAs,
)
from decision.ui.texts.examination import TODAY
from decision.ui.texts.inputs import from_millimetres, outside_limits
from decision.ui.texts.numbers import moment, number, unit
from decision.ui.texts.reasons import value_text

NEEDED = "Needed for an estimate"
CAUTIONS = "Cautions the record leaves open"
GROUPS = {
    Modality.CLINICAL: "Clinical",
    Modality.SEROLOGICAL: "Laboratory",
    Modality.TRANSCRIPTOMIC: "RNA panel",
}
_SCORE, _TEN, _MILLIMETRES = "{score}", 10.0, 100.0
"""A score of 0 to 10 is often read from a line of 100 mm: what was meant is asked, not assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of the form, with everything needed to check and file its answer."""

    entry: Entry
    code: Code
    group: str
    known: str = ""
    """The record's own value, where it has one: an answer replaces it, silence keeps it."""

    @property
    def hint(self) -> str:
        """The record's value, else the limits with their unit, shown where the answer goes."""
        if self.known:
            return f"In use: {self.known}"
        limits = self.entry.limits
        if limits is None:
            return "Not known"
        return f"{number(limits.low)} to {number(limits.high)} {unit(self.entry.unit)}".rstrip()


def filed_under(spec: DecisionSpec, concept: str) -> Code:
    """The code an answer is filed under: the concept's own local code, else its first code."""
    codelist = spec.codelists.get(concept)
    exact = [e.code for e in codelist.entries if not e.prefix] if codelist else []
    own = [code for code in exact if code.system == LOCAL]
    return (own or exact or [Code(system=LOCAL, code=concept)])[0]


def fields(
    spec: DecisionSpec,
    features: FeatureVector,
    criteria: Sequence[CriterionResult],
    cautions: Sequence[CautionFinding] = (),
) -> tuple[Field, ...]:
    """One field per concept that the record leaves open: first what an estimate needs, then what
    could forbid a drug, then the rest. Before all of them comes what is examined anew at each
    visit, whatever the record says of an earlier one.
    """
    found: dict[str, Field] = {}
    for feature in examined(spec):
        if feature.entry is not None:
            code = filed_under(spec, feature.entry.concept)
            known = _in_use(feature, features[feature.id])
            found.setdefault(
                code.code, Field(entry=feature.entry, code=code, group=TODAY, known=known)
            )
    for criterion in criteria:
        if criterion.entry is not None and criterion.state is Eligibility.UNKNOWN:
            code = filed_under(spec, criterion.entry.concept)
            found.setdefault(code.code, Field(entry=criterion.entry, code=code, group=NEEDED))
    for finding in sorted(cautions, key=lambda f: f.rule.priority):
        for entry in finding.entries:
            code = filed_under(spec, entry.concept)
            found.setdefault(code.code, Field(entry=entry, code=code, group=CAUTIONS))
    gone = features.missing
    for feature in sorted(spec.features, key=lambda f: not f.required):
        if feature.entry is None or feature.id not in gone:
            continue
        code = filed_under(spec, feature.entry.concept)
        group = NEEDED if feature.required else GROUPS[feature.modality]
        found.setdefault(code.code, Field(entry=feature.entry, code=code, group=group))
    for feature, known in _beside(spec, features):
        if feature.entry is not None:
            code = filed_under(spec, feature.entry.concept)
            group = NEEDED if feature.required else GROUPS[feature.modality]
            field = Field(entry=feature.entry, code=code, group=group, known=known)
            found.setdefault(code.code, field)
    order = [TODAY, NEEDED, CAUTIONS, *GROUPS.values()]
    return tuple(sorted(found.values(), key=lambda f: order.index(f.group)))


def examined(spec: DecisionSpec) -> tuple[FeatureSpec, ...]:
    """What a visit measures anew where the decision asks for joint counts: the counts, what they
    make one score with, and what a questionnaire gives. Nothing where it asks for none.
    """
    asked = [f for f in spec.features if f.entry is not None]
    concepts = {f.id: f.entry.concept for f in asked if f.entry is not None}
    counts = [f for f in asked if concepts[f.id] in COUNTED]
    if {concepts[f.id] for f in counts} != set(COUNTED):
        return ()
    ids = {f.id for f in counts}
    together = {
        i
        for player in spec.players
        if player.shown_as is ShownAs.SUM and ids.intersection(player.features)
        for i in player.features
    }
    others = [f for f in asked if f.id in together and f not in counts]
    return (*counts, *others, *(f for f in asked if concepts[f.id] in ASKED))


def _in_use(feature: FeatureSpec, finding: Finding) -> str:
    """The value in use and its date; empty where there is none."""
    if isinstance(finding, Missing):
        return ""
    when = moment(finding.evidence.effective)
    return f"{value_text(feature, finding.value)} ({when})"


def of_another_day(spec: DecisionSpec, features: FeatureVector) -> tuple[str, ...]:
    """Parts of a sum whose other parts were entered now: with them it is no score of any day."""
    return tuple(
        f"{feature.label} {known}"
        for feature, known in _beside(spec, features)
        if _entered_beside(spec, features, feature)
    )


def _entered_beside(spec: DecisionSpec, features: FeatureVector, feature: FeatureSpec) -> bool:
    others = (features[i] for p in spec.players if feature.id in p.features for i in p.features)
    return any(
        isinstance(found, Found) and found.evidence.origin is Origin.CLINICIAN for found in others
    )


def _beside(spec: DecisionSpec, features: FeatureVector) -> Iterator[tuple[FeatureSpec, str]]:
    """The record's parts of a sum of which another part is asked for or was entered: joints of
    today with a global of last week are no score of either day, so both can be given together.
    """
    for player in spec.players:
        if player.shown_as is not ShownAs.SUM:
            continue
        members = [(spec.feature(i), features[i]) for i in player.features]
        if any(_of_today(finding) for _, finding in members):
            for feature, finding in members:
                if isinstance(finding, Found) and not _of_today(finding):
                    yield feature, _in_use(feature, finding)


def _of_today(finding: Finding) -> bool:
    return isinstance(finding, Missing) or finding.evidence.origin is Origin.CLINICIAN


def problem(field: Field, answer: float | str) -> str:
    """Why this answer cannot be used, naming field, value and remedy; empty when it can."""
    limits = field.entry.limits
    if isinstance(answer, str) or limits is None or answer in limits:
        return ""
    if field.entry.unit == _SCORE and limits.high == _TEN < answer <= _MILLIMETRES:
        return from_millimetres(field.entry.question, answer, answer * _TEN / _MILLIMETRES)
    return outside_limits(field.entry.question, answer, limits.low, limits.high)


def observation(field: Field, answer: float | str, record: PatientRecord) -> Observation:
    """An answer as an observation of this record, true at the data's own time, by the clinician."""
    if isinstance(answer, str):
        labels = field.entry.choices or {}
        value: Quantity | Code = Code(system=LOCAL, code=answer, display=labels.get(answer, answer))
    else:
        value = Quantity(value=float(answer), unit=field.entry.unit)
    return Observation(
        codes=(field.code,),
        value=value,
        effective=Moment.instant(record.as_of),
        status="final",
        source=Source(reference=f"entered/{field.code.code}", origin=Origin.CLINICIAN),
        text=field.entry.question,
    )
