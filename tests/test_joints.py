"""Joints to counts: 28 of them, whatever is tapped, with nothing lost and both sides alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.scores.joints import COUNTED, JOINTS, JointExamination, Side, Sign
from decision.ui.components.homunculus import HEIGHT, PLACES, WIDTH, place
from decision.ui.examination import Draft
from decision.ui.texts import examination as texts

IDS = [joint.id for joint in JOINTS]
joints = st.sampled_from(IDS)
marks = st.sampled_from([signs for signs, _ in texts.BRUSHES.values()])
taps = st.lists(st.tuples(joints, marks), max_size=60)


def tapped(given_taps) -> Draft:
    draft = Draft()
    for joint, signs in given_taps:
        draft = draft.tap(joint, signs)
    return draft


def mirrored(joint: str) -> str:
    site, _, side = joint.rpartition("-")
    return f"{site}-{'left' if side == 'right' else 'right'}"


def test_they_are_the_28_joints_of_the_publications():
    assert len(IDS) == len(set(IDS)) == 28
    sites = {joint.site for joint in JOINTS}
    small = {f"{row}{n}" for row in ("mcp", "pip") for n in range(1, 6)}
    assert sites == {"shoulder", "elbow", "wrist", "knee"} | small
    for side in Side:
        assert {j.site for j in JOINTS if j.side is side} == sites
    assert {j.label for j in JOINTS if j.id == "pip1-right"} == {"Right IP of the thumb"}


def test_both_counts_are_asked_for_by_their_concepts():
    assert COUNTED == {"swollen_joints": Sign.SWOLLEN, "tender_joints": Sign.TENDER}


@given(taps)
def test_a_count_is_never_below_0_nor_above_28_and_is_that_of_the_joints(given_taps):
    found = tapped(given_taps).joints
    for sign in Sign:
        assert 0 <= found.count(sign) <= 28
        assert found.count(sign) == sum(sign in found.signs(joint) for joint in IDS)


@given(taps)
def test_the_other_side_counts_the_same(given_taps):
    """Nothing of the patient's left is ever counted for their right."""
    one = tapped(given_taps).joints
    other = tapped([(mirrored(joint), signs) for joint, signs in given_taps]).joints
    for sign in Sign:
        assert {mirrored(joint) for joint in one.of(sign)} == other.of(sign)


@given(taps, joints, marks)
def test_the_same_tap_twice_leaves_the_joint_unmarked(given_taps, joint, signs):
    once = tapped(given_taps).joints.marked(joint, ()).marked(joint, signs)
    assert once.signs(joint) == signs
    assert once.marked(joint, signs).signs(joint) == frozenset()


@given(taps, joints, marks)
def test_a_tap_changes_one_joint_alone(given_taps, joint, signs):
    before = tapped(given_taps).joints
    after = before.marked(joint, signs)
    assert all(before.signs(other) == after.signs(other) for other in IDS if other != joint)


@given(taps)
def test_undo_walks_back_to_the_untouched_figure(given_taps):
    draft = tapped(given_taps)
    seen = [draft.joints]
    while draft.before:
        draft = draft.undo()
        seen.append(draft.joints)
    again = tapped(given_taps[:0])
    assert draft.joints == again.joints == JointExamination()
    assert draft.undo() == draft
    assert len(seen) == len(given_taps) + 1


@given(taps.filter(bool))
def test_clearing_is_one_step_that_can_be_taken_back(given_taps):
    marked = tapped(given_taps)
    cleared = marked.said_complete(True).clear()
    assert cleared.joints == JointExamination()
    assert not cleared.complete
    if marked.joints != JointExamination():
        assert cleared.undo().joints == marked.joints


def test_a_joint_outside_the_28_is_refused_by_name():
    with pytest.raises(ValueError, match="no joint of the 28: hip-left"):
        JointExamination(swollen=frozenset({"hip-left"}))


def test_the_patient_faces_the_reader_so_their_right_is_on_the_readers_left():
    for joint in JOINTS:
        across, down = place(joint)
        assert (across < WIDTH / 2) is (joint.side is Side.RIGHT)
        assert 0 < across < WIDTH
        assert 0 < down < HEIGHT
    where = {joint.id: place(joint) for joint in JOINTS}
    for joint, (across, down) in where.items():
        assert where[mirrored(joint)] == (WIDTH - across, down)


def test_thumbs_are_next_to_the_body_and_little_fingers_farthest_from_it():
    for row in ("mcp", "pip"):
        out = [PLACES[f"{row}{n}"][0] for n in range(1, 6)]
        assert out == sorted(out)


@pytest.mark.parametrize("width", [291.0, WIDTH])
def test_no_two_targets_touch_even_where_the_figure_is_squeezed(width):
    """24 px for each, on a screen of 320 px as well (WCAG 2.5.8)."""
    spots = [(x * width / WIDTH, y) for x, y in map(place, JOINTS)]
    for n, (x, y) in enumerate(spots):
        for other_x, other_y in spots[:n]:
            assert max(abs(x - other_x), abs(y - other_y)) >= 24


@pytest.mark.parametrize(
    ("signs", "said", "letters"),
    [
        (frozenset(), "Right wrist: not marked", ""),
        ({Sign.SWOLLEN}, "Right wrist: swollen", "S"),
        ({Sign.TENDER}, "Right wrist: tender", "T"),
        (frozenset(Sign), "Right wrist: swollen and tender", "ST"),
    ],
)
def test_a_joint_says_what_it_shows_in_words_and_in_letters(signs, said, letters):
    wrist = next(j for j in JOINTS if j.id == "wrist-right")
    assert texts.joint(wrist, signs) == said
    assert texts.letters(signs) == letters
