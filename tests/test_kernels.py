"""Every operation on every rung: against Python to the bit, the oracle, and answers worked out by hand.

The checks are in checks/ and the shapes in cases.py; here they meet every rung.
"""

from dataclasses import replace
from functools import cache

import numba
import numpy as np
import pytest
from cases import Conv, Dense, Fused, Pool
from checks import (
    DTYPES,
    KEEPS_NAN,
    OPERATIONS,
    SAME_BITS_AS_PYTHON,
    assert_same_bits,
    check_against_oracle,
    check_broken_logits_stay_visible,
    check_broken_numbers_stay_visible,
    check_same_bits_as_python,
    is_offered,
    is_tried,
    operations_of,
    plain,
    run,
    tensor,
)

from loopnet import ops as loopnet_ops
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops


def on(rungs, operations=tuple(OPERATIONS), dtypes=DTYPES):
    """Every case of the operations, on every rung that offers the operation, in every dtype."""
    return pytest.mark.parametrize("backend, operation, case, dtype", [
        pytest.param(backend, operation, case, dtype, id=f"{operation}-{getattr(case, 'name', case)}-{backend}-{dtype}")
        for operation in operations
        for case in OPERATIONS[operation].cases
        for backend in rungs
        for dtype in dtypes
        if is_offered(get_ops(backend), operation) and is_tried(get_ops(backend), case, dtype)
    ])  # fmt: skip


@pytest.fixture
def threads():
    """Sets the number of threads; gives the old number back afterwards."""
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


@on(BACKENDS)
def test_against_oracle(backend, operation, case, dtype):
    check_against_oracle(get_ops(backend), operation, case, dtype)


@on(SAME_BITS_AS_PYTHON)
def test_same_bits_as_python(backend, operation, case, dtype):
    check_same_bits_as_python(get_ops(backend), operation, case, dtype)


@on(BACKENDS, KEEPS_NAN)
def test_broken_numbers_stay_visible(backend, operation, case, dtype):
    check_broken_numbers_stay_visible(get_ops(backend), operation, case, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_broken_logits_stay_visible(backend, dtype):
    check_broken_logits_stay_visible(get_ops(backend), dtype)


@pytest.mark.skipif(numba.get_num_threads() < 2, reason="one core only")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend, operation", [
    (name, operation)
    for name in BACKENDS
    if name not in ("python", "literal")
    for operation in operations_of(get_ops(name))
])  # fmt: skip
def test_one_thread_equals_two(backend, operation, dtype, threads):
    ops, (cases, draw, run_on, _) = get_ops(backend), OPERATIONS[operation]
    for case in cases:
        if is_tried(ops, case, dtype):
            given = draw(case, dtype)
            answers = []
            for number in (1, 2):
                threads(number)
                answers.append(run_on(ops, case, given))
            assert_same_bits(*answers)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_operation_of_the_table_is_checked(backend):
    """A kernel added to Ops without a row in checks.OPERATIONS is noticed here."""
    called, ops = set(), get_ops(backend)

    @cache
    def recording(name, kernel):  # once for each kernel, so that a borrowed one stays recognisable as such
        def record(*arguments):
            called.add(name)
            kernel(*arguments)

        return record

    def recorder_of(ops):
        kernels = {name: getattr(ops, name) for name in loopnet_ops.OPERATIONS}
        return replace(ops, **{name: kernel and recording(name, kernel) for name, kernel in kernels.items()})

    recorder = recorder_of(ops)
    if ops.plain is not None:
        recorder = replace(recorder, plain=recorder_of(ops.plain))
    for operation in operations_of(ops):
        row = OPERATIONS[operation]
        case = row.cases[-1]
        row.run(recorder, case, row.draw(case, "float32"))
    assert called == {name for name in loopnet_ops.OPERATIONS if getattr(ops, name) is not None}


def test_fused_operations_come_all_or_none():
    """And that somebody has them: their cases are not run elsewhere, and without this nobody would miss them."""
    fused = [name for name in loopnet_ops.OPERATIONS if "relu_pool" in name]
    offered = {backend: sum(getattr(get_ops(backend), name) is not None for name in fused) for backend in BACKENDS}
    assert offered == {"python": 0, "literal": 0, "parallel": 0, "tuned": 4} and len(fused) == 4


# By hand. `array` makes a one-image, one-channel batch of a drawing.


def array(rows, dtype):
    return np.array(rows, dtype)[np.newaxis, :, :, np.newaxis]


def drawing(images):
    return images[0, :, :, 0].tolist()


by_hand = pytest.mark.parametrize("backend, dtype", [(b, d) for b in BACKENDS for d in DTYPES])
SQUARE = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
FILTER = np.array([[1, 2], [3, 4]])[:, :, np.newaxis, np.newaxis]


def conv2d(backend, dtype, case, x, dy, w=FILTER, b=(10,)):
    return run(get_ops(backend), "conv2d", case, {"x": x, "w": w.astype(dtype), "b": np.array(b, dtype), "dy": dy})


@by_hand
def test_conv2d_by_hand(backend, dtype):
    case = Conv("", (1, 3, 3, 1), (2, 2), 1, out=(2, 2))
    answers = conv2d(backend, dtype, case, array(SQUARE, dtype), array([[1, 0], [0, 2]], dtype))
    # top left: 1*1 + 2*2 + 4*3 + 5*4 + 10 = 47
    assert drawing(answers["y"]) == [[47, 57], [77, 87]]
    # the filter, laid at the top left once and at the bottom right twice
    assert drawing(answers["dx"]) == [[1, 2, 0], [3, 4 + 2, 4], [0, 6, 8]]
    # the image's top left corner once and its bottom right corner twice
    assert answers["dw"][:, :, 0, 0].tolist() == [[1 + 10, 2 + 12], [4 + 16, 5 + 18]]
    assert answers["db"].tolist() == [3]


@by_hand
def test_conv2d_by_hand_stride_and_padding(backend, dtype):
    case = Conv("", (1, 3, 3, 1), (2, 2), 1, out=(2, 2), stride=(2, 2), pad=(1, 1))
    answers = conv2d(backend, dtype, case, array(SQUARE, dtype), array([[1, 1], [1, 1]], dtype))
    # windows start at -1 and 1; at the top left, only the 1 lies inside, under the filter's 4
    assert drawing(answers["y"]) == [[14, 6 + 12 + 10], [8 + 28 + 10, 5 + 12 + 24 + 36 + 10]]
    assert drawing(answers["dx"]) == [[4, 3, 4], [2, 1, 2], [4, 3, 4]]
    assert answers["dw"][:, :, 0, 0].tolist() == [[5, 4 + 6], [2 + 8, 1 + 3 + 7 + 9]]
    assert answers["db"].tolist() == [4]


@by_hand
def test_conv2d_by_hand_channels_and_filters(backend, dtype):
    case = Conv("", (1, 1, 1, 2), (1, 1), 2, out=(1, 1))
    x, dy = np.array([[[[1, 2]]]], dtype), np.array([[[[1, 3]]]], dtype)
    w = np.array([[[[1, 10], [100, 1000]]]])  # rows are channels, columns are filters
    answers = conv2d(backend, dtype, case, x, dy, w, (5, 7))
    assert answers["y"].ravel().tolist() == [1 + 200 + 5, 10 + 2000 + 7]
    assert answers["dx"].ravel().tolist() == [1 + 30, 100 + 3000]
    assert answers["dw"][0, 0].tolist() == [[1, 3], [2, 6]]
    assert answers["db"].tolist() == [1, 3]


def pool(backend, dtype, case, x, dy):
    return run(get_ops(backend), "pool", case, {"x": array(x, dtype), "dy": array(dy, dtype)})


@by_hand
def test_pool_by_hand(backend, dtype):
    x = [[1, 5, 2, 0], [3, 5, 1, 1], [-1, -2, -8, -8], [-3, -4, -7, -9]]
    case = Pool("", (1, 4, 4, 1), (2, 2), out=(2, 2), stride=(2, 2))
    answers = pool(backend, dtype, case, x, [[1, 2], [3, 4]])
    assert drawing(answers["y"]) == [[5, 2], [-1, -7]]
    assert drawing(answers["winner"]) == [[1, 0], [0, 2]]  # of the two fives, the first
    assert drawing(answers["dx"]) == [[0, 1, 2, 0], [0, 0, 0, 0], [3, 0, 0, 0], [0, 0, 4, 0]]


@by_hand
def test_pool_by_hand_overlap(backend, dtype):
    case = Pool("", (1, 1, 3, 1), (1, 2), out=(1, 2))
    answers = pool(backend, dtype, case, [[1, 9, 1]], [[1, 10]])
    assert drawing(answers["y"]) == [[9, 9]]
    assert drawing(answers["winner"]) == [[1, 0]]
    assert drawing(answers["dx"]) == [[0, 11, 0]]


@by_hand
def test_pool_by_hand_padding_never_wins(backend, dtype):
    case = Pool("", (1, 1, 1, 1), (3, 3), out=(1, 1), pad=(1, 1))
    answers = pool(backend, dtype, case, [[-5]], [[2]])
    assert drawing(answers["y"]) == [[-5]]
    assert drawing(answers["winner"]) == [[4]]
    assert drawing(answers["dx"]) == [[2]]


@pytest.mark.parametrize("backend", [name for name in BACKENDS if is_offered(get_ops(name), "conv2d, relu, pool")])
def test_conv2d_relu_pool_by_hand(backend):
    """A filter of one weight, 2, and a bias of -2: pixel p becomes 2p - 2."""
    x = [[1, 3, 0, 1, 9], [3, 2, -5, 1, 9], [0, 1, 4, 6, 9], [1, 0, 6, 5, 9]]
    case = Fused("", (1, 4, 5, 1), (1, 1), 1)
    given = {"x": array(x, "float32"), "dy": array([[1, 2], [3, 4]], "float32")}
    given |= {"w": np.full((1, 1, 1, 1), 2, "float32"), "b": np.array([-2], "float32")}
    answers = run(get_ops(backend), "conv2d, relu, pool", case, given)
    assert drawing(answers["y"]) == [[4, 0], [0, 10]]
    # of the two threes and the two sixes the first wins; two windows have nothing above 0; the nines are left out
    assert drawing(answers["dz"]) == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 4, 0], [0, 0, 0, 0, 0]]


@by_hand
def test_dense_by_hand(backend, dtype):
    given = {"x": [[1, 2]], "w": [[1, 2, 3], [4, 5, 6]], "b": [10, 20, 30], "dy": [[1, 0, -1]]}
    answers = run(get_ops(backend), "dense", Dense("", 1, 2, 3), {k: np.array(v, dtype) for k, v in given.items()})
    assert answers["y"].tolist() == [[19, 32, 45]]
    assert answers["dx"].tolist() == [[-2, -2]]
    assert answers["dw"].tolist() == [[1, 0, -1], [2, 0, -2]]
    assert answers["db"].tolist() == [1, 0, -1]


@by_hand
def test_relu_by_hand(backend, dtype):
    given = {"x": np.array([[-2, 0, 3]], dtype), "dy": np.array([[5, 6, 7]], dtype)}
    answers = run(get_ops(backend), "relu", (1, 3), given)
    assert answers["y"].tolist() == [[0, 0, 3]]
    assert answers["dx"].tolist() == [[0, 0, 7]]  # at 0 no gradient passes


def softmax(backend, dtype, logits, targets, weight):
    given = {"logits": logits, "targets": targets, "weight": weight}
    arrays = {name: np.array(values, dtype) for name, values in given.items()}
    return run(get_ops(backend), "softmax", arrays["logits"].shape, arrays)


@by_hand
def test_softmax_by_hand(backend, dtype):
    answers = softmax(backend, dtype, [[0, np.log(3)]], [[1, 0]], [0.5])
    np.testing.assert_allclose(answers["probabilities"], [[1 / 4, 3 / 4]], rtol=1e-6)
    np.testing.assert_allclose(answers["losses"], [np.log(4)], rtol=1e-6)
    np.testing.assert_allclose(answers["dlogits"], [[-3 / 8, 3 / 8]], rtol=1e-6)


@by_hand
def test_softmax_by_hand_does_not_overflow(backend, dtype):
    answers = softmax(backend, dtype, [[1000, 0], [0, 1000]], [[0, 1], [0, 1]], [1, 1])
    assert answers["probabilities"].tolist() == [[1, 0], [0, 1]]
    assert answers["losses"].tolist() == [1000, 0]
    assert answers["dlogits"].tolist() == [[1, -1], [0, 0]]


@by_hand
def test_softmax_by_hand_impossible_class(backend, dtype):
    """A logit of minus infinity is a probability of 0, which costs nothing if the class is not true."""
    answers = softmax(backend, dtype, [[-np.inf, 0]], [[0, 1]], [1])
    assert answers["probabilities"].tolist() == [[0, 1]]
    assert answers["losses"].tolist() == [0]
    assert answers["dlogits"].tolist() == [[0, 0]]


@by_hand
@pytest.mark.parametrize("nesterov, moved", [(False, 2.0), (True, 0.5)])
def test_sgd_by_hand(backend, dtype, nesterov, moved):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    w, dw, velocity = (plain(ops, np.array([value], dtype)) for value in (1, 4, 4))
    ops.sgd_update(w, dw, velocity, scalar(0.25), scalar(0.5), nesterov)
    # velocity = 0.5 * 4 - 0.25 * 4 = 1; Nesterov's step looks ahead: 0.5 * 1 - 0.25 * 4
    assert (np.asarray(velocity).tolist(), np.asarray(w).tolist()) == ([1.0], [moved])


@by_hand
def test_rmsprop_by_hand(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    w, dw, v = (plain(ops, np.array([value], dtype)) for value in (1, 4, 0))
    ops.rmsprop_update(w, dw, v, scalar(0.5), scalar(0.75), scalar(5))
    # v = 16 / 4; the step is 0.5 * 4 / sqrt(4 + 5)
    np.testing.assert_allclose(np.asarray(v), [4], rtol=1e-6)
    np.testing.assert_allclose(np.asarray(w), [1 - 2 / 3], rtol=1e-6)


@by_hand
def test_adam_by_hand(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    w, dw, m, v = (plain(ops, np.array(values, dtype)) for values in ([1, 1], [4, -9], [0, 0], [0, 0]))
    constants = (0.25, 0.5, 0.75, 0.0, 1 - 0.5, 1 - 0.75)  # lr, betas, epsilon, corrections of step 1
    ops.adam_update(w, dw, m, v, *map(scalar, constants))
    assert np.asarray(m).tolist() == [2, -4.5]
    assert np.asarray(v).tolist() == [4, 81 / 4]
    # the first step is the learning rate, whatever the gradient
    assert np.asarray(w).tolist() == [0.75, 1.25]
    ops.adam_update(w, dw, m, v, *map(scalar, (0.25, 0.5, 0.75, 4.0, 1 - 0.5**2, 1 - 0.75**2)))
    # the same gradient again: the corrected averages are 4 and 16, -9 and 81; epsilon stands beside the root
    np.testing.assert_allclose(np.asarray(w), [0.75 - 1 / 8, 1.25 + 9 / 4 / 13], rtol=1e-6)


@by_hand
def test_nadam_by_hand(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    w, dw, m, v = (plain(ops, np.array([value], dtype)) for value in (1, 4, 2, 0))
    # m = (2 + 4) / 2, v = 16 / 4; the step is 0.5 * (2 * 3 + 0.5 * 4) / (sqrt(4 / 0.25) + 1)
    ops.nadam_update(w, dw, m, v, *map(scalar, (0.5, 0.5, 0.75, 1, 2, 0.5, 0.25)))
    assert (np.asarray(m).tolist(), np.asarray(v).tolist()) == ([3], [4])
    np.testing.assert_allclose(np.asarray(w), [1 - 4 / 5], rtol=1e-6)


@by_hand
def test_adamax_by_hand(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    w, dw, m, u = (plain(ops, np.array(values, dtype)) for values in ([1, 1, 1], [-4, 1, 0], [0, 1, 0], [4, 8, 0]))
    ops.adamax_update(w, dw, m, u, *map(scalar, (0.5, 0.5, 0.75, 1, 0.25)))
    assert np.asarray(m).tolist() == [-2, 1, 0]
    assert np.asarray(u).tolist() == [4, 6, 0]  # the second remembers 8 and not so well
    # 0.5 * (-2 / 0.25) / (4 + 1) and 0.5 * (1 / 0.25) / (6 + 1); no gradient, no step
    np.testing.assert_allclose(np.asarray(w), [1 + 4 / 5, 1 - 2 / 7, 1], rtol=1e-6)


@by_hand
def test_adagrad_by_hand(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    w, dw, v = (plain(ops, np.array([value], dtype)) for value in (1, 4, 7))
    ops.adagrad_update(w, dw, v, scalar(0.5), scalar(2))
    # v = 7 + 16; the step is 0.5 * 4 / sqrt(23 + 2)
    assert np.asarray(v).tolist() == [23]
    np.testing.assert_allclose(np.asarray(w), [1 - 2 / 5], rtol=1e-6)


@by_hand
def test_adadelta_by_hand(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    w, dw, v, moved = (plain(ops, np.array([value], dtype)) for value in (1, 4, 0, 11))
    ops.adadelta_update(w, dw, v, moved, *map(scalar, (0.5, 0.75, 5)))
    # v = 16 / 4; the step is sqrt(11 + 5) / sqrt(4 + 5) * 4, and half of it is gone
    np.testing.assert_allclose(np.asarray(v), [4], rtol=1e-6)
    np.testing.assert_allclose(np.asarray(w), [1 - 8 / 3], rtol=1e-6)
    np.testing.assert_allclose(np.asarray(moved), [0.75 * 11 + 0.25 * (16 / 3) ** 2], rtol=1e-6)


@by_hand
def test_clipping_by_hand(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    dw, squares = (plain(ops, np.array(values, dtype)) for values in ([3, 0, -4], [7]))
    ops.sum_of_squares(dw, squares)
    assert np.asarray(squares).tolist() == [25]
    ops.clip_by_norm(dw, squares, scalar(5))  # its norm
    assert np.asarray(dw).tolist() == [3, 0, -4]
    ops.clip_by_norm(dw, squares, scalar(2.5))
    assert np.asarray(dw).tolist() == [1.5, 0, -2]
    ops.clip_by_value(dw, scalar(1.75))
    assert np.asarray(dw).tolist() == [1.5, 0, -1.75]


@by_hand
def test_clipping_hides_no_nan(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    dw, squares = (plain(ops, np.array(values, dtype)) for values in ([np.nan, -9, np.inf], [7]))
    ops.clip_by_value(dw, scalar(1))
    np.testing.assert_array_equal(np.asarray(dw), [np.nan, -1, 1])
    ops.sum_of_squares(dw, squares)
    ops.clip_by_norm(dw, squares, scalar(1))
    assert np.isnan(np.asarray(dw)).all()  # as in Keras: no step can be made


@by_hand
def test_weight_penalty_by_hand(backend, dtype):
    ops, scalar = get_ops(backend), np.dtype(dtype).type
    w, dw, penalty = (plain(ops, np.array(values, dtype)) for values in ([2, -4, 0], [1, 1, 1], [7]))
    ops.weight_penalty_forward(w, penalty, scalar(0.5), scalar(0.25))
    assert np.asarray(penalty).tolist() == [0.5 * (2 + 4) + 0.25 * (4 + 16)]
    ops.weight_penalty_backward(w, dw, scalar(0.5), scalar(0.25))
    assert np.asarray(dw).tolist() == [1 + 0.5 + 0.5 * 2, 1 - 0.5 - 0.5 * 4, 1]


@by_hand
def test_flatten_by_hand(backend, dtype):
    ops = get_ops(backend)
    x = np.arange(12, dtype=dtype).reshape(1, 2, 3, 2)
    y = ops.empty((1, 12), np.dtype(dtype))
    ops.flatten_forward(tensor(ops, x), y)
    # row by row, pixel by pixel, channel by channel
    assert ops.to_host(y, (1, 12)).tolist() == [list(range(12))]
    dx = ops.empty(x.shape, np.dtype(dtype))
    ops.flatten_backward(y, dx)
    assert np.array_equal(ops.to_host(dx, x.shape), x)


@by_hand
def test_gather_by_hand(backend, dtype):
    ops = get_ops(backend)
    data = np.array([[0, 1], [10, 11], [20, 21]], dtype)
    batch = ops.empty((4, 2), np.dtype(dtype))
    ops.gather(plain(ops, data), plain(ops, np.array([2, 0, 2, 1])), batch)
    assert ops.to_host(batch, (4, 2)).tolist() == [[20, 21], [0, 1], [20, 21], [10, 11]]


def test_unknown_backend_names_the_known_ones():
    with pytest.raises(ValueError, match="parallel"):
        get_ops("turbo")
