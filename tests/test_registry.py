"""Versions side by side: promoted by policy only, gone back from, and nothing changed unseen."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import promote as promote_command
from models import registry
from models.artifact import activate
from models.decisions import ARTIFACTS
from models.policy import Policy, PolicyError, judge, read_policy
from models.registry import (
    LEDGER,
    Action,
    RegistryFaultError,
    Who,
    entries,
    problems,
    promote,
    rollback,
    serving,
    versions,
)

DECISION = "ra_biologic_response"
SHIPPED = "0.1.1"
WHO = Who(by="head of rheumatology", now=datetime(2026, 11, 22, 10, 0, tzinfo=UTC))
LAX = """
name = "Lax"
version = "1"
[[criterion]]
metric = "arms.*.auroc"
at_least = 0.6
[cohort]
simulated = true
"""
STRICT = """
name = "Strict"
version = "1"
[[criterion]]
metric = "arms.*.auroc"
at_least = 0.73
why = "As published."
[[criterion]]
metric = "arms.tnfi.calibration_slope"
at_least = 0.9
at_most = 1.1
[[criterion]]
metric = "net_benefit"
at_least = 0.0
[cohort]
fewest_courses = 1000
"""


@pytest.fixture
def folder(tmp_path):
    """Three versions that differ in their description only; the first is the one that serves."""
    found = tmp_path / DECISION
    for version in ("1.0", "1.1", "1.2"):
        shutil.copytree(ARTIFACTS / DECISION / SHIPPED, found / version)
        path = found / version / "model.json"
        path.write_text(path.read_text("utf-8").replace(SHIPPED, version), encoding="utf-8")
    activate(found / "1.0")
    return found


@pytest.fixture
def policy(tmp_path):
    def made(text: str) -> Policy:
        path = tmp_path / "policy.toml"
        path.write_text(text, encoding="utf-8")
        return read_policy(path)

    return made


def test_a_version_that_meets_the_policy_serves_and_the_entry_leads_to_all_it_rests_on(
    folder, policy
):
    lax = policy(LAX)
    done, verdicts = promote(folder, "1.1", lax, WHO)
    assert done
    assert all(v.met for v in verdicts)
    assert serving(folder) == "1.1"
    first, entry = entries(folder)
    assert (first.number, first.action, first.version) == (1, Action.FOUND, "1.0")
    assert first.policy == ""
    assert (entry.number, entry.action, entry.version) == (2, Action.PROMOTED, "1.1")
    assert entry.recorded == "2026-11-22T10:00:00+00:00"
    assert entry.policy == lax.digest
    assert problems(folder) == ()


def test_a_version_that_does_not_is_refused_with_every_reason_and_nothing_changes(folder, policy):
    done, verdicts = promote(folder, "1.1", policy(STRICT), WHO)
    assert not done
    assert [v.words for v in verdicts if not v.met] == [
        "trained on a simulated cohort",
        "679 courses of the rarer treatment, 1000 needed",
        "arms.il6i.auroc is 0.7174, at least 0.73 needed",
        "net_benefit was not measured",
    ]
    assert [v.what for v in verdicts if v.met] == ["arms.tnfi.auroc", "arms.tnfi.calibration_slope"]
    assert serving(folder) == "1.0"
    (entry,) = entries(folder)
    assert entry.action is Action.REFUSED
    assert len(entry.reasons) == 4


def test_a_rollback_goes_back_one_version_at_a_time(folder, policy):
    for version in ("1.0", "1.1", "1.2"):
        promote(folder, version, policy(LAX), WHO)
    assert rollback(folder, "calibration drifted", WHO) == "1.1"
    assert rollback(folder, "this one too", WHO) == "1.0"
    assert serving(folder) == "1.0"
    with pytest.raises(RegistryFaultError, match="no version served before"):
        rollback(folder, "further", WHO)
    assert [e.action for e in entries(folder)] == [Action.PROMOTED] * 3 + [Action.ROLLED_BACK] * 2
    assert problems(folder) == ()


def test_what_was_shipped_can_be_gone_back_to_though_no_policy_here_let_it_serve(folder, policy):
    promote(folder, "1.1", policy(LAX), WHO)
    promote(folder, "1.2", policy(LAX), WHO)
    assert rollback(folder, "drift", WHO) == "1.1"
    assert rollback(folder, "more drift", WHO) == "1.0"
    assert serving(folder) == "1.0"
    assert [e.action for e in entries(folder)].count(Action.FOUND) == 1
    assert problems(folder) == ()
    with pytest.raises(RegistryFaultError, match="no version served before"):
        rollback(folder, "further", WHO)


def test_a_damaged_version_that_serves_keeps_no_other_from_serving(folder, policy):
    (folder / "1.0" / "model.safetensors").write_bytes(b"cut")
    done, _ = promote(folder, "1.1", policy(LAX), WHO)
    assert done
    assert [e.action for e in entries(folder)] == [Action.PROMOTED]


def test_a_version_left_by_rollback_may_be_promoted_again(folder, policy):
    for version in ("1.0", "1.1"):
        promote(folder, version, policy(LAX), WHO)
    rollback(folder, "drift", WHO)
    promote(folder, "1.1", policy(LAX), WHO)
    assert rollback(folder, "drift again", WHO) == "1.0"


def test_a_refused_version_is_never_gone_back_to(folder, policy):
    promote(folder, "1.0", policy(LAX), WHO)
    promote(folder, "1.1", policy(STRICT), WHO)
    promote(folder, "1.2", policy(LAX), WHO)
    assert rollback(folder, "drift", WHO) == "1.0"


def test_a_version_changed_since_it_served_is_not_gone_back_to(folder, policy):
    for version in ("1.0", "1.1"):
        promote(folder, version, policy(LAX), WHO)
    path = folder / "1.0" / "model.json"
    path.write_text(path.read_text("utf-8").replace("SIMULATED", "recorded"), encoding="utf-8")
    assert problems(folder) == ("1.0 was changed since it was promoted",)
    with pytest.raises(RegistryFaultError, match="not what it was"):
        rollback(folder, "drift", WHO)
    assert serving(folder) == "1.1"


def test_a_rollback_needs_a_reason(folder, policy):
    for version in ("1.0", "1.1"):
        promote(folder, version, policy(LAX), WHO)
    with pytest.raises(RegistryFaultError, match="without a reason"):
        rollback(folder, " ", WHO)


def test_another_active_version_than_the_registry_says_is_noticed(folder, policy):
    promote(folder, "1.1", policy(LAX), WHO)
    activate(folder / "1.2")
    assert problems(folder) == ("active.json names 1.2, the registry 1.1",)


def test_tensors_that_were_changed_cannot_be_promoted(folder, policy):
    path = folder / "1.1" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    from models.artifact import ChecksumError

    with pytest.raises(ChecksumError):
        promote(folder, "1.1", policy(LAX), WHO)
    assert serving(folder) == "1.0"
    assert entries(folder) == ()


def test_a_version_that_is_not_there_is_refused_with_those_that_are(folder, policy):
    with pytest.raises(RegistryFaultError, match=r"no version '\.\./other'") as refused:
        promote(folder, "../other", policy(LAX), WHO)
    assert refused.value.remedy == "There are: 1.0, 1.1, 1.2."
    assert versions(folder) == ("1.0", "1.1", "1.2")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """The lines of a ledger of four entries."""
    found = tmp_path_factory.mktemp("ledger") / DECISION
    shutil.copytree(ARTIFACTS / DECISION / SHIPPED, found / "1.0")
    path = found.parent / "policy.toml"
    path.write_text(LAX, encoding="utf-8")
    for _ in range(4):
        promote(found, "1.0", read_policy(path), WHO)
    return found, (found / LEDGER).read_text("utf-8").splitlines()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_line_of_the_ledger_can_be_changed_moved_or_taken_out_unseen(ledger, data):
    """Each entry is sealed over the one before; only the end can be cut off unseen."""
    folder, lines = ledger
    changed = list(lines)
    kind = data.draw(st.sampled_from(["field", "move", "remove", "repeat", "bytes"]))
    at = data.draw(st.integers(0, len(lines) - 2))
    if kind == "field":
        words = json.loads(changed[at])
        name = data.draw(st.sampled_from([n for n in words if n != "number"]))
        words[name] = "refused" if name == "action" else f"{words[name]}x"
        changed[at] = json.dumps(words)
    elif kind == "move":
        changed[at], changed[at + 1] = changed[at + 1], changed[at]
    elif kind == "remove":
        del changed[at]
    elif kind == "repeat":
        changed.insert(at, changed[at])
    else:
        cut = data.draw(st.integers(0, len(changed[at]) - 1))
        changed[at] = changed[at][:cut]
    path = folder / LEDGER
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")
    try:
        with pytest.raises(RegistryFaultError, match="entry"):
            entries(folder)
    finally:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert len(entries(folder)) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "TOML"),
        ("name = 'x'", "no criterion"),
        ("[[criterion]]\nmetric = 'a'", "criterion 1"),
        ("[[criterion]]\nat_least = 1", "criterion 1"),
        ("[[criterion]]\nmetric = 'a'\nat_least = 'b'", "criterion 1"),
        ("[[criterion]]\nmetric = 'a'\nat_least = 2\nat_most = 1", "above"),
        ("[[criterion]]\nmetric = 'a'\natleast = 2", "'atleast'"),
        ("[[criterion]]\nmetric = 'a'\nat_least = 2\n[cohort]\nsimulated = 'no'", "true or false"),
        ("criteria = 1", "'criteria'"),
    ],
)
def test_a_policy_that_says_nothing_or_something_else_is_refused(policy, text, said):
    """A misspelt limit would otherwise let everything through."""
    with pytest.raises(PolicyError, match=said):
        policy(text)


def test_a_star_is_one_part_of_a_name_and_null_is_not_met(policy):
    found = policy(
        "[[criterion]]\nmetric = '*.slope'\nat_least = 0.5\n[cohort]\nsimulated = true\n"
    )
    description = {"metrics": {"a": {"slope": 0.7, "b": {"slope": 0.1}}, "c.slope": None}}
    assert [(v.what, v.met) for v in judge(found, description)] == [
        ("cohort", True),
        ("a.slope", True),
        ("c.slope", False),
    ]


def test_a_version_that_does_not_say_whether_it_is_simulated_counts_as_simulated(policy):
    found = policy("[[criterion]]\nmetric = 'a'\nat_most = 1\n")
    assert [v.met for v in judge(found, {"metrics": {"a": 0.5}})] == [False, True]


def test_the_commands_promote_refuse_go_back_and_say_what_there_is(folder, tmp_path, capsys):
    lax, strict = tmp_path / "lax.toml", tmp_path / "strict.toml"
    lax.write_text(LAX)
    strict.write_text(STRICT)
    where = ["--artifacts", str(folder.parent)]

    def promoting(version, path, *more):
        words = [DECISION, version, "--policy", str(path), "--by", "me", *where, *more]
        return promote_command.main(words)

    assert promoting("1.0", lax) == 0
    assert promoting("1.1", strict) == 1
    assert "NOT MET: net_benefit was not measured" in capsys.readouterr().out
    assert promoting("1.1", lax, "--json") == 0
    assert json.loads(capsys.readouterr().out)["promoted"] is True
    assert promoting("9.9", lax) == 2
    assert "There are: 1.0" in capsys.readouterr().err
    back = [DECISION, "--rollback", "--by", "me", "--why", "drift", *where]
    assert registry.main(back) == 0
    assert "1.0  (serves)" in capsys.readouterr().out
    assert registry.main([DECISION, "--json", *where]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["active"], said["problems"]) == ("1.0", [])
    assert [e["action"] for e in said["entries"]] == [
        "promoted",
        "refused",
        "promoted",
        "rolled back",
    ]
    assert registry.main(["no_such_decision", *where]) == 2
    assert "holds no version" in capsys.readouterr().err
    activate(folder / "1.2")
    assert registry.main([DECISION, *where]) == 1
    assert "error: active.json names 1.2" in capsys.readouterr().out


def test_what_is_shipped_fits_together():
    for decision in ARTIFACTS.iterdir():
        if versions(decision):
            assert problems(decision) == ()
            assert serving(decision) in versions(decision)


def test_a_time_to_event_model_can_be_promoted_too(tmp_path):
    found = tmp_path / "t1d_progression"
    version = serving(ARTIFACTS / "t1d_progression")
    shutil.copytree(ARTIFACTS / "t1d_progression" / version, found / version)
    path = tmp_path / "policy.toml"
    path.write_text(
        '[[criterion]]\nmetric = "development.overall.5y.auc"\nat_least = 0.7\n'
        "[cohort]\nsimulated = true\n"
    )
    done, _ = promote(found, version, read_policy(path), WHO)
    assert done
    assert serving(found) == version
