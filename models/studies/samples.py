"""What a file says of its samples, whatever its format: named values per sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.studies.errors import FormatError, LabelError
from models.studies.mapping import plain

_LISTED = 12
"""Values or rows that a message lists; a whole column helps nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """n samples in the order of the file.

    accessions : what the repository calls them
    said : characteristic as it is compared (`mapping.plain`) -> (n,) values, "" where not given
    """

    accessions: tuple[str, ...]
    said: Mapping[str, tuple[str, ...]] = field(repr=False)
    study: str = ""

    def __post_init__(self) -> None:
        if not self.accessions:
            raise FormatError("The file names no sample.", "Download it again.")
        if twice := repeated(self.accessions):
            raise FormatError(
                f"Samples are listed twice: {listed(twice)}.",
                "Download the file again; two files joined by hand repeat their samples.",
            )

    def values(self, sources: Sequence[str], what: str) -> tuple[str, ...]:
        """The first of the characteristics that exists.

        Raises
        ------
        LabelError
            None of them does; the message names those that do.
        """
        for source in sources:
            if plain(source) in self.said:
                return self.said[plain(source)]
        raise LabelError(
            f"[{what}]: no characteristic {' or '.join(map(repr, sources))}. The file has "
            f"{', '.join(map(repr, self.said))}.",
            f"Correct `from` in [{what}] of the mapping, and its verification.",
        )

    def place(self, i: int) -> str:
        """A sample as a message names it."""
        return f"{i + 1} ({self.accessions[i]})"


def repeated(names: Sequence[str]) -> list[str]:
    """The names that stand there more than once, each once."""
    seen: set[str] = set()
    again = {n for n in names if n in seen or seen.add(n)}  # type: ignore[func-returns-value]
    return sorted(again)


def listed(things: Sequence[str]) -> str:
    """The first of some things, and how many more there are.

    >>> listed(["a", "b"])
    'a, b'
    """
    more = len(things) - _LISTED
    return ", ".join(things[:_LISTED]) + (f" and {more} more" if more > 0 else "")
