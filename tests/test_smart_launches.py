"""Launches and logins under way: found by the right browser only, and not for ever."""

from __future__ import annotations

import gc
import random
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir.smart.launches import LAUNCH_COOKIE, Launches
from fhir.smart.pending import PendingLaunches, require_browser
from fhir.smart.refusals import LaunchError, Reason
from tests.smart_world import ENDPOINTS, NOW, Clock, challenge_of, launch, tenant


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def launches(clock) -> Launches:
    return Launches(clock)


def cookie(handle: str, secret: str) -> dict[str, str]:
    return {LAUNCH_COOKIE + handle: secret}


def test_a_launch_is_found_by_its_handle_and_its_own_cookie(launches):
    opened = launch()
    handle, secret = launches.open(opened)
    assert launches.find(handle, cookie(handle, secret)) is opened
    assert len(handle) == 12
    assert len(secret) == 43
    assert opened.key not in (handle, secret)


def test_anything_else_finds_nothing(launches):
    handle, secret = launches.open(launch())
    other, other_secret = launches.open(launch("pat-2"))
    both = cookie(handle, secret) | cookie(other, other_secret)
    assert launches.find(handle, {}) is None
    assert launches.find(handle, cookie(handle, "")) is None
    assert launches.find(handle, cookie(handle, other_secret)) is None
    assert launches.find(handle, cookie(other, secret)) is None
    assert launches.find(handle, {handle: secret}) is None
    assert launches.find(handle, cookie(handle, secret + "x")) is None
    assert launches.find(handle, cookie(handle, "x" * 100_000)) is None
    assert launches.find(handle, cookie(handle, "\udcff")) is None
    for wrong in ("", "x", handle[:-1], handle + "\n", handle.swapcase(), "A" * 12, "é" * 12):
        assert launches.find(wrong, both) is None


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=30), st.text(max_size=50)))
def test_no_input_finds_a_launch_or_breaks_the_search(handle, cookies):
    # Both come from the browser of whoever asks.
    store = Launches(Clock())
    store.open(launch())
    assert store.find(handle, cookies) is None
    assert store.end(handle, cookies) is None
    store.spent(cookies)


def test_a_launch_ends_with_its_lifetime_however_busy(launches, clock):
    short = launch(expires=NOW + timedelta(minutes=90))
    handle, secret = launches.open(short)
    for _ in range(2):
        clock.forward(minutes=44)
        assert launches.find(handle, cookie(handle, secret)) is short
    clock.forward(minutes=2)
    assert launches.find(handle, cookie(handle, secret)) is None
    assert short.access.ended
    assert launches.tenant_of(handle) is None


def test_an_unused_launch_ends_earlier(launches, clock):
    idle = launch()
    handle, secret = launches.open(idle)
    clock.forward(minutes=59)
    assert launches.find(handle, cookie(handle, secret)) is idle
    clock.forward(minutes=60)
    assert launches.find(handle, cookie(handle, secret)) is None
    assert idle.access.ended


def test_looking_whether_a_launch_is_open_keeps_it_no_longer_open(launches, clock):
    """A page that nobody touches looks every few seconds, and must still end for being idle."""
    handle, secret = launches.open(launch())
    for _ in range(5):
        assert launches.is_open(handle, cookie(handle, secret))
        clock.forward(minutes=11)
    clock.forward(minutes=10)
    assert not launches.is_open(handle, cookie(handle, secret))
    assert launches.find(handle, cookie(handle, secret)) is None


def test_whoever_cannot_find_a_launch_does_not_see_whether_it_is_open(launches):
    handle, secret = launches.open(launch())
    for wrong in ({}, cookie(handle, "x"), cookie("A" * 12, secret)):
        assert not launches.is_open(handle, wrong)
    assert not launches.is_open("A" * 12, cookie(handle, secret))
    launches.end(handle, cookie(handle, secret))
    assert not launches.is_open(handle, cookie(handle, secret))


def test_asking_with_a_wrong_cookie_keeps_no_launch_alive(launches, clock):
    handle, secret = launches.open(launch())
    for _ in range(4):
        clock.forward(minutes=20)
        launches.find(handle, {})
    assert launches.find(handle, cookie(handle, secret)) is None


def test_nothing_of_a_launch_that_is_over_waits_for_somebody_to_ask_for_it(launches, clock):
    opened = launch()
    launches.open(opened)
    gone = weakref.ref(opened.access)
    del opened
    clock.forward(hours=8)
    assert launches.find("a" * 12, {}) is None
    gc.collect()
    assert gone() is None


def test_a_right_that_ended_ends_the_launch(launches):
    opened = launch()
    handle, secret = launches.open(opened)
    opened.access.forget()
    assert launches.find(handle, cookie(handle, secret)) is None


def test_ending_a_launch_needs_its_cookie(launches):
    opened = launch()
    handle, secret = launches.open(opened)
    assert launches.end(handle, {}) is None
    assert launches.find(handle, cookie(handle, secret)) is opened
    assert launches.end(handle, cookie(handle, secret)) is opened
    assert launches.end(handle, cookie(handle, secret)) is None
    assert launches.find(handle, cookie(handle, secret)) is None


def test_who_may_frame_a_page_is_known_by_the_handle_alone(launches):
    handle, _ = launches.open(launch())
    assert launches.tenant_of(handle).id == "north"
    assert launches.tenant_of("A" * 12) is None


def test_a_full_store_lets_go_of_the_longest_unused(clock):
    store = Launches(clock, most=3)
    opened = [store.open(launch(f"p{i}")) for i in range(3)]
    clock.forward(minutes=1)
    assert store.find(opened[0][0], cookie(*opened[0])) is not None
    store.open(launch("p3"))
    found = [store.find(handle, cookie(handle, secret)) for handle, secret in opened]
    assert [f is not None for f in found] == [True, False, True]


def test_a_browser_keeps_forty_launches_at_most(launches, clock):
    jar: dict[str, str] = {}
    first = None
    for i in range(45):
        handle, secret = launches.open(launch(f"p{i}"))
        first = first or handle
        jar |= cookie(handle, secret)
        clock.forward(seconds=1)
    spent = launches.spent(jar)
    assert len(spent) == 5
    assert first in spent
    assert launches.find(first, jar) is None


def test_handles_without_their_secret_end_nobodys_launch(launches):
    opened = [launches.open(launch(f"p{i}")) for i in range(45)]
    guessed = {LAUNCH_COOKIE + handle: "guess" for handle, _ in opened}
    assert launches.spent(guessed) == ()
    assert all(launches.find(handle, cookie(handle, secret)) for handle, secret in opened)


def test_a_thousand_interleaved_launches_never_mix(launches):
    rng = random.Random(7)
    jar: dict[str, str] = {}
    whose: dict[str, str] = {}
    for i in range(1000):
        handle, secret = launches.open(launch(f"patient-{i}"))
        jar |= cookie(handle, secret)
        whose[handle] = f"patient-{i}"
        asked = rng.choice(list(whose))
        assert launches.find(asked, jar).patient_id == whose[asked]
    assert len(set(whose)) == 1000


def test_threads_may_share_the_store(clock):
    store = Launches(clock, most=50)

    def one(number: int) -> bool:
        handle, secret = store.open(launch(f"p{number}"))
        found = store.find(handle, cookie(handle, secret))
        store.end(handle, cookie(handle, secret))
        return found is None or found.patient_id == f"p{number}"

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(400)))


# Logins under way


def begun(pending: PendingLaunches):
    return pending.begin(tenant(), ENDPOINTS, "openid", standalone=False)


def test_a_login_under_way_is_taken_once(clock):
    pending = PendingLaunches(clock)
    waiting, _ = begun(pending)
    assert pending.take(waiting.state) is waiting
    with pytest.raises(LaunchError) as caught:
        pending.take(waiting.state)
    assert caught.value.reason is Reason.LAUNCH_UNKNOWN


@pytest.mark.parametrize(("seconds", "late"), [(599, False), (600, True), (-1, True)])
def test_a_login_may_take_ten_minutes(clock, seconds, late):
    pending = PendingLaunches(clock)
    waiting, _ = begun(pending)
    clock.forward(seconds=seconds)
    if late:
        with pytest.raises(LaunchError) as caught:
            pending.take(waiting.state)
        assert caught.value.reason is Reason.LAUNCH_EXPIRED
    else:
        assert pending.take(waiting.state) is waiting


def test_only_the_browser_in_which_it_began_may_finish_a_login(clock):
    waiting, secret = begun(PendingLaunches(clock))
    require_browser(waiting, {waiting.cookie: secret})
    for cookies in ({}, {waiting.cookie: "x"}, {waiting.cookie: ""}, {"__Host-p-x": secret}):
        with pytest.raises(LaunchError) as caught:
            require_browser(waiting, cookies)
        assert caught.value.reason is Reason.OTHER_BROWSER


def test_a_flood_of_logins_pushes_out_the_oldest_only(clock):
    pending = PendingLaunches(clock, most=3)
    waiting = [begun(pending)[0] for _ in range(4)]
    with pytest.raises(LaunchError):
        pending.take(waiting[0].state)
    assert [pending.take(w.state) for w in waiting[1:]] == waiting[1:]


def test_one_address_alone_pushes_nobody_out(clock):
    """The proxy of docs/deploy.md lets one address begin ten logins a second, and 50 at once."""
    pending = PendingLaunches(clock)
    waiting, _ = begun(pending)
    for _ in range(10 * 600 + 50):
        begun(pending)
    assert pending.take(waiting.state) is waiting


@settings(max_examples=20)
@given(st.integers(2, 30))
def test_nothing_of_two_logins_is_the_same(number):
    # What can be guessed from one login must not open another.
    pending = PendingLaunches(Clock())
    made = [begun(pending) for _ in range(number)]
    secrets = [s for w, secret in made for s in (w.state, w.nonce, w.verifier, w.cookie, secret)]
    assert len(set(secrets)) == len(secrets)


def test_the_challenge_is_that_of_the_specification(clock):
    waiting, _ = begun(PendingLaunches(clock))
    assert waiting.challenge == challenge_of(waiting.verifier)
    # RFC 7636, appendix B.
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_no_secret_is_in_what_a_debugger_or_log_would_print(clock):
    waiting, secret = begun(PendingLaunches(clock))
    opened = launch(encounter="enc-9", fhir_user="Practitioner/9", subject="login-9")
    printed = repr(waiting) + repr(opened)
    hidden = (waiting.state, waiting.verifier, waiting.nonce, secret, opened.patient_id, "enc-9")
    assert [h for h in (*hidden, "Practitioner/9", "login-9") if h in printed] == []
