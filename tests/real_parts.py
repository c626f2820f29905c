"""The composition root with a trail of its own, for tests of the real parts together."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path

from decision.ui.services import Services

ROOT = Path(__file__).parent.parent
os.environ.setdefault(  # importing the root wires it once; that trail is not the repository's
    "TREATMENT_RESPONSE_AUDIT", str(Path(tempfile.mkdtemp()) / "audit.sqlite")
)

import app  # noqa: E402


def real_services(folder: Path, **changes: object) -> Services:
    """As served, with a fresh trail in `folder`; `changes` are settings."""
    settings = app.Settings.read({"TREATMENT_RESPONSE_AUDIT": str(folder / "audit.sqlite")})
    return app.wire(dataclasses.replace(settings, **changes))  # type: ignore[arg-type]
