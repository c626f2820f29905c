"""The report of `models.studies.report` as a page of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_text(found: Mapping[str, Any]) -> str:
    """The report as a page of text."""
    lines = ["Expression and response, one drug class at a time", "", found["use"], ""]
    for s in found["studies"]:
        lines.append(f"{s['study']}  {s['courses']} courses, {s['specimen']}; {s['outcome']}")
        lines.append(f"  {s['citation']} Terms: {s['terms']}")
        if s["unverified"]:
            lines.append(f"  Mapping unverified in: {', '.join(s['unverified'])}.")
        lines += [f"  - {note}" for note in s["notes"]]
    for name, arm in found["arms"].items():
        lines += ["", f"{name}: {arm['courses']} courses, {arm['reached']} reached the outcome"]
        lines += [f"  ! {w}" for w in arm["warnings"]]
        for v in arm["validation"].values():
            lines.append(f"  {v['design']}:")
            low, high = v["auroc_95"]
            lines.append(f"    AUROC {_f(v['auroc'])} (95 % {_f(low)} to {_f(high)})")
            lines.append(f"    AUROC of {arm['without_panels']} {_f(v['auroc_without_panels'])}")
            gain = v["log_loss_minus_without_panels"]
            lines.append(
                f"    log loss {_f(v['log_loss'])}, minus that of {arm['without_panels']} "
                f"{_f(gain['mean'])} (SEM {_f(gain['sem'])})"
            )
            lines.append(
                f"    Brier {_f(v['brier'])}, calibration slope {_f(v['calibration_slope'])}, "
                f"intercept {_f(v['calibration_intercept'])}"
            )
            for study, one in v.get("studies", {}).items():
                low, high = one["auroc_95"]
                lines.append(
                    f"    {study}: AUROC {_f(one['auroc'])} (95 % {_f(low)} to {_f(high)}), "
                    f"{one['reached']} of {one['courses']} reached it, {one['expected']} expected"
                )
        p = arm["permuted"]
        lines.append(
            f"  outcomes dealt anew {p['permutations']} times: mean AUROC {_f(p['mean_auroc'])} "
            f"(SE {_f(p['standard_error'])}); as high as the true ones by chance: p = {_f(p['p'])}"
        )
        lines += [f"  left out: {w}" for w in arm["left_out"]]
    lines += ["", *(f"{name}: {why}." for name, why in found["too_few"].items())]
    return "\n".join([*lines, found["contrast"], ""])


def _f(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
