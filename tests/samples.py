"""The three synthetic patients of the sample bundles, which are kept packed."""

from __future__ import annotations

import gzip
from pathlib import Path

from fhir.bundles import FolderSource

SAMPLES = Path(__file__).parent / "data" / "samples"


def unpacked(folder: Path) -> FolderSource:
    """A source of the sample patients, as files in `folder`."""
    for packed in SAMPLES.glob("*.json.gz"):
        (folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    return FolderSource(folder)
