"""`python -m models.registry <decision>`: which versions there are, which one serves, and why.

    <decision>/<version>/        an artefact (models.artifact); versions lie side by side
    <decision>/active.json       the one place that names the version that serves
    <decision>/registry.jsonl    what was done, one entry a line, each sealed over the one before

An entry holds the SHA-256 of the version's description and tensors, of the cohort it was trained
on and of the policy it was judged by (none for what served before anybody judged), so that the
chain leads from cohort to what serves. The chain has no key: it shows a change to anybody who kept
its last seal, and does not prevent one.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from models.artifact import ACTIVE, DESCRIPTION, TENSORS, Artefact, ArtefactError, activate, read
from models.decisions import ARTIFACTS
from models.policy import Policy, Verdict, judge

LEDGER = "registry.jsonl"
NOTHING = "0" * 64
"""Stands before the first entry."""


class RegistryFaultError(ArtefactError):
    """A registry that cannot be used or trusted; the message names the entry and the remedy."""


class Action(StrEnum):
    """What was done with a version."""

    FOUND = "found serving"
    PROMOTED = "promoted"
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    number: int
    recorded: str
    action: Action
    version: str
    by: str
    reasons: tuple[str, ...]
    description: str
    tensors: str
    cohort: str
    policy: str
    previous: str
    seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who did something, and when."""

    by: str
    now: datetime


def entries(folder: Path) -> tuple[Entry, ...]:
    """The ledger of a decision's folder, oldest first; empty where there is none.

    Raises
    ------
    RegistryFaultError
        Where a line was changed, removed, inserted or moved.
    """
    path = folder / LEDGER
    if not path.is_file():
        return ()
    found: list[Entry] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            words = json.loads(line)
            entry = Entry(
                **{**words, "action": Action(words["action"]), "reasons": tuple(words["reasons"])}
            )
        except (ValueError, TypeError, KeyError):
            raise _broken(path, number, "is no entry") from None
        before = found[-1].seal if found else NOTHING
        if entry.number != number or entry.previous != before or entry.seal != _seal(words):
            raise _broken(path, number, "does not follow from the ones before")
        found.append(entry)
    return tuple(found)


def _broken(path: Path, number: int, why: str) -> RegistryFaultError:
    return RegistryFaultError(
        f"{path}: entry {number} {why}", "Restore the file from a backup; do not write it by hand."
    )


def _seal(words: Mapping[str, Any]) -> str:
    content = {name: value for name, value in words.items() if name != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def versions(folder: Path) -> tuple[str, ...]:
    """Every version that lies there."""
    return tuple(sorted(p.parent.name for p in folder.glob(f"*/{DESCRIPTION}")))


def serving(folder: Path) -> str:
    """The version that active.json names; "" where there is no such file."""
    path = folder / ACTIVE
    if not path.is_file():
        return ""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["version"])
    except (ValueError, TypeError, KeyError):
        raise RegistryFaultError(f"{path}: names no version", "Promote a version again.") from None


def promote(
    folder: Path, version: str, policy: Policy, who: Who
) -> tuple[bool, tuple[Verdict, ...]]:
    """Let a version serve if every criterion of the policy holds; a refusal is recorded as well.

    The first promotion also records what served until then, so that it can be gone back to.

    Raises
    ------
    ArtefactError
        Where the version is damaged or not there, or the ledger is.
    """
    artefact = _version(folder, version)
    verdicts = judge(policy, artefact.description)
    reasons = tuple(v.words for v in verdicts if not v.met)
    done = Action.REFUSED if reasons else Action.PROMOTED
    said = reasons or (f"meets policy {policy.name!r} {policy.version}".rstrip(),)
    with _locked(folder):
        if not reasons:
            _record_the_first(folder, version, who)
        _append(folder, artefact, done, said, policy.digest, who)
        if not reasons:
            activate(folder / version)
    return not reasons, verdicts


def _record_the_first(folder: Path, version: str, who: Who) -> None:
    """Enter what serves before anything was promoted here, such as the version that was shipped."""
    before = serving(folder)
    if before in ("", version) or _served(entries(folder)):
        return
    try:
        artefact = _version(folder, before)
    except ArtefactError:
        return  # damaged: nothing to go back to, and no reason to refuse another version
    _append(folder, artefact, Action.FOUND, ("served before the first promotion",), "", who)


def rollback(folder: Path, why: str, who: Who) -> str:
    """Let the version that served before serve again; its name.

    Raises
    ------
    ArtefactError
        Where none served before, or it was changed since.
    """
    if not why.strip():
        raise RegistryFaultError("a rollback without a reason", "Say why, with --why.")
    with _locked(folder):
        served = _served(entries(folder))
        if len(served) < 2:
            raise RegistryFaultError(
                f"{folder}: no version served before this one", "Promote another version instead."
            )
        before = served[-2]
        artefact = _version(folder, before.version)
        if (before.description, before.tensors) != _hashes(artefact):
            raise RegistryFaultError(
                f"{folder / before.version}: is not what it was when it served",
                "Restore its files from a backup.",
            )
        _append(folder, artefact, Action.ROLLED_BACK, (why.strip(),), before.policy, who)
        activate(folder / before.version)
    return before.version


def _served(listed: Sequence[Entry]) -> list[Entry]:
    """The versions in the order in which they would be gone back through: a rollback takes the one
    that it left away.
    """
    stack: list[Entry] = []
    for entry in listed:
        if entry.action in (Action.PROMOTED, Action.FOUND):
            if stack and stack[-1].version == entry.version:
                stack.pop()  # promoted again, perhaps with other files: one place, the last word
            stack.append(entry)
        elif entry.action is Action.ROLLED_BACK and stack:
            stack.pop()
    return stack


def problems(folder: Path) -> tuple[str, ...]:
    """Whatever does not fit together: files changed since they served, another version active.

    Raises
    ------
    RegistryFaultError
        Where the ledger itself is broken.
    """
    listed = [e for e in entries(folder) if e.action is not Action.REFUSED]
    found = []
    for version in dict.fromkeys(e.version for e in listed):
        last = [e for e in listed if e.version == version][-1]
        try:
            now = _hashes(_version(folder, version))
        except ArtefactError as error:
            found.append(error.message)
            continue
        if now != (last.description, last.tensors):
            found.append(f"{version} was changed since it was {last.action}")
    if listed and serving(folder) != listed[-1].version:
        found.append(
            f"active.json names {serving(folder) or 'nothing'}, the registry {listed[-1].version}"
        )
    return tuple(found)


def _version(folder: Path, version: str) -> Artefact:
    if version not in versions(folder):
        known = ", ".join(versions(folder)) or "none"
        raise RegistryFaultError(f"{folder}: no version {version!r}", f"There are: {known}.")
    return read(folder / version)


def _hashes(artefact: Artefact) -> tuple[str, str]:
    names = (DESCRIPTION, TENSORS)
    one, other = (hashlib.sha256((artefact.folder / n).read_bytes()).hexdigest() for n in names)
    return one, other


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time: two entries after the same one would break the chain."""
    with (folder / f"{LEDGER}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _append(
    folder: Path,
    artefact: Artefact,
    action: Action,
    reasons: tuple[str, ...],
    policy: str,
    who: Who,
) -> None:
    listed = entries(folder)
    description, tensors = _hashes(artefact)
    words: dict[str, Any] = {
        "number": len(listed) + 1,
        "recorded": who.now.astimezone(UTC).isoformat(timespec="seconds"),
        "action": action.value,
        "version": artefact.folder.name,
        "by": who.by,
        "reasons": list(reasons),
        "description": description,
        "tensors": tensors,
        "cohort": str(artefact.description.get("cohort", {}).get("sha256", "")),
        "policy": policy,
        "previous": listed[-1].seal if listed else NOTHING,
    }
    words["seal"] = _seal(words)
    with (folder / LEDGER).open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(words, ensure_ascii=False) + "\n")
        handle.flush()
        os.fsync(handle.fileno())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _told(folder: Path) -> int:
    """What there is, in words; 1 where something does not fit together."""
    active = serving(folder)
    for version in versions(folder):
        _say(f"{version}{'  (serves)' if version == active else ''}")
    for e in entries(folder):
        _say(f"{e.number}. {e.recorded} {e.version} {e.action} by {e.by}: {'; '.join(e.reasons)}")
    wrong = problems(folder)
    for problem in wrong:
        _say(f"error: {problem}")
    return 1 if wrong else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 where all fits together, 1 where it does not, 2 where nothing can be done."""
    parser = argparse.ArgumentParser(prog="python -m models.registry", description=__doc__)
    parser.add_argument("decision")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="folder of all decisions")
    parser.add_argument(
        "--rollback", action="store_true", help="let the version before serve again"
    )
    parser.add_argument("--why", default="", help="the reason for a rollback")
    parser.add_argument("--by", default="", help="who does it")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    folder = given.artifacts / given.decision
    try:
        if not versions(folder):
            raise RegistryFaultError(
                f"{folder}: holds no version", "Check the decision's id and --artifacts."
            )
        if given.rollback:
            if not given.by:
                parser.error("--rollback: say who does it, with --by")
            rollback(folder, given.why, Who(by=given.by, now=datetime.now(UTC)))
        if not given.json:
            return _told(folder)
        wrong = problems(folder)
        listed = [_words(e) for e in entries(folder)]
        told = {"active": serving(folder), "versions": versions(folder)}
        _say(json.dumps(told | {"entries": listed, "problems": wrong}))
    except ArtefactError as error:
        sys.stderr.write(f"{error.message}. {error.remedy}\n")
        return 2
    return 1 if wrong else 0


def _words(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}


if __name__ == "__main__":
    sys.exit(main())
