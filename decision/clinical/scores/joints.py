"""The 28 joints that are examined, and what an examination of them found.

Shoulders, elbows, wrists, metacarpophalangeal joints 1 to 5, proximal interphalangeal joints 1 to 5
(the thumb's single interphalangeal joint counts as the first) and knees, each on both sides: Smolen
1995 Arthritis Rheum 38:38, used by DAS28 (Prevoo 1995 Arthritis Rheum 38:44) and CDAI (Aletaha 2005
Arthritis Res Ther 7:R796).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType


class Sign(StrEnum):
    """What is looked for in each joint."""

    SWOLLEN = "swollen"
    TENDER = "tender"


class Side(StrEnum):
    """The patient's own side, never the reader's."""

    RIGHT = "right"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """One joint of one side. `site` is the joint without its side."""

    site: str
    side: Side
    label: str
    """In a clinician's words, with the side: `Right wrist`."""

    @property
    def id(self) -> str:
        return f"{self.site}-{self.side.value}"


_LARGE = {"shoulder": "shoulder", "elbow": "elbow", "wrist": "wrist"}
_SMALL = {
    "mcp1": "MCP 1 (thumb)",
    **{f"mcp{n}": f"MCP {n}" for n in range(2, 6)},
    "pip1": "IP of the thumb",
    **{f"pip{n}": f"PIP {n}" for n in range(2, 6)},
}
SITES: Mapping[str, str] = MappingProxyType({**_LARGE, **_SMALL, "knee": "knee"})
"""The joints of one side in the order in which they are examined, with their names."""
JOINTS: tuple[Joint, ...] = tuple(
    Joint(site=site, side=side, label=f"{side.value.capitalize()} {name}")
    for side in Side
    for site, name in SITES.items()
)
"""All 28: the patient's right side from the shoulder down, then the left."""
_KNOWN = frozenset(joint.id for joint in JOINTS)
COUNTED: Mapping[str, Sign] = MappingProxyType(
    {"swollen_joints": Sign.SWOLLEN, "tender_joints": Sign.TENDER}
)
"""The concepts under which decisions ask for the count of a sign over these joints."""


@dataclass(frozen=True, slots=True)
class JointExamination:
    """Which of the 28 joints (by id) are swollen and which are tender. ValueError for any other."""

    swollen: frozenset[str] = frozenset()
    tender: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if strange := sorted((self.swollen | self.tender) - _KNOWN):
            raise ValueError(
                f"no joint of the 28: {', '.join(strange)}; use ids such as 'wrist-right'"
            )

    def of(self, sign: Sign) -> frozenset[str]:
        """The joints that show this sign."""
        return self.swollen if sign is Sign.SWOLLEN else self.tender

    def signs(self, joint: str) -> frozenset[Sign]:
        """What one joint shows."""
        return frozenset(sign for sign in Sign if joint in self.of(sign))

    def count(self, sign: Sign) -> int:
        """0 to 28."""
        return len(self.of(sign))

    def marked(self, joint: str, signs: Iterable[Sign]) -> JointExamination:
        """The same with exactly these signs in one joint; a joint that shows them already is
        cleared, so that a second tap takes the first one back.
        """
        wanted = frozenset(signs)
        if wanted == self.signs(joint):
            wanted = frozenset()
        changed = {
            sign.value: self.of(sign) | {joint} if sign in wanted else self.of(sign) - {joint}
            for sign in Sign
        }
        return replace(self, **changed)
