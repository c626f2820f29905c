"""The examination of a visit while it is being made: taps, undo, and what is saved of it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from decision.clinical.scores.joints import COUNTED, JointExamination, Sign
from decision.clinical.scores.questionnaires import ASKED, Questionnaire, score
from decision.ui.entries import Field
from decision.ui.texts import examination as texts

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """The answers to one questionnaire so far, and for which categories help is needed."""

    answers: Mapping[str, int] = field(default_factory=dict)
    helped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """One examination, not saved yet. What nobody tapped says nothing until it is `complete`: then
    every other joint is neither swollen nor tender.
    """

    joints: JointExamination = field(default_factory=JointExamination)
    complete: bool = False
    before: tuple[JointExamination, ...] = ()
    """Earlier states, the latest last: what one step back brings."""
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    """By the concept that the questionnaire scores."""
    kept: JointExamination | None = None
    """The joints as they were saved: nothing of an earlier minute is saved anew beside other values
    until a joint or the examination changes.
    """
    kept_sheets: Mapping[str, Sheet] = field(default_factory=dict)
    """The same of the questionnaires."""
    cleared: int = 0
    """How often everything was cleared: widgets that hold a state of their own start anew."""

    def tap(self, joint: str, signs: Iterable[Sign]) -> Draft:
        """One joint marked with these signs, or cleared where it has exactly these."""
        return self._with(self.joints.marked(joint, signs))

    def undo(self) -> Draft:
        """One tap back; the same where there is none."""
        if not self.before:
            return self
        *rest, last = self.before
        return replace(self, joints=last, before=tuple(rest))

    def clear(self) -> Draft:
        """No joint marked, and the examination open again; `undo` brings the marks back."""
        emptied = self._with(JointExamination())
        return replace(emptied, complete=False, cleared=self.cleared + 1)

    def said_complete(self, complete: bool) -> Draft:
        return replace(self, complete=complete)

    def saved(self, joints: JointExamination | None, sheets: Mapping[str, Sheet]) -> Draft:
        """As it is after saving what was read from these; None where no joint was counted."""
        kept = self.kept if joints is None else joints
        return replace(self, kept=kept, kept_sheets={**self.kept_sheets, **sheets})

    def reopened(self) -> Draft:
        """The marks stay for correction, and count no more."""
        opened = replace(self, complete=False, kept=None, kept_sheets={})
        return replace(opened, cleared=self.cleared + 1)

    def answered(self, concept: str, sheet: Sheet) -> Draft:
        return replace(self, sheets={**self.sheets, concept: sheet})

    def new_sheet(self, concept: str) -> bool:
        """Whether a questionnaire says something that is not saved yet."""
        return self.sheets.get(concept) != self.kept_sheets.get(concept)

    def total(self, concept: str) -> float | None:
        """The score of a questionnaire; None while too little of it is answered."""
        found = self.sheets.get(concept, Sheet())
        return score(ASKED[concept], found.answers, found.helped)

    def _with(self, joints: JointExamination) -> Draft:
        if joints == self.joints:
            return self
        return replace(self, joints=joints, before=(*self.before, self.joints)[-_LONGEST:])


def sign_of(asked: Field) -> Sign | None:
    """The sign whose count over the examined joints is asked for, if it is one."""
    return COUNTED.get(asked.entry.concept)


def sheet_of(asked: Field) -> Questionnaire | None:
    """The questionnaire that gives the score that is asked for, if there is one."""
    return ASKED.get(asked.entry.concept)


def with_figure(asked: Iterable[Field]) -> bool:
    """Whether both counts are asked for, so that one examination answers both."""
    return {sign for f in asked if (sign := sign_of(f))} == set(Sign)


@dataclass(frozen=True, slots=True)
class Collected:
    """What would be saved, and what stands against it."""

    answers: tuple[tuple[Field, float | str], ...]
    problems: tuple[str, ...] = ()
    joints: JointExamination | None = None
    """Which joints the counts are of, where the figure gave them."""
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    """The questionnaires that were scored here, by concept."""


def collected(
    typed: Iterable[tuple[Field, float | str | None]], draft: Draft, *, figure: bool
) -> Collected:
    """Typed answers together with the figure's counts and the questionnaires' scores. A typed count
    and a different one from the figure are both refused: nobody knows which one is meant.
    """
    answers: list[tuple[Field, float | str]] = []
    problems: list[str] = []
    marked = draft.joints != JointExamination()
    counted = 0
    sheets: dict[str, Sheet] = {}
    for asked, answer in typed:
        sign = sign_of(asked) if figure else None
        if sign is not None:
            count = draft.joints.count(sign)
            if answer is None and draft.complete:
                if draft.joints != draft.kept:
                    answers.append((asked, float(count)))
                    counted += 1
                continue
            if answer is not None and (draft.complete or marked) and answer != count:
                problems.append(texts.two_counts(asked.entry.question, float(answer), count))
                continue
        elif (
            sheet_of(asked) is not None and (total := draft.total(asked.entry.concept)) is not None
        ):
            if answer is None:
                if draft.new_sheet(asked.entry.concept):
                    answers.append((asked, total))
                    sheets[asked.entry.concept] = draft.sheets[asked.entry.concept]
                continue
            if answer != total:
                problems.append(texts.two_scores(asked.entry.question, float(answer), total))
                continue
        if answer is not None:
            answers.append((asked, answer))
    by_hand = any(sign_of(f) for f, _ in answers) and not counted
    if figure and marked and not draft.complete and not by_hand and not problems:
        problems.append(texts.NOT_COMPLETE)
    return Collected(
        answers=tuple(answers),
        problems=tuple(problems),
        joints=draft.joints if counted else None,
        sheets=sheets,
    )
