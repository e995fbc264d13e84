"""LeNet-5 of 1998: its sizes are the paper's, its pieces say what they cannot do, and it learns."""

import numpy as np
import pytest

from loopnet.datasets import load_for
from loopnet.initializers import FanInUniform
from loopnet.layers import RBF, Flatten, Input, Rescaling, SparseConv2D, Subsampling2D
from loopnet.lenet import ARCHITECTURES, lenet5
from loopnet.lenet1998 import TABLE_I, bitmaps, lenet5_1998
from loopnet.losses import MaximumAPosteriori
from loopnet.model import Sequential
from loopnet.ops import CPU_BACKENDS as BACKENDS
from loopnet.ops import get_ops


def test_sizes_are_those_of_the_paper():
    """Section II.B: parameters of C1, S2, C3, S4, C5, F6, "60,000 trainable free parameters"; and shapes."""
    model = lenet5_1998()
    sizes = {layer.name: (layer.count_params(), layer.output_shape[1:]) for layer in model.layers}
    assert sizes == {
        "input": (0, (32, 32, 1)), "c1": (156, (28, 28, 6)), "s2": (12, (14, 14, 6)), "c3": (1516, (10, 10, 16)),
        "s4": (32, (5, 5, 16)), "c5": (48120, (1, 1, 120)), "flatten": (0, (120,)), "f6": (10164, (84,)),
        "rbf": (0, (10,)),
    }  # fmt: skip
    assert model.count_params() == 60000
    assert ARCHITECTURES["lenet5_1998"] is lenet5_1998


def test_the_table_is_the_papers():
    """Its rows as table I prints them: an X for each map of C3 that a map of S2 is connected with."""
    printed = [
        "X...XXX..XXXX.XX", "XX...XXX..XXXX.X", "XXX...XXX..X.XXX",
        ".XXX..XXXX..X.XX", "..XXX..XXXX.XX.X", "...XXX..XXXX.XXX",
    ]  # fmt: skip
    ours = ["".join("X" if row in seen else "." for seen in TABLE_I) for row in range(6)]
    assert ours == printed


def test_the_targets_are_ten_different_pictures():
    targets = bitmaps()
    assert targets.shape == (10, 84) and set(np.unique(targets)) == {-1.0, 1.0}
    apart = [(a != b).sum() for i, a in enumerate(targets) for b in targets[:i]]
    assert min(apart) >= 6


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_nearest_picture_wins(backend):
    model = Sequential([Input((84,)), RBF(bitmaps())])
    model.compile(loss="maximum_a_posteriori", backend=backend)
    outputs = model.predict(bitmaps())
    assert outputs.argmax(axis=1).tolist() == list(range(10))
    assert np.array_equal(np.diag(outputs), np.zeros(10))
    np.testing.assert_allclose(outputs[0, 1], -4 * (bitmaps()[0] != bitmaps()[1]).sum())


def test_a_sparse_convolution_is_a_convolution_with_holes():
    """The same network with Conv2D, its weights 0 where there is no connection, answers the same."""
    from loopnet.layers import Conv2D

    table = [[0, 1], [2], [0, 1, 2]]
    sparse = Sequential([Input((6, 5, 3)), SparseConv2D(table, 3, padding="same")], seed=1)
    dense = Sequential([Input((6, 5, 3)), Conv2D(3, 3, padding="same")])
    w, b = sparse.get_weights()
    assert w.shape == (3, 3, 6) and sparse.count_params() == 9 * 6 + 3
    full = np.zeros((3, 3, 3, 3), np.float32)
    at = iter(np.moveaxis(w, -1, 0))
    for k, seen in enumerate(table):
        for c in seen:
            full[:, :, c, k] = next(at)
    dense.set_weights([full, b])
    x = np.random.default_rng(0).standard_normal((4, 6, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(sparse.predict(x), dense.predict(x))


def test_fan_in_of_each_unit():
    """2.4 / F, where F is how many numbers the unit sums: 4 for a pixel of S2, 75 to 150 for one of C3."""
    model = lenet5_1998(seed=3)
    assert 0.3 < np.abs(model.layers[2].weights[0]).max() <= 2.4 / 4
    at = 0
    for seen in TABLE_I:
        of_filter = np.abs(model.layers[3].weights[0][:, :, at : at + len(seen)])
        assert 0.9 * 2.4 / (25 * len(seen)) < of_filter.max() <= 2.4 / (25 * len(seen))
        at += len(seen)
    drawn = FanInUniform()((100, 50), np.random.default_rng(0))
    assert 0.0239 < np.abs(drawn).max() <= 0.024


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_it_learns(backend):
    """A hundred digits by heart, without help from another rung."""
    x, y = (array[:100] for array in load_for("digits", (32, 32, 1))[0])
    model = lenet5_1998(seed=0)
    model.compile("adam", "maximum_a_posteriori", metrics=["accuracy"], backend=backend)
    assert {layer.backend for layer in model.layers} == {backend}
    model.fit(x, y, batch_size=10, epochs=25, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.97


def test_it_travels(tmp_path):
    model = lenet5_1998(seed=0)
    model.compile("adam", MaximumAPosteriori(rubbish=2.0))
    model.save(tmp_path / "model.safetensors")
    again = Sequential.load(tmp_path / "model.safetensors")
    assert isinstance(again.loss, MaximumAPosteriori) and again.loss.rubbish == 2.0
    x = np.random.default_rng(1).uniform(size=(3, 32, 32, 1)).astype(np.float32)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_far_wrong_classes_are_left_alone():
    """With the rubbish class nearer than any wrong one, only the right one is pulled: equation 8."""
    ops, f = get_ops("python"), np.float64
    outputs, targets = np.array([[-3.0, -60.0]]), np.array([[1.0, 0.0]])
    losses, gradient = np.empty(1), np.empty((1, 2))
    ops.maximum_a_posteriori(outputs, targets, np.ones(1), losses, gradient, f(-10.0))
    np.testing.assert_allclose(losses, 3 + 10, atol=1e-5)
    np.testing.assert_allclose(gradient, [[-1, 0]], atol=1e-5)


@pytest.mark.parametrize("make, message", [
    (lambda: lenet5_1998((28, 28, 1)), "expected images of 32x32 pixels, given 28x28"),
    (lambda: lenet5_1998(classes=11), "expected 10 classes, whose pictures are its targets, given 11"),
    (lambda: SparseConv2D([[0], []], 3), "expected different channels for each filter, given [] for filter 1"),
    (lambda: SparseConv2D([[0, 0]], 3), "given [0, 0] for filter 0"),
    (lambda: Sequential([Input((5, 5, 2)), SparseConv2D([[2]], 3, name="c")]), "c: expected channels 0 to 1, given 2"),
    (lambda: Sequential([Input((5, 1, 2)), Subsampling2D(2, name="s")]), "s: the window 2x2 is larger"),
    (lambda: RBF([1.0, 2.0]), "expected finite centres of shape (units, inputs), given (2,)"),
    (lambda: Sequential([Input((3,)), RBF([[1.0, 2.0]], name="r")]), "r: expected 2 inputs, as the centres have"),
    (lambda: Rescaling(float("nan")), "expected a finite scale and offset"),
    (lambda: MaximumAPosteriori(float("inf")), "expected a finite number for rubbish"),
])  # fmt: skip
def test_what_does_not_fit_says_so(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert message in str(error.value)


def test_lenet5_is_as_it_was():
    assert lenet5().count_params() == 61706 and isinstance(lenet5().layers[4], Flatten)
