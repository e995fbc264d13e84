"""Checks of a rung's `ops` against the golden values, for test_golden.py and test_meta.py."""

from functools import cache
from pathlib import Path

import numpy as np
from checks import OPERATIONS, TOLERANCE, Arrays, assert_close, run

from golden import layers as asked
from golden.lenet import ADAM, STEPS, batch, initial_weights
from loopnet import layers
from loopnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from loopnet.lenet import lenet5
from loopnet.losses import SparseCategoricalCrossentropy
from loopnet.model import Sequential
from loopnet.ops import Ops
from loopnet.optimizers import Adam

FILES = {
    **{name: name for name in ("conv2d", "conv3d", "pool", "max_pool3d", "average_pool3d", "lp_pool3d", "dense")},
    "softmax": "cross_entropy",
}

# The losses of 20 Adam steps, relative. PyTorch's own float32 and float64 runs are 2e-7 apart.
LENET_TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


@cache
def golden(file: str) -> Arrays:
    with np.load(Path(__file__).parent / f"{file}.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def golden_case(operation: str, number: int) -> Arrays:
    """Inputs and answers of one case of an operation's table."""
    prefix = f"{number}/"
    arrays = golden(FILES[operation])
    return {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}


def rounded(arrays: Arrays, dtype: str) -> Arrays:
    return {name: a.astype(dtype) if a.dtype.kind == "f" else a for name, a in arrays.items()}


def check_against_golden(ops: Ops, operation: str, number: int, dtype: str) -> None:
    """The rung answers PyTorch's questions as PyTorch does, forward and all gradients."""
    arrays = golden_case(operation, number)
    got = run(ops, operation, OPERATIONS[operation].cases[number], rounded(arrays, dtype))
    # what float32 cannot hold exactly (the weights of images) costs a rounding more
    assert_close(got, {name: arrays[name] for name in got}, 4 * TOLERANCE[ops.name][dtype], dtype)


def check_layer(ops: Ops, number: int, dtype: str) -> None:
    """Keras's arguments give Keras's outputs, gradients and weights."""
    name, arguments, shape = asked.LAYERS[number]
    expected = {key.split("/")[1]: value for key, value in golden("layers").items() if key.startswith(f"{number}/")}
    random, kind = asked.draw(number), np.dtype(dtype)
    layer = getattr(layers, name)(**arguments)
    layer.name = "layer"
    layer.build(shape)
    layer.bind(ops, kind)
    if name == "BatchNormalization" and layer.ops.images(layer.ops.empty((asked.BATCH, *shape), kind)) != asked.BATCH:
        layer.bind(ops.plain or ops, kind)  # see borders.WholeBatch
    ops, shapes = layer.ops, [p.shape for p in layer.parameters]
    variance = len(shapes) - 1 if name == "BatchNormalization" else -1
    for p, value in zip(layer.parameters, asked.weights_like(random, shapes, variance), strict=True):
        p.value = ops.asarray(value.astype(kind))
        p.grad = ops.asarray(np.full(p.shape, np.nan, kind))

    several, given = isinstance(shape, list), asked.images(random, shape)
    x = [ops.pack(one.astype(kind)) for one in given] if several else ops.pack(given.astype(kind))
    output = (asked.BATCH, *layer.output_shape[1:])
    got = {"looking": ops.to_host(layer.forward(x), output)}
    got["y"] = ops.to_host(layer.forward(x, training=True), output)
    dx = layer.backward(ops.pack(asked.normal(random, output).astype(kind)))
    if several:
        got |= {f"dx {at}": ops.to_host(one, given[at].shape) for at, one in enumerate(dx)}
    else:
        got["dx"] = ops.to_host(dx, given.shape)
    got |= {f"gradient {at}": np.array(p.grad) for at, p in enumerate(p for p in layer.parameters if p.trainable)}
    got |= {f"kept {at}": np.array(p.value) for at, p in enumerate(p for p in layer.parameters if not p.trainable)}
    assert_close(got, expected, 10 * TOLERANCE[ops.name][dtype], dtype)


def lenet5_in_float64() -> Sequential:
    return Sequential(
        [
            Input((32, 32, 1)),
            Conv2D(6, 5, activation="relu"), MaxPooling2D(),
            Conv2D(16, 5, activation="relu"), MaxPooling2D(),
            Flatten(), Dense(120, activation="relu"), Dense(84, activation="relu"), Dense(10),
        ],
        dtype="float64",
    )  # fmt: skip


def check_lenet5(ops: Ops, dtype: str, images: int, tolerance: float | None = None) -> None:
    """From the golden weights, the first gradients' norms and the loss of each Adam step are PyTorch's."""
    tolerance = tolerance or LENET_TOLERANCE[dtype]
    expected = {key: golden("lenet5")[f"{dtype}/{images}/{key}"] for key in ("losses", "gradient_norms")}
    assert len(expected["losses"]) == STEPS[images]
    model = lenet5() if dtype == "float32" else lenet5_in_float64()
    model.set_weights(initial_weights())
    model.compile(Adam(**ADAM), SparseCategoricalCrossentropy(from_logits=True), backend=ops)

    x, labels = batch(images)
    for step, loss in enumerate(expected["losses"]):
        got = model.train_on_batch(x, labels)
        np.testing.assert_allclose(got, loss, rtol=tolerance, err_msg=f"loss before step {step + 1}")
        if step == 0:
            parameters = [p for layer in model.layers for p in layer.parameters]
            norms = [np.linalg.norm(np.asarray(p.grad, np.float64)) for p in parameters]
            np.testing.assert_allclose(norms, expected["gradient_norms"], rtol=1e-5, err_msg="step 1")
