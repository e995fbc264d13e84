"""Operations that can be made ready: the kernel chosen, its arguments laid out, and nothing left to do but call it.

Most arrays of a network are the same in every step. ``replay.py`` has an operation made ready for them once, and then
makes the calls again and again; whoever calls the operation itself has it made ready and called at once.
"""

from collections.abc import Callable, Iterator
from functools import update_wrapper
from typing import Any

Ready = Callable[[], bool | None]
"""A call without arguments. True: a number is not finite, and the next call has to do the work."""

Way = Callable[..., Ready]
"""From arrays of the shapes that it was made for, a call that is ready."""


def in_turn(*calls: Ready) -> Ready:
    """One call after another, as one; what counts is what the last returns."""
    *before, last = calls
    if not before:
        return last

    def ready() -> bool | None:
        for call in before:
            call()
        return last()

    return ready


class Operation:
    """An operation, from a generator of the calls that come into question for its arrays, the fastest first."""

    def __init__(self, calls: Callable[..., Iterator[Ready]]):
        self._calls = calls
        update_wrapper(self, calls)

    def __call__(self, *arrays: Any) -> None:
        for call in self._calls(*arrays):
            if not call():
                return

    def made_ready(self, *arrays: Any) -> Callable[[], None]:
        """The same on these arrays, without arguments, and with nothing left to be decided but what is finite."""
        calls = tuple(self._calls(*arrays))

        def again() -> None:
            for call in calls:
                if not call():
                    return

        return again
