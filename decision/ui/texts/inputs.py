"""Sentences about the data behind an answer: missing, old, doubtful, unusual, entered (D9, D10)."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.assessment import Card, ComparisonCard, PrognosisCard
from decision.clinical.codes import Code
from decision.clinical.features import FeatureVector, Found, Missing, MissingReason
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, Origin, PatientRecord, Value
from decision.clinical.spec import DecisionSpec, FeatureSpec, Modality
from decision.ui.texts.gaps import why_unread
from decision.ui.texts.numbers import dated, digits, inside, moment, number, per_100, plural, unit
from decision.ui.texts.reasons import value_text

COSTS_NOTE = "Each cost is that of one more measurement; costs do not add up."
NOTHING_MISSING = "Nothing that is usually measured is missing."


def missing(card: ComparisonCard) -> str:
    """Routine gaps with what each costs, the dearest first; research tests in one clause (D9)."""
    costs = {c.player: c.wider for c in card.answer.missing_costs}
    players = {f: p for p in card.spec.players for f in p.features}
    groups: dict[tuple[int, str], list[str]] = {}
    research = 0
    for feature_id, finding in card.features.missing.items():
        if is_research(card.spec.feature(feature_id)):
            research += 1
            continue
        player = players.get(feature_id)
        key = player.id if player else feature_id
        short = card.spec.feature(feature_id).short
        why = "" if finding.reason is MissingReason.NOT_FOUND else f"{why_missing(finding)}; "
        labels = groups.setdefault((per_100(costs.get(key, 0.0)), why), [])
        if short not in labels:
            labels.append(short)
    dearest = sorted(groups.items(), key=lambda group: -group[0][0])
    listed = "; ".join(
        f"{', '.join(labels)} ({why}{_cost(points, len(labels))})"
        for (points, why), labels in dearest
    )
    if not listed:
        return ""  # what nobody measures in routine care is counted in the line below
    tests = f"Not measured: {_research(research)}." if research else ""
    told = "Missing, and how much wider each makes the range of the difference: "
    return f"{told}{listed}. {tests}".strip()


NAMED_AT_MOST = 3


def without(card: PrognosisCard) -> str:
    """What these risks do without, in one line above them, the dearest first (D9)."""
    told = [f"{inside(label)} (range {_points(w)} of 100 wider)" for label, w in _costs(card)]
    more = len(told) - NAMED_AT_MOST
    rest = f"; and {more} more, below" if more > 0 else ""
    return f"Without {'; '.join(told[:NAMED_AT_MOST])}{rest}." if told else ""


def _costs(card: PrognosisCard) -> list[tuple[str, float]]:
    """(player, how much wider the last range is without it), the dearest first."""
    labels = {p.id: p.label for p in card.spec.players}
    ranked = sorted(card.answer.missing_costs, key=lambda cost: -cost.wider)
    return [(labels.get(cost.player, cost.player), cost.wider) for cost in ranked]


def _points(wider: float) -> str:
    return str(per_100(wider)) if per_100(wider) >= 1 else "under 1"


def narrowing(card: PrognosisCard) -> tuple[str, ...]:
    """One line for each thing that is missing: why, and what knowing it would narrow; whatever
    narrows nothing stands in one line.
    """
    spec, last = card.spec, f"{number(card.answer.last.years)}-year range"
    costs = {cost.player: cost.wider for cost in card.answer.missing_costs}
    members = {p.id: p.features for p in spec.players}
    grouped = {f for player in costs for f in members.get(player, ())}
    lines = []
    for label, player in sorted(
        ((p.label, p.id) for p in spec.players if p.id in costs), key=lambda it: -costs[it[1]]
    ):
        why = dict.fromkeys(
            why_missing(card.features.missing[f])
            for f in members[player]
            if f in card.features.missing
        )
        cost = f"makes the {last} {_points(costs[player])} of 100 wider"
        lines.append(f"{label} {' and '.join(why) or 'not known'}: {cost}.")
    rest: dict[str, list[str]] = {}
    for i, m in card.features.missing.items():
        if i not in grouped and not is_research(spec.feature(i)):
            rest.setdefault(why_missing(m), []).append(spec.feature(i).short)
    return (*lines, *(f"Also {why}: {'; '.join(names)}." for why, names in rest.items()))


def is_research(feature: FeatureSpec) -> bool:
    """A test that nobody can be asked for and no estimate needs: not done is not missing."""
    return feature.entry is None and not feature.required


def _research(tests: int) -> str:
    return f"{plural(tests, 'research test')}, no part of routine care"


def _cost(points: int, things: int) -> str:
    each = " each" if things > 1 else ""
    return f"{points if points >= 1 else 'under 1'} of 100{each}"


def why_missing(finding: Missing) -> str:
    if finding.reason is MissingReason.NOT_READ:
        return why_unread(finding.gaps)
    return {
        MissingReason.NOT_FOUND: "not found in the record",
        MissingReason.TOO_OLD: "too old to use",
        MissingReason.UNUSABLE: "found, but not usable",
        MissingReason.CONFLICT: "has conflicting results",
        MissingReason.NOT_READ: "could not be read",
    }[finding.reason]


def modalities(absent: Sequence[Modality]) -> str:
    if not absent:
        return ""
    kinds = " and ".join(m.value for m in absent)
    return f"No {kinds} data: the estimate uses what patients without them had in common."


def summary(spec: DecisionSpec, features: FeatureVector, record: PatientRecord) -> str:
    """One line for the top of the page: how much is there, is not, is doubtful."""
    gone = features.missing
    routine = [m for i, m in gone.items() if not is_research(spec.feature(i))]
    old = sum(m.reason is MissingReason.TOO_OLD for m in routine)
    unread = sum(m.reason is MissingReason.NOT_READ for m in routine)
    entered = sum(
        f.evidence.origin is Origin.CLINICIAN for _, f in features.findings if isinstance(f, Found)
    )
    tests = [i for i in gone if is_research(spec.feature(i))]
    asked = len(spec.features) - len(tests)
    parts = [f"{len(features.values)} of {plural(asked, 'input')} found"]
    if lost := len(gone) - len(tests):
        why = [f"{n} {word}" for n, word in ((old, "too old"), (unread, "not read")) if n]
        parts.append(f"{lost} missing" + (f" ({', '.join(why)})" if why else ""))
    if tests:
        parts.append(f"{plural(len(tests), 'research test')} not measured")
    if entered:
        parts.append(f"{entered} entered by clinician")
    if record.issues:
        parts.append(
            plural(len(record.issues), "doubt about the record", "doubts about the record")
        )
    return ", ".join(parts)


def unusual(card: Card) -> tuple[str, ...]:
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


_AS_ENTERED = 6
"""Digits of what somebody entered: as it was typed, where a page rounds what it found."""


def entered_value(value: Value) -> str:
    """How an entry reads back to the clinician who made it."""
    if isinstance(value, Quantity):
        return f"{digits(value.value, _AS_ENTERED)} {unit(value.unit)}".rstrip()
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


def from_millimetres(label: str, value: float, tenth: float) -> str:
    """A value beyond a scale of ten that a line of 100 mm would explain."""
    return (
        f"{label}: {number(value)} is above the limits (0 to 10). If it was read from a line of "
        f"100 mm, enter {number(tenth)}. Correct the value; nothing was saved."
    )


def missing_plain(spec: DecisionSpec, features: FeatureVector) -> tuple[str, ...]:
    """What is missing and why, one line each; what an estimate needs comes first."""
    gone = sorted(
        ((i, m) for i, m in features.missing.items() if not is_research(spec.feature(i))),
        key=lambda item: not spec.feature(item[0]).required,
    )
    return tuple(
        f"{spec.feature(i).label} {why_missing(m)}"
        f"{' (needed for an estimate)' if spec.feature(i).required else ''}."
        for i, m in gone
    )


def caveats(spec: DecisionSpec, features: FeatureVector) -> tuple[str, ...]:
    """One sentence per reason to read values in use with care, and the values it is about."""
    told: dict[str, list[str]] = {}
    for feature in spec.features:
        finding = features[feature.id]
        if isinstance(finding, Found) and finding.evidence.caveat:
            told.setdefault(finding.evidence.caveat, []).append(feature.short)
    said = (f"{', '.join(names)}: {caveat}." for caveat, names in told.items())
    return tuple(dated(f"{words[:1].upper()}{words[1:]}") for words in said)
