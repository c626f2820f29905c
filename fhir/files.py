"""One file of the folder to parsed JSON, whatever lies there under the name of a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NoReturn

from fhir.errors import UnreadableError
from fhir.fields import clean
from fhir.json_text import JsonError, parse_json

MAX_BYTES = 20_000_000
"""Larger files are refused; the largest sample record of a lifetime has 1.3 MB."""


def shown_name(path: Path) -> str:
    """The name of a file as it can be shown: a name in another encoding must not stop the page."""
    return clean(os.fsencode(path.name).decode("utf-8", "replace")) or "(no name)"


def read_json(path: Path) -> object:
    """The parsed content of one file.

    Raises
    ------
    UnreadableError
        Too large, unreadable, no regular file, not UTF-8, not complete JSON, or JSON that says
        something twice. The cause is not chained: it would carry the patient's data into a log.
    """
    name = shown_name(path)
    try:
        return parse_json(_bytes(path, name))
    except JsonError as error:
        raise UnreadableError(name, "", error.detail, error.remedy) from None


def _bytes(path: Path, name: str) -> bytes:
    """The bytes of one regular file. Nothing else is opened: a pipe would wait for ever, a device
    has no end, and a link leads out of the folder that somebody chose.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            _refuse_irregular(name)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                _refuse_irregular(name)  # it was exchanged in between
            raw = file.read(MAX_BYTES + 1)
    except OSError:
        raise UnreadableError(
            name, "", "the file cannot be opened", "check its permissions"
        ) from None
    if len(raw) > MAX_BYTES:
        raise UnreadableError(
            name,
            "",
            f"larger than {MAX_BYTES // 1_000_000} MB and not read",
            "export a shorter period or fewer resource types",
        )
    return raw


def _refuse_irregular(name: str) -> NoReturn:
    raise UnreadableError(
        name, "", "a link, folder or device, not a file", "put the file itself into the folder"
    )
