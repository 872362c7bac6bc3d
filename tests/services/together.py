"""Several threads that begin at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Result = TypeVar("Result")


def at_once(*works: Callable[[], Result]) -> list[Result]:
    """Run each in a thread of its own, begun together; return what each returned."""
    ready = Barrier(len(works))

    def begin(work: Callable[[], Result]) -> Result:
        ready.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(begin, w) for w in works]]
