"""Why a launch ends at the door: a closed list, each with its own words and status.

fhir.errors.FhirError
└── LaunchError            a launch that cannot go on; `reason` says which of the list
decision.clinical.errors.DecisionSupportError
└── TenantsError           the configuration file cannot be used (fhir.smart.tenant_file)

`check` names the test that failed, for the operator's log. It is a constant of this code: nothing
that a browser or a server sent ever becomes part of an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fhir.errors import FhirError

_RELAUNCH = "Close this page and open the app again from the patient's chart."
_OPERATOR = "Tell whoever runs this app; the chart itself is not affected."


@dataclass(frozen=True, slots=True)
class Refusal:
    """One stop page: its HTTP status, what happened, and what to do."""

    status: int
    title: str
    detail: str
    remedy: str


class Reason(Enum):
    """Every way in which a launch may fail."""

    UNKNOWN_EHR = Refusal(
        403,
        "This EHR is not known here",
        "The page was opened from a system that this app has not been connected to. Nothing was "
        "asked of it, and nothing was read.",
        "Open the app from your hospital's chart. If that is where you come from, the address of "
        "its FHIR server has to be added to this app's configuration.",
    )
    INCOMPLETE = Refusal(
        400,
        "The chart opened this page incompletely",
        "What a chart must say when it opens an app was missing, or was said twice.",
        _RELAUNCH,
    )
    NO_STANDALONE = Refusal(
        403,
        "This app cannot be entered from here",
        "No EHR of this name lets the app be opened without a chart.",
        "Open the app from the patient's chart.",
    )
    UNREACHABLE = Refusal(
        502,
        "The EHR does not answer",
        "The EHR's server could not be reached, or did not say how to log in.",
        "Wait a minute, then open the app again from the patient's chart.",
    )
    UNSAFE_EHR = Refusal(
        502,
        "The EHR's login cannot be used safely",
        "What the EHR's server says about its login does not meet what this app requires, so the "
        "login was not begun.",
        _OPERATOR,
    )
    LAUNCH_UNKNOWN = Refusal(
        400,
        "This login is not one that was begun here",
        "The answer of the EHR's login belongs to no login that is waiting for one: it was used "
        "already, or it never began here.",
        _RELAUNCH,
    )
    LAUNCH_EXPIRED = Refusal(
        400,
        "The login took too long",
        "A login has to be finished within ten minutes.",
        _RELAUNCH,
    )
    OTHER_BROWSER = Refusal(
        403,
        "This login was begun elsewhere",
        "The login was begun in another browser or window, or this browser keeps no cookies for "
        "the app inside the chart. So it cannot be shown that the same person finishes it.",
        "Open the app again from the patient's chart, in this window. If this page comes back, "
        "have the chart open the app in a window of its own.",
    )
    DENIED = Refusal(
        403,
        "Access was not given",
        "The EHR says that access to the chart was declined.",
        "If that was not intended, open the app again from the patient's chart and agree.",
    )
    EHR_REFUSED = Refusal(
        502,
        "The EHR refused the login",
        "The EHR ended the login without giving access.",
        _RELAUNCH + " If this page comes back, " + _OPERATOR[0].lower() + _OPERATOR[1:],
    )
    TOKEN_REFUSED = Refusal(
        502,
        "The EHR did not complete the login",
        "The EHR's server refused the last step of the login, or did not answer it.",
        _RELAUNCH + " If this page comes back, " + _OPERATOR[0].lower() + _OPERATOR[1:],
    )
    ANSWER_UNUSABLE = Refusal(
        502,
        "The EHR's answer cannot be used",
        "The EHR's server completed the login with an answer that is incomplete or not valid.",
        _OPERATOR,
    )
    IDENTITY_UNPROVEN = Refusal(
        403,
        "It is not certain who you are",
        "The EHR's statement of who has logged in is missing, too old, meant for somebody else, or "
        "not properly signed.",
        _RELAUNCH + " If this page comes back, " + _OPERATOR[0].lower() + _OPERATOR[1:],
    )
    NOT_A_PROFESSIONAL = Refusal(
        403,
        "This app is for health professionals",
        "The EHR says that the login belongs to somebody who is not a practitioner there.",
        "Log in to the EHR as a practitioner and open the app from the patient's chart.",
    )
    NO_PATIENT = Refusal(
        403,
        "No patient was chosen",
        "The EHR did not say whose chart is open, so nothing was read.",
        "Open a patient's chart first, then open the app from there.",
    )
    NOT_PERMITTED = Refusal(
        403,
        "The EHR does not permit what this app needs",
        "Reading who the patient is, or learning who has logged in, was not permitted.",
        "Ask whoever runs the EHR to permit it for this app; then open the app again.",
    )
    MISCONFIGURED = Refusal(
        500,
        "This app cannot prove itself to the EHR",
        "The secret or key with which the app proves itself cannot be read.",
        _OPERATOR,
    )
    FOREIGN_PAGE = Refusal(
        403,
        "This was not asked by the app's own page",
        "Logging out is only possible from the app itself.",
        "Use the app's own page to log out.",
    )


class LaunchError(FhirError):
    """A launch that cannot go on."""

    def __init__(self, reason: Reason, check: str) -> None:
        super().__init__(reason.value.detail, reason.value.remedy)
        self.reason = reason
        self.check = check
