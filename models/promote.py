"""`python -m models.promote <decision> <version> --policy FILE --by NAME`: let a version serve.

Only when every criterion of the site's policy file holds; otherwise nothing changes, the reasons
are told, and the refusal is on record. See `models.policy` for the file and `models.registry` for
what is written.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from models.artifact import ArtefactError
from models.decisions import ARTIFACTS
from models.policy import read_policy
from models.registry import Who, promote


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 where it serves now, 1 where it was refused, 2 where it was not judged."""
    parser = argparse.ArgumentParser(prog="python -m models.promote", description=__doc__)
    parser.add_argument("decision")
    parser.add_argument("version")
    parser.add_argument("--policy", type=Path, required=True, help="the site's TOML file")
    parser.add_argument("--by", required=True, help="who takes the responsibility")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="folder of all decisions")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        policy = read_policy(given.policy)
        who = Who(by=given.by, now=datetime.now(UTC))
        done, verdicts = promote(given.artifacts / given.decision, given.version, policy, who)
    except ArtefactError as error:
        sys.stderr.write(f"{error.message}. {error.remedy}\n")
        return 2
    if given.json:
        listed = [
            {"what": v.what, "found": v.found, "met": v.met, "words": v.words} for v in verdicts
        ]
        sys.stdout.write(json.dumps({"promoted": done, "verdicts": listed}) + "\n")
    else:
        for verdict in verdicts:
            sys.stdout.write(f"{'met' if verdict.met else 'NOT MET'}: {verdict.words}\n")
        end = "serves now" if done else "was refused; what served before still serves"
        sys.stdout.write(f"Version {given.version} {end}.\n")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
