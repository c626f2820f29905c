"""What no log may hold, and everything that was written: the last test searches one for the other.

`secret(kind, value)` marks a value that must not be written anywhere. Nobody need call it for what
the `secrets` module makes: from `watch()` on, every code, state, token, cookie and handle made in
this process is marked by itself. Names, birth dates, numbers and ids are those of all sample
patients. A finding names the kind of a value and the place, never the value.
"""

from __future__ import annotations

import base64
import gzip
import json
import logging
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fhir_builders import NAME

ROOT = Path(__file__).parent.parent
OWN = ("app", "decision", "demonstration", "doors", "examples", "fhir", "models", "parts", "wiring")
"""Our loggers: whatever they would say at any level is searched, said or not."""
SHORTEST = 8
"""Shorter values, such as a bare year or `1`, stand in any text."""
_RUN = re.compile(r"[A-Za-z0-9_\-]{8,}")
_FORMS = {
    "a signed token": re.compile(r"\beyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]+"),
    "an address with parameters": re.compile(
        r"[?&](?:code|state|lid|launch|nonce|patient|access_token|id_token|refresh_token)=[^&\s\"']"
    ),
    "an authorization": re.compile(r"\b(?:Bearer|Basic) [A-Za-z0-9+/_.\-]{16,}"),
    "a launch's cookie": re.compile(r"__Host-[A-Za-z]-[\w\-]+=[\w\-]{8,}"),
}


@dataclass
class Marks:
    """Values by kind. Those of one run of letters are looked up, others are searched for."""

    _tokens: dict[str, str] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, value: str) -> None:
        """Mark a value, unless it is too short to mean anything."""
        if len(value) < SHORTEST and not (kind == "a patient's id" and len(value) >= 6):
            return
        place = self._tokens if _RUN.fullmatch(value) and kind != "a name" else self._texts
        place.setdefault(value if place is self._tokens else value.casefold(), kind)

    def kinds_in(self, text: str) -> set[str]:
        """The kinds of everything in the text that must not be there."""
        found = {kind for kind, form in _FORMS.items() if form.search(text)}
        folded = text.casefold()
        found |= {kind for value, kind in self._texts.items() if value in folded}
        lengths = {len(value) for value in self._tokens}
        for run in _RUN.findall(text):
            for length in lengths:
                for start in range(len(run) - length + 1):
                    kind = self._tokens.get(run[start : start + length])
                    if kind:
                        found.add(kind)
        return found


@dataclass
class Written:
    """What was written in this process, and the files that processes of the product wrote."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def all(self) -> Iterator[tuple[str, str]]:
        """(where, text) of each message and each line of a file."""
        yield from self.lines
        for path in self.files:
            for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
                yield f"{path.parent.name}/{path.name}:{number}", line


MARKS = Marks()
WRITTEN = Written()


def secret(kind: str, value: str) -> str:
    """Mark the value; it is given back, so that a test can mark it where it makes it."""
    MARKS.add(kind, value)
    return value


def leaks(marks: Marks, written: Iterable[tuple[str, str]]) -> list[str]:
    """`a name, in fhir.smart.routes` for each finding, once."""
    found = {f"{kind}, in {place}" for place, text in written for kind in marks.kinds_in(text)}
    return sorted(found)


def kept_message(record: logging.LogRecord) -> str | None:
    """The message with its traceback if the product as shipped would write it, or if it is ours."""
    if record.name.split(".")[0] not in OWN and record.levelno < logging.WARNING:
        return None
    return logging.Formatter().format(record)


def watch() -> None:
    """From now on every message of this process is kept, and every random text is a secret."""
    for name in OWN:
        logging.getLogger(name).setLevel(logging.DEBUG)
    made = logging.getLogRecordFactory()

    def noted(*given: Any, **named: Any) -> logging.LogRecord:
        record = made(*given, **named)
        message = kept_message(record)
        if message is not None:
            WRITTEN.lines.append((record.name, message))
        return record

    logging.setLogRecordFactory(noted)
    random = secrets.token_bytes

    def marked(nbytes: int | None = None) -> bytes:
        value = random(nbytes)
        if len(value) >= 6:
            MARKS.add("a secret made here", base64.urlsafe_b64encode(value).rstrip(b"=").decode())
            MARKS.add("a secret made here", value.hex())
        return value

    secrets.token_bytes = marked  # token_urlsafe and token_hex call it by this name
    for patient in sample_patients():
        for kind, value in identifying(patient):
            MARKS.add(kind, value)
    MARKS.add("a name", NAME)


def sample_patients() -> Iterator[dict[str, Any]]:
    """The Patient resources of all demo and sample records."""
    demo = [p.read_bytes() for p in sorted((ROOT / "examples/demo_patients").glob("*.json"))]
    packed = sorted((ROOT / "tests/data/samples").glob("*.json.gz"))
    for raw in [*demo, *(gzip.decompress(p.read_bytes()) for p in packed)]:
        for entry in json.loads(raw)["entry"]:
            if entry["resource"]["resourceType"] == "Patient":
                yield entry["resource"]


def identifying(patient: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, value) of what tells who a patient is."""
    yield "a patient's id", patient["id"]
    yield "a birth date", patient.get("birthDate", "")
    for name in patient.get("name", ()):
        yield "a name", name.get("family", "")
        yield "a name", f"{' '.join(name.get('given', ()))} {name.get('family', '')}"
    for identifier in patient.get("identifier", ()):
        yield "a record number", identifier.get("value", "")
