"""Which code and data a trained model or an evaluation comes from, as one SHA-256.

Comments, docstrings and citations may change without training again; anything else may not.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import json
from pathlib import Path

from models.decisions import Modelled
from models.served import column_words, player_words

HERE = Path(__file__).parent
ESTIMATOR = (
    "additive",
    "calibrate",
    "cohort",
    "design",
    "gaussian",
    "held_out",
    "interval",
    "leakage",
    "link",
    "metrics",
    "naming",
    "panel",
    "ridge",
)
"""What is run to draw, fit, recalibrate, predict and score."""
WORDS = ("citation", "verification", "note")


def code(path: Path) -> str:
    """A module's syntax tree without docstrings, as text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not _is_text(s)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def numbers(path: Path) -> str:
    """A table's rows without its citations, as text."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [[v for c, v in r.items() if c not in WORDS] for r in csv.DictReader(file)]
    return json.dumps(rows)


def fingerprint(about: Modelled) -> str:
    """SHA-256 over the estimator, the simulator with its tables, and the decision's columns."""
    world = about.id.split("_")[0]
    checks = {f"{world}_check.py", f"{world}_measure.py"}
    simulator = (p for p in (HERE / "simulate").glob(f"{world}*.py") if p.name not in checks)
    tables = (HERE / "simulate" / "data").glob(f"{world}_*.csv")
    parts = {
        **{name: code(HERE / f"{name}.py") for name in ESTIMATOR},
        **{f"simulate/{p.name}": code(p) for p in simulator},
        **{f"data/{p.name}": numbers(p) for p in tables if p.stem != f"{world}_targets"},
        "decision": json.dumps(
            [
                [column_words(c) for c in about.design.columns],
                [player_words(p) for p in about.design.players],
                {m.value: q for m, q in about.design.quorum.items()},
                [[f.columns, f.variance] for f in about.floors],
                [[s.id, {f: list(r) for f, r in s.ranges.items()}] for s in about.strata],
                about.treatments,
                about.required,
                [about.naming.level, about.naming.margin, about.naming.comparable],
            ]
        ),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
