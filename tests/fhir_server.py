"""A real FHIR R4 server on loopback: sekmet-fhir, pinned, with the demo patients in it.

Tests take the session fixture `fhir_server` (in conftest.py): `fhir_server.base` is its address,
without a trailing slash. Whoever writes makes resources of ids of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.running_app import free_port
from tests.needed import missing

Json = dict[str, Any]

DEMO = Path(__file__).parent.parent / "examples" / "demo_patients"
LONGEST = 60.0
BETWEEN_LOOKS = 0.05


@dataclass(frozen=True, slots=True)
class FhirServer:
    """A running server. `base` is its FHIR address; `refused` are the demo resources that it would
    not take (`Observation/…`), with its reason.
    """

    base: str
    refused: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> Json:
        """One request past the code under test; HTTPError for a refusal."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.base}/{path}".rstrip("/"),
            data=content,
            method=method,
            headers={"Content-Type": "application/fhir+json", **headers},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.loads(answer.read() or b"{}"))

    def put(self, *resources: Json) -> None:
        """Store resources under their own ids, in one transaction."""
        self.ask("POST", "", transaction(resources))


def transaction(resources: Any) -> Json:
    """PUT each, ids kept."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "resource": r,
                "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"},
            }
            for r in resources
        ],
    }


def demo_resources(path: Path) -> list[Json]:
    """The resources of one demo file as a server takes them: references by id where the file has
    them by `urn:uuid`, which a server would resolve in a transaction of its own making.
    """
    bundle = json.loads(path.read_text("utf-8"))
    names = {
        e["fullUrl"]: f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for e in bundle["entry"]
        if e.get("fullUrl", "").startswith("urn:uuid:")
    }
    return [_renamed(e["resource"], names) for e in bundle["entry"]]


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            k: names.get(v, v) if k == "reference" and isinstance(v, str) else _renamed(v, names)
            for k, v in value.items()
        }
    return [_renamed(v, names) for v in value] if isinstance(value, list) else value


@contextmanager
def served(folder: Path) -> Iterator[FhirServer]:
    """An empty server with its data in that folder, until the block ends. Skips where it is not
    installed; in CI a missing part is a failure.
    """
    command = Path(sys.executable).with_name("sekmet")
    if not command.exists() and not shutil.which("sekmet"):
        missing("sekmet-fhir is not installed: pip install -r requirements-dev.txt")
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    settings = folder / "settings.yaml"
    settings.write_text(
        f"base_url: {base}\nhost: 127.0.0.1\nport: {port}\ndata_dir: {folder / 'data'}\n"
    )
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(command), "serve"],
            cwd=folder,
            env=dict(os.environ) | {"SEKMET_CONFIG": str(settings)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            began = time.monotonic()
            while not _up(base):
                if process.poll() is not None or time.monotonic() - began > LONGEST:
                    pytest.fail(f"the FHIR server did not start: {log.read_text()[-2000:]}")
                time.sleep(BETWEEN_LOOKS)
            yield FhirServer(base)
        finally:
            process.terminate()
            process.wait(timeout=20)


def _up(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/metadata", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def load_demo_patients(server: FhirServer) -> dict[str, str]:
    """Load every demo file. Returns what the server would not take, one by one, with its reason:
    the messy record is not FHIR in one place, on purpose.
    """
    refused = {}
    for path in sorted(DEMO.glob("*.json")):
        resources = demo_resources(path)
        try:
            server.put(*resources)
        except urllib.error.HTTPError:
            for resource in resources:
                name = f"{resource['resourceType']}/{resource['id']}"
                try:
                    server.ask("PUT", name, resource)
                except urllib.error.HTTPError as error:
                    refused[name] = error.read().decode()
    return refused
