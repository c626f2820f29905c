"""Bulk exports for tests: bundles as the server that took them in would export them."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fhir.files import read_json

ROOT = Path(__file__).parent.parent
DEMO = sorted((ROOT / "examples" / "demo_patients").glob("demo-[0-9]*.json"))


def demo_bundles() -> dict[str, dict[str, Any]]:
    """The demonstration patients of the comparison by id."""
    return {patient_of(b): b for b in (stored(read_json(path)) for path in DEMO)}


def patient_of(bundle: dict[str, Any]) -> str:
    (patient,) = (r for r in resources_of(bundle) if r["resourceType"] == "Patient")
    return patient["id"]


def resources_of(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"]]


def stored(bundle: Any) -> dict[str, Any]:
    """The bundle once a server has it: each resource with an id, references relative to it."""
    names = {}
    for entry in bundle["entry"]:
        resource, url = entry["resource"], entry.get("fullUrl", "")
        resource.setdefault("id", url.rsplit(":", 1)[-1])
        names[url] = f"{resource['resourceType']}/{resource['id']}"
    return {
        **_relative(bundle, names),
        "entry": [{"resource": _relative(entry["resource"], names)} for entry in bundle["entry"]],
    }


def _relative(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            k: names.get(v, v) if k == "reference" else _relative(v, names)
            for k, v in value.items()
            if k != "entry"
        }
    return [_relative(v, names) for v in value] if isinstance(value, list) else value


def write_export(
    folder: Path,
    resources: Iterable[dict[str, Any]],
    *,
    taken: str = "2026-11-30T00:00:00Z",
    request: str = "",
    parts: int = 2,
) -> Path:
    """The resources in files by type, each in several parts and in no order."""
    folder.mkdir(exist_ok=True)
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for resource in resources:
        lines[resource["resourceType"]].append(json.dumps(resource))
    for kind, listed in lines.items():
        random.Random(kind).shuffle(listed)
        for part in range(parts):
            text = "\n".join(listed[part::parts])
            (folder / f"{kind}.{part}.ndjson").write_text(text + "\n", encoding="utf-8")
    manifest = {"transactionTime": taken, "request": request, "output": []}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
