"""The latency run: it never passes for measured what was not, and it ends what it started."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError

from benchmarks import latency
from benchmarks.latency import NotMeasuredError


def test_ratios_are_of_medians_of_the_same_run_and_of_nothing_else():
    found = {"floor": {"p50_ms": 80.0}, "what_if": {"p50_ms": 120.0}, "peer": {"p50_ms": 480.0}}
    assert latency.ratios(found) == {"to_floor": 1.5, "faster_than_peer": 4.0}
    unmeasured = {"not_measured": "no browser"}
    assert latency.ratios(found | {"peer": unmeasured}) == {"to_floor": 1.5}
    assert latency.ratios(found | {"what_if": unmeasured}) == {}


def test_a_part_that_fails_says_why_in_one_line_and_a_fault_of_ours_is_not_hidden():
    def failing(error):
        def measured():
            raise error

        return measured

    assert latency._told(lambda: {"p50_ms": 1.0}) == {"p50_ms": 1.0}
    assert latency._told(failing(NotMeasuredError("over"))) == {"not_measured": "over"}
    browser = PlaywrightError("Timeout 1ms exceeded.\nCall log: a page")
    assert latency._told(failing(browser)) == {"not_measured": "Timeout 1ms exceeded."}
    with pytest.raises(ZeroDivisionError):
        latency._told(failing(ZeroDivisionError()))


def test_no_repeat_begins_once_the_time_of_the_run_is_over(monkeypatch):
    asked = []

    def once(value):
        asked.append(value)
        if len(asked) == 2:
            monkeypatch.setattr(latency, "BUDGET", 0.0)
        return 0.1

    monkeypatch.setattr(latency, "BUDGET", 1e9)
    with pytest.raises(NotMeasuredError):
        latency._repeated(5, once, ["1", "2"])
    assert asked == ["1", "2"]


def test_the_repeats_that_warm_are_left_out():
    taken = iter(float(n) for n in range(100))
    assert latency._repeated(4, lambda _: next(taken), ["1"]) == [3.0, 4.0, 5.0, 6.0]


def test_a_peer_without_its_packages_is_said_to_be_missing_and_leaves_no_process(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(latency, "BUDGET", 1e9)
    with pytest.raises(NotMeasuredError, match="does not exist"):
        latency.peer(None, Path("nowhere"), 1)
    bare = tmp_path / "python"
    bare.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec {sys.executable} -c 'raise OSError'\n"
    )
    bare.chmod(0o755)
    with pytest.raises(NotMeasuredError, match="packages"):
        latency.peer(None, bare, 1)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("found", "status"),
    [({"floor": {"p50_ms": 80.0}}, 0), ({"floor": {"not_measured": "no browser"}}, 1)],
)
def test_the_run_fails_when_something_asked_was_not_measured(monkeypatch, capsys, found, status):
    monkeypatch.setattr(sys, "argv", ["latency", "--json"])
    monkeypatch.setattr(latency, "measure", lambda *_: found)
    monkeypatch.setattr(latency.signal, "signal", lambda *_: None)
    if status:
        with pytest.raises(SystemExit) as ended:
            latency.main()
        assert ended.value.code == status
    else:
        latency.main()
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == found
