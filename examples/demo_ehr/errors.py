"""What the demo EHR refuses, by who is told.

DemoEhrError
├── SetupError      a client or a folder that it cannot start with
├── PageError       told to the person: sending them back would serve whoever forged the address
├── SentBackError   told to the app through its redirect address, as `error`
├── TokenError      told to the app as OAuth JSON
└── FhirError       told to the app as an OperationOutcome
"""

from __future__ import annotations


class DemoEhrError(Exception):
    """Anything the demo EHR refuses."""


class SetupError(DemoEhrError):
    """A client or a folder that the server cannot start with."""


class PageError(DemoEhrError):
    """Shown to the person as a page."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.words = words
        self.status = status


class SentBackError(DemoEhrError):
    """Sent back to the app's redirect address (RFC 6749, 4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class TokenError(DemoEhrError):
    """Answered by the token endpoint (RFC 6749, 5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


class FhirError(DemoEhrError):
    """Answered by the FHIR endpoint; `code` is of the FHIR issue-type list."""

    def __init__(
        self, status: int, code: str, diagnostics: str, *, bearer_error: str | None = None
    ) -> None:
        super().__init__(diagnostics)
        self.status = status
        self.code = code
        self.diagnostics = diagnostics
        self.bearer_error = bearer_error
        """The `error` of a WWW-Authenticate header; "" for a request without any token."""
