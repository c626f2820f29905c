"""Who may send a file: a browser whose page asks for one, during a visit that is still open.

Streamlit's own way in takes a file from anybody who knows a session's number. Here it opens for the
session that has drawn the form, as long as its visit is open for the same browser, for a few files
at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

StillOpen = Callable[[str, Mapping[str, str]], bool]
_PLACE = re.compile(r"/_stcore/upload_file/([A-Za-z0-9-]{8,64})/[A-Za-z0-9-]{1,64}")
_FILES = 6
"""For each time the form is drawn: a table, its mapping, and second thoughts."""
_MOST = 1_000


@dataclass(slots=True)
class _Let:
    handle: str
    left: int


class WayIn:
    """The sessions that may send a file now. Holds no file and nobody's name."""

    def __init__(self, still_open: StillOpen) -> None:
        self._still_open = still_open
        self._sessions: dict[str, _Let] = {}
        self._lock = Lock()

    def open(self, session: str, handle: str) -> None:
        """Its page asks for a file, in the visit of this handle."""
        with self._lock:
            self._sessions.pop(session, None)
            self._sessions[session] = _Let(handle, _FILES)
            while len(self._sessions) > _MOST:
                del self._sessions[next(iter(self._sessions))]

    def close(self, session: str) -> None:
        """Its page asks for none any more."""
        with self._lock:
            self._sessions.pop(session, None)

    def lets(self, method: str, path: str, cookies: Mapping[str, str]) -> bool:
        """Whether this request may send a file, or take back one that was sent."""
        found = _PLACE.fullmatch(path)
        if found is None or method not in ("PUT", "DELETE"):
            return False
        with self._lock:
            let = self._sessions.get(found[1])
            if let is None or (method == "PUT" and let.left < 1):
                return False
            handle = let.handle
        if not self._still_open(handle, cookies):
            self.close(found[1])
            return False
        with self._lock:
            if method == "PUT":
                let.left -= 1
        return True
