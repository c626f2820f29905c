"""Which characters our own font can draw, read from the font itself (its `cmap`, format 12).

A page to be kept must not show an empty box for a letter of somebody's name, and PDF/A forbids it:
what cannot be drawn is written out as its code point.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator

_LONGEST = 30
_ENDLESS = re.compile(rf"\S{{{_LONGEST + 1},}}")
_CHECKSUM = re.compile("[0-9a-f]{32}|[0-9a-f]{64}")
_BREAKS = re.compile("[ \t-\r\x85\u2028\u2029]+")
"""Whatever would begin another line; a space that must not be broken stays."""
_UNSEEN = frozenset({*range(0x202A, 0x202F), *range(0x2066, 0x206A)})
"""Turn the direction of what follows: a name could make another line read otherwise."""


def drawable(font: bytes) -> frozenset[int]:
    """Code points that a TrueType font has a picture of.

    Raises ValueError for a font without a `cmap` of format 12.
    """
    (tables,) = struct.unpack_from(">H", font, 4)
    for i in range(tables):
        name, _, at, _ = struct.unpack_from(">4sIII", font, 12 + 16 * i)
        if name == b"cmap":
            return frozenset(_best(font, at))
    raise ValueError("the font has no table of characters")


def _best(font: bytes, at: int) -> Iterator[int]:
    (subtables,) = struct.unpack_from(">H", font, at + 2)
    places = (struct.unpack_from(">HHI", font, at + 4 + 8 * i)[2] for i in range(subtables))
    formats = {struct.unpack_from(">H", font, at + place)[0]: at + place for place in places}
    if 12 not in formats:
        raise ValueError("the font's table of characters is not of format 12")
    start = formats[12]
    (groups,) = struct.unpack_from(">I", font, start + 12)
    for i in range(groups):
        first, last, _ = struct.unpack_from(">III", font, start + 16 + 12 * i)
        yield from range(first, last + 1)


def printable(words: str, drawn: frozenset[int]) -> str:
    """One line of what can be printed with the characters of `drawn`; the rest as code points."""
    return "".join(_character(c, drawn) for c in _BREAKS.sub(" ", words).strip(" "))


def _character(c: str, drawn: frozenset[int]) -> str:
    point = ord(c)
    if point in _UNSEEN or unicodedata.category(c) in ("Cc", "Cs", "Cn", "Co"):
        return f"[U+{point:04X}]"
    if point not in drawn:
        return f"[U+{point:04X}]"
    return c


def breakable(words: str) -> str:
    """A word without an end may break, so that nothing of it stands beyond the edge of the page; a
    checksum is no such word, and is copied in one piece.
    """
    return _ENDLESS.sub(_parted, words)


def _parted(found: re.Match[str]) -> str:
    word = found[0]
    if _CHECKSUM.fullmatch(word):
        return word
    pieces = (word[i : i + _LONGEST] for i in range(0, len(word), _LONGEST))
    return "\u200b".join(pieces)
