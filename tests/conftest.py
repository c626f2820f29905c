"""The real parts together: the composition root, and ports wired by it with trails of their own."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from decision.ui.services import Services


@pytest.fixture(scope="session")
def app(tmp_path_factory) -> ModuleType:
    """The composition root. Importing it wires it once; that trail is not the repository's."""
    with pytest.MonkeyPatch.context() as patch:
        trail = tmp_path_factory.mktemp("root") / "audit.sqlite"
        patch.setenv("TREATMENT_RESPONSE_AUDIT", str(trail))
        return importlib.import_module("app")


@pytest.fixture(scope="session")
def real_services(app) -> Callable[..., Services]:
    """Wires as served, with a fresh trail in a folder; keywords are changed settings."""

    def wired(folder: Path, **changes: object) -> Services:
        settings = app.Settings.read({"TREATMENT_RESPONSE_AUDIT": str(folder / "audit.sqlite")})
        return app.wire(dataclasses.replace(settings, **changes))

    return wired
