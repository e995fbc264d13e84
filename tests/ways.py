"""Which of a rung's ways through an operation was gone: notes of the kernels that ran."""

from collections.abc import Callable
from typing import Any

import pytest


def note_calls(monkeypatch: pytest.MonkeyPatch, kernels: list[tuple[Any, str, str]]) -> list[str]:
    """The list that grows by the third of each (module, name, way) whenever that kernel is called."""
    ran: list[str] = []

    def noting(kernel: Callable, way: str) -> Callable:
        def noted(*arguments: Any) -> Any:
            ran.append(way)
            return kernel(*arguments)

        return noted

    for module, name, way in kernels:
        monkeypatch.setattr(module, name, noting(getattr(module, name), way))
    return ran
