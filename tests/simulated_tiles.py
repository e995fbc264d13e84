"""The tiled kernels, thread by thread, in Numba's simulator; ``test_cuda_simulator_tiled.py`` runs this file."""

import threading
from typing import Any

import numpy as np
import pytest
from cases import DENSE, Conv, Dense, Fused
from checks import (
    OPERATIONS,
    assert_same_bits,
    check_against_oracle,
    check_broken_logits_stay_visible,
    check_broken_numbers_stay_visible,
    run,
)
from timetable import take_turns

from loopnet.cuda.tiled import table
from loopnet.ops import get_ops

take_turns()

FUSED = "conv2d, relu, pool"

# Sizes at which the tiles' own edges show, beside those that every rung is tried on.
EDGES: dict[str, list[Any]] = {
    "conv2d": [
        Conv("more pixels than one share", (3, 9, 9, 1), (2, 2), 2, (8, 8)),
        Conv("more filters than one tile", (1, 3, 3, 1), (2, 2), 65, (2, 2)),
        Conv("more terms than one tile", (1, 3, 3, 9), (3, 3), 3, (1, 1)),
        Conv("as many terms as a tile", (2, 2, 2, 16), (1, 1), 4, (2, 2)),
        Conv("more weights than one tile", (1, 4, 4, 17), (2, 2), 3, (3, 3)),
        Conv("windows beyond all edges", (2, 4, 3, 2), (3, 3), 5, (8, 7), pad=(3, 2)),
    ],
    "dense": [
        Dense("tiles divide nothing", 45, 19, 33),
        Dense("one of each", 1, 1, 1),
    ],
    FUSED: [
        Fused("an odd row and column", (3, 8, 6, 2), (2, 2), 5),
        Fused("more filters than one tile", (1, 3, 3, 1), (2, 2), 65),
    ],
}  # fmt: skip
"""Operation of checks.OPERATIONS -> cases."""


def cases(operations, dtype="float32"):
    return [
        pytest.param(operation, case, dtype, id=f"{operation}-{getattr(case, 'name', case)}-{dtype}")
        for operation in operations
        for case in [*OPERATIONS[operation].cases, *EDGES.get(operation, [])]
        if not (isinstance(case, Conv | Fused) and np.prod(case.x) > 600)  # too many threads for the simulator
    ]


TILED = ("conv2d", "dense", FUSED, "softmax")
"""The rows of checks.OPERATIONS that a tiled kernel takes part in."""


@pytest.mark.parametrize("operation, case, dtype", cases(TILED) + cases((FUSED,), "float64")[:2])
def test_against_oracle(operation, case, dtype):
    check_against_oracle(get_ops("cuda"), operation, case, dtype)


@pytest.mark.parametrize("operation, case, dtype", [c for o in TILED[:3] for c in cases((o,))[:3]])
def test_broken_numbers_stay_visible(operation, case, dtype):
    check_broken_numbers_stay_visible(get_ops("cuda"), operation, case, dtype)


def test_broken_logits_stay_visible():
    check_broken_logits_stay_visible(get_ops("cuda"), "float32")


@pytest.mark.parametrize("operation", ["conv2d", "dense", FUSED])
def test_two_runs_give_the_same_bits(operation):
    case = EDGES[operation][0]
    given = OPERATIONS[operation].draw(case, "float32")
    assert_same_bits(run(get_ops("cuda"), operation, case, given), run(get_ops("cuda"), operation, case, given))


# Which kernel runs: a tile where it fits, and the literal kernel where the table says so.


@pytest.fixture
def literal_calls(monkeypatch):
    """The names of the literal kernels that the tiled table has called."""
    called = []
    for module in (table.literal_conv2d, table.literal_dense, table.literal_softmax):
        for name in ("conv2d_forward", "conv2d_backward_input", "conv2d_backward_weights",
                     "dense_forward", "dense_backward_input", "dense_backward_weights"):  # fmt: skip
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *_, name=name: called.append(name))
    return called


@pytest.mark.parametrize("dtype, stride, expected", [
    ("float32", (1, 1), []),
    ("float32", (2, 1), ["conv2d_backward_input"]),
    ("float64", (1, 1), ["conv2d_forward", "conv2d_backward_input", "conv2d_backward_weights"]),
])  # fmt: skip
def test_who_runs_a_convolution(literal_calls, dtype, stride, expected):
    case = Conv("any", (1, 3, 3, 1), (1, 1), 1, (3 if stride[0] == 1 else 2, 3), stride)
    run(get_ops("cuda"), "conv2d", case, OPERATIONS["conv2d"].draw(case, dtype))
    assert literal_calls == expected


@pytest.mark.parametrize("dtype, expected", [
    ("float32", []),
    ("float64", ["dense_forward", "dense_backward_input", "dense_backward_weights"]),
])  # fmt: skip
def test_who_runs_a_dense_layer(literal_calls, dtype, expected):
    run(get_ops("cuda"), "dense", DENSE[0], OPERATIONS["dense"].draw(DENSE[0], dtype))
    assert literal_calls == expected


def test_threads_of_the_host_do_not_share_room():
    """Two models trained at once launch in any order; the shares of one must not lie where the other's do."""
    rooms = {}

    def ask(who):
        rooms[who] = table._shares("w", 100), table._shares("w", 128), table._shares("w", 129), table._shares("b", 100)

    for who in ("one", "other"):
        thread = threading.Thread(target=ask, args=(who,))
        thread.start()
        thread.join()
    for shares in rooms.values():
        assert shares[0] is shares[1] and len({id(room) for room in shares}) == 3
        assert [room.size for room in shares] == [128, 128, 256, 128]
    assert not {id(room) for room in rooms["one"]} & {id(room) for room in rooms["other"]}


def test_an_oversized_array_does_not_fit():
    class Huge:
        dtype, size = np.dtype("float32"), table.LARGEST + 1

    assert not table.fits(Huge()) and table.fits(np.zeros(1, np.float32))
    assert not table.fits(np.zeros(0, np.float32))
