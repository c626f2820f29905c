"""What the estimates and the cautions together let be said: a STOP first, then the difference."""

from __future__ import annotations

from collections.abc import Iterable

from decision.clinical.assessment import ComparisonCard, SilenceReason
from decision.clinical.spec import CautionFinding, Severity
from decision.rules import applies, stops
from decision.ui.texts.cautions import finding_title
from decision.ui.texts.estimate import detail, difference, difference_shown, ordered, sentence
from decision.ui.texts.numbers import number, per_100, plural

UNDECIDED = {
    SilenceReason.GAP_BELOW_MARGIN: "No clear preference: about the same.",
    SilenceReason.RANGE_INCLUDES_ZERO: "No clear preference: the difference is uncertain.",
}
"""In this order: a difference too small to count is not also called uncertain."""


def _titles(findings: Iterable[CautionFinding]) -> str:
    return ", ".join(finding_title(f) for f in findings)


def _present(card: ComparisonCard, severity: Severity) -> dict[str, str]:
    """Drug class -> titles of what applies to it, in the order of the cards."""
    found = {
        t.label_with_article: _titles(f for f in card.cautions if applies(f, t.id, severity))
        for t in ordered(card.spec)
    }
    return {drug: titles for drug, titles in found.items() if titles}


def stopped(card: ComparisonCard) -> bool:
    """Whether any drug class has a STOP; then nothing is said of which estimate is larger."""
    return any(stops(finding) for finding in card.cautions)


def verdict(card: ComparisonCard) -> str:
    """What can be said, in as few words as hold; never a preference where a STOP stands."""
    stop = _present(card, Severity.STOP)
    if len(stop) == len(card.spec.treatments):
        return "STOP for both: neither can be started."
    if stop:
        ((drug, titles),) = stop.items()
        return f"No preference stated: STOP for {drug} ({titles})."
    avoid = "; ".join(
        f"AVOID applies to {drug}: {titles}"
        for drug, titles in _present(card, Severity.AVOID).items()
    )
    named = card.preference.treatment
    if named is not None:
        said = f"The estimates favour {card.spec.treatment(named).label_with_article}"
        return f"{said}; {avoid}." if avoid else f"{said}."
    told = [words for reason, words in UNDECIDED.items() if reason in card.preference.silence]
    if avoid and told:
        return f"No clear preference from the estimates; {avoid}."
    if avoid:
        return f"No preference stated; {avoid}."
    return told[0] if told else "No preference stated."


def gap(card: ComparisonCard) -> str:
    """The sentence on the difference; none beside a STOP, where both numbers stand on their own."""
    return "" if stopped(card) else difference(card.spec, card.answer)


def silence(card: ComparisonCard) -> tuple[str, ...]:
    """Why no drug class is named, each reason in plain words; a STOP is the verdict itself."""
    spec, answer = card.spec, card.answer
    margin = per_100(spec.thresholds["naming_margin"].value)
    exact = ""
    if difference_shown(answer) >= margin:  # rounding hides what kept us silent
        exact = f" ({number(100 * abs(answer.contrast.difference))} before rounding)"
    fewest = number(spec.thresholds["smallest_comparable"].value)
    words = {
        SilenceReason.RANGE_INCLUDES_ZERO: "the likely range of the difference includes no "
        "difference",
        SilenceReason.GAP_BELOW_MARGIN: f"the difference{exact} is below {margin} of 100, the "
        "smallest that counts",
        SilenceReason.THIN_OVERLAP: f"only {plural(answer.comparable, 'comparable patient')} "
        f"({answer.stratum}) had the rarer drug class; at least {fewest} needed",
    }
    return tuple(words[reason] for reason in card.preference.silence if reason in words)


def silence_sentence(card: ComparisonCard) -> str:
    """Why none is named; what else can decide is said only where no STOP or AVOID decides."""
    reasons = silence(card)
    if stopped(card) or not reasons:
        return ""
    avoid = _present(card, Severity.AVOID)
    rest = "" if avoid else " Cautions, formulary and patient preference can decide."
    return f"Why none is named: {'; '.join(reasons)}.{rest}"


def shown(card: ComparisonCard) -> tuple[str, ...]:
    """What the clinician read, word for word, for the audit trail."""
    simulated = card.model.simulated
    lines = [
        f"{sentence(card.spec, p, simulated)} {detail(p)}"
        for p in (card.answer.prediction(t.id) for t in ordered(card.spec))
    ]
    return (*lines, f"{verdict(card)} {gap(card)}".strip())
