"""A patient's gene expression: scores as strips of the cohort, what RNA is worth, its origin.

A strip is made of plain boxes like the other pictures of the Patient page: no script, no drawing
library, one alternative text each.
"""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.assessment import Assessment, ComparisonCard
from decision.clinical.record import PatientRecord
from decision.ui.components.markup import details, items, paragraph, table, text
from decision.ui.texts import expression as words
from decision.ui.texts.expression import Row

ROOM = 0.3
"""Standard deviations beyond the outermost mark, so that none stands on the edge."""


def brief(assessment: Assessment, record: PatientRecord) -> str:
    """On the Patient page: whether RNA counts, what it does and is worth; the scores on request.
    Nothing for a decision that does not read it.
    """
    if not words.reads_it(assessment):
        return ""
    found = words.rows(assessment, record)
    more = _strips(found) + _sample(record)
    told = _told(assessment, record)
    told += paragraph(words.RESEARCH if found else words.NOT_ADDED, "tr-small")
    return (
        f'<section class="tr-rna tr-reasons" aria-label="{words.TITLE}"><h2>{words.TITLE}</h2>'
        + told
        + (details(words.SCORES, more) if found else "")
        + "</section>"
    )


def whole(assessment: Assessment, record: PatientRecord) -> str:
    """On Data used: all of it, open; nothing where neither decision nor record has any RNA."""
    if not words.reads_it(assessment) and not record.expression:
        return ""
    found = words.rows(assessment, record)
    file = words.in_use(record)
    origin = ""
    if file is not None and file.report is not None:
        lost = items(words.absent(file.report))
        origin = (f"<h3>{words.ABSENT_TITLE}</h3>{lost}" if lost else "") + details(
            words.ORIGIN_TITLE, table(words.PANEL_HEAD, words.origins(file.report), "tr-table")
        )
    return (
        f'<section class="tr-rna" aria-label="{words.TITLE}"><h2>{words.TITLE}</h2>'
        + _told(assessment, record)
        + _strips(found)
        + paragraph(words.RESEARCH)
        + _sample(record)
        + origin
        + "</section>"
    )


def _told(assessment: Assessment, record: PatientRecord) -> str:
    first, *rest = words.state(assessment)
    said = f"<p><strong>{text(first)}</strong></p>{items(rest)}"
    if isinstance(assessment, ComparisonCard):
        said += paragraph(words.contribution(assessment)) + paragraph(words.worth(assessment))
    return said + items(words.refusals(record, rest))


def _sample(record: PatientRecord) -> str:
    said = items(words.sample(record))
    return f"<h3>{words.QUALITY_TITLE}</h3>{said}" if said else ""


def _strips(found: Sequence[Row]) -> str:
    if not found:
        return ""
    marks = [m for row in found for m in _marks(row)]
    low, high = min(marks) - ROOM, max(marks) + ROOM
    used = "".join(_line(row, low, high) for row in found if row.used)
    others = "".join(_line(row, low, high) for row in found if not row.used)
    return (
        _group(words.USED, used)
        + _group(words.UNUSED, others)
        + paragraph(words.LEGEND, "tr-small")
    )


def _group(title: str, lines: str) -> str:
    return f'{paragraph(title)}<div class="tr-strips">{lines}</div>' if lines else ""


def _marks(row: Row) -> tuple[float, ...]:
    if row.spread is None:
        return (row.value,)
    return row.value, row.spread.at(0.05), row.spread.at(0.95)


def _line(row: Row, low: float, high: float) -> str:
    said = f"{words.score(row.value)} SD" + (f" ({row.when})" if row.when else "")
    return (
        f'<div class="tr-strip-row"><p><strong>{text(row.label)}</strong> '
        f"<span>{text(said)}</span></p>"
        f"{_picture(row, low, high)}{paragraph(words.place(row), 'tr-small')}</div>"
    )


def _picture(row: Row, low: float, high: float) -> str:
    def at(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.1f}%"

    def box(style: str, left: float, right: float) -> str:
        width = f"{100 * (right - left) / (high - low):.1f}%"
        return f'<i class="{style}" style="left:{at(left)};width:{width}"></i>'

    cohort = ""
    if (s := row.spread) is not None:
        cohort = (
            box("tr-ninety", s.at(0.05), s.at(0.95))
            + box("tr-half", s.at(0.25), s.at(0.75))
            + f'<i class="tr-median" style="left:{at(s.at(0.5))}"></i>'
        )
    return (
        f'<div class="tr-lay" role="img" aria-label="{text(words.alternative(row))}">{cohort}'
        f'<i class="tr-own" style="left:{at(row.value)}"></i></div>'
    )
