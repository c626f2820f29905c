"""Records on their way to the pages: the expression files in them become panel scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from decision.assess import Decision, RecordSource
from decision.clinical.codes import Codelist
from decision.clinical.progress import Watch, unwatched
from decision.clinical.record import ListingProblem, PatientListing, PatientRecord
from models.expression.added import Reader
from models.expression.into_record import with_scores
from models.expression.panels import load_panels
from models.expression.platforms import FOLDER, load_platforms
from models.expression.scorer import Scorer


class Scored(RecordSource):
    """A source whose records carry the scores of their expression files."""

    def __init__(
        self, source: RecordSource, scorer: Scorer, codelists: Mapping[str, Codelist]
    ) -> None:
        self._source, self._scorer, self._codelists = source, scorer, codelists

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        return self._source.patients()

    def load(self, patient_id: str, watch: Watch = unwatched) -> PatientRecord:
        return with_scores(self._source.load(patient_id, watch), self._scorer, self._codelists)


class Expression:
    """Everything of gene expression that one process needs: panels and platforms are read once.

    Raises
    ------
    RegistryError
        A panel or a platform that is damaged stops the start.
    """

    def __init__(self, decisions: Sequence[Decision], folder: Path | None) -> None:
        self._scorer = Scorer(load_panels(), load_platforms(folder or FOLDER))
        self._codelists = {n: codes for d in decisions for n, codes in d.spec.codelists.items()}

    def scored(self, source: RecordSource) -> RecordSource:
        """A source whose records carry the scores of their files."""
        return Scored(source, self._scorer, self._codelists)

    def reader(self) -> Reader:
        """What reads a file that a clinician gives on a page."""
        return Reader(self._scorer, self._codelists)


def scoring(
    decisions: Sequence[Decision], folder: Path | None
) -> Callable[[RecordSource], RecordSource]:
    """What puts scores into a source's records, for these decisions and the platforms of a folder.

    Raises
    ------
    RegistryError
    """
    return Expression(decisions, folder).scored
