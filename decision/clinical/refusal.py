"""An input for which no number may be given: the reason is shown in the number's place."""

from __future__ import annotations

from dataclasses import dataclass


class RefusalError(ValueError):
    """Why there is no number, and what would help, in words fit for a screen: never a person's
    value. A decision draws the tree of its own refusals beneath this one.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason}; {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refusal as a value, for a list in which other entries do have a number."""

    kind: str
    """Name of the refusal's type, to be counted and tested."""
    reason: str
    remedy: str

    @classmethod
    def of(cls, refusal: RefusalError) -> Refused:
        """The refusal without its traceback."""
        return cls(kind=type(refusal).__name__, reason=refusal.reason, remedy=refusal.remedy)
