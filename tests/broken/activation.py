"""Activations gone wrong."""

import numpy as np

from .table import breaks, spoils


@breaks("relu", "relu_forward")
def relu_swallows_nan(ops, x, y):
    """Asks whether a number is above 0, which NaN is not, and makes it 0."""
    y[...] = np.where(x > 0, x, 0)


@breaks("relu", "relu_forward")
def relu_leaks(ops, x, y):
    """Lets a hundredth of a negative number through."""
    y[...] = np.where(x < 0, x / 100, x)


@breaks("relu", "relu_backward")
def relu_passes_at_zero(ops, dy, y, dx):
    """A unit that is exactly at 0 counts as on."""
    dx[...] = np.where(y < 0, 0, dy)


@breaks("relu", "relu_backward")
def relu_tests_the_gradient(ops, dy, y, dx):
    """Stops negative gradients and not those of units that were off."""
    dx[...] = np.where(dy < 0, 0, dy)


@breaks("activations", "leaky_relu_forward")
def leaky_relu_swallows_nan(ops, x, y, slope):
    """NaN becomes 0 on its way down the slope."""
    y[...] = np.where(x > 0, x, slope * np.nan_to_num(x))


@breaks("activations", "leaky_relu_backward")
def leaky_relu_passes_at_zero(ops, dy, y, dx, slope):
    """A unit that is exactly at 0 counts as on."""
    dx[...] = np.where(y < 0, slope * dy, dy)


@breaks("activations", "sigmoid_forward")
def sigmoid_overflows(ops, x, y):
    """The formula as it stands in the book: infinity over infinity, which is NaN, for a large number."""
    with np.errstate(all="ignore"):
        y[...] = np.exp(x) / (1 + np.exp(x))


@breaks("activations", "sigmoid_backward")
def sigmoid_derivative_of_the_input(ops, dy, y, dx):
    """Takes the output for the input, and squashes it once more."""
    s = 1 / (1 + np.exp(-y))
    dx[...] = dy * s * (1 - s)


@spoils("activations", "tanh_forward", output=1)
def tanh_off_in_the_fifth_digit(y, before):
    """All outputs are too large by a hundred thousandth."""
    y *= 1 + 1e-5


@breaks("activations", "tanh_backward")
def tanh_derivative_without_square(ops, dy, y, dx):
    """1 - y where the derivative is 1 - y * y."""
    dx[...] = dy * (1 - y)


@breaks("activations", "scaled_tanh_forward")
def tanh_not_scaled(ops, x, y):
    """The plain tanh."""
    ops.tanh_forward(x, y)


@breaks("activations", "scaled_tanh_backward")
def scaled_tanh_derivative_of_tanh(ops, dy, y, dx):
    """The plain tanh's derivative."""
    ops.tanh_backward(dy, y, dx)


@breaks("activations", "softplus_forward")
def softplus_overflows(ops, x, y):
    """exp of a large number, and then infinity less infinity; before that, wrong in the fourth digit."""
    with np.errstate(all="ignore"):
        y[...] = np.where(x > 2, np.log(np.exp(x) + 1) - np.log1p(np.exp(x)) * 1e-4, np.log1p(np.exp(x)))


@breaks("activations", "softplus_backward")
def softplus_derivative_is_one(ops, dy, y, dx):
    """As if the soft corner were a straight line."""
    dx[...] = dy
