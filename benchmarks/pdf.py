"""How long the page to file takes, and how large it is.

`python -m benchmarks.pdf --json` makes the record of every demonstration patient with their own
answer, as data and as PDF: the first page, with which our fonts are read, and the median of those
that follow, each made in a process of its own. Memory is what this process has gained by it.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from benchmarks.record import machine
from decision.arising import arising
from decision.assess import Context, assess
from decision.clinical.assessment import Assessment, AuditEvent, AuditTrail
from decision.clinical.record import Identity, PatientListing, PatientRecord
from decision.ui.record.exported import Json, Taken, as_json, exported
from decision.ui.record.pdf import Press
from expressed import scoring
from fhir.bundles import FolderSource
from served import served
from settings import Settings

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REPEATS = 1


class NoTrail:
    """Takes every entry and keeps none: what is measured is the page."""

    def append(self, event: AuditEvent) -> str:
        return "0" * 32

    def entries(self, patient_id: str, identity: Identity) -> AuditTrail:
        return AuditTrail()


def answers() -> Iterator[tuple[Assessment, PatientRecord]]:
    """Every demonstration patient with every answer that arises for them."""
    settings = Settings.read({})
    decisions = {decision.id: decision for decision in served(settings)}
    source = scoring(tuple(decisions.values()), settings.platforms)(FolderSource(settings.bundles))
    context = Context(agent="benchmark", site=settings.site, now=AT)
    specs = [decision.spec for decision in decisions.values()]
    for listed in source.patients():
        if not isinstance(listed, PatientListing):
            continue
        record = source.load(listed.patient_id)
        for name in arising(specs, record, ""):
            decision = decisions[name]
            shown = assess(record, decision.spec, decision.predictor, NoTrail(), context)
            yield shown, record


def measured() -> Mapping[str, object]:
    """Milliseconds, bytes and megabytes."""
    taken = Taken(agent="benchmark", at=AT, site="benchmark")
    press, records, data = Press(), [], []
    for shown, record in answers():
        began = time.perf_counter()
        told = exported(shown, record, None, taken)
        content = as_json(told)
        data.append(1000 * (time.perf_counter() - began))
        records.append((told, len(content)))
    before = _megabytes()
    first = _timed(press, records[0][0])[0]
    later: dict[str, list[float]] = {}
    sizes: list[int] = []
    for n in range(REPEATS):
        for told, _ in records:
            again = told | {"note": f"{told['note']} {n}"}  # no page is made from memory
            spent, size = _timed(press, again)
            later.setdefault(str(told["kind"]), []).append(spent)
            sizes.append(size)
    every = [spent for kind in later.values() for spent in kind]
    return {
        "machine": machine(),
        "records": len(records),
        "pdf_first_ms": round(first, 1),
        "pdf_later_median_ms": round(statistics.median(every), 1),
        "pdf_later_p95_ms": round(statistics.quantiles(every, n=20)[-1], 1),
        "pdf_median_ms": {k: round(statistics.median(v), 1) for k, v in sorted(later.items())},
        "pdf_median_bytes": round(statistics.median(sizes)),
        "json_median_ms": round(statistics.median(data), 1),
        "json_median_bytes": round(statistics.median(size for _, size in records)),
        "memory_added_mb": round(_megabytes() - before, 1),
    }


def _timed(press: Press, record: Json) -> tuple[float, int]:
    began = time.perf_counter()
    made = press.pdf(record)
    return 1000 * (time.perf_counter() - began), len(made)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    asked = parser.parse_args()
    found = measured()
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
