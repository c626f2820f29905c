"""Panel scores of the record's expression files, as results that a decision's features can find.

Where a panel answers one of the decision's concepts, its score becomes a result of that concept,
dated as the specimen and with the file as its source. What cannot be scored becomes a doubt under
the concept's codes, so that the missing input gives the reason; nothing else of the record changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from decision.clinical.codes import Code, Codelist
from decision.clinical.quantities import Quantity
from decision.clinical.record import (
    DataIssue,
    ExpressionFile,
    IssueKind,
    Observation,
    PatientRecord,
)
from models.expression.errors import ExpressionError, PlatformError
from models.expression.report import report
from models.expression.scorer import Declared, PanelScores, Scorer

UNIT = "{score}"
UNDATED = "not used: nothing says when the specimen was taken"
AHEAD = "not used: the specimen is dated after the record"


def with_scores(
    record: PatientRecord, scorer: Scorer, codelists: Mapping[str, Codelist]
) -> PatientRecord:
    """The record with the scores of its file of the newest usable specimen; older ones say nothing
    of today, whenever they were filed.

    A result that a laboratory reported itself stands: no score is put beside it unless the specimen
    is newer.
    """
    wanted = dict(concepts_of(scorer, codelists))
    if not record.expression or not wanted:
        return record
    there = {panel.id for panel in scorer.panels.panels}
    lost = tuple(code for concept, code in wanted.items() if scorer.answers[concept] in there)
    files: dict[int, ExpressionFile] = {}
    results: list[Observation] = []
    issues: list[DataIssue] = []
    done = False
    for place in _newest_first(record):
        file = record.expression[place]
        if file.effective is None:
            files[place] = replace(file, use=UNDATED)
        elif file.effective.earliest > record.as_of:
            files[place] = replace(file, use=AHEAD)
            issues.append(_ahead(file, lost))
        elif done:
            files[place] = replace(file, use="a newer one is used")
        else:
            try:
                found = scorer.score(file.content, _declared(file))
            except ExpressionError as error:
                files[place] = replace(file, use=f"not used: {error.message} {error.remedy}")
                issues.append(_refused(file, error, lost))
            else:
                done = True
                news, doubts = results_of(record, file, found, wanted, scorer.answers, codelists)
                results += news
                issues += doubts
                files[place] = replace(file, use=use_of(found), report=report(found, scorer.panels))
    return replace(
        record,
        observations=(*record.observations, *results),
        issues=(*record.issues, *issues),
        expression=tuple(files[place] for place in range(len(files))),
    )


def _newest_first(record: PatientRecord) -> list[int]:
    """Places of the files by the day of their specimen; of one day, in the record's own order."""
    oldest = record.as_of.min.replace(tzinfo=record.as_of.tzinfo)

    def taken(place: int) -> datetime:
        when = record.expression[place].effective
        return when.middle if when else oldest

    return sorted(range(len(record.expression)), key=taken, reverse=True)


def concepts_of(scorer: Scorer, codelists: Mapping[str, Codelist]) -> Iterator[tuple[str, Code]]:
    """The concepts of this decision that a panel stands for, or would."""
    for concept in scorer.answers:
        if concept in codelists:
            yield concept, codelists[concept].entries[0].code


def _declared(file: ExpressionFile) -> Declared:
    return Declared(
        content_type=file.content_type,
        platform=file.platform,
        specimen=file.tissue,
        scale=file.scale,
        sample=file.sample,
    )


def results_of(
    record: PatientRecord,
    file: ExpressionFile,
    found: PanelScores,
    wanted: Mapping[str, Code],
    answers: Mapping[str, str],
    codelists: Mapping[str, Codelist],
) -> tuple[list[Observation], list[DataIssue]]:
    """The results of a sample that the record does not have from a newer specimen, and a doubt for
    each concept that nothing answers.
    """
    results: list[Observation] = []
    issues: list[DataIssue] = []
    taken = file.effective
    if taken is None:
        return results, issues
    for concept, code in wanted.items():
        reported = record.observed(codelists[concept])
        if any(o.effective.latest >= taken.earliest for o in reported):
            continue
        score = found.scores.get(answers[concept])
        if score is not None:
            results.append(
                Observation(
                    codes=(code,),
                    value=Quantity(value=round(score.standard, 4), unit=UNIT),
                    effective=taken,
                    status="final",
                    source=file.source,
                    text=f"{score.panel.label}, from the expression file ({found.platform.label})",
                )
            )
        elif not reported:
            why = found.missing[answers[concept]]
            issues.append(
                DataIssue(
                    kind=IssueKind.NO_VALUE,
                    reference=file.source.reference,
                    detail="The expression file gives no such score.",
                    remedy=why,
                    codes=(code,),
                    effective=taken,
                )
            )
    return results, issues


def _refused(file: ExpressionFile, error: ExpressionError, codes: tuple[Code, ...]) -> DataIssue:
    like_others = isinstance(error, PlatformError)
    return DataIssue(
        kind=IssueKind.NO_VALUE if like_others else IssueKind.MALFORMED,
        reference=file.source.reference,
        detail=f"The gene expression file is not used. {error.message}",
        remedy=error.remedy,
        codes=codes,
        effective=file.effective,
    )


def _ahead(file: ExpressionFile, codes: tuple[Code, ...]) -> DataIssue:
    return DataIssue(
        kind=IssueKind.UNUSABLE_DATE,
        reference=file.source.reference,
        detail="The gene expression file is of a specimen dated after the record, and not used.",
        remedy="Correct the date of the specimen at its source.",
        codes=codes,
        effective=file.effective,
    )


def use_of(found: PanelScores) -> str:
    """What came of a file that is used."""
    simulated = ", simulated" if found.platform.simulated else ""
    return f"{len(found.scores)} panel scores ({found.platform.label}{simulated})"
