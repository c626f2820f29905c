"""A file that a clinician gives on a page, scored like one of the chart, or the reason why not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from decision.clinical.codes import Codelist
from decision.clinical.expression import PlatformChoice, Refused, Upload
from decision.clinical.record import (
    AddedFile,
    ExpressionFile,
    Origin,
    PatientRecord,
    Source,
)
from models.expression.errors import ExpressionError, RegistryError, SampleChoiceError
from models.expression.into_record import concepts_of, results_of, use_of
from models.expression.naming import read_probes
from models.expression.report import report
from models.expression.scorer import Declared, Scorer

REFERENCE = "entered/expression-file"
LONGEST = 20_000_000
"""Bytes, as for a file of the chart."""


class Reader:
    """Reads what is given. Keeps nothing: each answer depends on its arguments only."""

    def __init__(self, scorer: Scorer, codelists: Mapping[str, Codelist]) -> None:
        self._scorer, self._codelists = scorer, codelists

    def platforms(self) -> tuple[PlatformChoice, ...]:
        """Every registered platform, by its label."""
        found = sorted(self._scorer.platforms.values(), key=lambda p: p.label)
        return tuple(
            PlatformChoice(
                id=p.id,
                label=p.label,
                kind=p.kind.value,
                specimen=p.specimen,
                simulated=p.simulated,
            )
            for p in found
        )

    def read(self, record: PatientRecord, upload: Upload) -> AddedFile | Refused:
        """The file's results for this record. Nothing of a file that is refused is kept."""
        if len(upload.content) > LONGEST:
            return Refused(
                message=f"The file has more than {LONGEST // 1_000_000} MB.",
                remedy="Send the sample of this patient alone, or compress it with gzip.",
            )
        if upload.taken.earliest > record.as_of:
            return Refused(
                message="The day of the specimen is after the record's own.",
                remedy="Correct the day, or read the chart again.",
            )
        declared = Declared(
            content_type=upload.content_type,
            platform=upload.platform,
            specimen=upload.specimen,
            scale=upload.scale,
            sample=upload.sample,
        )
        try:
            probes = read_probes(upload.probes) if upload.probes else None
            found = self._scorer.score(upload.content, declared, probes)
        except SampleChoiceError as error:
            return Refused(message=error.message, remedy=error.remedy, samples=error.samples)
        except (ExpressionError, RegistryError) as error:
            return Refused(message=error.message, remedy=error.remedy)
        file = ExpressionFile(
            source=Source(reference=REFERENCE, origin=Origin.CLINICIAN),
            effective=upload.taken,
            content=b"",
            content_type=upload.content_type,
            sha256=hashlib.sha256(upload.content).hexdigest(),
            platform=upload.platform,
            tissue=upload.specimen,
            scale=upload.scale,
            use=use_of(found),
            report=report(found, self._scorer.panels),
            size=len(upload.content),
        )
        wanted = dict(concepts_of(self._scorer, self._codelists))
        answers = self._scorer.answers
        results, issues = results_of(record, file, found, wanted, answers, self._codelists)
        if results:
            return AddedFile(file=file, results=tuple(results), issues=tuple(issues))
        lost = [found.missing[answers[c]] for c in wanted if answers[c] in found.missing]
        scored = [c for c in wanted if answers[c] in found.scores]
        if scored:
            return Refused(
                message="The chart has the result of a specimen of the same day or of a later one.",
                remedy="It stands; nothing to do.",
            )
        return Refused(
            message="No panel that is used here has a score in this file.",
            remedy=" ".join(lost),
        )
