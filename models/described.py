"""Reads an artefact with every entry and tensor checked for its kind before it is believed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from models.artifact import DESCRIPTION, RETRAIN, TENSORS, Artefact, SchemaError
from models.cohort import Floats, Ints


@dataclass(frozen=True, slots=True)
class Fields:
    """Entries of the description below `place`; a wrong one is a SchemaError with its full name."""

    artefact: Artefact
    tree: Mapping[str, Any]
    place: str = ""

    def text(self, name: str) -> str:
        """A text, perhaps empty."""
        value = self._get(name)
        return value if isinstance(value, str) else self._refuse(name, "a text")

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._get(name)
        return value if isinstance(value, bool) else self._refuse(name, "true or false")

    def whole(self, name: str) -> int:
        """A whole number of at least 0."""
        value = self._get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self._refuse(name, "a whole number of at least 0")

    def real(self, name: str) -> float:
        """A finite number."""
        value = self._get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        self._refuse(name, "a finite number")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of different texts."""
        value = self._get(name)
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            if len(set(value)) == len(value):
                return tuple(value)
        self._refuse(name, "a list of different texts")

    def reals(self, name: str) -> tuple[float, ...]:
        """A list of finite numbers."""
        value = self._get(name)
        if not isinstance(value, list):
            self._refuse(name, "a list of finite numbers")
        own = Fields(self.artefact, {str(i): v for i, v in enumerate(value)}, self._name(name))
        return tuple(own.real(i) for i in own.tree)

    def below(self, name: str) -> Fields:
        """The entries of an object."""
        value = self._get(name)
        if not isinstance(value, dict):
            self._refuse(name, "an object")
        return Fields(self.artefact, value, self._name(name))

    def each(self, name: str) -> tuple[Fields, ...]:
        """The objects of a list."""
        value = self._get(name)
        if not isinstance(value, list):
            self._refuse(name, "a list of objects")
        own = Fields(self.artefact, {str(i): v for i, v in enumerate(value)}, self._name(name))
        return tuple(own.below(i) for i in own.tree)

    def _name(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def _get(self, name: str) -> Any:
        if name not in self.tree:
            raise SchemaError(
                f"{self.artefact.folder / DESCRIPTION}: no entry {self._name(name)!r}", RETRAIN
            )
        return self.tree[name]

    def _refuse(self, name: str, kind: str) -> NoReturn:
        raise SchemaError(
            f"{self.artefact.folder / DESCRIPTION}: {self._name(name)!r} is not {kind}", RETRAIN
        )


def reals(artefact: Artefact, name: str, *shape: int, unknown: bool = False) -> Floats:
    """A tensor of finite numbers of that shape, -1 standing for any length.

    unknown : NaN is allowed

    Raises
    ------
    SchemaError
    """
    tensor = np.asarray(_shaped(artefact, name, shape, "f"), dtype=np.float64)
    fine = ~np.isinf(tensor) if unknown else np.isfinite(tensor)
    if not fine.all():
        raise SchemaError(
            f"{artefact.folder / TENSORS}: {name!r} holds numbers that are not finite", RETRAIN
        )
    return tensor


def wholes(artefact: Artefact, name: str, *shape: int) -> Ints:
    """A tensor of whole numbers of at least 0 and of that shape, -1 standing for any length.

    Raises
    ------
    SchemaError
    """
    tensor = np.asarray(_shaped(artefact, name, shape, "i"), dtype=np.int64)
    if (tensor < 0).any():
        raise SchemaError(f"{artefact.folder / TENSORS}: {name!r} holds numbers below 0", RETRAIN)
    return tensor


def _shaped(artefact: Artefact, name: str, shape: tuple[int, ...], kind: str) -> Any:
    tensor = artefact.tensor(name)
    fits = tensor.ndim == len(shape) and all(
        want in (-1, have) for want, have in zip(shape, tensor.shape, strict=True)
    )
    if not fits or tensor.dtype.kind != kind:
        words = "numbers" if kind == "f" else "whole numbers"
        raise SchemaError(
            f"{artefact.folder / TENSORS}: {name!r} holds {tensor.dtype} of shape {tensor.shape}, "
            f"expected {words} of shape {shape}",
            RETRAIN,
        )
    return tensor
