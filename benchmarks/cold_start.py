"""How long until a freshly started app answers its health check, and how much memory it takes.

`python -m benchmarks.cold_start --json` prints one JSON object on its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONGEST = 60.0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def resident_megabytes(process: int) -> float:
    """Resident memory as Linux reports it; NaN elsewhere."""
    status = Path(f"/proc/{process}/status")
    if not status.is_file():
        return float("nan")
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def start_once() -> tuple[float, float]:
    """(seconds to healthy, megabytes) of one start with a trail of its own."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, TREATMENT_RESPONSE_AUDIT=f"{folder}/audit.sqlite")
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            while not healthy(port):
                if process.poll() is not None or time.perf_counter() - began > LONGEST:
                    raise SystemExit("the app did not start; run `streamlit run app.py` to see why")
                time.sleep(0.02)
            return time.perf_counter() - began, resident_megabytes(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=20)


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
