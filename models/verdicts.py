"""The model's report of who else was tried: tables and verdicts beside the artefact they judge.

    <version>/comparisons.json   every comparison that was kept, by its command
    <version>/comparisons.md     the same to read

`python -m models.compare … --report` writes both; serving reads the first and shows it. The numbers
are bound to the tensors they stand beside: after training again they have to be made again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from decision.clinical.assessment import ChallengeRecord
from models.artifact import DESCRIPTION, Artefact, SchemaError
from models.described import Fields

COMPARISONS, PAGE = "comparisons.json", "comparisons.md"
SCHEMA = 1
REMEDY = "Run `python -m models.compare … --report` again, or restore the file from the release."
COLUMNS = {
    "log_loss": "log loss",
    "minus_additive": "minus additive",
    "brier": "Brier",
    "auroc": "AUROC",
    "calibration_slope": "slope",
    "calibration_intercept": "intercept",
    "ici": "ICI",
    "policy_value": "policy",
}


def add(folder: Path, result: Mapping[str, Any]) -> None:
    """Adds a comparison to the report beside an artefact; one of the same command is replaced.

    Raises
    ------
    SchemaError
        No artefact there, or a report of another schema.
    """
    checksum = _json(folder / DESCRIPTION).get("checksum")
    path = folder / COMPARISONS
    before = _json(path) if path.is_file() else {}
    same = before.get("model") == checksum and before.get("schema") == SCHEMA
    kept = {c["command"]: c for c in (before["comparisons"] if same else ())}
    kept[result["command"]] = dict(result)
    # Small ones first, and the served biology before others: the order of reading.
    ordered = sorted(kept.values(), key=lambda c: (c["variant"], c["n"], c["command"]))
    whole = {"schema": SCHEMA, "model": checksum, "comparisons": ordered}
    text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    (folder / PAGE).write_text(as_markdown(ordered), encoding="utf-8")


def challenges(artefact: Artefact) -> tuple[ChallengeRecord, ...]:
    """What the report beside an artefact says of each challenge; nothing where there is none.

    Raises
    ------
    SchemaError
        A report of another model, or one that cannot be read.
    """
    path = artefact.folder / COMPARISONS
    if not path.is_file():
        return ()
    whole = _json(path)
    if whole.get("schema") != SCHEMA or whole.get("model") != artefact.description["checksum"]:
        raise SchemaError(f"{path}: was made beside another model", REMEDY)
    fields = Fields(artefact, whole, COMPARISONS)
    return tuple(_challenge(f) for f in fields.each("comparisons"))


def _challenge(of: Fields) -> ChallengeRecord:
    names, table, verdict = of.below("names"), of.below("table"), of.below("verdict")
    own, other = (table.below(names.text(who)) for who in ("served", "challenger"))
    difference = verdict.below("log_loss")
    return ChallengeRecord(
        served=names.text("served"),
        challenger=names.text("challenger"),
        cohort=of.text("cohort"),
        purpose=of.text("purpose"),
        patients=of.whole("n"),
        repeats=len(of.reals("seeds")),
        loss=own.below("log_loss").real("mean"),
        challenger_loss=other.below("log_loss").real("mean"),
        difference=difference.real("mean"),
        error=difference.real("sem"),
        policy=own.below("policy_value").real("mean"),
        challenger_policy=other.below("policy_value").real("mean"),
        open=verdict.flag("promoted"),
    )


def as_markdown(comparisons: Sequence[Mapping[str, Any]]) -> str:
    """The report to read: for each comparison its table and its verdict."""
    parts = ["# Who else was tried", ""]
    for c in comparisons:
        parts += [f"## {c['purpose']}", "", f"{c['cohort']}. `{c['command']}`", ""]
        parts += [f"| | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 1) + "|"]
        parts += [
            f"| {name} | {' | '.join(_cell(row[m]) for m in COLUMNS)} |"
            for name, row in c["table"].items()
        ]
        parts += ["", f"Mean (SEM) over {len(c['seeds'])} repeats. {verdict_line(c)}", ""]
    return "\n".join(parts)


def verdict_line(comparison: Mapping[str, Any]) -> str:
    """One line: whether the gate opened, and why."""
    found = comparison["verdict"]
    said = "PROMOTED" if found["promoted"] else "not promoted"
    chance = found["chance"]
    reasons = "; ".join(found["reasons"])
    told = (
        "" if chance is None else f" Two equal models pass the first test in {chance:.1%} of runs."
    )
    return f"challenger {said}: {reasons}.{told}"


def _cell(value: Mapping[str, float | None]) -> str:
    mean, sem = value["mean"], value["sem"]
    if mean is None:
        return "–"
    return f"{mean:.4f}" + ("" if sem is None else f" ({sem:.4f})")


def _json(path: Path) -> dict[str, Any]:
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SchemaError(f"{path}: cannot be read ({type(error).__name__})", REMEDY) from None
    except (ValueError, RecursionError):
        raise SchemaError(f"{path}: not valid JSON", REMEDY) from None
    if not isinstance(parsed, dict):
        raise SchemaError(f"{path}: holds no object", REMEDY)
    return parsed
