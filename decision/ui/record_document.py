"""What was on the screen and what was decided, as one file that needs nothing else to be read.

The first page is what a colleague reads: the decision, what speaks against it, the numbers, and
what was entered, missing or unread. Everything else is the appendix.

Well-formed XHTML sent as HTML: no script, no address of anything outside, nothing folded away. It
is made of the pages' own sentences, so that the chart cannot say something else than the page did.
"""

from __future__ import annotations

import re
from datetime import datetime

from decision.clinical.assessment import Card, ComparisonCard
from decision.clinical.record import PatientRecord
from decision.ui import record_comparison, record_prognosis
from decision.ui.components.markup import items, paragraph, text
from decision.ui.record_parts import all_cautions, data, facts, known, part, section, warnings
from decision.ui.texts import decided as told
from decision.ui.texts import inputs, pages, trail
from decision.ui.texts.about import model_rows
from decision.ui.texts.numbers import instant
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
    card: Card,
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
            _first(card),
            known(card, record),
            paragraph(RESEARCH),
            '<section class="appendix">',
            section("Appendix", _banner(card), f"<p>{text(_whose(record))}</p>"),
            all_cautions(card),
            _appended(card),
            data(card, record),
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


def _banner(card: Card) -> str:
    if not card.model.simulated:
        return ""
    lead, rest = pages.SIMULATED
    return f'<p class="banner"><strong>{text(lead.upper())}</strong> {text(rest)}</p>'


def _patient(card: Card, record: PatientRecord) -> str:
    name, rest = pages.strip(record)
    return section(
        "Patient",
        f"<p><strong>{text(name)}</strong> · {text(' · '.join(rest))}</p>",
        paragraph(summary(card, record)),
        paragraph(inputs.deceased(record)),
    )


def _whose(record: PatientRecord) -> str:
    """Again, for pages get parted."""
    return " · ".join(pages.whose(record))


def _decision(card: Card, decided: ChosenTreatment, agent: str, at: datetime | None) -> str:
    spec, codes = card.spec, told.against_codes(card, decided.chosen)
    rows = [
        ("Decision", f"{told.drug(spec, decided.chosen)}{told.against(spec, codes)}"),
        ("Reason", spec.reason(decided.reason)),
        ("Recorded as", decided.action.value),
        ("Decided by", agent),
        ("Decided", instant(at) if at else ""),
    ]
    against = (f"{s}. {words}" for s, words in trail.against(card, decided.chosen))
    return section("Decision", facts(rows), part("Decided although", items(against)))


def _first(card: Card) -> str:
    """What a colleague must read: the answer and the cautions, in the order of the page."""
    if isinstance(card, ComparisonCard):
        return warnings(card) + record_comparison.numbers(card)
    return record_prognosis.place(card) + record_prognosis.risks(card) + warnings(card)


def _appended(card: Card) -> str:
    """How far the answer can be trusted, and why it is what it is."""
    if isinstance(card, ComparisonCard):
        return record_comparison.sureness(card) + record_comparison.why(card)
    return (
        record_prognosis.sureness(card)
        + record_prognosis.published(card)
        + record_prognosis.why(card)
        + record_prognosis.due(card)
    )


def _versions(card: Card, decided: ChosenTreatment) -> str:
    rows = [
        *model_rows(card.model),
        ("Rules", f"{card.spec.id} {card.spec.version}"),
        ("Inputs (SHA-256)", card.input_hash),
        ("Audit entry of what was shown", card.audit_id),
        ("Audit entry of the decision", decided.audit_id),
        ("Data as of", instant(card.as_of)),
        ("Intended use", card.spec.intended_use),
    ]
    return section("Versions and trail", facts(rows))
