"""Sentences of the examination: what a tap marks, what was counted, what stands against saving."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from decision.clinical.scores.joints import JOINTS, Joint, JointExamination, Side, Sign
from decision.clinical.scores.questionnaires import Questionnaire
from decision.ui.texts.numbers import count, local, number, plural

TITLE = "Complete the assessment"
JOINTS_TITLE = "Joints"
TODAY = "Examination and scores"
TAP_MARKS = "A tap marks the joint as"
BRUSHES: dict[str, tuple[frozenset[Sign], str]] = {
    "both": (frozenset(Sign), "Swollen and tender"),
    "swollen": (frozenset({Sign.SWOLLEN}), "Swollen"),
    "tender": (frozenset({Sign.TENDER}), "Tender"),
}
"""What one tap sets, by code, with its words."""
SIDES = {Side.RIGHT: "Patient’s right", Side.LEFT: "Patient’s left"}
FIGURE = "Joints of the patient, who faces you: the patient’s right is on your left."
KEY = "S swollen · T tender. A second tap clears the joint."
COMPLETE = "Examination complete: all other joints are normal"
COUNTED_THERE = "Counted on the figure"
UNDO_TAP = "Undo last tap"
CLEAR = "Clear all joints"
UNDO_TOGETHER = "Undo these entries"
UNDO_ALL = "Undo the whole examination"
KNUCKLES, MIDDLE = "MCP", "PIP"
"""The two rows of finger joints."""
HELP_NEEDED = "An aid, a device or another person’s help is needed for"
NOT_COMPLETE = (
    "Joints are marked, but the examination is not said to be complete. Tick "
    f"“{COMPLETE}”, or clear the joints. Nothing was saved."
)
FILE_OFFER = "Not in the chart yet. As results of this visit this would file:"
FILED_STAYS = (
    "To undo here takes nothing back from the chart: mark it there as entered in error as well."
)
OTHER_DAY = (
    "Joints and global scores make one score only where they are of the same day: enter the "
    "scores of today with the joints of today."
)


def joint(found: Joint, signs: Collection[Sign]) -> str:
    """What somebody hears who cannot see the figure."""
    if not signs:
        return f"{found.label}: not marked"
    if len(signs) == len(Sign):
        return f"{found.label}: swollen and tender"
    return f"{found.label}: swollen" if Sign.SWOLLEN in signs else f"{found.label}: tender"


def letters(signs: Collection[Sign]) -> str:
    """What stands in the joint, so that nothing rests on colour."""
    return "".join(sign.value[0].upper() for sign in Sign if sign in signs)


def counts(found: JointExamination, *, complete: bool) -> str:
    """The live counts; they count only once the examination is complete."""
    swollen, tender = count(found.count(Sign.SWOLLEN)), count(found.count(Sign.TENDER))
    all_joints = count(len(JOINTS))
    if complete:
        return f"Swollen {swollen} · tender {tender} of {all_joints} joints. Complete."
    return f"Swollen {swollen} · tender {tender} of {all_joints} joints so far."


def sites(found: JointExamination) -> tuple[str, ...]:
    """Which joints, one line for each sign: enough to count again."""
    return tuple(sites_of(found, sign) for sign in Sign)


def sites_of(found: JointExamination, sign: Sign) -> str:
    """The same for one sign."""
    named = "; ".join(joint.label for joint in JOINTS if joint.id in found.of(sign))
    if sign is Sign.SWOLLEN:
        return f"Swollen of 28 joints: {named}." if named else "None of 28 joints is swollen."
    return f"Tender of 28 joints: {named}." if named else "None of 28 joints is tender."


def scored(sheet: Questionnaire, answers: Mapping[str, int], helped: Collection[str]) -> str:
    """The answers a score was computed from, category by category."""
    points = "; ".join(f"{sheet.categories[c]} {p}" for c, p in answers.items())
    names = "; ".join(sheet.categories[c] for c in sheet.categories if c in helped)
    if names:
        return f"{sheet.title} categories: {points}. Help or an aid needed: {names}."
    return f"{sheet.title} categories: {points}. No help and no aid needed."


def would_file(question: str, value: str, how: Sequence[str]) -> str:
    """One result as it would be filed, with what it was read from."""
    rest = " ".join(how)
    return f"{question}: {value}. {rest}" if rest else f"{question}: {value}."


def file_results(values: int) -> str:
    """The button says how many results it files."""
    return f"File {plural(values, 'result')} in the chart"


def two_counts(question: str, typed: float, counted: int) -> str:
    return (
        f"{question}: {number(typed)} was typed and {count(counted)} is marked on the figure. Take "
        "one of them away; nothing was saved."
    )


def two_scores(question: str, typed: float, scored: float) -> str:
    return (
        f"{question}: {number(typed)} was typed and the answers give {score_value(scored)}. Take "
        "one of them away; nothing was saved."
    )


def score_value(value: float) -> str:
    """As many decimals as the scale has: an eighth is 0.125."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def sheet_title(sheet: Questionnaire) -> str:
    return f"Score {sheet.title} from the patient’s sheet"


def sheet_note(sheet: Questionnaire) -> str:
    """What to enter, and where the rule is from."""
    return (
        f"The highest answer of each category. Help or an aid makes a category at least "
        f"{count(sheet.with_help)}; the score is the mean of the answered categories, at least "
        f"{count(sheet.fewest)} of {count(len(sheet.categories))} ({sheet.citation})."
    )


def sheet_answers(sheet: Questionnaire) -> str:
    """What the points mean, once for all categories."""
    listed = " · ".join(f"{points} {words}" for points, words in sheet.answers.items())
    return f"{listed}"


def sheet_score(sheet: Questionnaire, total: float | None, answered: int) -> str:
    """The live score, or how many answers it still needs."""
    if total is None:
        left = plural(sheet.fewest - answered, "category", "categories")
        return f"{sheet.title}: {left} more needed."
    return f"{sheet.title}: {score_value(total)} from {plural(answered, 'category', 'categories')}."


def entered_at(when: datetime, who: str, things: int) -> str:
    """When and by whom what stands below was entered, in one go."""
    return f"Entered {local(when)} by {who}: {plural(things, 'value')}."


def part_of_day(labels: Sequence[str]) -> str:
    """That values of one score would be of different days."""
    return f"Still of another day: {'; '.join(labels)}. {OTHER_DAY}"
