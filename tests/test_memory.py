"""Memory that the tuned kernels work in is as large as they need: what is written behind it shows late, or never."""

import numpy as np
import pytest
from checks.table import OPERATIONS, is_tried
from ways import decide_anew

from loopnet import get_ops
from loopnet.kernels.tuned import choice, choice_rows, choice_winners, choice_winograd, lanes, memory

MARGIN, UNTOUCHED = 64 * 1024, 0xA5


@pytest.fixture
def overruns(monkeypatch):
    """Leaves a margin behind all memory that kernels get, and none between their threads. Says behind how many pieces
    something was written.
    """
    margins = []

    def aligned(shape, dtype):
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        piece = lanes.aligned((size + MARGIN,), np.uint8)
        margins.append(piece[size:])
        margins[-1][:] = UNTOUCHED
        return piece[:size].view(dtype).reshape(shape)

    decide_anew(monkeypatch)
    monkeypatch.setattr(memory, "kept", choice.kept)
    monkeypatch.setattr(memory, "PAGE", 0)
    monkeypatch.setattr(memory, "aligned", aligned)
    for module in (choice_rows, choice_winners, choice_winograd):
        monkeypatch.setattr(module, "aligned", aligned)
    return lambda: sum((margin != UNTOUCHED).any() for margin in margins)


@pytest.mark.parametrize("operation", ["conv2d", "conv2d, relu, pool"])
def test_kernels_stay_in_their_memory(overruns, operation):
    ops, (cases, draw, run, _) = get_ops("tuned"), OPERATIONS[operation]
    for case in cases:
        if is_tried(ops, case, "float32"):
            run(ops, case, draw(case, "float32"))
            assert overruns() == 0, case
