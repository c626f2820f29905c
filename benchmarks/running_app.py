"""The app started as a person starts it, for tests and measurements. Nothing leaves loopback."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONGEST = 60.0
BETWEEN_LOOKS = 0.02

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class StartError(RuntimeError):
    """The app did not become healthy; the message ends with what it wrote."""


@dataclass(frozen=True, slots=True)
class Running:
    """A healthy app: where it answers, its process, and seconds from the start to healthy."""

    address: str
    process: int
    seconds: float


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def launch_addresses(portal: str) -> list[str]:
    """Launches of the demonstration portal at this address, one for each of its frames, unused."""
    with urllib.request.urlopen(portal, timeout=10) as answer:  # noqa: S310
        page = answer.read().decode()
    return [unescape(found) for found in re.findall(r'<iframe[^>]* src="([^"]+)"', page)]


@contextmanager
def served(audit: Path, *, script: str = "app.py", **settings: str) -> Iterator[Running]:
    """The app on a free port with its own trail, until the block ends.

    `settings` are those of the environment without their prefix; output goes to a `.log` beside
    the trail. `StartError` when it ends at its start or is not healthy within a minute.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = dict(os.environ) | {f"TREATMENT_RESPONSE_{k}": v for k, v in settings.items()}
    environment["TREATMENT_RESPONSE_AUDIT"] = str(audit)
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    log = audit.with_suffix(".log")
    with log.open("w") as output:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  our own command
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while not healthy(address):
                if process.poll() is not None or time.perf_counter() - began > LONGEST:
                    raise StartError(f"the app did not start: {log.read_text()[-2000:]}")
                time.sleep(BETWEEN_LOOKS)
            yield Running(address, process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(timeout=20)
