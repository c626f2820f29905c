"""Bytes of a download to lines: gzip or plain, UTF-8 or the Latin-1 of old deposits."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable
from pathlib import Path

from models.studies.errors import FormatError

LARGEST = 2_000_000_000
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_PAGE = (b"<!doctype", b"<html", b"<?xml")


def lines_of(path: Path) -> list[str]:
    """The lines of a text file, compressed or not.

    Raises
    ------
    FormatError
        Not there, empty, cut off, a web page or an archive.
    """
    name = path.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FormatError(
            f"{name} cannot be read ({type(error).__name__}).", "Check the path."
        ) from None
    if content.startswith(_GZIP):
        content = _inflated(content, name)
    if not content.strip():
        raise FormatError(f"{name} is empty.", "Download it again.")
    if content.startswith(_ZIP) or content[257:262] == b"ustar":
        raise FormatError(f"{name} is an archive.", "Unpack it and name the table inside.")
    if content[:200].lstrip().lower().startswith(_PAGE):
        raise FormatError(
            f"{name} is a web page, not the file it links to.", "Download the file itself."
        )
    if b"\0" in content[:10_000]:
        raise FormatError(f"{name} is no text.", "Export or download it as text.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # names of places in old headers; no number is affected
    return text.splitlines()


def cells(lines: Iterable[str], delimiter: str, where: str) -> list[list[str]]:
    """Rows of cells, quotation marks removed.

    Raises
    ------
    FormatError
        A quotation mark is not closed.
    """
    try:
        return [
            [c.strip() for c in row] for row in csv.reader(lines, delimiter=delimiter, strict=True)
        ]
    except csv.Error as error:
        raise FormatError(
            f"{where}: a line cannot be split into cells ({error}).", "Download it again."
        ) from None


def _inflated(content: bytes, name: str) -> bytes:
    parts, size, left = [], 0, content
    while left:
        machine = zlib.decompressobj(wbits=31)
        try:
            part = machine.decompress(left, LARGEST + 1 - size)
        except zlib.error:
            raise FormatError(
                f"{name}: the compressed file is damaged.", "Download it again."
            ) from None
        size += len(part)
        if size > LARGEST:
            raise FormatError(
                f"{name} has more than {LARGEST // 1_000_000} MB after decompression.",
                "Name the table of one study.",
            )
        if not machine.eof:
            raise FormatError(f"{name}: the compressed file is cut off.", "Download it again.")
        parts.append(part)
        left = machine.unused_data.lstrip(b"\0")
    return b"".join(parts)
