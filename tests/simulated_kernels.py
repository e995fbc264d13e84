"""Every CUDA kernel and every layer on it, thread by thread, in Numba's simulator.

``test_cuda_simulator.py`` runs this file in a process of its own: whether ``numba.cuda`` is the simulator is settled
when it is first imported.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cases import CONV, CONV3D, DENSE
from checks import (
    DTYPES,
    KEEPS_NAN,
    OPERATIONS,
    check_against_oracle,
    check_broken_logits_stay_visible,
    check_broken_numbers_stay_visible,
    is_offered,
)
from golden import layers
from golden.check import check_layer
from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray, FakeWithinKernelCUDAArray
from shortcuts import any_attribute, any_element
from timetable import take_turns

from loopnet.cuda.device import cuda
from loopnet.cuda.launch import THREADS, flat, one_block_per, one_thread_per
from loopnet.cuda.literal.tree import in_rows
from loopnet.ops import get_ops

CUDA_BACKENDS = ("cuda_literal",)  # what the others have of their own is in simulated_tiles.py
take_turns()

# What is there for other rungs' sake (their lanes, their unrolled tiles) has too many threads for the simulator.
BIG = ("more images than lanes", "seven of everything")

every_rung = pytest.mark.parametrize("backend", CUDA_BACKENDS)


def cases_of(operations, dtypes):
    return pytest.mark.parametrize("backend, operation, case, dtype", [
        pytest.param(backend, operation, case, dtype, id=f"{operation}-{getattr(case, 'name', case)}-{backend}-{dtype}")
        for backend in CUDA_BACKENDS
        for operation in operations
        if is_offered(get_ops(backend), operation)
        for dtype in dtypes
        for case in OPERATIONS[operation].cases[: None if dtype == "float32" else 3]
        if getattr(case, "name", "") not in BIG
    ])  # fmt: skip


@cases_of(OPERATIONS, DTYPES)
def test_against_oracle(backend, operation, case, dtype):
    check_against_oracle(get_ops(backend), operation, case, dtype)


@cases_of(KEEPS_NAN, ["float32"])
def test_broken_numbers_stay_visible(backend, operation, case, dtype):
    check_broken_numbers_stay_visible(get_ops(backend), operation, case, dtype)


@every_rung
def test_broken_logits_stay_visible(backend):
    check_broken_logits_stay_visible(get_ops(backend), "float32")


@every_rung
@pytest.mark.parametrize("number", range(len(layers.LAYERS)), ids=lambda n: f"{n}-{layers.LAYERS[n][0]}")
def test_layers_against_keras(backend, number):
    """Also that layers do to device arrays nothing that only NumPy's can."""
    check_layer(get_ops(backend), number, "float32")


# The lessons: sums by one thread a weight, beside what runs.


def lesson(operation):
    """The literal rung with weights' gradients by one thread each."""
    from loopnet.cuda.literal import conv2d, conv3d, dense, tree

    by_threads = {
        "conv2d": conv2d.conv2d_backward_weights_by_threads,
        "conv3d": conv3d.conv3d_backward_weights_by_threads,
        "dense": dense.dense_backward_weights_by_threads,
    }[operation]

    def backward_weights(dy, x, dw, db, *geometry):
        by_threads(dy, x, dw, *geometry)
        tree.bias_gradient(dy, db)

    changed: dict[str, Any] = {f"{operation}_backward_weights": backward_weights}
    return replace(get_ops("cuda_literal"), **changed)


@pytest.mark.parametrize("operation, case", [
    pytest.param(operation, case, id=f"{operation}-{case.name}")
    for operation, cases in (("conv2d", CONV), ("conv3d", CONV3D), ("dense", DENSE))
    for case in cases[:6]
])  # fmt: skip
def test_lessons_of_weights(operation, case):
    check_against_oracle(lesson(operation), operation, case, "float32")


def test_lesson_of_statistics():
    from loopnet.cuda.literal import normalization

    ops = replace(get_ops("cuda_literal"), batch_norm_statistics=normalization.batch_norm_statistics_by_threads)
    for case in OPERATIONS["batch_norm"].cases:
        check_against_oracle(ops, "batch_norm", case, "float32")


# The tree of sums, where threads are many more than numbers and the other way round.


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 8, 9, 23])
def test_tree_adds_every_number_once(rows):
    from loopnet.cuda import device
    from loopnet.cuda.literal.tree import bias_gradient

    dy = 2.0 ** np.arange(2 * rows).reshape(rows, 2)  # no two sums of different powers of two are the same
    db = device.asarray(np.full(2, np.nan))
    bias_gradient(device.asarray(dy), db)
    assert device.to_host(db, (2,)).tolist() == dy.sum(axis=0).tolist()


# Kernels broken in the ways of CUDA, to see that the checks object.


@one_block_per("db", view=in_rows)
@cuda.jit
def one_thread_of_a_block(dy, db):
    """The others' shares are left out."""
    me, k = cuda.threadIdx.x, cuda.blockIdx.x
    total = db.dtype.type(0)
    for n in range(me, dy.shape[0], THREADS):
        total += dy[n, k]
    if me == 0:
        db[k] = total


@one_thread_per("y", view=flat)
@cuda.jit
def one_too_few(x, y):
    i = cuda.grid(1)
    if i < y.size - 1:
        y[i] = max(x[i], x.dtype.type(0))


def weights_with_half_a_bias(dy, x, dw, db, *geometry):
    get_ops("cuda_literal").dense_backward_weights(dy, x, dw, db)
    one_thread_of_a_block(dy, db)


@pytest.mark.parametrize("operation, broken", [
    ("dense", {"dense_backward_weights": weights_with_half_a_bias}),
    ("relu", {"relu_forward": one_too_few}),
])  # fmt: skip
def test_checks_object_to_broken_kernels(operation, broken):
    ops = replace(get_ops("cuda_literal"), **broken)
    with pytest.raises(AssertionError):
        for case in OPERATIONS[operation].cases[:4]:
            check_against_oracle(ops, operation, case, "float32")


# The simulator itself: it must notice a barrier that is missing, wherever threads stand in their block.


def turns_blocks_round(early, late):
    """A kernel that reverses each block's numbers through shared memory, twice, with or without its two barriers."""

    def reverse(x, y):
        shared = cuda.shared.array(THREADS, x.dtype)
        me, first = cuda.threadIdx.x, cuda.blockIdx.x * THREADS
        for half in range(2):
            shared[me] = x[half, first + me]
            if early:
                cuda.syncthreads()
            y[half, first + me] = shared[THREADS - 1 - me]
            if late:
                cuda.syncthreads()

    return cuda.jit(reverse)


@pytest.mark.parametrize("early, late", [(True, True), (False, True), (True, False), (False, False)])
def test_a_missing_barrier_is_noticed(early, late):
    from loopnet.cuda import device

    x = np.random.default_rng(0).standard_normal((2, 3 * THREADS))
    y = device.asarray(np.full(x.shape, np.nan))
    turns_blocks_round(early, late)[3, THREADS](device.asarray(x), y)
    right = device.to_host(y, x.shape) == x.reshape(2, 3, THREADS)[:, :, ::-1].reshape(x.shape)
    assert right.all() == (early and late)
    for block in right.reshape(2, 3, THREADS).transpose(1, 0, 2):
        assert block.all() == (early and late)  # in each block, whichever thread is the first


def test_an_error_in_a_thread_is_raised():
    """While others wait for it."""

    def fail(x):
        if cuda.threadIdx.x == 2:
            raise IndexError("thread 2")
        cuda.syncthreads()

    for _ in range(2):  # and the next blocks start afresh
        with pytest.raises(IndexError, match="thread 2"):
            cuda.jit(fail)[2, THREADS](np.zeros(1))
    test_a_missing_barrier_is_noticed(True, True)


def test_shortcuts_lead_where_the_simulator_s_own_ways_do():
    plain = FakeCUDAArray(np.arange(24.0).reshape(2, 3, 4))
    array = FakeWithinKernelCUDAArray(plain)
    for name in ("shape", "size", "ndim", "dtype", "nbytes", "strides"):
        assert getattr(array, name) == any_attribute(array, name)
    for index in ((1, 2, 3), (0, 0, -1), (1, 2), 1, (slice(None), 1), np.int32(1), (Ellipsis, 2)):
        short, long = array[index], any_element(array, index)
        assert type(short) is type(long) and np.array_equal(*(getattr(a, "_item", a) for a in (short, long)))
    array[1][2][3] = 7  # a view, and not a copy
    assert plain[1, 2, 3] == 7
    for wrong in (lambda: array[2, 0, 0], lambda: array.nothing, lambda: array[0, 0, 0, 0]):
        with pytest.raises((IndexError, AttributeError)):
            wrong()
    records = FakeWithinKernelCUDAArray(FakeCUDAArray(np.array([(1, 2.5)], [("a", "i4"), ("b", "f4")])))
    assert records[0].b == records.b[0] == 2.5
