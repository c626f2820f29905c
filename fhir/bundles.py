"""A folder of FHIR R4 Bundles, one patient each, as a source of records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from decision.clinical.codes import LOCAL
from decision.clinical.progress import Watch, unwatched
from decision.clinical.record import ListingProblem, PatientListing, PatientRecord
from fhir.collecting import not_collecting
from fhir.errors import BundleError, FolderError, UnknownPatientError, UnreadableError
from fhir.fields import Json, child, children, text
from fhir.files import read_json, shown_name
from fhir.to_record import read_bundle

CASE_NOTE = "case-note"
"""Code of the tag in `Bundle.meta` (system `LOCAL`) whose display says what a demo case shows."""


class FolderSource:
    """Every `*.json` of one folder. Files are read anew each time; only names and ids are kept.
    `arising` says of a record which decisions are about it, for the worklist.
    """

    def __init__(
        self,
        folder: Path,
        arising: Callable[[PatientRecord], tuple[str, ...]] = lambda _: (),
    ) -> None:
        self._folder = folder
        self._arising = arising
        self._files: dict[str, Path] = {}

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        """The worklist in order of file name. A file with a problem is listed as that problem."""
        lines, self._files = self._listed()
        return lines

    def _listed(self) -> tuple[tuple[PatientListing | ListingProblem, ...], dict[str, Path]]:
        """The lines of the worklist, and the file of each patient on it."""
        try:
            paths = self._paths()
        except FolderError as error:
            return (_problem(shown_name(self._folder), error),), {}
        if not paths:
            name = shown_name(self._folder)
            nobody = ListingProblem(
                file=name,
                message=f"{name}: the folder holds no patient.",
                remedy="Put FHIR R4 Bundles named *.json into it, one per patient.",
            )
            return (nobody,), {}
        lines: list[PatientListing | ListingProblem] = []
        files: dict[str, Path] = {}
        for path in paths:
            name = shown_name(path)
            try:
                bundle, record = _read(path)
            except BundleError as error:
                lines.append(_problem(name, error))
                continue
            first = files.setdefault(record.patient_id, path)
            if first is path:
                lines.append(
                    PatientListing(
                        patient_id=record.patient_id,
                        identity=record.identity,
                        as_of=record.as_of,
                        note=_case_note(bundle),
                        decisions=self._arising(record),
                    )
                )
            else:
                lines.append(
                    ListingProblem(
                        file=name,
                        message=f"{name}: the same Patient id as in {shown_name(first)}.",
                        remedy="Keep one of the two files; the first is shown.",
                    )
                )
        return tuple(lines), files

    def load(self, patient_id: str, watch: Watch = unwatched) -> PatientRecord:
        """The record of one patient, read from disk now.

        Raises
        ------
        UnknownPatientError
            No readable file holds this patient.
        BundleError
            The file has become unusable since it was listed.
        """
        files = self._files  # another session may list the folder meanwhile
        if patient_id not in files:
            _, files = self._listed()
            self._files = files
        path = files.get(patient_id)
        if path is None:
            _refuse_unknown()
        _, record = _read(path)
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
                f"{shown_name(self._folder)}: the folder of patient files cannot be opened.",
                "Check its path and permissions in the settings.",
            ) from None


def _refuse_unknown() -> NoReturn:
    raise UnknownPatientError(
        "No readable file holds this patient.", "Go back to the worklist and choose again."
    )


def _problem(file: str, error: BundleError | FolderError) -> ListingProblem:
    return ListingProblem(file=file, message=error.message, remedy=error.remedy)


def _read(path: Path) -> tuple[object, PatientRecord]:
    """The content of one file and its record; `BundleError` whatever is wrong with it."""
    name = shown_name(path)
    try:
        with not_collecting():
            bundle = read_json(path)
            return bundle, read_bundle(bundle, name, with_files=True)
    except RecursionError:  # content that could be parsed may still be too deep to be compared
        raise UnreadableError(
            name, "", "its content is nested too deeply", "export the file again"
        ) from None


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
