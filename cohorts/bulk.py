"""A FHIR bulk export (NDJSON files) as one chart after another, whatever their size.

The files come by type and in no order, so a chart's resources lie anywhere. One pass deals the
lines out into parts on disk by a hash of the patient; then one part at a time is in memory. Each
line stays the bytes that were exported until the reader of the bedside parses it.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from cohorts.errors import ExportError
from fhir.fields import Json, text
from fhir.json_text import JsonError, parse_json

PART_BYTES = 32_000_000
"""Aimed at for one part; a part is what is in memory at a time."""
_MOST_PARTS = 200  # three files are open for each
MANIFEST = "manifest.json"
_ID = r"[A-Za-z0-9.\-]{1,64}"
_PATIENT = re.compile(rf"(?:.*/)?Patient/({_ID})(?:/_history/.*)?")
_MEDICATION = re.compile(rf"(?:.*/)?Medication/({_ID})(?:/_history/.*)?")
_REQUEST = re.compile(rf"(https?://.+?)(?:/Group/{_ID}|/Patient)?/\$export(?:\?.*)?")


class _Reference(msgspec.Struct):
    reference: str = ""


class _Head(msgspec.Struct):
    """What of a line says where it belongs; the rest is passed over."""

    kind: str = msgspec.field(name="resourceType", default="")
    id: str = ""
    subject: msgspec.Raw = msgspec.Raw()
    patient: msgspec.Raw = msgspec.Raw()
    medication: msgspec.Raw = msgspec.field(name="medicationReference", default=msgspec.Raw())


_HEADS = msgspec.json.Decoder(_Head)
_REFERENCES = msgspec.json.Decoder(_Reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The resources of one patient, in an order that no order of files changes."""

    patient: str = field(repr=False)
    resources: tuple[Json, ...] = field(repr=False)


@dataclass(kw_only=True)
class BulkExport:
    """An export that lies dealt out on disk.

    base : the server's address, "" where unknown · taken : its transaction time, "" where unknown
    patients : Patient resources · unused : resources of nobody in the export, by type; whole once
    all charts were read · parts : where the lines lie, each whole charts; `charts_in` reads one
    """

    base: str
    taken: str
    patients: int
    unused: Counter[str]
    parts: tuple[Path, ...] = field(repr=False)

    def charts(self) -> Iterator[Chart]:
        """One chart after another, in an order that depends on ids and size alone."""
        for part in self.parts:
            yield from charts_in(part, self.unused)


def charts_in(part: Path, unused: Counter[str]) -> Iterator[Chart]:
    """The charts of one part by id; `unused` counts resources of patients who are not there."""
    lines: defaultdict[str, list[bytes]] = defaultdict(list)
    with part.open("rb") as handle:
        for line in handle:
            key, _, resource = line.partition(b"\t")
            lines[key.decode()].append(resource)
    for patient in sorted(lines):
        resources = sorted((_parsed(line) for line in lines[patient]), key=_order)
        if any(r.get("resourceType") == "Patient" for r in resources):
            yield Chart(patient=patient, resources=tuple(resources))
        else:
            kinds = (text(r, "resourceType") for r in resources)
            unused.update(f"{k} of a patient who is not in the export" for k in kinds)


def _parsed(line: bytes) -> Json:
    try:
        parsed = parse_json(line)
    except JsonError as error:
        raise ExportError(
            f"A line of the export cannot be used: {error.detail}.",
            f"{error.remedy[:1].upper()}{error.remedy[1:]}.",
        ) from None
    return parsed if isinstance(parsed, dict) else {}


def _order(resource: Json) -> tuple[str, str, str]:
    return text(resource, "resourceType"), text(resource, "id"), json.dumps(resource)


@contextmanager
def open_export(
    folder: Path, *, part_bytes: int = PART_BYTES, scratch: Path | None = None
) -> Iterator[BulkExport]:
    """Deal out the `*.ndjson` files of a folder by patient; what is on disk meanwhile is removed.

    scratch : where it lies meanwhile, such as a disk that all workers see; the system's own place
    for temporary files if not given

    A file `manifest.json` (the server's own answer to the export) gives the time of the export and
    the server's address, against which absolute references are read.

    Raises
    ------
    ExportError
        No files, a line that is no resource, or no Patient: such an export was cut off.
    """
    files = sorted(folder.glob("*.ndjson"))
    if not files:
        raise ExportError(
            f"{folder.name}: holds no *.ndjson file.",
            "Name the folder of a FHIR bulk export, one resource a line.",
        )
    base, taken = _manifest(folder)
    total = sum(path.stat().st_size for path in files)
    count = min(_MOST_PARTS, 1 + total // part_bytes)
    with tempfile.TemporaryDirectory(prefix="export-", dir=scratch) as own:
        dealt = _deal(files, Path(own), count)
        if not dealt.patients:
            raise ExportError(
                f"{folder.name}: holds no Patient.", "Export Patient resources as well."
            )
        yield BulkExport(
            base=base,
            taken=taken,
            patients=dealt.patients,
            unused=dealt.nobodys,
            parts=tuple(Path(own) / f"charts-{i}" for i in range(count)),
        )


@dataclass(kw_only=True)
class _Dealt:
    patients: int = 0
    nobodys: Counter[str] = field(default_factory=Counter)


def _deal(files: list[Path], scratch: Path, count: int) -> _Dealt:
    """Every line to the part of its patient. A drug named in a Medication of its own belongs to no
    patient: those lines, and who names them, are dealt out by its id and joined afterwards.
    """
    dealt = _Dealt()
    with ExitStack() as stack:

        def part(name: str, key: str) -> BinaryIO:
            opened: BinaryIO = handles[name][_hash(key) % count]
            return opened

        handles = {
            name: [stack.enter_context((scratch / f"{name}-{i}").open("wb")) for i in range(n)]
            for name, n in (("charts", count), ("drugs", count), ("named", count))
        }
        for path in files:
            for number, line in _lines(path):
                head = _head(line, path, number)
                if head.kind == "Medication":
                    part("drugs", head.id).write(head.id.encode() + b"\t" + line)
                    continue
                patient = head.id if head.kind == "Patient" else _meant(head)
                dealt.patients += head.kind == "Patient"
                if not patient:
                    dealt.nobodys[f"{head.kind} of no patient"] += 1
                    continue
                part("charts", patient).write(patient.encode() + b"\t" + line)
                if drug := _found(_MEDICATION, head.medication):
                    part("named", drug).write(f"{drug}\t{patient}\n".encode())
    for i in range(count):
        _join(scratch, i, count)
    return dealt


def _join(scratch: Path, number: int, count: int) -> None:
    """The Medications of one part to the charts that name them, each once."""
    drugs: dict[str, bytes] = {}
    with (scratch / f"drugs-{number}").open("rb") as handle:
        for line in handle:
            drug, _, resource = line.partition(b"\t")
            drugs[drug.decode()] = resource
    wanted: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    with (scratch / f"named-{number}").open("rb") as handle:
        for line in handle:
            drug_id, _, patient = line.decode().rstrip("\n").partition("\t")
            if drug_id in drugs:
                wanted[_hash(patient) % count].add((patient, drug_id))
    for part, pairs in wanted.items():
        with (scratch / f"charts-{part}").open("ab") as charts:
            for patient, drug_id in sorted(pairs):
                charts.write(patient.encode() + b"\t" + drugs[drug_id])


def _hash(key: str) -> int:
    """The same in every run; Python's own differs."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that hold anything, each with one line break at its end."""
    try:
        with path.open("rb") as handle:
            for number, line in enumerate(handle, start=1):
                if line.strip():
                    yield number, line.strip() + b"\n"
    except OSError as error:
        raise ExportError(
            f"{path.name}: cannot be read ({type(error).__name__}).", "Check its permissions."
        ) from None


def _head(line: bytes, path: Path, number: int) -> _Head:
    try:
        head = _HEADS.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        head = _Head()
    if not head.kind or (head.kind in ("Patient", "Medication") and not head.id):
        raise ExportError(
            f"{path.name}, line {number}: holds no resource.",
            "Export again: a file that was cut off has lost charts without a word.",
        )
    return head


def _meant(head: _Head) -> str:
    return _found(_PATIENT, head.subject) or _found(_PATIENT, head.patient)


def _found(pattern: re.Pattern[str], raw: msgspec.Raw) -> str:
    """The id in a Reference; "" where it is none of that kind."""
    try:
        reference = _REFERENCES.decode(raw).reference if raw else ""
    except msgspec.MsgspecError:
        return ""
    match = pattern.fullmatch(reference)
    return match[1] if match else ""


def _manifest(folder: Path) -> tuple[str, str]:
    path = folder / MANIFEST
    if not path.is_file():
        return "", ""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict):
        raise ExportError(
            f"{folder.name}/{MANIFEST}: not the answer of a server to a bulk export.",
            "Put the server's answer there as it was sent, or take the file away.",
        )
    found = _REQUEST.fullmatch(text(manifest, "request"))
    return (found[1] if found else ""), text(manifest, "transactionTime")


def bundle_of(resources: tuple[Json, ...], as_of: str, base: str = "") -> Json:
    """The chart as the Bundle that the bedside would read, true at `as_of`."""
    entries = []
    for resource in resources:
        entry: Json = {"resource": resource}
        if base:
            entry["fullUrl"] = f"{base}/{text(resource, 'resourceType')}/{text(resource, 'id')}"
        entries.append(entry)
    return {"resourceType": "Bundle", "type": "collection", "timestamp": as_of, "entry": entries}
