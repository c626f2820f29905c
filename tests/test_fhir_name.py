"""Our `fhir` and the installed `fhir.resources` live under one name without hiding each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_both_packages_import_together():
    import fhir.resources.R4B

    import fhir.bundles

    assert Path(fhir.bundles.__file__).parent == ROOT / "fhir"
    assert "site-packages" in fhir.resources.R4B.__file__


def test_reading_a_folder_loads_neither_the_validator_nor_numpy():
    # the request path: importing one model of fhir.resources takes longer than reading a record
    check = (
        "import sys, fhir.bundles\n"
        "heavy = ('fhir.resources', 'pydantic', 'numpy', 'streamlit')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
