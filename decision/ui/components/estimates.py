"""Two treatments side by side in one neutral order, and the difference between them."""

from __future__ import annotations

from decision.clinical.assessment import Abstention, AbstentionCause, ComparisonCard, range_first
from decision.clinical.spec import DecisionSpec, Treatment
from decision.ui.components.icons import icons
from decision.ui.components.markup import details, items, paragraph, table, text
from decision.ui.texts import cautions, estimate, pages, verdict


def headline(point: tuple[str, str], detail: str, uncertain: tuple[str, str] | None) -> str:
    """A number with the rest of its sentence and its range; where the patient is unusual the range
    goes first, as `uncertain` words it (D4).
    """
    said = _leading(point) + paragraph(detail)
    return f'{_leading(uncertain)}<div class="tr-grey">{said}</div>' if uncertain else said


def _leading(said: tuple[str, str]) -> str:
    number, rest = said
    return f"<p><strong class='tr-number'>{text(number)}</strong> {text(rest)}</p>"


def _arm(card: ComparisonCard, treatment: Treatment) -> str:
    """One card. A STOP becomes its headline; the number below it is the same as without."""
    prediction = card.answer.prediction(treatment.id)
    simulated = card.model.simulated
    stops = cautions.stop_reasons(card.cautions, treatment.id)
    stop = ""
    if stops:
        reasons = "".join(f"<p><strong>STOP.</strong> {text(reason)}</p>" for reason in stops)
        stop = f'<div class="tr-stop">{reasons}</div>{paragraph(cautions.UNCHANGED, "tr-small")}'
    body = (
        headline(
            estimate.headline(card.spec, prediction, simulated),
            estimate.detail(prediction),
            estimate.uncertain(prediction) if range_first(card) else None,
        )
        + icons(prediction.probability, estimate.sentence(card.spec, prediction, simulated))
        + details(
            estimate.HOW_GOOD,
            paragraph(
                f"{estimate.calibration(card.spec, prediction, simulated)} "
                f"{estimate.reference_class(card.spec, prediction, simulated)}",
                "tr-small",
            ),
        )
    )
    demoted = f'<div class="tr-demoted">{body}</div>' if stops else body
    return f'<section class="tr-card"><h2>{text(treatment.label)}</h2>{stop}{demoted}</section>'


def _direction(card: ComparisonCard) -> str:
    """On request; not beside a STOP, where the larger estimate is not the question."""
    if verdict.stopped(card):
        return ""
    said = estimate.direction(card.spec, card.answer.contrast)
    return details(estimate.DIRECTION, paragraph(said))


def estimates(card: ComparisonCard) -> str:
    arms = "".join(_arm(card, treatment) for treatment in estimate.ordered(card.spec))
    simulated = card.model.simulated
    return (
        '<div class="tr-answer">'
        f'<div class="tr-cards">{arms}</div>'
        '<section class="tr-difference" aria-label="Difference"><h2>Difference</h2><div>'
        f"<p><strong class='tr-verdict'>{text(verdict.verdict(card))}</strong> "
        f"{text(verdict.gap(card))}</p>"
        + paragraph(verdict.silence_sentence(card))
        + paragraph(f"{estimate.explained(card)} {estimate.association(simulated)}", "tr-small")
        + _direction(card)
        + "</div></section></div>"
    )


def abstention(found: Abstention) -> str:
    """No estimate, said as plainly and as large as an estimate; reasons of one kind together."""
    groups: dict[str, list[AbstentionCause]] = {}
    for cause in found.causes:
        groups.setdefault(pages.cause(cause)[0], []).append(cause)
    blocks = "".join(
        f"<h3>{text(reason)}</h3>"
        + items(" ".join(pages.cause(c)[1:]).strip() for c in causes)
        + "".join(_outside(found.spec, c) for c in causes)
        for reason, causes in groups.items()
    )
    return (
        '<section class="tr-card tr-abstention"><h2 class="tr-number">'
        f"{text(pages.NO_ESTIMATE)}</h2>{blocks}</section>"
    )


def _outside(spec: DecisionSpec, cause: AbstentionCause) -> str:
    """Each value once, with its range, narrow enough to be read down."""
    rows = pages.outside(spec, cause)
    return table(pages.OUTSIDE_HEAD, rows, "tr-table tr-outside") if rows else ""
