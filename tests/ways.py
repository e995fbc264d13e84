"""Which of a rung's ways through an operation was gone: notes of the kernels that ran."""

from collections.abc import Callable
from typing import Any

import pytest

from loopnet.kernels.tuned import choice


def note_calls(monkeypatch: pytest.MonkeyPatch, kernels: list[tuple[Any, str, str]]) -> list[str]:
    """The list that grows by the third of each (module, name, way) whenever that kernel is called."""
    decide_anew(monkeypatch)
    ran: list[str] = []

    def noting(kernel: Callable, way: str) -> Callable:
        def noted(*arguments: Any) -> Any:
            ran.append(way)
            return kernel(*arguments)

        return noted

    for module, name, way in kernels:
        monkeypatch.setattr(module, name, noting(getattr(module, name), way))
    return ran


def decide_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ``choice.py`` choose a way at each call, by what it is told of the processor then."""
    monkeypatch.setattr(choice, "kept", lambda make, *sizes: make(*sizes))
