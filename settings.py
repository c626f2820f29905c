"""What a deployment may choose, from the environment. The defaults run the embedded demo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from decision.clinical.errors import DecisionSupportError

ROOT = Path(__file__).parent
PREFIX = "TREATMENT_RESPONSE_"
_YES_OR_NO = {"yes": True, "no": False}


class SettingError(DecisionSupportError):
    """A setting that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One value for each variable; a relative path is relative to this file."""

    bundles: Path
    """Folder of FHIR Bundles that the stand-alone page lists."""
    audit: str | Path
    """A SQLite file, or the URL of a PostgreSQL database."""
    audit_key: Path | None
    """The trail's key. Beside a SQLite file unless named; must be named for PostgreSQL."""
    artifacts: Path
    site: str
    agent: str
    decision: str
    hosts: tuple[str, ...]
    """Names under which this server may be asked for."""
    ehrs: Path | None
    """The configuration of the EHRs that may open the app."""
    public_url: str
    """This server as browsers see it; its own loopback address unless named."""
    demo: bool
    """Whether the stand-alone worklist and the demonstration EHR are there at all."""

    @classmethod
    def read(cls, environment: Mapping[str, str], *, port: int = 8501) -> Settings:
        """From variables named TREATMENT_RESPONSE_*; `SettingError` names the one that is wrong."""

        def setting(name: str, default: str) -> str:
            return environment.get(PREFIX + name, default)

        def path(name: str) -> Path | None:
            given = setting(name, "")
            return ROOT / given if given else None

        ehrs = path("EHRS")
        audit = setting("AUDIT", "var/audit.sqlite")
        return cls(
            bundles=ROOT / setting("BUNDLES", "examples/demo_patients"),
            audit=audit if "://" in audit else ROOT / audit,
            audit_key=path("AUDIT_KEY"),
            artifacts=ROOT / setting("ARTIFACTS", "models/artifacts"),
            site=setting("SITE", "simulated-demo"),
            agent=setting("AGENT", "demo clinician"),
            decision=setting("DECISION", ""),
            hosts=tuple(setting("HOSTS", "127.0.0.1,localhost").replace(" ", "").split(",")),
            ehrs=ehrs,
            public_url=setting("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/"),
            demo=_yes_or_no("DEMO", setting("DEMO", "yes" if ehrs is None else "no")),
        )


def _yes_or_no(name: str, given: str) -> bool:
    if given not in _YES_OR_NO:
        raise SettingError(f"{PREFIX}{name} is {given!r}.", "Set it to yes or no.")
    return _YES_OR_NO[given]
