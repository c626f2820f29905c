"""Files that only the account running the product may read, and the key kept in one of them."""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import secrets
import stat
import unicodedata
from contextlib import suppress
from pathlib import Path

from decision.clinical.record import Identity

_KEY_BYTES = 32


def make_folder(folder: Path) -> None:
    """Create the folder, for the owner alone. One that is there is left as somebody set it up."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def make_file(path: Path) -> None:
    """Make sure the file exists and is readable by the owner alone, whatever the umask says.

    A file that is there is never opened: closing it would take away the locks that SQLite holds on
    it elsewhere in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise FileExistsError(errno.EEXIST, "not a plain file")
    if stat.S_IMODE(mode) != 0o600:
        path.chmod(0o600)


def read_key(path: Path) -> bytes | None:
    """The key in that file; None where there is none or it is not one."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) == _KEY_BYTES else None


def create_key(path: Path) -> None:
    """Write a random key, unless another process was faster: the name appears with its content."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    make_file(draft)
    try:
        draft.write_bytes(secrets.token_bytes(_KEY_BYTES))
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def digest(key: bytes, patient_id: str, identity: Identity) -> str:
    """HMAC-SHA256 of who somebody is: tells two people apart and cannot be turned back without the
    key, where a plain hash of a name and a birth date could be found by trying.
    """
    born = identity.birth_date.text if identity.birth_date else ""
    name = " ".join(unicodedata.normalize("NFKC", identity.name).casefold().split())
    who = json.dumps(
        [identity.server, patient_id, born, identity.sex, identity.record_number, name]
    )
    return hmac.new(key, who.encode(), hashlib.sha256).hexdigest()
