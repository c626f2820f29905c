"""`python -m models.train <decision> --cohort FOLDER ...`: what stored studies can teach.

Not the decision's model: that one compares two drug classes by the decision's outcome from clinical
inputs, and none of the public studies has all of these. What is fitted instead, and said to be, is
one drug class at a time on panel scores (`models.studies.one_arm`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from decision import catalog
from decision.catalog import SpecError
from models.decisions import UnknownDecisionError, modelled
from models.studies.courses import ARMS
from models.studies.errors import LabelError, StudyError
from models.studies.page import as_text
from models.studies.report import Plan, report
from models.studies.stored import read_cohort

REPORT, PAGE = "report.json", "report.txt"


def same_classes(decision: str) -> None:
    """Refuses a decision of other drug classes than the studies'.

    Raises
    ------
    LabelError, UnknownDecisionError, SpecError
    """
    compared = modelled(catalog.load(decision)).treatments
    if compared != ARMS:
        raise LabelError(
            f"The decision compares {' and '.join(compared)}, the studies hold "
            f"{' and '.join(ARMS)}.",
            "Name the decision that the studies are of.",
        )


def train_studies(folders: Sequence[Path], output: Path, plan: Plan) -> str:
    """Fits, validates and writes the report; returns its page of text.

    Raises
    ------
    StudyError
    """
    found = report([read_cohort(folder) for folder in folders], plan)
    page = as_text(found)
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    (output / REPORT).write_text(text + "\n", encoding="utf-8")
    (output / PAGE).write_text(page, encoding="utf-8")
    return page


def main(words: Sequence[str]) -> int:
    """The command; 0 when the report has been written, 2 for what cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("decision", help="whose drug classes the studies are of")
    parser.add_argument("--cohort", type=Path, nargs="+", required=True, help="stored studies")
    parser.add_argument("--output", type=Path, default=Path("expression-report"))
    parser.add_argument("--repeats", type=int, default=10, help="of the folds within studies")
    parser.add_argument("--permutations", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--across-specimens", action="store_true")
    given = parser.parse_args(words)
    plan = Plan(
        repeats=given.repeats,
        permutations=given.permutations,
        seed=given.seed,
        across_specimens=given.across_specimens,
    )
    try:
        same_classes(given.decision)
        page = train_studies(given.cohort, given.output, plan)
    except StudyError as error:
        sys.stderr.write(f"{error.message} {error.remedy}\n")
        return 2
    except (UnknownDecisionError, SpecError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(page)
    return 0
