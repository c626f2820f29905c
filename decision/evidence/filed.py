"""A record's results filed by their codes: a chart holds thousands of results of a few dozen tests,
and each of as many lists would otherwise look through all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.codes import Code, Codelist
from decision.clinical.record import Observation, PatientRecord


class Filed:
    """The results of one record, to be asked for by concept."""

    def __init__(self, record: PatientRecord) -> None:
        self._by_codes: dict[tuple[Code, ...], list[Observation]] = {}
        for result in record.observations:
            self._by_codes.setdefault(result.codes, []).append(result)

    def of(self, codelists: Sequence[Codelist]) -> list[Observation]:
        """Every result that any of the lists names, each once."""
        return [
            result
            for codes, results in self._by_codes.items()
            if any(c.matches(codes) for c in codelists)
            for result in results
        ]
