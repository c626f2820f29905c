"""What a deployment may choose, from the environment. The defaults run the embedded demo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from decision.clinical.errors import DecisionSupportError
from fhir.smart.addresses import is_origin, origin_of

ROOT = Path(__file__).parent
PREFIX = "TREATMENT_RESPONSE_"
DEMO_PATIENTS = ROOT / "examples" / "demo_patients"
_KNOWN = (
    "AGENT",
    "ARTIFACTS",
    "AUDIT",
    "AUDIT_KEY",
    "BUNDLES",
    "DECISION",
    "DEMO",
    "EHRS",
    "HOSTS",
    "JURISDICTION",
    "LOCAL",
    "PLATFORMS",
    "PUBLIC_URL",
    "SITE",
)
_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_YES_OR_NO = {"yes": True, "no": False}
_LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


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
    decisions: tuple[str, ...]
    """Ids of the decisions to serve, in this order; empty for all that are installed."""
    jurisdiction: str
    """Whose dated rules hold, such as `US`; "" where nobody said, and then none hold."""
    local: Path | None
    """A TOML file with a table of choices for each decision that the place has an opinion on."""
    platforms: Path | None
    """A folder of registered expression platforms; the simulated ones unless named."""
    hosts: tuple[str, ...]
    """Names under which this server may be asked for."""
    ehrs: Path | None
    """The configuration of the EHRs that may open the app."""
    public_url: str
    """This server as browsers see it; its own loopback address unless named."""
    demo: bool
    """Whether the stand-alone worklist and the demonstration EHR are there at all. Without a
    word only on a laptop: no EHR, no name for a network, the trail in a file.
    """

    def __post_init__(self) -> None:
        if not is_origin(self.public_url):
            raise SettingError(
                f"{PREFIX}PUBLIC_URL is {self.public_url!r}.",
                "Give https, host and port alone, in small letters; http is for this machine only.",
            )
        if self.demo and not self.on_this_machine and self._serves_exports:
            raise SettingError(
                f"{PREFIX}BUNDLES is {str(self.bundles)!r}, and {PREFIX}PUBLIC_URL and "
                f"{PREFIX}HOSTS offer it to a network, without a login.",
                "A folder of exports is for this machine alone: take these away, or "
                f"{PREFIX}BUNDLES.",
            )

    @property
    def _serves_exports(self) -> bool:
        return self.bundles.resolve() != DEMO_PATIENTS.resolve()

    @property
    def on_this_machine(self) -> bool:
        """Whether nobody can ask for this server from elsewhere."""
        return _local(self.public_url, self.hosts)

    @property
    def origin(self) -> str:
        """The one origin of our pages; empty on this machine, where they have several names."""
        return "" if self.on_this_machine else origin_of(self.public_url)

    @classmethod
    def read(cls, environment: Mapping[str, str], *, port: int = 8501) -> Settings:
        """From variables named TREATMENT_RESPONSE_*; `SettingError` names the one that is wrong.

        A misspelt or an empty one is an error: the defaults run an open demo, into which a hospital
        must not slip.
        """
        _require_known(environment)

        def setting(name: str, default: str) -> str:
            return environment.get(PREFIX + name, default)

        def path(name: str) -> Path | None:
            given = setting(name, "")
            return ROOT / given if given else None

        ehrs = path("EHRS")
        audit = setting("AUDIT", "var/audit.sqlite")
        public_url = setting("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/")
        hosts = tuple(setting("HOSTS", "127.0.0.1,localhost").replace(" ", "").split(","))
        laptop = _local(public_url, hosts) and "://" not in audit
        demo = _yes_or_no("DEMO", setting("DEMO", "yes" if ehrs is None and laptop else "no"))
        if ehrs is None and PREFIX + "DEMO" not in environment and not laptop:
            raise SettingError(
                f"{PREFIX}EHRS is missing, and the other settings are not those of a laptop.",
                f"Name the file of the EHRs, or set {PREFIX}DEMO to yes: then whoever can reach "
                "the server sees the simulated patients.",
            )
        return cls(
            bundles=ROOT / setting("BUNDLES", str(DEMO_PATIENTS)),
            audit=audit if "://" in audit else ROOT / audit,
            audit_key=path("AUDIT_KEY"),
            artifacts=ROOT / setting("ARTIFACTS", "models/artifacts"),
            site=setting("SITE", "simulated-demo"),
            agent=setting("AGENT", "demo clinician"),
            decisions=_decisions(setting("DECISION", "")),
            jurisdiction=_jurisdiction(setting("JURISDICTION", "US" if demo and not ehrs else "")),
            local=path("LOCAL"),
            platforms=path("PLATFORMS"),
            hosts=hosts,
            ehrs=ehrs,
            public_url=public_url,
            demo=demo,
        )


def _require_known(environment: Mapping[str, str]) -> None:
    """None of ours is misspelt, and none is there without a value."""
    for name in environment:
        ours = name.upper().startswith(PREFIX)
        if ours and name.removeprefix(PREFIX) not in _KNOWN:
            raise SettingError(
                f"{name} is no setting of this product.",
                f"Take it away, or use one of {', '.join(PREFIX + known for known in _KNOWN)}.",
            )
        if ours and not environment[name].strip():
            raise SettingError(f"{name} is empty.", "Give it a value, or take it away.")


def _decisions(given: str) -> tuple[str, ...]:
    """Ids with commas between, each once; none where nothing was said."""
    named = [part.strip() for part in given.split(",")] if given else []
    if "" in named or len(set(named)) < len(named):
        raise SettingError(
            f"{PREFIX}DECISION is {given!r}.", "Name each decision once, with commas between."
        )
    return tuple(named)


def _jurisdiction(given: str) -> str:
    """Of an unknown one no rules hold, so a slip such as `us` would switch them off in silence."""
    if given and not _PLACE.fullmatch(given.strip()):
        raise SettingError(
            f"{PREFIX}JURISDICTION is {given!r}.",
            "Give the two capital letters of a country, such as US, perhaps with a part: US-CA.",
        )
    return given.strip()


def _local(public_url: str, hosts: Iterable[str]) -> bool:
    """Whether all names of the server are those of this machine."""
    try:
        named = urlsplit(public_url).hostname
    except ValueError:
        named = None
    return named in _LOOPBACK and all(host.lower() in _LOOPBACK for host in hosts)


def _yes_or_no(name: str, given: str) -> bool:
    if given not in _YES_OR_NO:
        raise SettingError(f"{PREFIX}{name} is {given!r}.", "Set it to yes or no.")
    return _YES_OR_NO[given]
