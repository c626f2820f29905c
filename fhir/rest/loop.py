"""One event loop in one thread for all outbound requests, so that connections can be pooled."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """An asyncio loop in a daemon thread. Pages (plain threads) use `run`, routes use `call`.

    Both carry on the error of the coroutine, and cancel it when nobody waits for it any more.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="outbound-http", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """The coroutine's result, waited for in a plain thread; TimeoutError when it takes too
        long. RuntimeError from the loop's own thread, which would wait for itself.
        """
        future = self.start(coroutine)
        try:
            return future.result(timeout)
        finally:
            future.cancel()  # nothing where it is done; ends it where the waiting has ended

    async def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result, awaited on another event loop."""
        return await asyncio.wrap_future(self.start(coroutine))

    def start(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Begin it and come back at once."""
        if threading.current_thread() is self._thread or self._loop.is_closed():
            coroutine.close()
            raise RuntimeError("the background loop cannot wait for itself, nor run once closed")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """End what is running and the thread. A second call does nothing."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
