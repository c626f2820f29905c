"""One loop for all outbound requests: results and errors come back, nothing runs on unwanted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from fhir.rest.loop import BackgroundLoop


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    found = BackgroundLoop()
    yield found
    found.close()


async def where() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


async def broken() -> None:
    raise ValueError("broken")


def test_work_is_done_in_one_thread_of_its_own_whoever_asks(loop):
    async def from_a_route() -> str:
        return await loop.call(where())

    assert {loop.run(where()), asyncio.run(from_a_route())} == {"outbound-http"}
    assert threading.current_thread().name != "outbound-http"


def test_an_error_comes_back_to_who_asked(loop):
    with pytest.raises(ValueError, match="broken"):
        loop.run(broken())

    async def from_a_route() -> None:
        await loop.call(broken())

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(from_a_route())


def test_waiting_that_has_ended_ends_the_work(loop):
    ended = threading.Event()

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        loop.run(for_ever(), timeout=0.01)
    assert ended.wait(5)

    ended.clear()

    async def route_that_is_left() -> None:
        await asyncio.wait_for(loop.call(for_ever()), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(route_that_is_left())
    assert ended.wait(5)


def test_closing_ends_what_runs_and_takes_nothing_more():
    loop = BackgroundLoop()
    began = threading.Event()

    async def for_ever() -> None:
        began.set()
        await asyncio.Event().wait()

    future = loop.start(for_ever())
    assert began.wait(5)
    loop.close()
    loop.close()
    assert future.cancelled()
    with pytest.raises(RuntimeError, match="closed"):
        loop.run(where())


def test_the_loop_does_not_wait_for_itself(loop):
    async def inside() -> None:
        loop.run(where())

    with pytest.raises(RuntimeError, match="wait for itself"):
        loop.run(inside())
