"""The decisions this installation knows: one folder each, found on disk, checked before first use.

A folder that cannot be used is an error that names it; it never vanishes from the list.
"""

from __future__ import annotations

import dataclasses
import importlib
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from decision.catalog.validate import SpecError, problems_of
from decision.clinical.local import Local
from decision.clinical.spec import DecisionSpec

__all__ = ["SpecError", "discover", "load", "offered"]

_HERE = Path(__file__).parent
_NOWHERE = Local()

UNFINISHED = "UNFINISHED.md"
"""A folder with this file is passed over: its domain is being built, and its spec is not there."""

_BROKEN = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What a wrong line in a decision's own files raises while it is read."""


def _folders(root: Path) -> tuple[str, ...]:
    """Every folder that holds a file; what version control leaves behind when one goes does not."""
    folders = (p for p in root.iterdir() if p.is_dir() and not p.name.startswith(("_", ".")))
    return tuple(sorted(p.name for p in folders if any(f.is_file() for f in p.iterdir())))


def _broken_at(error: BaseException, folder: Path) -> str:
    """File and line of the innermost frame inside the folder, else the folder's spec file."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if Path(f.filename).is_relative_to(folder)]
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    if inside:
        return f"{Path(inside[-1].filename).relative_to(folder)}:{inside[-1].lineno}"
    return "spec.py"


def load(
    decision_id: str, local: Local = _NOWHERE, *, package: str = __name__, root: Path = _HERE
) -> DecisionSpec:
    """The decision of that folder under the rules of its place, imported and checked. A folder
    whose rules differ by place has a function `configured` instead of a `SPEC`.

    Raises SpecError naming the folder, the file and the line of what is missing or wrong.
    """
    folder = root / decision_id
    if not (folder / "spec.py").is_file():
        known = ", ".join(_folders(root))
        raise SpecError(f"decision {decision_id!r}: no file {decision_id}/spec.py; known: {known}")
    try:
        module = importlib.import_module(f"{package}.{decision_id}.spec")
        configured = getattr(module, "configured", None)
        spec = getattr(module, "SPEC", None) if configured is None else configured(local)
    except _BROKEN as error:
        where = _broken_at(error, folder)
        raise SpecError(f"decision {decision_id!r}, {where}: {error}") from error
    if configured is None and (strange := sorted(local.of(decision_id))):
        named = ", ".join(map(repr, strange))
        raise SpecError(f"decision {decision_id!r} leaves a place no choice; it was given {named}")
    if not isinstance(spec, DecisionSpec):
        made = "SPEC" if configured is None else "what configured() makes"
        raise SpecError(f"decision {decision_id!r}, spec.py: {made} must be a DecisionSpec")
    if (folder / "trends.py").is_file():
        spec = _with_trends(spec, local, f"{package}.{decision_id}.trends", folder)
    problems = problems_of(spec, decision_id)
    if problems:
        listed = "; ".join(problems)
        raise SpecError(f"decision {decision_id!r}, spec.py: {listed}")
    return spec


def _with_trends(spec: DecisionSpec, local: Local, module: str, folder: Path) -> DecisionSpec:
    """The decision with what its folder's `trends` module shows over time.

    Apart from the spec because no model and no rule reads it: it may change while both stand.
    """
    try:
        return dataclasses.replace(spec, trends=importlib.import_module(module).trends(local))
    except _BROKEN as error:
        where = _broken_at(error, folder)
        raise SpecError(f"decision {folder.name!r}, {where}: {error}") from error


def offered(*, root: Path = _HERE) -> tuple[str, ...]:
    """Ids of every folder but the unfinished; SpecError where one is marked so and has a spec."""
    both = [n for n in _folders(root) if all((root / n / f).is_file() for f in _EITHER)]
    if both:
        raise SpecError(f"{', '.join(both)}: has spec.py and {UNFINISHED}; remove one of them")
    return tuple(n for n in _folders(root) if not (root / n / UNFINISHED).is_file())


_EITHER = ("spec.py", UNFINISHED)


def discover(
    local: Local = _NOWHERE, *, package: str = __name__, root: Path = _HERE
) -> Mapping[str, DecisionSpec]:
    """Every decision on disk by id. One broken folder is an error for all: fix it or remove it."""
    found = {name: load(name, local, package=package, root=root) for name in offered(root=root)}
    return MappingProxyType(found)
