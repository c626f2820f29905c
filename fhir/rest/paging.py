"""One search to all its entries: every page, each resource once, or a word on what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from fhir.errors import ServerError
from fhir.fields import Json, child, children, exact, text, whole
from fhir.rest.addresses import Home
from fhir.rest.exchange import Exchange
from fhir.rest.limits import Limits
from fhir.rest.outcomes import failed, said
from fhir.rest.searchsets import counted, flaw, short

_ADDRESS = "Correct the server's address in the configuration, or tell whoever runs the server."
_PERSON = frozenset({"patient", "subject"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one search brought. `problem` is empty exactly where it is complete."""

    entries: tuple[Json, ...] = field(default=(), repr=False)
    """Bundle entries: `resource` and the `fullUrl` the server gave, identical ones once. Whose they
    are is for the reader of the whole record to check.
    """
    problem: str = ""
    """Why it is not complete, as a sentence."""
    outcomes: tuple[str, ...] = ()
    """What the server said of the search itself, as `severity code`: never its free text."""

    @property
    def complete(self) -> bool:
        return not self.problem

    @property
    def resources(self) -> tuple[Json, ...]:
        return tuple(child(entry, "resource") for entry in self.entries)


async def all_pages(
    exchange: Exchange,
    home: Home,
    kind: str,
    parameters: Sequence[tuple[str, str]],
    limits: Limits,
    until: float,
) -> Found:
    """Follow `next` to the end. A `total` is believed only where it says that something is missing;
    the entries that arrived are counted with their copies and with what the server said itself.

    Raises
    ------
    ServerError
        The first page cannot be had, or the server answers another question than was asked. What
        goes wrong later is the `problem` of what was found until then.
    """
    url = home.at(kind, parameters)
    first = await _page(exchange, url, until)
    _check_self(first, parameters)
    pile = _Pile(home, kind)
    problem = pile.add(first)
    asked, page = {url}, first
    while not problem and (url := _next(page)):
        url = home.inside(url)
        if not url:
            problem = "The next page is said to be at an address outside this server."
        elif url in asked:
            problem = "The server's pages lead in a circle."
        elif len(asked) >= limits.pages:
            problem = f"Only the first {limits.pages} pages were read."
        elif len(pile.entries) > limits.entries:
            problem = f"Only the first {limits.entries} entries were read."
        else:
            asked.add(url)
            try:
                page = await _page(exchange, url, until)
                problem = pile.add(page)
            except ServerError as error:
                problem = f"A later page is missing. {error.message}"
    outcomes = tuple(dict.fromkeys(pile.outcomes))
    problem = problem or pile.flaw
    if not problem and short(page, pile.arrived):
        problem = "The server says that it found more than it sent."
    if not problem and (errors := [words for words in outcomes if failed(words)]):
        problem = f"The server reports that something went wrong ({', '.join(errors)})."
    return Found(entries=tuple(pile.entries), problem=problem, outcomes=outcomes)


class _Pile:
    """The entries of all pages so far."""

    def __init__(self, home: Home, kind: str) -> None:
        self._home = home
        self._kind = kind
        self._kept: dict[tuple[str, str], list[Json]] = {}
        self._pages: set[tuple[tuple[str, str, str], ...]] = set()
        self.entries: list[Json] = []
        self.outcomes: list[str] = []
        self.arrived = 0
        """Results on all pages, copies too, and outcomes: what a server may have counted."""
        self.flaw = ""
        """What was malformed on the first such page, as a sentence."""

    def add(self, page: Json) -> str:
        """Take one page's entries; the problem where it is one that was there before."""
        held = []
        self.arrived += counted(children(page, "entry"), self._kind)
        if not self.flaw and (clause := flaw(page, self._kind)):
            self.flaw = f"The server's answer is not as it should be: {clause}."
        for item in children(page, "entry"):
            resource = child(item, "resource")
            kind, identity = text(resource, "resourceType"), text(resource, "id")
            if kind == "OperationOutcome" or text(child(item, "search"), "mode") == "outcome":
                self.outcomes += said(resource) or ("error unknown",)
                continue
            if not kind:
                continue
            held.append((kind, identity, text(child(resource, "meta"), "versionId")))
            self._keep(kind, identity, resource, exact(item, "fullUrl"))
        signature = tuple(held)
        if signature and signature in self._pages:
            return "The server sends the same page again and again."
        self._pages.add(signature)
        return ""

    def _keep(self, kind: str, identity: str, resource: Json, full_url: str) -> None:
        """One copy of each. Two versions of one resource both stay: the reader settles which counts
        and says so.
        """
        versions = self._kept.setdefault((kind, identity), [])
        if identity and resource in versions:
            return
        versions.append(resource)
        url = self._spelled(full_url, kind) or self._home.place(resource)
        self.entries.append({"fullUrl": url, "resource": resource})

    def _spelled(self, full_url: str, kind: str) -> str:
        """An address of this server as its base is spelled. One of another server cannot stand:
        its relative references would mean other people's records.
        """
        if not full_url.lower().startswith(("http://", "https://")):
            return full_url
        inside = self._home.inside(full_url)
        if not inside:
            raise ServerError(
                f"The chart's server answers with a {kind or 'resource'} of another server.",
                _ADDRESS,
            )
        return inside


async def _page(exchange: Exchange, url: str, until: float) -> Json:
    page = await (await exchange.get(url, until, {"prefer": "handling=strict"})).json()
    if not isinstance(page, dict) or text(page, "resourceType") != "Bundle":
        words = ", ".join(said(page))
        told = f" ({words})" if words else ""
        raise ServerError(
            f"The chart's server answered a search with no Bundle{told}.", _ADDRESS, 200
        )
    if text(page, "type") != "searchset":
        raise ServerError(
            "The chart's server answered a search with a Bundle of another type.", _ADDRESS, 200
        )
    return page


def _link(page: Json, relation: str) -> str:
    found = [link for link in children(page, "link") if text(link, "relation") == relation]
    return whole(found[0], "url") if found else ""


def _next(page: Json) -> str:
    """The address of the next page; one that is no clean text is still no end of the pages."""
    if any(text(link, "relation") == "next" for link in children(page, "link")):
        return _link(page, "next") or "\\"
    return ""


def _check_self(page: Json, parameters: Sequence[tuple[str, str]]) -> None:
    """Whether the server searched for what was asked: a parameter it ignored would let in others'
    data, and one it shortened would lose some. A server without a `self` link cannot be checked so.
    """
    link = _link(page, "self")
    if not link:
        return
    carried: dict[str, set[str]] = {}
    for name, value in parse_qsl(urlsplit(link).query):
        bare = name.split(":")[0]
        carried.setdefault("patient" if bare in _PERSON else bare, set()).update(value.split(","))
    for name, value in parameters:
        if name.startswith("_"):
            continue
        wanted = set(value.split(","))
        there = carried.get(name, set())
        if name == "patient":
            there = {who.rsplit("/", 1)[-1] for who in there}
            ignored = there != wanted
        else:
            ignored = not wanted <= there
        if ignored:
            raise ServerError(
                f"The chart's server ignored the parameter {name!r} of a search, so its answer is"
                " not used.",
                "Tell whoever runs the chart's server.",
                200,
            )
