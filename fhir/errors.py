"""What can go wrong with FHIR data, in one small tree. Messages name file, resource and remedy.

decision.clinical.errors.RecordSourceError
└── FhirError
    ├── FolderError            the folder of bundles is not there
    ├── UnknownPatientError    no readable file holds that patient
    ├── ServerError            a FHIR server cannot be reached, or answers what cannot be used
    │   └── UnreachedError         no connection was made, so nothing was sent
    ├── AccessEndedError       the right to read has ended; the launch ends with it
    ├── LaunchError            a launch cannot go on; its reasons are listed in fhir.smart.refusals
    ├── NotWritableError       what would go to the chart fails our own checks; nothing is sent
    ├── HookError              a call of the CDS Hooks service (fhir.hooks.errors has its tree)
    └── BundleError            one file cannot be used; the others still can
        ├── UnreadableError        too large, not UTF-8, not complete JSON
        ├── NotABundleError        JSON, but not a Bundle of current resources
        ├── WrongVersionError      looks like another FHIR version than R4
        ├── PatientCountError      no Patient, or more than one
        ├── StandingError          the Patient was replaced, or cannot be understood
        ├── OtherPatientError      a resource belongs to somebody else
        └── UndatedError           nothing says when the data were true

A doubt about one resource is no error: it becomes a `DataIssue` and the record is still read.
No message holds a person's name, birth date or number, or a display. It names the file and, by its
id, the resource that stopped it; a Patient is called just that, since its id may be such a number.
"""

from __future__ import annotations

from decision.clinical.errors import RecordSourceError


class FhirError(RecordSourceError):
    """Anything that stops a patient's FHIR data from becoming a record."""


class FolderError(FhirError):
    """The folder of bundles cannot be read."""


class UnknownPatientError(FhirError):
    """No readable file of the folder holds the patient that was asked for."""


class ServerError(FhirError):
    """A FHIR server cannot be reached, refuses, or answers what cannot be used. `status` is the
    HTTP status, or 0 where there was no answer.
    """

    def __init__(self, message: str, remedy: str = "", status: int = 0) -> None:
        super().__init__(message, remedy)
        self.status = status


class UnreachedError(ServerError):
    """No connection to the server was made, so that nothing can have been done there."""


class AccessEndedError(FhirError):
    """The right to read this patient's record has ended, so nothing more of it may be shown."""

    def __init__(self) -> None:
        super().__init__(
            "Access to the record has ended.", "Open this page again from the patient's chart."
        )


class NotWritableError(FhirError):
    """What would be written to the chart fails our own checks: a fault of ours, and nothing of it
    leaves. `fault` names the element and never its value.
    """

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"Nothing was sent to the chart: {fault}.",
            "The decision is in the audit trail. Report this fault to whoever runs the product.",
        )
        self.fault = fault


class BundleError(FhirError):
    """One file cannot be used. `resource` is the reference of the offender, where there is one."""

    def __init__(self, file: str, resource: str, detail: str, remedy: str) -> None:
        where = f"{file}, {resource}" if resource else file
        super().__init__(f"{where}: {detail}.", f"{remedy[:1].upper()}{remedy[1:]}.")
        self.file = file
        self.resource = resource
        self.detail = detail


class UnreadableError(BundleError):
    """Too large, not UTF-8 or not complete JSON."""


class NotABundleError(BundleError):
    """JSON, but not a Bundle of current resources."""


class WrongVersionError(BundleError):
    """A resource has the shape of another FHIR version; reading it as R4 would misread it."""


class PatientCountError(BundleError):
    """A record needs exactly one Patient."""


class StandingError(BundleError):
    """The Patient resource is not, or not surely, the one to read for this person."""


class OtherPatientError(BundleError):
    """A resource belongs to somebody else, so nothing in the file can be trusted."""


class UndatedError(BundleError):
    """Nothing in the file says when its data were true, and the wall clock would be a guess."""
