"""A trained model on disk: tensors and a description, checked before anything is believed.

    <version>/model.safetensors     numbers
    <version>/model.json            schema, checksum of the tensors, and all words
    active.json                     {"version": ...}, one folder up: which version serves

Errors: `ArtefactError` and below it `ChecksumError` (a byte changed), `SchemaError` (another or a
broken format), `SpecMismatchError` (made for other columns than the decision now has). Each names
the file and the remedy. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from decision.clinical.errors import ModelError

SCHEMA = 1
TENSORS, DESCRIPTION, ACTIVE = "model.safetensors", "model.json", "active.json"
RETRAIN = "Train it again with `python -m models.train`, or restore the file from the release."

Array = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.float32]


class ArtefactError(ModelError):
    """An artefact that must not be used; the message names the file and the remedy."""


class ChecksumError(ArtefactError):
    """The tensors are not the ones described."""


class SchemaError(ArtefactError):
    """The description is missing, unreadable, of another version or incomplete."""


class SpecMismatchError(ArtefactError):
    """The artefact was made for another specification of the decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """tensors : by name, read-only · description : the parsed model.json · folder : where from"""

    tensors: Mapping[str, Array]
    description: Mapping[str, Any]
    folder: Path

    def tensor(self, name: str) -> Array:
        """The tensor of that name.

        Raises
        ------
        SchemaError
        """
        if name not in self.tensors:
            raise SchemaError(f"{self.folder / TENSORS}: no tensor {name!r}", RETRAIN)
        return self.tensors[name]

    def field(self, name: str) -> Any:
        """One entry of the description.

        Raises
        ------
        SchemaError
        """
        if name not in self.description:
            raise SchemaError(f"{self.folder / DESCRIPTION}: no entry {name!r}", RETRAIN)
        return self.description[name]


def write(folder: Path, tensors: Mapping[str, Array], description: Mapping[str, Any]) -> str:
    """Write both files; returns the checksum (SHA-256 of the tensors file)."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    data = save(ordered)
    checksum = hashlib.sha256(data).hexdigest()
    whole = {"schema": SCHEMA, "checksum": checksum, **description}
    (folder / TENSORS).write_bytes(data)
    text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    return checksum


def activate(folder: Path) -> None:
    """Make this version the one that serves: whoever reads meanwhile finds the old name or this."""
    pointer = folder.parent / ACTIVE
    written = pointer.with_name(f"{ACTIVE}.part")
    written.write_text(json.dumps({"version": folder.name}) + "\n", "utf-8")
    written.replace(pointer)


def active(folder: Path) -> Path:
    """The version's folder: `folder` itself, or the one its active.json names.

    Raises
    ------
    SchemaError
    """
    if (folder / DESCRIPTION).is_file():
        return folder
    pointer = folder / ACTIVE
    if not pointer.is_file():
        raise SchemaError(f"{pointer}: not found, so no model is active", RETRAIN)
    version = _parsed(pointer).get("version")
    # A path in place of a name would serve a model from outside the folder of the decision.
    if (
        not isinstance(version, str)
        or version != Path(version).name
        or version in ("", "..")
        or not (folder / version / DESCRIPTION).is_file()
    ):
        raise SchemaError(
            f"{pointer}: names version {version!r}, which is not there",
            "Name a version that has a folder beside it.",
        )
    return folder / version


def read(folder: Path) -> Artefact:
    """Read a version's folder, checksum first.

    Raises
    ------
    SchemaError, ChecksumError
    """
    described, stored = folder / DESCRIPTION, folder / TENSORS
    description = _parsed(described)
    if description.get("schema") != SCHEMA:
        raise SchemaError(
            f"{described}: schema {description.get('schema')!r}, this program reads {SCHEMA}",
            RETRAIN,
        )
    if not stored.is_file():
        raise SchemaError(f"{stored}: not found", RETRAIN)
    try:
        data = stored.read_bytes()
    except OSError as error:
        raise SchemaError(f"{stored}: cannot be read ({type(error).__name__})", RETRAIN) from None
    if hashlib.sha256(data).hexdigest() != description.get("checksum"):
        raise ChecksumError(
            f"{stored}: checksum differs from the one in {DESCRIPTION}; a byte was changed or cut",
            "Restore both files from the release.",
        )
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise SchemaError(f"{stored}: cannot be read ({error})", RETRAIN) from error
    for tensor in tensors.values():
        tensor.setflags(write=False)
    return Artefact(tensors=tensors, description=description, folder=folder)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SchemaError(f"{path}: not found", RETRAIN) from None
    except OSError as error:
        raise SchemaError(f"{path}: cannot be read ({type(error).__name__})", RETRAIN) from None
    except (ValueError, RecursionError) as error:  # not text, not JSON, or beyond what is read
        raise SchemaError(f"{path}: not valid JSON ({error})", RETRAIN) from error
    if not isinstance(parsed, dict):
        raise SchemaError(f"{path}: holds no object", RETRAIN)
    return parsed
