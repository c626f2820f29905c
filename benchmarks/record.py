"""How long a lifetime record takes to become a `PatientRecord`, against parsing its JSON alone.

`python -m benchmarks.record --json` prints one JSON object on its last line. The product's own way
is measured whole: a file read from disk, parsed so that nothing stands twice, checked for its one
owner, read into units and dates, and all of the parsed JSON freed again. What it is measured
against is `json.loads` on the same bytes in the same run, turn by turn, freed again likewise;
`ratio_parse_kept` leaves that freeing out of the measure, which is the harder comparison.

`first_read` and `first_view` are the way a record takes in the chart: from a real FHIR server, and
from the launch to the page in a browser (`benchmarks.first_read`, `benchmarks.first_view`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks import first_read, first_view
from benchmarks.record_bundle import generated
from fhir.bundles import FolderSource
from fhir.json_text import parse_json

LEAST_REPEATS = 15


def machine() -> dict[str, object]:
    """What the figures were taken on; a busy machine shows in its load."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in _lines(Path("/proc/cpuinfo"))
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def seconds(work: Callable[[], object]) -> float:
    """Of one call whose result is dropped inside the measure, as `timeit` does."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def seconds_kept(work: Callable[[], object]) -> float:
    """Of one call whose result outlives the measure."""
    began = time.perf_counter()
    result = work()
    took = time.perf_counter() - began
    del result
    return took


def measure(repeats: int) -> dict[str, object]:
    """Medians over interleaved repeats, so that a busy moment weighs on all alike."""
    raw = generated()
    entries = Counter(e["resource"]["resourceType"] for e in json.loads(raw)["entry"])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "generated.json").write_bytes(raw)
        source = FolderSource(Path(folder))
        source.patients()
        patient = json.loads(raw)["entry"][0]["resource"]["id"]
        record = source.load(patient)
        plain, kept, parsing, whole = [], [], [], []
        for _ in range(repeats):
            plain.append(seconds(lambda: json.loads(raw)))
            whole.append(seconds(lambda: source.load(patient)))
            kept.append(seconds_kept(lambda: json.loads(raw)))
            parsing.append(seconds(lambda: parse_json(raw)))
    median = statistics.median
    return {
        "bytes": len(raw),
        "entries": sum(entries.values()),
        "kinds": dict(entries.most_common()),
        "read": {
            "observations": len(record.observations),
            "conditions": len(record.conditions),
            "medications": len(record.medications),
        },
        "repeats": repeats,
        "json_loads_ms": _milliseconds(plain),
        "parse_and_check_ms": _milliseconds(parsing),
        "record_ms": _milliseconds(whole),
        "ratio": round(median(whole) / median(plain), 2),
        "ratio_of_pairs": round(median(b / a for a, b in zip(plain, whole, strict=True)), 2),
        "ratio_parse_kept": round(median(whole) / median(kept), 2),
        "machine": machine(),
    }


def _milliseconds(times: list[float]) -> float:
    return round(1000 * statistics.median(times), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--views", type=int, default=15, help="0: the bundle alone")
    asked = parser.parse_args()
    result = measure(max(asked.repeats, LEAST_REPEATS))
    if asked.views:
        result["first_read"] = first_read.measure(asked.views)
        result["first_view"] = first_view.measure(asked.views)
    if asked.json:
        print(json.dumps(result))
    else:
        print(
            f"{result['entries']} entries: {result['record_ms']} ms, "
            f"{result['ratio']} x json.loads ({result['json_loads_ms']} ms)"
        )
        print(f"from a server: {result.get('first_read')}")
        print(f"in a browser: {result.get('first_view')}")


if __name__ == "__main__":
    main()
