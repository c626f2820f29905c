"""A folder of FHIR R4 Bundles, one patient each, as a source of records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

from decision.clinical.codes import LOCAL
from decision.clinical.record import ListingProblem, PatientListing, PatientRecord
from fhir.errors import BundleError, FolderError, UnknownPatientError, UnreadableError
from fhir.fields import Json, child, children, text
from fhir.to_record import read_bundle

MAX_BYTES = 20_000_000
"""Larger files are refused unread; the largest sample record of a lifetime has 1.3 MB."""

CASE_NOTE = "case-note"
"""Code of the tag in `Bundle.meta` (system `LOCAL`) whose display says what a demo case shows."""


class FolderSource:
    """Every `*.json` of one folder. Files are read anew each time; only names and ids are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        """The worklist in order of file name. A file with a problem is listed as that problem."""
        try:
            paths = self._paths()
        except FolderError as error:
            return (_problem(self._folder.name, error),)
        if not paths:
            return (
                ListingProblem(
                    file=self._folder.name,
                    message=f"{self._folder.name}: the folder holds no patient.",
                    remedy="Put FHIR R4 Bundles named *.json into it, one per patient.",
                ),
            )
        lines: list[PatientListing | ListingProblem] = []
        files: dict[str, Path] = {}
        for path in paths:
            try:
                bundle = read_json(path)
                record = read_bundle(bundle, path.name)
            except BundleError as error:
                lines.append(_problem(path.name, error))
                continue
            first = files.setdefault(record.patient_id, path)
            if first is path:
                lines.append(
                    PatientListing(
                        patient_id=record.patient_id,
                        identity=record.identity,
                        as_of=record.as_of,
                        note=_case_note(bundle),
                    )
                )
            else:
                lines.append(
                    ListingProblem(
                        file=path.name,
                        message=f"{path.name}: the same Patient id as in {first.name}.",
                        remedy="Keep one of the two files; the first is shown.",
                    )
                )
        self._files = files
        return tuple(lines)

    def load(self, patient_id: str) -> PatientRecord:
        """The record of one patient, read from disk now.

        Raises
        ------
        UnknownPatientError
            No readable file holds this patient.
        BundleError
            The file has become unusable since it was listed.
        """
        if patient_id not in self._files:
            self.patients()
        path = self._files.get(patient_id)
        if path is None:
            _refuse_unknown()
        record = read_bundle(read_json(path), path.name)
        if record.patient_id != patient_id:  # the file was replaced since the folder was listed
            self._files = {}
            _refuse_unknown()
        return record

    def _paths(self) -> list[Path]:
        try:
            return sorted(
                p for p in self._folder.iterdir() if p.suffix == ".json" and p.name[0] != "."
            )
        except OSError:
            raise FolderError(
                f"{self._folder.name}: the folder of patient files cannot be opened.",
                "Check its path and permissions in the settings.",
            ) from None


def _refuse_unknown() -> NoReturn:
    raise UnknownPatientError(
        "No readable file holds this patient.", "Go back to the worklist and choose again."
    )


def _problem(file: str, error: BundleError | FolderError) -> ListingProblem:
    return ListingProblem(file=file, message=error.message, remedy=error.remedy)


def read_json(path: Path) -> object:
    """The parsed content of one file.

    Raises
    ------
    UnreadableError
        Too large, unreadable, not UTF-8 or not complete JSON. The cause is not chained: it would
        carry the patient's data along into a log.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableError(
                path.name,
                "",
                f"larger than {MAX_BYTES // 1_000_000} MB and not read",
                "export a shorter period or fewer resource types",
            )
        raw = path.read_bytes()
    except OSError:
        raise UnreadableError(
            path.name, "", "the file cannot be opened", "check its permissions"
        ) from None
    try:
        written = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            path.name, "", f"not UTF-8 from byte {error.start + 1}", "save the file as UTF-8"
        ) from None
    try:
        return json.loads(written, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            path.name,
            "",
            f"not complete JSON: it breaks at line {error.lineno}, column {error.colno}",
            "export or copy the file again",
        ) from None
    except (ValueError, RecursionError):
        raise UnreadableError(
            path.name, "", "not JSON that can be read", "export the file again"
        ) from None


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _case_note(bundle: object) -> str:
    """What a demo case shows: only the display of our own tag, so never a hospital's free text."""
    meta: Json = child(bundle, "meta") if isinstance(bundle, dict) else {}
    return next(
        (
            text(tag, "display")
            for tag in children(meta, "tag")
            if text(tag, "system") == LOCAL and text(tag, "code") == CASE_NOTE
        ),
        "",
    )
