"""How long until a freshly started app answers its health check, and how much memory it takes.

`python -m benchmarks.cold_start --json` prints one JSON object on its last line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from benchmarks.running_app import served


def resident_megabytes(process: int) -> float:
    """Resident memory as Linux reports it; NaN elsewhere."""
    status = Path(f"/proc/{process}/status")
    if not status.is_file():
        return float("nan")
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def start_once() -> tuple[float, float]:
    """(seconds to healthy, megabytes) of one start with a trail of its own."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "audit.sqlite") as app:
        return app.seconds, resident_megabytes(app.process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    starts = [start_once() for _ in range(asked.repeats)]
    seconds = [s for s, _ in starts]
    result = {
        "repeats": asked.repeats,
        "seconds_median": round(statistics.median(seconds), 3),
        "seconds_max": round(max(seconds), 3),
        "resident_mb": round(max(m for _, m in starts), 1),
    }
    if asked.json:
        print(json.dumps(result))
    else:
        print(f"healthy after {result['seconds_median']} s (max {result['seconds_max']} s)")


if __name__ == "__main__":
    main()
