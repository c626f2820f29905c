"""Words of the form that adds a file of gene expression."""

from __future__ import annotations

from decision.clinical.expression import PlatformChoice, Refused
from decision.clinical.record import AddedFile
from decision.ui.texts.numbers import moment, plural

TITLE = "Add a file of gene expression"
NOTE = (
    "One sample's file of genes and values: TSV, CSV (either may be compressed with gzip) or "
    "Parquet, at most 20 MB. It is read in memory for this patient and this session and stored "
    "nowhere; its scores count as entered by clinician and can be taken back on the Patient page."
)
FILE = "File of this patient's sample"
FILE_HELP = "Genes in rows: Ensembl ids, HGNC symbols, or probe sets with a mapping."
MAPPING = "Mapping of probe sets to genes (only for probe sets: CSV with columns probe, gene)"
PLATFORM = "Platform it was measured on"
ELSEWHERE = "Another platform, not registered here"
SPECIMEN = "Specimen"
OTHER_SPECIMEN = "Another specimen"
SCALE = "What the numbers are"
TAKEN = "Day the specimen was taken"
SAMPLE = "Which of the file's samples is this patient's"
MINE = "This file is of the patient named above"
SEND = "Read the file and update the answer"
CHOOSE = "Choose"
UNDATED = "date not recorded"
SCALES = {
    "count": "Counts",
    "log2-count": "Counts, as log2",
    "tpm": "TPM",
    "log2-tpm": "TPM, as log2",
    "cpm": "CPM",
    "log2-cpm": "CPM, as log2",
    "intensity": "Microarray intensities",
    "log2-intensity": "Microarray intensities, as log2",
    "ncounter": "nCounter counts",
    "log2-ncounter": "nCounter counts, as log2",
}
NO_FILE = "No file was chosen. Choose one; nothing was changed."
NOT_MINE = "Confirm that the file is of the patient named above; nothing was changed."
UNKNOWN_END = (
    "The file's name ends in none of .tsv, .txt, .csv, .parquet, with or without .gz. Export the "
    "table in one of these; nothing was changed."
)


def platform(choice: PlatformChoice) -> str:
    """A registered platform in the list."""
    simulated = ", simulated" if choice.simulated else ""
    return f"{choice.label} ({choice.kind}, {specimen(choice.specimen)}{simulated})"


def specimen(written: str) -> str:
    """`whole blood`."""
    return written.replace("-", " ")


def not_said(question: str) -> str:
    """A question that stands open."""
    return f"{question}: not answered. Answer it; nothing was changed."


def refused(found: Refused) -> str:
    """Why the file is not used, what to do, and that the answer stands."""
    return f"Not used. {found.message} {found.remedy} The answer is unchanged."


def several(count: int) -> str:
    """Above the choice of a sample."""
    return f"The file holds {plural(count, 'sample')}. Choose the one of this patient."


def added(found: AddedFile) -> str:
    """That the file is in use, until it is taken back."""
    return (
        f"A file added on this page is in use: {found.file.use}, specimen of "
        f"{moment(found.file.effective)}. Undo it on the Patient page under what was entered."
    )
