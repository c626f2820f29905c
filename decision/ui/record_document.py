"""What was on the screen and what was decided, as one file that needs nothing else to be read.

The first page is what a colleague reads: the decision, what speaks against it, both numbers, and
what was entered, missing or unread. Everything else is the appendix.

Well-formed XHTML sent as HTML: no script, no address of anything outside, nothing folded away. It
is made of the pages' own sentences, so that the chart cannot say something else than the page did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from decision.clinical.assessment import ComparisonCard
from decision.clinical.record import Origin, PatientRecord, Value
from decision.clinical.spec import CautionFinding
from decision.ui.components.markup import items, paragraph, table, text
from decision.ui.texts import cautions, estimate, evidence, gaps, inputs, pages, reasons, trail
from decision.ui.texts import decided as told
from decision.ui.texts import verdict as verdicts
from decision.ui.texts.about import model_rows
from decision.ui.texts.numbers import dated, instant
from decision.ui.texts.reasons import Group
from decision.ui.texts.summary import summary
from decision.visit import ChosenTreatment, Document

CONTENT_TYPE = "text/html"
RESEARCH = (
    "Research use, not a cleared device. Supports, and does not replace, clinical judgement. A "
    "copy of what was shown when the decision was made; it is not brought up to date."
)
_STYLE = (
    "body{font:11pt/1.4 sans-serif;max-width:52rem;margin:1rem auto;padding:0 1rem}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;border-top:1px solid;padding-top:.4rem}"
    "h3{font-size:1rem;margin-bottom:.2rem}p,ul{margin:.2rem 0}"
    ".appendix{break-before:page}.banner{border:2px dashed;padding:.3rem .6rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;border-bottom:1px solid;padding:.2rem .5rem .2rem 0}"
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def record_document(
    card: ComparisonCard,
    record: PatientRecord,
    decided: ChosenTreatment,
    agent: str,
    *,
    at: datetime | None = None,
) -> Document:
    """The file for the chart. `record` has what the clinician entered; `agent` is who decided, as
    the trail names them, and `at` is when.
    """
    title = f"Record of decision support: {card.spec.title}"
    body = "".join(
        (
            f"<h1>{text(title)}</h1>",
            _banner(card),
            _patient(card, record),
            _decision(card, decided, agent, at),
            _warnings(card),
            _numbers(card),
            _known(card, record),
            paragraph(RESEARCH),
            '<section class="appendix">',
            _section("Appendix", _banner(card), f"<p>{text(_whose(record))}</p>"),
            _cautions(card),
            _estimates(card),
            _reasons(card),
            _data(card, record),
            _versions(card, decided),
            "</section>",
        )
    )
    page = (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head>'
        f'<meta charset="utf-8"/><title>{text(title)}</title><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>\n"
    )
    content = _NOT_XML.sub("\ufffd", page).encode("utf-8")
    return Document(title=title, content_type=CONTENT_TYPE, content=content)


def _section(title: str, *parts: str) -> str:
    inner = "".join(parts)
    return f"<section><h2>{text(title)}</h2>{inner}</section>" if inner else ""


def _part(title: str, inner: str) -> str:
    return f"<h3>{text(title)}</h3>{inner}" if inner else ""


def _banner(card: ComparisonCard) -> str:
    if not card.model.simulated:
        return ""
    lead, rest = pages.SIMULATED
    return f'<p class="banner"><strong>{text(lead.upper())}</strong> {text(rest)}</p>'


def _patient(card: ComparisonCard, record: PatientRecord) -> str:
    name, rest = pages.strip(record)
    return _section(
        "Patient",
        f"<p><strong>{text(name)}</strong> · {text(' · '.join(rest))}</p>",
        paragraph(summary(card, record)),
        paragraph(inputs.deceased(record)),
    )


def _whose(record: PatientRecord) -> str:
    """Again, for pages get parted."""
    return " · ".join(pages.whose(record))


def _decision(
    card: ComparisonCard, decided: ChosenTreatment, agent: str, at: datetime | None
) -> str:
    spec, codes = card.spec, told.against_codes(card, decided.chosen)
    rows = [
        ("Decision", f"{told.drug(spec, decided.chosen)}{told.against(spec, codes)}"),
        ("Reason", spec.reason(decided.reason)),
        ("Recorded as", decided.action.value),
        ("Decided by", agent),
        ("Decided", instant(at) if at else ""),
    ]
    against = (f"{s}. {words}" for s, words in trail.against(card, decided.chosen))
    return _section("Decision", _facts(rows), _part("Decided although", items(against)))


def _warnings(card: ComparisonCard) -> str:
    """What was found, what was not, and what nobody could look for."""
    found = card.cautions
    warned = "".join(_warned(card, f) for f in cautions.present(found))
    return _section(
        "Cautions present",
        f"<ul>{warned}</ul>" if warned else paragraph(cautions.none_present()),
        paragraph(cautions.not_found(found)),
        paragraph(cautions.unchecked(found)),
    )


def _cautions(card: ComparisonCard) -> str:
    found = card.cautions
    return _section(
        "All cautions",
        paragraph(f"{cautions.counts(found)}."),
        items(f"{f.rule.title}: {cautions.state(f)}. {dated(f.detail)}" for f in found),
        items(
            f"{f.rule.title}: {cautions.source(f)}. {cautions.unverified(f)}".strip()
            for f in cautions.present(found)
        ),
    )


def _warned(card: ComparisonCard, finding: CautionFinding) -> str:
    said = " ".join(
        f"{'; '.join(chips)}. {message}" for chips, message in cautions.says(card.spec, finding)
    )
    title = cautions.finding_text(finding)
    return f"<li><strong>{text(title)}</strong> {text(said)}</li>"


def _numbers(card: ComparisonCard) -> str:
    """Both numbers with their ranges and what is said of the difference, as on the page."""
    spec, simulated = card.spec, card.model.simulated
    arms = ""
    for treatment in estimate.ordered(spec):
        found = card.answer.prediction(treatment.id)
        stops = [f"STOP. {why}" for why in cautions.stop_reasons(card.cautions, treatment.id)]
        between = " ".join(estimate.uncertain(found)) if estimate.range_first(card) else ""
        arms += _part(
            treatment.label,
            items(stops)
            + paragraph(cautions.UNCHANGED if stops else "")
            + paragraph(between)
            + paragraph(f"{estimate.sentence(spec, found, simulated)} {estimate.detail(found)}")
            + paragraph(estimate.reference_class(spec, found, simulated)),
        )
    between = (
        f"<p><strong>{text(verdicts.verdict(card))}</strong> {text(verdicts.gap(card))}</p>"
        + paragraph(verdicts.silence_sentence(card))
        + paragraph(estimate.association(simulated))
    )
    return _section("Estimates", arms, _part("Difference", between))


def _estimates(card: ComparisonCard) -> str:
    """How far the numbers of the first page can be trusted."""
    spec, simulated = card.spec, card.model.simulated
    arms = "".join(
        _part(
            t.label, paragraph(estimate.calibration(spec, card.answer.prediction(t.id), simulated))
        )
        for t in estimate.ordered(spec)
    )
    sure = "" if verdicts.stopped(card) else estimate.direction(spec, card.answer.contrast)
    ranges = paragraph(estimate.explained(card)) + paragraph(sure)
    return _section("How sure the estimates are", arms, _part("Ranges", ranges))


def _reasons(card: ComparisonCard) -> str:
    return _section(
        "Reasons",
        paragraph(reasons.NOTE),
        _part("Moves both drugs", _groups(reasons.prognostic(card)) or paragraph(reasons.NOTHING)),
        _part("Moves the gap", _groups(reasons.differential(card)) + paragraph(reasons.rest(card))),
        paragraph(reasons.baseline(card)),
        _part(reasons.BY_MODALITY, items(reasons.by_modality(card))),
    )


def _groups(groups: Sequence[Group]) -> str:
    return "".join(paragraph(f"{g.title}:") + items(g.lines) for g in groups)


def _known(card: ComparisonCard, record: PatientRecord) -> str:
    """What was entered, what was missing, and what could not be read."""
    entered = [o for o in record.observations if o.source.origin is Origin.CLINICIAN]
    unread = (" ".join(filter(None, line)) for line in gaps.in_short(card, record))
    return _section(
        "What this rests on",
        _part(pages.ENTERED_TITLE, items(_entered(o.text, o.value) for o in entered)),
        _part("Missing", paragraph(inputs.missing(card)) + items(_missing(card))),
        _part(gaps.TITLE, items(unread)),
    )


def _data(card: ComparisonCard, record: PatientRecord) -> str:
    spec, features = card.spec, card.features
    doubts = (
        f"{i.kind.value.capitalize()} ({i.reference}): {dated(i.detail)} {i.remedy}"
        for i in record.issues
    )
    unread = (
        f"{found.said} {' '.join(found.consequences)} {found.detail} {found.remedy}"
        for found in gaps.unread(card, record)
    )
    return _section(
        "Data",
        paragraph(f"{inputs.summary(spec, features, record)}."),
        items(inputs.unusual(card)),
        items(inputs.caveats(spec, features)),
        paragraph(inputs.modalities(card.answer.absent_modalities)),
        _part(f"{gaps.TITLE}, search by search", items(unread)),
        _part("Doubts about the record", items(doubts)),
        _part("Inputs", table(evidence.HEAD, evidence.rows(card))),
    )


def _missing(card: ComparisonCard) -> tuple[str, ...]:
    return inputs.missing_plain(card.spec, card.features) or (inputs.NOTHING_MISSING,)


def _entered(label: str, value: Value) -> str:
    return f"{label}: {inputs.entered_value(value)}"


def _versions(card: ComparisonCard, decided: ChosenTreatment) -> str:
    rows = [
        *model_rows(card.model),
        ("Rules", f"{card.spec.id} {card.spec.version}"),
        ("Inputs (SHA-256)", card.input_hash),
        ("Audit entry of what was shown", card.audit_id),
        ("Audit entry of the decision", decided.audit_id),
        ("Data as of", instant(card.as_of)),
        ("Intended use", card.spec.intended_use),
    ]
    return _section("Versions and trail", _facts(rows))


def _facts(rows: Sequence[tuple[str, str]]) -> str:
    """A table with its names in the first column; what is empty is left out."""
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>'
        for name, value in rows
        if value
    )
    return f"<table><tbody>{body}</tbody></table>"
