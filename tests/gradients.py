"""The gradient check of one layer, for test_gradients.py and, with broken kernels, for test_meta.py."""

from math import prod

import numpy as np

from loopnet.ops import get_ops

STEP = 1e-5
TOLERANCE = 1e-6
BATCH = 3


def central_differences(f, array):
    """The gradient of the number f() with respect to `array`, which f reads and which is nudged in place."""
    gradient = np.empty_like(array)
    for place in np.ndindex(array.shape):
        before = array[place]
        array[place] = before + STEP
        above = f()
        array[place] = before - STEP
        gradient[place] = (above - f()) / (2 * STEP)
        array[place] = before
    return gradient


def relative_error(got, want):
    """0 is equal, 1 is unrelated."""
    scale = float(np.linalg.norm(got) + np.linalg.norm(want))
    return float(np.linalg.norm(got - want)) / max(scale, 1e-12)


def apart(random, shape):
    """Numbers no two of which are close, nor close to 0: no nudge changes a winner or switches a unit."""
    values = (np.arange(prod(shape)) - prod(shape) / 2 + 0.25) * 0.05
    return random.permutation(values).reshape(shape)


class Trial:
    """One layer by itself, with a batch and a random direction; the loss is the output's part in it. Of a layer that
    takes several, ``input_shape`` is a list, and ``x``, if any, a list of batches.
    """

    def __init__(self, layer, input_shape, backend, random, x=None):
        self.layer, self.ops = layer, get_ops(backend)
        layer.build(input_shape)
        layer.bind(self.ops, np.dtype("float64"))
        self.ops = layer.ops  # the plain rung beneath, where this one lacks something
        self.several = isinstance(input_shape, list)
        shapes = input_shape if self.several else [input_shape]
        if x is None:
            self.xs = [random.standard_normal((BATCH, *shape)) for shape in shapes]
        else:
            self.xs = x if self.several else [x]
        self.x = self.xs[0]
        self.learned = [p for p in layer.parameters if p.trainable]
        self.values = [random.standard_normal(p.shape) for p in self.learned]
        self.direction = random.standard_normal((BATCH, *layer.output_shape[1:]))
        for p in layer.parameters:
            p.value = self.ops.asarray(p.initializer(p.shape, random))
            p.grad = self.ops.asarray(np.full(p.shape, np.nan))

    def forward(self):
        for p, value in zip(self.learned, self.values, strict=True):
            p.value = self.ops.asarray(value.copy())
        self.packed = [self.ops.pack(x) for x in self.xs]
        y = self.layer.forward(self.packed if self.several else self.packed[0], training=True)
        return self.ops.to_host(y, self.direction.shape)

    def loss(self):
        return float((self.forward() * self.direction).sum())

    def check(self):
        self.forward()
        dy = self.ops.pack(self.direction)
        dx = self.layer.backward(dy)
        dxs = [self.ops.to_host(one, x.shape) for one, x in zip(dx if self.several else [dx], self.xs, strict=True)]
        for given, packed in zip([self.direction, *self.xs], [dy, *self.packed], strict=True):
            np.testing.assert_array_equal(self.ops.to_host(packed, given.shape), given)  # others may have them, too
        gradients = [np.array(p.grad) for p in self.learned]
        for dx, x in zip(dxs, self.xs, strict=True):
            assert relative_error(dx, central_differences(self.loss, x)) < TOLERANCE
        for p, value, gradient in zip(self.learned, self.values, gradients, strict=True):
            assert relative_error(gradient, central_differences(self.loss, value)) < TOLERANCE, p.name
