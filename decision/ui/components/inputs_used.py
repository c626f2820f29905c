"""Every input by kind of data; what was passed over and what was searched, on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from decision.clinical.assessment import Assessment
from decision.clinical.record import PatientRecord
from decision.clinical.spec import Modality
from decision.evidence.candidates import Searched, searched
from decision.ui.components.markup import details, items, paragraph, table, text
from decision.ui.texts import inputs
from decision.ui.texts import inputs_used as words


def whole(
    assessment: Assessment, record: PatientRecord, after: Mapping[Modality, str] | None = None
) -> str:
    """A section for each kind of data, each followed by what belongs to that kind (`after`)."""
    every = searched(record, assessment.spec, assessment.features.findings)
    more = after or {}
    kinds = words.by_kind(every)
    said = paragraph(inputs.summary(assessment.spec, assessment.features, record))
    sections = (_kind(assessment, m, found) + more.get(m, "") for m, found in kinds.items())
    rest = (extra for m, extra in more.items() if m not in kinds)
    return said + "".join((*sections, *rest)) + _searched(every)


def _kind(assessment: Assessment, modality: Modality, found: Sequence[Searched]) -> str:
    title = words.kind(modality)
    return (
        f"<h2>{text(title)}</h2>"
        + table(words.HEAD, words.rows(assessment, modality, found), "tr-table tr-inputs")
        + _unused(found)
    )


def _unused(found: Sequence[Searched]) -> str:
    n = sum(len(one.unused) for one in found)
    if not n:
        return ""
    listed = table(words.UNUSED_HEAD, words.unused_rows(found), "tr-table")
    return details(words.unused_title(n), listed + items(words.unused_more(found)))


def _searched(every: Sequence[Searched]) -> str:
    listed = table(words.SEARCHED_HEAD, words.searched_rows(every), "tr-table")
    return details(words.SEARCHED_TITLE, listed)
