"""Sentences of the page that compares and gives reasons (D2, D5, D7, D9)."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.assessment import (
    Card,
    ComparisonCard,
    ComparisonEstimate,
    Interval,
    ModelIdentity,
    PrognosisCard,
)
from decision.clinical.outlook import ExpectedRange
from decision.clinical.spec import DecisionSpec
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import (
    inside,
    of_100,
    per_100,
)
from decision.ui.texts.reasons import kind_of_data, signed

TITLE = "Compare and reasons"
RANGES = "Both estimates and their ranges"
RISK_RANGES = "The risks and their ranges"
RANGES_NOTE = (
    "A point is the estimate, a bar its likely range. Both drugs stand on the same scale, of 100 "
    "patients."
)
RISK_RANGES_NOTE = (
    "A point is the estimate, a bar its likely range. All times stand on the same scale, of 100."
)
NO_DIFFERENCE_DRAWN = "No difference is drawn or explained beside a STOP."
EACH = "What makes each estimate"
EACH_NOTE = (
    "Each row begins where the one above it ends. Bars to the right raise the estimate, bars to "
    "the left lower it; both drugs stand on the same scale. Numbers are of 100 and rounded so that "
    "they add up."
)
BOTH = "Moves both drugs"
BOTH_NOTE = "What an input does to both estimates alike: the mean of its effects on the two."
GAP = "Moves the gap"
GAP_NOTE = "To the right of 0 is towards {first}, to the left towards {second}."
STEPS_NOTE = (
    "Each row begins where the one above it ends. Bars to the right raise the risk, bars to the "
    "left lower it. Numbers are of 100 and rounded so that they add up."
)
RISK_STEPS = "What makes the risk within {years}"
KINDS = "By kind of data"
KINDS_NOTE = (
    "What all inputs of one kind do together, of 100. A kind that was not measured does exactly 0."
)
IN_WORDS = "The same in words"
AS_TABLE = "The same numbers as a table"
STEPS_HEAD = ("Input", "Effect, of 100", "From", "To")
KINDS_HEAD = ("Kind of data", "Effect, of 100")
CHECKED = "How it was checked"
CHECKED_NOTE = (
    "A point says how many of the validation patients scored alike reached the outcome, its line "
    "the 95 % range. On the dashed line both agree. The shaded band is this patient's."
)
CHECKED_RISK_NOTE = (
    "A point says how many of the validation people scored alike developed it, its line the 95 % "
    "range. On the dashed line both agree. The shaded band is this person's."
)
BANDS_HEAD = ("Scored", "Validation patients", "Observed of 100", "95 % range")
TOO_FEW = "too few to say"
NO_BANDS = "The model's file has no validation bands, so no plot can be drawn."
GROUPS = "Groups of validation patients"
EVERY_GROUP = "Every group, this patient's first"
GROUPS_AT = "Groups of validation people: {place}"
NO_GROUPS = "The model's file does not say how it fared in groups."
CHANGES = "What would change the answer"
MOST_NARROWED = (
    "Measuring {what} would narrow the range of the difference most: from {now} of 100 wide to an "
    "expected {expected}."
)
RISK_NARROWED = (
    "Measuring {what} would narrow the range of the risk most: from {now} of 100 wide to an "
    "expected {expected}."
)
NOT_NARROWED = (
    "No single missing input is expected to narrow the range by 1 of 100 or more; it is {now} of "
    "100 wide."
)
NONE_NAMES = (
    "No measurement is by itself expected to change the answer: after none of its expected values "
    "would the range of the difference leave out 0."
)
EACH_MEASUREMENT = "Each measurement by itself"
NOT_SAYABLE = "Of nothing that is missing can an expected range be said."
NOTHING_MISSING = "Every input was found: no measurement is missing."
EXPECTED_NOTE = (
    "The mean over the values to be expected given what is known here, each with the range it "
    "would leave. Which values those are follows from how inputs went together in the training "
    "patients, not from patients just like this one. {whose}What it costs now is the part of the "
    "range that comes from not knowing it, at the one value most expected. One measurement at a "
    "time: they do not add up."
)
SIMULATED_TRAINING = "The training patients are SIMULATED. "
EXPECTED_HEAD = ("If measured", "Range, expected", "Change", "Range leaves out 0", "Costs now")
RISK_EXPECTED_HEAD = ("If measured", "Range, expected", "Change", "Costs now")
ALL_OF_KIND = "{kind} ({n} tests)"
WIDTH = "{expected} of 100 wide, now {now}"
NARROWER, WIDER, SAME = "{points} of 100 narrower", "{points} of 100 wider", "under 1 of 100"
SHARE, NO_SHARE = "for {share} of its values", "for none of its values"
COST = "{points} of 100"
CANNOT = "cannot be said: {why}"
NOTHING_TO_COMPARE = "Nothing to compare"
WHY_NOTHING = (
    "Without an estimate there is no difference to draw, nothing to explain and nothing to try. "
    "What is missing can be entered on the patient's page. The reasons for no estimate:"
)


def gap_note(card: ComparisonCard) -> str:
    first, second = ordered(card.spec)
    return GAP_NOTE.format(first=first.label_with_article, second=second.label_with_article)


def toward_first(spec: DecisionSpec, answer: ComparisonEstimate) -> tuple[int, Interval]:
    """How many more of 100 with the first card's drug, as a difference of the whole numbers on the
    page, and its range.
    """
    first, second = (per_100(answer.prediction(t.id).probability) for t in ordered(spec))
    ends = answer.contrast.interval
    if answer.contrast.b == ordered(spec)[0].id:
        return first - second, ends
    return first - second, Interval(low=-ends.high, high=-ends.low, level=ends.level)


BAR = "{point} ({low} to {high})"


def bar_text(point: int, low: int, high: int) -> str:
    """`+2 (−11 to +15)`, the words on a drawn difference."""
    return BAR.format(point=signed(point), low=signed(low), high=signed(high))


GAP_LABEL = "{first}\nminus {second}"
GAP_ALT = (
    "{first} minus {second}: {difference} of 100, likely range {low} to {high}. The line at 0 "
    "means no difference."
)
ROWS_ALT = "Of 100: {rows}."
ROW_ALT = "{label}: {shown}"
KIND_ROW = "{kind}\n{what}"
NOT_MEASURED, EXACTLY_NOTHING = "not measured", "0"


def ranges_alt(rows: Sequence[tuple[str, str]]) -> str:
    """(label, words) of each row as one sentence."""
    told = "; ".join(ROW_ALT.format(label=label, shown=shown) for label, shown in rows)
    return ROWS_ALT.format(rows=told)


def kind_rows(card: ComparisonCard, *, gap: bool) -> tuple[tuple[str, int, str], ...]:
    """(label, whole effect, words) per kind of data: on each drug, then on the gap towards the
    first card's drug.
    """
    first, second = ordered(card.spec)
    sign = 1.0 if card.answer.contrast.b == first.id else -1.0
    rows = []
    for found in card.answer.explanation.modalities:
        kind = kind_of_data(found.player)
        if found.player in card.answer.absent_modalities:
            label = KIND_ROW.format(kind=kind, what=NOT_MEASURED)
            rows.append((label, 0, EXACTLY_NOTHING))
            continue
        effects = {drug.label: found.effects[drug.id] for drug in (first, second)}
        if gap:
            effects[GAP] = sign * found.differential
        for what_moves, effect in effects.items():
            label = KIND_ROW.format(kind=kind, what=what_moves)
            rows.append((label, per_100(effect), signed(per_100(effect))))
    return tuple(rows)


def kind_rows_of_risk(card: PrognosisCard) -> tuple[tuple[str, int, str], ...]:
    """The same of the last risk."""
    last = card.answer.last
    return tuple(
        (KIND_ROW.format(kind=kind_of_data(found.player), what=NOT_MEASURED), 0, EXACTLY_NOTHING)
        if found.player in card.answer.absent_modalities
        else (
            kind_of_data(found.player),
            per_100(found.effects[last.id]),
            signed(per_100(found.effects[last.id])),
        )
        for found in card.answer.explanation.modalities
    )


def kinds_alt(rows: Sequence[tuple[str, int, str]]) -> str:
    """The drawn effects as one sentence."""
    return ranges_alt([(label.replace("\n", ", "), shown) for label, _, shown in rows])


def gap_alt(card: ComparisonCard) -> str:
    """What the drawn difference says."""
    first, second = ordered(card.spec)
    difference, ends = toward_first(card.spec, card.answer)
    return GAP_ALT.format(
        first=first.label,
        second=second.label,
        difference=signed(difference),
        low=signed(per_100(ends.low)),
        high=signed(per_100(ends.high)),
    )


def band_sentence(low: float, high: float) -> str:
    return f"{per_100(low)} to {per_100(high)}"


def what(card: Card, item: ExpectedRange) -> str:
    """What would be measured, in the page's words."""
    players = {p.id: p for p in card.spec.players}
    if item.modality is not None:
        return ALL_OF_KIND.format(kind=kind_of_data(item.modality), n=len(item.players))
    return " ".join(players[player].label for player in item.players)


def change(item: ExpectedRange) -> str:
    """By how much the range would change, with its direction."""
    narrower = item.narrower or 0.0
    points = abs(per_100(narrower))
    if not points:
        return SAME
    return (NARROWER if narrower > 0 else WIDER).format(points=points)


def expected_rows(
    card: Card, found: Sequence[ExpectedRange], *, compared: bool
) -> tuple[tuple[str, ...], ...]:
    """One row per item; a reason stands where no range can be expected."""
    rows = []
    costs = {cost.player: per_100(cost.wider) for cost in card.answer.missing_costs}
    for item in found:
        cost = COST.format(points=costs.get(item.players[0], 0)) if item.modality is None else ""
        cells = [CANNOT.format(why=item.why.value if item.why else ""), "", ""]
        if item.expected is not None:
            share = SHARE.format(share=of_100(item.one_sided)) if item.one_sided else NO_SHARE
            width = WIDTH.format(expected=per_100(item.expected), now=per_100(item.now))
            cells = [width, change(item), share]
        rows.append((what(card, item), *(cells if compared else cells[:2]), cost))
    return tuple(rows)


def expected_note(model: ModelIdentity) -> str:
    return EXPECTED_NOTE.format(whose=SIMULATED_TRAINING if model.simulated else "")


def still_silent(card: Card, found: Sequence[ExpectedRange]) -> str:
    """Said where no class is named now and, whatever one measurement showed, none would be."""
    known = [item for item in found if item.expected is not None]
    if not isinstance(card, ComparisonCard) or card.preference.treatment is not None or not known:
        return ""
    return "" if any(item.one_sided for item in known) else NONE_NAMES


def most_narrowed(card: Card, found: Sequence[ExpectedRange]) -> str:
    """The one measurement that is worth most, or that none is worth 1 of 100."""
    if not found:
        return NOTHING_MISSING
    known = [item for item in found if item.expected is not None]
    if not known:
        return NOT_SAYABLE
    best = known[0]
    if per_100(best.narrower or 0.0) < 1:
        return NOT_NARROWED.format(now=per_100(best.now))
    said = MOST_NARROWED if isinstance(card, ComparisonCard) else RISK_NARROWED
    return said.format(
        what=inside(what(card, best)),
        now=per_100(best.now),
        expected=per_100(best.expected or 0.0),
    )
