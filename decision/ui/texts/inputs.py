"""Sentences about the data behind an answer: missing, old, doubtful, unusual, entered (R9, R10)."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.assessment import DecisionCard
from decision.clinical.codes import Code
from decision.clinical.features import FeatureVector, Found, Missing, MissingReason
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, Origin, PatientRecord, Value
from decision.clinical.spec import DecisionSpec, Modality
from decision.ui.texts.numbers import moment, number, per_100, plural, quantity
from decision.ui.texts.reasons import value_text

NOTHING_MISSING = "Every input was found."


def missing(card: DecisionCard) -> tuple[str, ...]:
    """One line per missing thing with what it costs, the dearest first; nothing is left unsaid."""
    costs = {c.player: c.wider for c in card.answer.missing_costs}
    players = {f: p for p in card.spec.players for f in p.features}
    lines: dict[str, tuple[float, str]] = {}
    for feature_id, finding in card.features.missing.items():
        player = players.get(feature_id)
        key = player.id if player else feature_id
        label = player.label if player else card.spec.feature(feature_id).label
        wider = costs.get(key, 0.0)
        why = why_missing(finding)
        if per_100(wider) >= 1:
            said = f"likely range of the difference wider by {per_100(wider)} of 100"
        else:
            said = "range wider by fewer than 1 of 100"
        lines[key] = (wider, f"{label} {why}: {said}.")
    return tuple(text for _, text in sorted(lines.values(), key=lambda item: -item[0]))


def why_missing(finding: Missing) -> str:
    return {
        MissingReason.NOT_FOUND: "not found in the record",
        MissingReason.TOO_OLD: "too old to use",
        MissingReason.UNUSABLE: "found, but not usable",
        MissingReason.CONFLICT: "has conflicting results",
    }[finding.reason]


def modalities(absent: Sequence[Modality]) -> str:
    if not absent:
        return ""
    kinds = " and ".join(m.value for m in absent)
    return f"No {kinds} data: the estimate uses what patients without them had in common."


def summary(spec: DecisionSpec, features: FeatureVector, record: PatientRecord) -> str:
    """One line for the top of the page: how much is there, is not, is doubtful."""
    gone = features.missing
    old = sum(m.reason is MissingReason.TOO_OLD for m in gone.values())
    entered = sum(
        f.evidence.origin is Origin.CLINICIAN for _, f in features.findings if isinstance(f, Found)
    )
    parts = [f"{len(features.values)} of {plural(len(spec.features), 'input')} found"]
    if gone:
        parts.append(f"{len(gone)} missing" + (f" ({old} too old)" if old else ""))
    if entered:
        parts.append(f"{entered} entered by clinician")
    if record.issues:
        parts.append(
            plural(len(record.issues), "doubt about the record", "doubts about the record")
        )
    return ", ".join(parts)


def unusual(card: DecisionCard) -> tuple[str, ...]:
    """Each value outside the usual range of training, with that range."""
    lines = []
    for feature_id, value, low, high in card.answer.domain.outside_usual:
        feature = card.spec.feature(feature_id)
        side = "above" if value > high else "below"
        lines.append(
            f"{feature.label} {value_text(feature, value)} is {side} the usual range in training "
            f"({number(low)} to {number(high)}). The estimate is less certain than its range shows."
        )
    return tuple(lines)


def deceased(record: PatientRecord) -> str:
    if record.deceased is None:
        return ""
    return (
        f"The record says that this patient died ({moment(record.deceased)}). "
        "Shown as of the data's date, for review only."
    )


def entered_value(value: Value) -> str:
    """How an entry reads back to the clinician who made it."""
    if isinstance(value, Quantity):
        return quantity(value.value, value.unit)
    if isinstance(value, Code):
        return value.display or value.code
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def entered(entry: Observation) -> str:
    return f"{entry.text}: {entered_value(entry.value)} (entered by clinician, this session only)"


def outside_limits(label: str, value: float, low: float, high: float) -> str:
    side = "above" if value > high else "below"
    return (
        f"{label}: {number(value)} is {side} the limits ({number(low)} to {number(high)}). "
        "Correct the value; nothing was saved."
    )


def negative(label: str, value: float) -> str:
    return f"{label}: {number(value)} is below 0. Correct the value; nothing was saved."


def missing_plain(spec: DecisionSpec, features: FeatureVector) -> tuple[str, ...]:
    """What is missing where there is no estimate to widen; what an estimate needs comes first."""
    gone = sorted(features.missing.items(), key=lambda item: not spec.feature(item[0]).required)
    return tuple(
        f"{spec.feature(i).label} {why_missing(m)}"
        f"{' (needed for an estimate)' if spec.feature(i).required else ''}."
        for i, m in gone
    )
