"""One R4 Bundle, as parsed JSON, to one `PatientRecord`.

What belongs to somebody else stops the file. Any other doubt becomes a `DataIssue`, and what is in
doubt is left out or marked, never guessed; a resource left out so is a `Gap` too. Only what is used
is validated.
"""

from __future__ import annotations

from decision.clinical.record import IssueKind, PatientRecord
from fhir.conditions import read_condition
from fhir.doubts import Doubts
from fhir.duplicates import (
    distinct,
    one_version_each,
    same_condition,
    same_exposure,
    same_observation,
    settle_same_day,
)
from fhir.errors import (
    NotABundleError,
    OtherPatientError,
    PatientCountError,
    UndatedError,
    WrongVersionError,
)
from fhir.expression import bundled_files
from fhir.fields import Json, child, children, text
from fhir.losses import gaps_of, lose
from fhir.medications import read_medication
from fhir.observations import read_observation
from fhir.person import check_standing, read_death, read_identity
from fhir.references import Entry, Library, Subject, entry_of
from fhir.snapshot import as_of
from fhir.versions import other_version

_BUNDLE_TYPES = frozenset({"collection", "transaction", "searchset", "batch", "document"})
_MEDICATIONS = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration"})
_READ = _MEDICATIONS | {"Observation", "Condition"}


def read_bundle(bundle: object, file: str, *, with_files: bool = False) -> PatientRecord:
    """The record of the one patient a bundle is about. `file` names it in errors.

    `with_files` reads gene-expression files inside the bundle too; a server's are fetched instead.

    Raises
    ------
    BundleError
        Not a Bundle of R4 resources, not exactly one Patient, a resource of another patient, or no
        time at all.
    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise NotABundleError(file, "", "it is not a FHIR Bundle", "export a FHIR R4 Bundle")
    doubts = Doubts()
    every = _entries(bundle, file, doubts)
    patient = _patient(every, file)
    check_standing(patient, file, doubts)
    subject = Subject(patient)
    # first: else a stranger's could pass for an old version
    owned = _refuse_others(every, subject, file)
    entries = one_version_each(every, subject.base, doubts)
    mine = _owned(entries, owned, doubts)
    deceased = read_death(patient, doubts)
    now = as_of(bundle, mine, deceased, doubts)
    if now is None:
        raise UndatedError(
            file, "Bundle", "nothing says when its data were true", "add Bundle.timestamp"
        )
    identity = read_identity(patient, now, doubts)
    observations = [
        o for e in mine if e.kind == "Observation" for o in read_observation(e, subject, doubts)
    ]
    conditions = [
        c for e in mine if e.kind == "Condition" if (c := read_condition(e, doubts)) is not None
    ]
    library = Library(entries, subject.base)
    medications = [
        m
        for e in mine
        if e.kind in _MEDICATIONS
        if (m := read_medication(e, library, now, doubts)) is not None
    ]
    expression = bundled_files(mine, entries, subject, doubts) if with_files else []
    return PatientRecord(
        patient_id=subject.id,
        identity=identity,
        as_of=now,
        deceased=deceased,
        observations=tuple(
            settle_same_day(distinct(observations, same_observation, doubts), doubts)
        ),
        conditions=tuple(distinct(conditions, same_condition, doubts)),
        medications=tuple(distinct(medications, same_exposure, doubts)),
        issues=doubts.issues,
        gaps=gaps_of(doubts.losses),
        expression=tuple(expression),
    )


def _entries(bundle: Json, file: str, doubts: Doubts) -> list[Entry]:
    """The resources of a bundle, each known to be R4 as far as it shows."""
    if text(bundle, "type") not in _BUNDLE_TYPES:
        raise NotABundleError(
            file,
            "Bundle",
            "its type is not one that holds the current state of a record",
            f"export one of these types: {', '.join(sorted(_BUNDLE_TYPES))}",
        )
    if any(text(link, "relation") == "next" for link in children(bundle, "link")):
        doubts.add(
            IssueKind.INCOMPLETE,
            "Bundle",
            "it is one page of several, so parts of the record are missing",
            "export all pages into one Bundle",
        )
    found = []
    for position, item in enumerate(children(bundle, "entry"), start=1):
        if not child(item, "resource"):
            continue  # a transaction may hold bare requests
        entry = entry_of(position, item)
        if entry.kind == "Bundle":
            doubts.add(
                IssueKind.INCOMPLETE,
                entry.reference,
                "it is a Bundle inside the Bundle, and nothing in it was read",
                "export all resources as entries of one Bundle",
            )
        elif entry.kind == "OperationOutcome":
            doubts.add(
                IssueKind.INCOMPLETE,
                entry.reference,
                "the server reported a problem with this export; parts may be missing",
                "read the OperationOutcome and export again",
            )
        elif version := other_version(entry.resource):
            raise WrongVersionError(
                file,
                entry.label,
                f"it looks like FHIR {version}, not R4",
                "export as FHIR R4 (4.0.1)",
            )
        else:
            found.append(entry)
    return found


def _patient(entries: list[Entry], file: str) -> Entry:
    patients: list[Entry] = []
    for entry in entries:
        if entry.kind == "Patient" and all(entry.resource != p.resource for p in patients):
            patients.append(entry)
    if len(patients) == 1:
        if patients[0].reference.startswith("Patient/"):
            return patients[0]
        raise PatientCountError(
            file, patients[0].label, "its Patient has no usable id", "export it with its id"
        )
    if not patients:
        raise PatientCountError(
            file, "", "it holds no Patient", "include the Patient resource in the Bundle"
        )
    raise PatientCountError(
        file,
        patients[1].label,
        f"it holds {len(patients)} Patients, or versions of one",
        "export one Bundle for each patient",
    )


def _refuse_others(entries: list[Entry], subject: Subject, file: str) -> frozenset[int]:
    """A file with anybody else's resource is not trusted at all. Of the rest, by `id()`, those that
    say that they are about this patient.
    """
    owned = set()
    for entry in entries:
        if entry.kind == "Patient":
            continue
        meant = subject.owns(entry)
        if meant:
            owned.add(id(entry))
        elif meant is False:
            raise OtherPatientError(
                file,
                entry.reference,
                "it belongs to another patient than the rest of the file",
                "export the Bundle again for one patient alone",
            )
    return frozenset(owned)


def _owned(entries: list[Entry], owned: frozenset[int], doubts: Doubts) -> list[Entry]:
    """Entries that say they are about this patient; of what says nothing, a note."""
    mine = []
    for entry in entries:
        if entry.kind == "Patient":
            continue
        if id(entry) in owned:
            mine.append(entry)
        elif entry.kind in _READ:
            doubts.add(
                IssueKind.MALFORMED,
                entry.reference,
                "it does not say which patient it is about, so it is not used",
                "add its subject at the source",
            )
            lose([entry.resource], doubts)
    return mine
