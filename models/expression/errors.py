"""Why a file of gene expression cannot be used: which line or column, and what to do about it.

ExpressionError
├── FileError                  the bytes are no table
│   ├── EmptyFileError
│   ├── TooLargeError
│   ├── CompressionError           gzip that is damaged or cut off
│   ├── NotTextError               binary content under the name of a text file
│   ├── EncodingError              text in another encoding than UTF-8
│   └── ParquetError               damaged, cut off, or columns of other types
├── TableError                 a table, but not one of genes and numbers
│   ├── DelimiterError
│   ├── HeaderError
│   ├── RaggedRowError
│   ├── TransposedError            samples in rows
│   ├── FormulaError               a cell that a spreadsheet would compute
│   ├── NotANumberError
│   ├── NotFiniteError             missing, NaN or infinite
│   └── SampleChoiceError          several samples and none chosen, or one that is not there
├── GeneError                  the rows cannot be named
│   ├── OrganismError
│   ├── IdentifierError
│   ├── SpreadsheetDateError       gene names that a spreadsheet made into dates
│   ├── DuplicateGeneError
│   └── TooFewGenesError
├── ScaleError                 the numbers are not what they are called
└── PlatformError              not registered, another specimen, or a sample of poor quality

No message repeats a cell, a sample's name or a file's name: any of them may hold a person's.
"""

from __future__ import annotations

from decision.clinical.errors import DecisionSupportError


class ExpressionError(DecisionSupportError):
    """A file of gene expression that is not used; the rest of the answer stands."""


class FileError(ExpressionError):
    """The bytes are no table."""


class EmptyFileError(FileError):
    """Nothing in it."""


class TooLargeError(FileError):
    """More than one sample or one study can hold."""


class CompressionError(FileError):
    """Compressed content that is damaged or cut off."""


class NotTextError(FileError):
    """Binary content where text was declared."""


class EncodingError(FileError):
    """Text that is not UTF-8."""


class ParquetError(FileError):
    """A Parquet file that is damaged, cut off or holds other types."""


class TableError(ExpressionError):
    """A table, but not one of genes and numbers."""


class DelimiterError(TableError):
    """Columns separated otherwise than the declared type says."""


class HeaderError(TableError):
    """No line of column names, or two columns of one name."""


class RaggedRowError(TableError):
    """A line with more or fewer cells than the header."""


class TransposedError(TableError):
    """Genes in columns."""


class FormulaError(TableError):
    """A cell that a spreadsheet would compute."""


class NotANumberError(TableError):
    """A cell of a value column that holds no number."""


class NotFiniteError(TableError):
    """A value that is missing, NaN or infinite."""


class SampleChoiceError(TableError):
    """Several samples and none chosen. `samples` are their names, for whoever may see the file."""

    def __init__(self, message: str, remedy: str, samples: tuple[str, ...] = ()) -> None:
        super().__init__(message, remedy)
        self.samples = samples


class GeneError(ExpressionError):
    """Rows that cannot be named."""


class OrganismError(GeneError):
    """Genes of another species."""


class IdentifierError(GeneError):
    """Identifiers other than Ensembl genes, HGNC symbols or mapped probe sets."""


class SpreadsheetDateError(GeneError):
    """Gene names that a spreadsheet made into dates."""


class DuplicateGeneError(GeneError):
    """One gene in two rows."""


class TooFewGenesError(GeneError):
    """Too little of the panels was measured."""


class ScaleError(ExpressionError):
    """Numbers that are not what they are called."""


class PlatformError(ExpressionError):
    """A platform that is not registered, another specimen, or a sample of poor quality."""


class RegistryError(DecisionSupportError):
    """What was installed is damaged: a panel, a gene table or a platform; the message names it."""
