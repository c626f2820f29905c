"""The figure on which joints are marked: every joint a button of its own, so that it takes focus,
has a name and says what it shows; where they stand and what they show is style alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from weakref import ref

import streamlit as st

from decision.clinical.scores.joints import JOINTS, Joint, JointExamination, Side, Sign
from decision.ui import visiting
from decision.ui.components.markup import paragraph, plain_label, text
from decision.ui.examination import Draft
from decision.ui.guard import Stopped, attempt
from decision.ui.services import Services
from decision.ui.session import Chart, answer_of, halt, widget_key
from decision.ui.texts import examination as texts
from decision.visit import Visit

WIDTH, HEIGHT = 380.0, 372.0
"""The figure's box in pixels; narrower places squeeze it sideways only."""
_MIDDLE = WIDTH / 2
PLACES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "shoulder": (50, 72),
        "elbow": (86, 130),
        "wrist": (112, 186),
        "mcp1": (27, 292),
        "mcp2": (62, 268),
        "mcp3": (98, 262),
        "mcp4": (134, 266),
        "mcp5": (170, 276),
        "pip1": (27, 334),
        "pip2": (62, 318),
        "pip3": (98, 310),
        "pip4": (134, 316),
        "pip5": (170, 322),
        "knee": (20, 218),
    }
)
"""How far from the middle and from the top each site stands, in the box's pixels: both sides are
the same picture mirrored. The hands hang with their thumbs towards the body.
"""
_STATES: tuple[frozenset[Sign], ...] = tuple(signs for signs, _ in texts.BRUSHES.values())
_LOOKS: Mapping[frozenset[Sign], str] = MappingProxyType(
    {
        frozenset(
            {Sign.SWOLLEN}
        ): "background:#2f6fde!important;border:2px solid #2f6fde!important;color:#fff!important",
        frozenset({Sign.TENDER}): "border:4px solid #d55e00!important",
        frozenset(
            Sign
        ): "background:#2f6fde!important;border:4px solid #d55e00!important;color:#fff!important",
    }
)


def place(joint: Joint) -> tuple[float, float]:
    """Where a joint stands in the box: the patient faces the reader, so their right is left."""
    out, down = PLACES[joint.site]
    return (_MIDDLE - out if joint.side is Side.RIGHT else _MIDDLE + out), down


def figure(services: Services, visit: Visit, chart: Chart) -> None:
    """Everything about the joints in one fragment: a tap redraws nothing else of the page."""

    @st.fragment
    def joints() -> None:
        visiting.keep_to(services, visit)
        broken = attempt(lambda: _draw(chart))
        if isinstance(broken, Stopped):
            halt(*broken)
            st.rerun(scope="app")

    joints()


def _key(joint: Joint) -> str:
    return widget_key(f"joint-{joint.id}")


def _changing(chart: Chart) -> Callable[[Callable[[Draft], Draft]], None]:
    """Changes the examination of this chart, from a click's callback. Streamlit keeps callbacks as
    long as the browser's session, so they hold the chart loosely: it goes when the visit does.
    """
    held = ref(chart)

    def change(how: Callable[[Draft], Draft]) -> None:
        mine = held()
        if mine is not None:
            mine.draft = how(mine.draft)

    return change


def _draw(chart: Chart) -> None:
    brushes = {code: words for code, (_, words) in texts.BRUSHES.items()}
    brush = widget_key("joint-brush")
    st.segmented_control(
        texts.TAP_MARKS,
        list(brushes),
        default="both",
        required=True,
        format_func=lambda code: brushes.get(code, code),
        key=brush,
    )

    change = _changing(chart)

    def tap(joint: Joint) -> None:
        marks, _ = texts.BRUSHES[str(answer_of(brush) or "both")]
        change(lambda draft: draft.tap(joint.id, marks))

    found = chart.draft.joints
    with st.container(key="joints"):
        st.html(_body())
        for joint in JOINTS:
            label = plain_label(texts.joint(joint, found.signs(joint.id)))
            st.button(label, key=_key(joint), on_click=tap, args=(joint,))
    st.html(_style(found))
    _below(chart)


def _below(chart: Chart) -> None:
    """What was counted, and the three things that are about all joints."""
    draft = chart.draft
    said = texts.counts(draft.joints, complete=draft.complete)
    st.html(f'<div class="tr" role="status">{paragraph(said, "tr-strong")}</div>')
    complete = widget_key(f"joints-complete-{draft.cleared}")

    change = _changing(chart)

    def told() -> None:
        change(lambda draft: draft.said_complete(bool(answer_of(complete))))

    def undo() -> None:
        change(Draft.undo)

    def clear() -> None:
        change(Draft.clear)

    st.checkbox(texts.COMPLETE, value=draft.complete, key=complete, on_change=told)
    with st.container(horizontal=True, key="joints-back"):
        back, nothing = not draft.before, draft.joints == JointExamination()
        st.button(texts.UNDO_TAP, key=widget_key("joints-undo"), on_click=undo, disabled=back)
        st.button(
            texts.CLEAR,
            key=widget_key("joints-clear"),
            on_click=clear,
            disabled=nothing and not draft.complete,
        )


def _body() -> str:
    """The silhouette with its sides: pictures of style, and words."""
    sides = "".join(
        f'<b class="tr-side-{side.value}">{text(words)}</b>' for side, words in texts.SIDES.items()
    )
    rows = f'<i class="tr-mcp">{texts.KNUCKLES}</i><i class="tr-pip">{texts.MIDDLE}</i>'
    return f'<div class="tr tr-body"><div class="tr-shape"></div>{sides}{rows}</div>'


def _style(found: JointExamination) -> str:
    """Where each joint stands, and how those that are marked look."""
    rules = []
    for joint in JOINTS:
        across, down = place(joint)
        rules.append(f".st-key-{_key(joint)}{{left:{100 * across / WIDTH:.2f}%;top:{down:g}px}}")
    for signs in _STATES:
        buttons = [f".st-key-{_key(j)} button" for j in JOINTS if found.signs(j.id) == signs]
        if buttons:
            rules.append(f"{','.join(buttons)}{{{_LOOKS[signs]}}}")
            after = ",".join(f"{button}::after" for button in buttons)
            said = texts.letters(signs)
            # The second one is for the eye only: the joint's name says it already.
            rules.append(f'{after}{{content:"{said}";content:"{said}" / ""}}')
    return f"<style>{''.join(rules)}</style>"
