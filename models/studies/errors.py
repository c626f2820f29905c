"""Why a study cannot be read: which file, field or rows, and what to do about it.

StudyError
├── MappingError      the mapping file: a key, a value, or a study there is no mapping for
├── FormatError       the bytes are not of the format they are read as
├── LabelError        a characteristic that is not there, or values no rule of the mapping covers
├── ExpressionTableError   numbers, genes or samples of the table
├── FolderError       a stored cohort that was changed, or is of another program
└── TooFewError       too few courses to fit anything

Samples are named by their number in the file and the repository's accession, never by a person's
identifier: these files may be a hospital's own.
"""

from __future__ import annotations

from decision.clinical.errors import DecisionSupportError


class StudyError(DecisionSupportError):
    """A study that is not used."""


class MappingError(StudyError):
    """The declarative file, not the data."""


class FormatError(StudyError):
    """Bytes of another format, damaged or cut off."""


class LabelError(StudyError):
    """Characteristics and mapping do not fit each other."""


class ExpressionTableError(StudyError):
    """The table of expression cannot be used."""


class FolderError(StudyError):
    """A stored cohort that cannot be read back."""


class TooFewError(StudyError):
    """Too few courses with either outcome."""
