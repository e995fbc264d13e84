"""One thread at a time in a model: its layers write into memory of their own, which is used again for every batch."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from itertools import count
from typing import Any, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])

_numbers = count()


class Turn:
    """A lock that a thread may take again while it has it. A copy of its model gets another one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.number = next(_numbers)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type["Turn"], tuple[()]]:
        return Turn, ()


def one_at_a_time(method: Method) -> Method:
    """A method of a model that waits for its turn, and for those of the models it has its layers from, always in the
    same order. Each uses all cores anyway, so that nothing is lost by it.
    """

    @wraps(method)
    def waits(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        turns = {self._turn, *(layer.turn for layer in self._layers if layer.turn is not None)}
        with ExitStack() as taken:
            for turn in sorted(turns, key=lambda turn: turn.number):
                taken.enter_context(turn)
            return method(self, *args, **kwargs)

    return cast(Method, waits)
