"""Small things to step through, and what to compare a trace with."""

import numpy as np

from loopnet.kernels.conv2d import conv2d_forward
from loopnet.stepper import step


def drawn(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def replayed(trace, name):
    """An array after the steps of a trace, by what they wrote and nothing else."""
    array = trace.arrays[name].before.copy()
    for _, written, at, value in trace.record.writes:
        if written == name:
            array.reshape(-1)[at] = value
    return array


def lenet_conv(**options):
    """The first convolution of LeNet-5, on noise."""
    x, w, b, y = drawn(1, 32, 32, 1), drawn(5, 5, 1, 6, seed=1), drawn(6, seed=2), np.empty((1, 28, 28, 6), np.float32)
    return step(conv2d_forward, x, w, b, y, (1, 1), (0, 0), **options)


def small_conv():
    """3x3 pixels 1 .. 9 through a 2x2 filter 1 10 / 100 1000, bias 0.5: sums that can be read off."""
    x = np.arange(1.0, 10).reshape(1, 3, 3, 1)
    w = np.array([1.0, 10, 100, 1000]).reshape(2, 2, 1, 1)
    return step(conv2d_forward, x, w, np.array([0.5]), np.empty((1, 2, 2, 1)), (1, 1), (0, 0))


def carries(x, y):
    """No turn stands by itself: each goes on from the total of the one before."""
    total = 0.0
    for i in range(x.size):
        total += x[i]
        y[i] = total
