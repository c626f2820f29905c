"""Why a call of the service gets no cards: a status, and words that repeat nothing of the call.

fhir.errors.FhirError
└── HookError              answered with its `status` and never with a card
    ├── RequestError       400, 404, 413, 415: the call itself cannot be read; `field` says where
    ├── UntrustedError     401: the caller is not proven to be one of ours; does not say why
    └── NoDataError        412: what is needed can be had neither from the call nor from the server
"""

from __future__ import annotations

from fhir.errors import FhirError


class HookError(FhirError):
    """A call that ends without an answer to its question."""

    def __init__(self, status: int, message: str, remedy: str = "", field: str = "") -> None:
        super().__init__(message, remedy)
        self.status = status
        self.field = field


class RequestError(HookError):
    """The call cannot be read, or asks for what is not here."""

    def __init__(self, field: str, detail: str, remedy: str, status: int = 400) -> None:
        where = f"{field}: " if field else ""
        super().__init__(status, f"{where}{detail}.", f"{remedy}.", field)


class UntrustedError(HookError):
    """Not proven to come from a client we know. One text for every cause: a caller who guesses
    learns nothing; `check` names the test that failed, for our own tests and log, and `claimed` the
    EHR that the call says it comes from, which is not proven.
    """

    def __init__(self, check: str, claimed: str = "") -> None:
        super().__init__(
            401,
            "The call is not signed by a client that is known here.",
            "Sign a JWT for exactly this address, as agreed, and use it once.",
        )
        self.check = check
        self.claimed = claimed


class NoDataError(HookError):
    """What the decision needs could not be had."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(412, f"{detail}.", f"{remedy}.")
