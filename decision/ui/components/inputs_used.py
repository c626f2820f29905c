"""Every input by kind of data; what was passed over and what was searched, on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from decision.clinical.assessment import Assessment
from decision.clinical.record import PatientRecord
from decision.clinical.spec import Modality
from decision.evidence.candidates import Searched
from decision.ui.components.markup import details, items, paragraph, table, text
from decision.ui.texts import inputs
from decision.ui.texts import inputs_used as words


def whole(
    assessment: Assessment,
    record: PatientRecord,
    every: Sequence[Searched],
    after: Mapping[Modality, str],
) -> str:
    """A section for each kind of data, each followed by what else there is of that kind."""
    kinds = words.by_kind(every)
    said = paragraph(inputs.summary(assessment.spec, assessment.features, record))
    sections = (_kind(assessment, m, found) + after.get(m, "") for m, found in kinds.items())
    rest = (more for modality, more in after.items() if modality not in kinds)
    return said + "".join((*sections, *rest))


def _kind(assessment: Assessment, modality: Modality, found: Sequence[Searched]) -> str:
    return (
        f"<h2>{text(words.KINDS[modality])}</h2>"
        + table(words.HEAD, words.rows(assessment, modality, found), "tr-table tr-inputs")
        + _sources(found)
        + _unused(found)
    )


def _sources(found: Sequence[Searched]) -> str:
    many = words.many_sources(found)
    if not many:
        return ""
    return details(words.SOURCES_TITLE, table(words.SOURCES_HEAD, many, "tr-table"))


def _unused(found: Sequence[Searched]) -> str:
    n = sum(len(one.unused) for one in found)
    if not n:
        return ""
    listed = table(words.UNUSED_HEAD, words.unused_rows(found), "tr-table")
    return details(words.unused_title(n), listed + items(words.unused_more(found)))


def codes(every: Sequence[Searched]) -> str:
    """Where and how far back each input was looked for, with every code."""
    listed = table(words.SEARCHED_HEAD, words.searched_rows(every), "tr-table")
    return details(words.SEARCHED_TITLE, listed)
