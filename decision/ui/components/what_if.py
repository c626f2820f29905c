"""What the model would say if something that can change were otherwise (D8).

One fragment: fields, both hypothetical cards and their difference, so that a change redraws nothing
else. It asks the model and nothing that records: no trail, no record, no hash.
"""

from __future__ import annotations

import streamlit as st

from decision.assess import NoModel, Predictor
from decision.clinical.assessment import Card, ComparisonCard, PrognosisCard
from decision.ui import session, visiting
from decision.ui.components.drawn import Bar, bars
from decision.ui.components.icons import icons
from decision.ui.components.markup import items, paragraph, text
from decision.ui.guard import guarded
from decision.ui.services import Services
from decision.ui.session import Chart
from decision.ui.texts import compare
from decision.ui.texts import what_if as words
from decision.ui.texts.cautions import stop_reasons
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import per_100
from decision.ui.texts.verdict import stopped
from decision.visit import Closed, Visit
from decision.what_if import (
    Hypothetical,
    HypotheticalComparison,
    HypotheticalPrognosis,
    HypotheticalRefusal,
    Offer,
    what_if,
    whole,
)


def panel(
    services: Services, visit: Visit, chart: Chart, card: Card, offered: tuple[Offer, ...]
) -> None:
    """The fields and, once something is changed, what the model would say."""
    predictor = services.decision(card.spec.id).predictor
    if isinstance(predictor, NoModel):
        return
    if not offered:
        st.html(f'<div class="tr">{paragraph(words.NOTHING_OFFERED)}</div>')
        return

    @st.fragment
    def tried() -> None:
        guarded(lambda: _tried(services, visit, chart, card, offered, predictor))

    tried()


def _tried(
    services: Services,
    visit: Visit,
    chart: Chart,
    card: Card,
    offered: tuple[Offer, ...],
    predictor: Predictor,
) -> None:
    """A fragment runs without the page around it, so it looks itself whose chart is open."""
    now = visiting.current(services)
    if (
        isinstance(now, Closed)
        or now.key != visit.key
        or chart.assessments.get(card.spec.id) is not card
    ):
        st.rerun(scope="app")
    values = _fields(offered)
    found = what_if(card, offered, values, predictor, visit.site)
    with st.container(key="whatif-done"):
        if not found.changes:
            st.html(f'<div class="tr">{paragraph(words.NOTHING_TRIED)}</div>')
            return
        st.html(f'<div class="tr tr-tried">{_ribbon()}{_body(card, found)}</div>')
        _drawn(card, found)
        st.html(f'<p class="tr tr-small">{text(words.told(card, found))}</p>')
    st.button(words.RESET, on_click=session.try_anew, key=session.tried_key("reset"))


def _fields(offered: tuple[Offer, ...]) -> dict[str, float]:
    """What is tried, by feature: only fields that say something."""
    values: dict[str, float] = {}
    with st.container(horizontal=True, vertical_alignment="bottom", key="whatif-fields"):
        for offer in offered:
            if not offer.flag:
                value = _number(offer)
                if value is not None:
                    values[offer.feature.id] = value
    for offer in offered:
        if offer.flag:
            if st.toggle(offer.switch, key=session.tried_key(f"what-if-{offer.feature.id}")):
                values[offer.feature.id] = 0.0 if (offer.now or 0.0) >= 0.5 else 1.0
    return values


def _number(offer: Offer) -> float | None:
    """One field, with its limits below it. Empty where the patient's own value is not known, or
    lies where the model has seen nobody.
    """
    label, key = words.name(offer), session.tried_key(f"what-if-{offer.feature.id}")
    known = offer.now is not None and offer.low <= offer.now <= offer.high
    with st.container(width=176):
        if whole(offer):
            got: float | None = st.number_input(
                label,
                min_value=round(offer.low),
                max_value=round(offer.high),
                value=round(offer.now) if known and offer.now is not None else None,
                step=1,
                key=key,
            )
        else:
            decimals = len(f"{offer.step:g}".partition(".")[2])
            got = st.number_input(
                label,
                min_value=offer.low,
                max_value=offer.high,
                value=float(offer.now) if known and offer.now is not None else None,
                step=offer.step,
                format=f"%.{decimals}f",
                key=key,
            )
        st.html(f'<p class="tr tr-small tr-limits">{text(words.limits(offer))}</p>')
    return None if got is None else float(got)


def _ribbon() -> str:
    return (
        f'<p class="tr-ribbon" role="note"><strong>{text(words.RIBBON)}</strong> '
        f"{text(words.NOT_KEPT)}</p>"
    )


def _body(card: Card, found: Hypothetical) -> str:
    if isinstance(found, HypotheticalRefusal):
        return f"<h3>{text(words.NO_ANSWER)}</h3>{items(words.refused(found))}"
    if isinstance(found, HypotheticalComparison) and isinstance(card, ComparisonCard):
        return _compared(card, found)
    if isinstance(found, HypotheticalPrognosis) and isinstance(card, PrognosisCard):
        return _foretold(card, found)
    return ""


def _said(
    parts: tuple[str, str, str], low: float, high: float, vague: bool, now: float, p: float
) -> str:
    """Number, sentence and range; the range first where the number says less (D4)."""
    number, rest, ranged = parts
    lead, after = (words.uncertain(low, high), number) if vague else (number, ranged)
    beside = paragraph(words.beside(f"{after}." if vague else after, now))
    return (
        f"<p><strong class='tr-number'>{text(lead)}</strong> {text(rest)}</p>"
        + (f'<div class="tr-grey">{beside}</div>' if vague else beside)
        + icons(p, f"{number} {rest} {words.RIBBON}.")
    )


def _compared(card: ComparisonCard, found: HypotheticalComparison) -> str:
    arms = ""
    for treatment in ordered(found.spec):
        prediction = found.answer.prediction(treatment.id)
        said = _said(
            words.arm(found, treatment.id),
            prediction.interval.low,
            prediction.interval.high,
            found.range_first,
            card.answer.prediction(treatment.id).probability,
            prediction.probability,
        )
        stops = stop_reasons(card.cautions, treatment.id)
        if stops:  # it stands in the record, whatever is tried
            stop = "".join(f"<p><strong>STOP.</strong> {text(why)}</p>" for why in stops)
            said = f'<div class="tr-stop">{stop}</div><div class="tr-demoted">{said}</div>'
        arms += f'<section class="tr-card"><h3>{text(treatment.label)}</h3>{said}</section>'
    gap = words.STOPPED if stopped(card) else words.gap(found)
    return (
        f'<div class="tr-cards">{arms}</div>'
        + paragraph(gap, "tr-strong")
        + paragraph(words.CAUTIONS, "tr-small")
    )


def _foretold(card: PrognosisCard, found: HypotheticalPrognosis) -> str:
    cards = ""
    for horizon, own in zip(found.answer.risks, card.answer.risks, strict=True):
        cards += '<section class="tr-card">' + _said(
            words.risk(found, horizon),
            horizon.interval.low,
            horizon.interval.high,
            found.range_first,
            own.probability,
            horizon.probability,
        )
        cards += "</section>"
    return f'<div class="tr-cards tr-times-beside">{cards}</div>' + paragraph(
        words.CAUTIONS, "tr-small"
    )


def _drawn(card: Card, found: Hypothetical) -> None:
    """The difference as it is and as it would be, on one scale; nothing beside a STOP."""
    if not isinstance(found, HypotheticalComparison) or not isinstance(card, ComparisonCard):
        return
    if stopped(card):
        return
    both = []
    for label, answer in ((words.AS_IS, card.answer), (words.RIBBON, found.answer)):
        whole_numbers, ends = compare.toward_first(card.spec, answer)
        both.append(
            Bar(
                label=label,
                point=None if found.range_first else whole_numbers,
                low=100 * ends.low,
                high=100 * ends.high,
                shown=compare.bar_text(whole_numbers, per_100(ends.low), per_100(ends.high)),
            )
        )
    first, second = ordered(card.spec)
    alt = words.GAP_ALT.format(
        first=first.label,
        second=second.label,
        now=both[0].shown,
        tried=both[1].shown,
    )
    bars(both, "chart-whatif", alt, difference=True)
