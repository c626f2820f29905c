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
from decision.ui.components.markup import paragraph, text
from decision.ui.record import comparison, prognosis
from decision.ui.record.blocks import Section, joined
from decision.ui.record.parts import all_cautions, data, known, rna, warnings
from decision.ui.record.traced import RESEARCH, Made, decision, versions
from decision.ui.texts import inputs, pages
from decision.ui.texts.summary import summary
from decision.visit import ChosenTreatment, Document

CONTENT_TYPE = "text/html"
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
    made = Made(choice=decided, agent=agent, at=at)
    body = "".join(
        (
            f"<h1>{text(title)}</h1>",
            _banner(card),
            _patient(card, record),
            joined((*decision(card, made), *_first(card), *known(card, record))),
            paragraph(RESEARCH),
            f'<section class="appendix"><section><h2>Appendix</h2>{_banner(card)}'
            f"<p>{text(_whose(record))}</p></section>",
            joined(
                (*all_cautions(card), *_appended(card), *rna(card, record), *data(card, record))
            ),
            joined(versions(card, decided.audit_id)),
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
    return (
        f"<section><h2>Patient</h2><p><strong>{text(name)}</strong> · {text(' · '.join(rest))}</p>"
        f"{paragraph(summary(card, record))}{paragraph(inputs.deceased(record))}</section>"
    )


def _whose(record: PatientRecord) -> str:
    """Again, for pages get parted."""
    return " · ".join(pages.whose(record))


def _first(card: Card) -> tuple[Section, ...]:
    """What a colleague must read: the answer and the cautions, in the order of the page."""
    if isinstance(card, ComparisonCard):
        return warnings(card) + comparison.numbers(card)
    return prognosis.place(card.situation) + prognosis.risks(card) + warnings(card)


def _appended(card: Card) -> tuple[Section, ...]:
    """How far the answer can be trusted, and why it is what it is."""
    if isinstance(card, ComparisonCard):
        return comparison.sureness(card) + comparison.why(card)
    return (
        prognosis.sureness(card)
        + prognosis.published(card.situation, card)
        + prognosis.why(card)
        + prognosis.due(card.situation)
    )
