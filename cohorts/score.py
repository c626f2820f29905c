"""`python -m cohorts.score <decision> --ndjson FOLDER --output FOLDER --site NAME`: a whole panel.

Reads a FHIR bulk export and writes one Parquet file for each part of it, then `scored.json`. A run
that was broken off goes on where it stopped: parts that are there are not done again, and
`run.json` says which run they are of. Another export, model or site needs another folder.

On one machine, or unchanged on a Dask cluster with `--scheduler tcp://…`; `--scratch` then names a
disk that all workers see.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cohorts.bulk import PART_BYTES, open_export
from cohorts.errors import ExportError
from cohorts.extract import taken_at
from cohorts.scoring import Run, Scored, described, score_part
from decision import catalog
from decision.clinical.errors import DecisionSupportError
from models.artifact import DESCRIPTION, active
from models.decisions import ARTIFACTS
from models.predictor import load_predictor

RUN, DONE = "run.json", "scored.json"
TRIES = 3
"""How often a part is begun before the run gives up: a worker may be killed, a disk be away."""

Job = tuple[Run, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the work is done; nothing here changes a row."""

    workers: int = 2
    scheduler: str = ""
    scratch: Path | None = None
    part_bytes: int = PART_BYTES


def score(
    decision_id: str,
    folder: Path,
    output: Path,
    *,
    site: str,
    now: datetime,
    taken: str = "",
    artifacts: Path = ARTIFACTS,
    options: Options | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Score an export; what `scored.json` says of it.

    Raises
    ------
    DecisionSupportError
        For an export or a model that cannot be used, or an output folder of another run.
    """
    how = options or Options()
    spec = catalog.load(decision_id)
    if spec.prognosis is not None:
        raise ExportError(
            f"Decision {decision_id!r} compares nothing, and only comparisons are scored.",
            "Name a decision between treatments.",
        )
    version = active(artifacts / decision_id)
    predictor = load_predictor(spec, version)
    output.mkdir(parents=True, exist_ok=True)
    with open_export(folder, part_bytes=how.part_bytes, scratch=how.scratch) as export:
        at = taken_at(taken, export)
        same = {
            "decision": decision_id,
            "spec_version": spec.version,
            "model_version": predictor.identity.version,
            "model_checksum": predictor.identity.checksum,
            # A site's shift is in the description, which the checksum of the tensors leaves out.
            "model_description": hashlib.sha256((version / DESCRIPTION).read_bytes()).hexdigest(),
            "site": site,
            "taken": at,
            "parts": len(export.parts),
            "export": _digest(export.parts),
        }
        _of_this_run(output, same)
        run = Run(
            decision=decision_id,
            artifacts=str(artifacts.resolve()),
            version=version.name,
            site=site,
            taken=at,
            base=export.base,
            now=now,
        )
        jobs = [
            (run, str(part), str(output / f"part-{number:05d}.parquet"))
            for number, part in enumerate(export.parts)
        ]
        done = [described(Path(target)) for _, _, target in jobs if Path(target).is_file()]
        left = [job for job in jobs if not Path(job[2]).is_file()]
        say(f"{export.patients} charts in {len(jobs)} parts, {len(done)} parts done before")
        for scored in _each(left, how):
            done.append(scored)
            say(f"{len(done)} of {len(jobs)} parts")
    summary = {
        **same,
        "rows": sum(s.rows for s in done),
        "answered": sum(s.answered for s in done),
        "files": [asdict(s) for s in sorted(done, key=lambda s: s.file)],
    }
    _write(output / DONE, summary)
    for rest in output.glob("part-*.part"):  # of workers that were killed while they wrote
        rest.unlink()
    return summary


def _digest(parts: Sequence[Path]) -> str:
    """SHA-256 of all that was dealt out: the same whatever the order of files and of lines."""
    whole = hashlib.sha256()
    for part in parts:
        with part.open("rb") as handle:
            lines = sorted(hashlib.sha256(line).digest() for line in handle)
        whole.update(hashlib.sha256(b"".join(lines)).digest())
    return whole.hexdigest()


def _of_this_run(output: Path, same: dict[str, Any]) -> None:
    """Refuse a folder that holds another run; else say which run it holds from now on."""
    path = output / RUN
    if not path.is_file():
        if any(output.glob("part-*.parquet")):
            raise ExportError(
                f"{output.name}: holds parts of a run that nothing describes.",
                "Name an empty folder.",
            )
        _write(path, same)
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = None
    if before != same:
        known = before if isinstance(before, dict) else {}
        differs = next((k for k in same if known.get(k) != same[k]), RUN)
        raise ExportError(
            f"{output.name}: holds another run; it differs in {differs!r}.",
            "Name an empty folder, or give what that run was given.",
        )


def _write(path: Path, words: dict[str, Any]) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _each(jobs: Sequence[Job], how: Options) -> Iterator[Scored]:
    if how.scheduler:
        yield from _on_a_cluster(jobs, how.scheduler)
    elif how.workers == 1:
        for job in jobs:
            yield score_part(*job)
    else:
        yield from _in_processes(jobs, how.workers)


def _in_processes(jobs: Sequence[Job], workers: int) -> Iterator[Scored]:
    """A worker that is killed takes its whole pool along: what is left goes to a new one."""
    left = list(jobs)
    for _ in range(TRIES):
        try:
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
                waiting = {pool.submit(score_part, *job): job for job in left}
                for future in as_completed(waiting):
                    scored = future.result()
                    left.remove(waiting[future])
                    yield scored
        except BrokenProcessPool:
            continue
        return
    raise ExportError(
        f"{len(left)} parts could not be scored: workers were killed {TRIES} times.",
        "Give them more memory, or take fewer; then run the same command again.",
    )


def _on_a_cluster(jobs: Sequence[Job], scheduler: str) -> Iterator[Scored]:
    # Loaded here: one machine needs none of it.
    from distributed import Client
    from distributed import as_completed as finished

    with Client(scheduler) as client:  # type: ignore[no-untyped-call]
        futures = [client.submit(score_part, *job, retries=TRIES, pure=False) for job in jobs]
        for _, scored in finished(futures, with_results=True):  # type: ignore[no-untyped-call]
            yield scored


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 where all parts are scored, 2 where the export or the model is no use."""
    parser = argparse.ArgumentParser(prog="python -m cohorts.score", description=__doc__)
    parser.add_argument("decision", help=f"one of {', '.join(catalog.offered())}")
    parser.add_argument("--ndjson", type=Path, required=True, help="folder of a FHIR bulk export")
    parser.add_argument("--output", type=Path, required=True, help="a folder of this run alone")
    parser.add_argument("--site", required=True, help="for which the model was recalibrated")
    parser.add_argument("--taken", default="", help="day of the export, if no manifest says it")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="folder of all models")
    parser.add_argument("--workers", type=int, default=2, help="processes on this machine")
    parser.add_argument("--scheduler", default="", help="of a Dask cluster, such as tcp://…")
    parser.add_argument("--scratch", type=Path, help="a disk that all workers see")
    parser.add_argument("--json", action="store_true", help="one line instead of an indented tree")
    given = parser.parse_args(arguments)
    try:
        summary = score(
            given.decision,
            given.ndjson,
            given.output,
            site=given.site,
            now=datetime.now(UTC),
            taken=given.taken,
            artifacts=given.artifacts,
            options=Options(
                workers=given.workers, scheduler=given.scheduler, scratch=given.scratch
            ),
            say=_say,
        )
    except DecisionSupportError as error:
        _say(f"{error.message} {error.remedy}")
        return 2
    except catalog.SpecError as error:
        _say(str(error))
        return 2
    sys.stdout.write(json.dumps(summary, indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
