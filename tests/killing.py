"""A part whose worker is killed once, in the middle of its work; sent to workers by name."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from cohorts.scoring import Run, Scored, score_part


def once_killed(run: Run, part: str, output: str) -> Scored:
    """Scores like any other, except that the worker of the second part dies the first time."""
    mark = Path(output).with_name("killed")
    if output.endswith("part-00001.parquet") and not mark.exists():
        mark.touch()
        Path(f"{output}.0.part").write_bytes(b"half a part")
        os.kill(os.getpid(), signal.SIGKILL)
    return score_part(run, part, output)


def always_killed(run: Run, part: str, output: str) -> Scored:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody lives to say this")
