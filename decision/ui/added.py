"""The files that a clinician added to one chart: values of the session, none of them on disk."""

from __future__ import annotations

from dataclasses import dataclass, field

from decision.clinical.record import AddedFile, Observation, PatientRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """What was added so far, and what the file that was given last is still asked for.

    A file counts as long as all of its results stand among the chart's entries: taking one back
    takes the file back.
    """

    files: tuple[AddedFile, ...] = ()
    samples: tuple[str, ...] = field(default=(), repr=False)
    """Names of the samples in a file that holds several, to choose this patient's."""

    def counted(self, entries: tuple[Observation, ...]) -> tuple[AddedFile, ...]:
        """The files that count beside these entries."""
        return tuple(f for f in self.files if all(r in entries for r in f.results))

    def over(self, record: PatientRecord, entries: tuple[Observation, ...]) -> PatientRecord:
        """A record, which has these entries, with the files that count."""
        return record.with_added(self.counted(entries))
