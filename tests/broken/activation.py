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


@breaks("activations", "elu_forward")
def elu_swallows_nan(ops, x, y, alpha, scale):
    """NaN counts as a large negative number."""
    y[...] = scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(np.nan_to_num(x, nan=-9.0), 0)))


@breaks("activations", "elu_forward")
def elu_unscaled_above_zero(ops, x, y, alpha, scale):
    """Only the bent half gets its scale."""
    y[...] = np.where(x < 0, scale * alpha * np.expm1(np.minimum(x, 0)), x)


@breaks("activations", "elu_backward")
def elu_derivative_of_the_input(ops, dy, y, dx, alpha, scale):
    """Takes the output for the input: alpha * exp(y)."""
    dx[...] = scale * dy * np.where(y <= 0, alpha * np.exp(np.minimum(y, 0)), 1)


@breaks("activations", "elu_backward")
def elu_derivative_without_alpha(ops, dy, y, dx, alpha, scale):
    """y + scale where it is y + scale * alpha."""
    dx[...] = dy * np.where(y <= 0, y + scale, scale)


@breaks("activations", "silu_forward")
def silu_overflows(ops, x, y):
    """The formula with exp(x): infinity over infinity, which is NaN, for a large number."""
    with np.errstate(all="ignore"):
        y[...] = x * np.exp(x) / (1 + np.exp(x))


@spoils("activations", "silu_forward", output=1)
def silu_off_in_the_fifth_digit(y, before):
    """All outputs are too large by a hundred thousandth."""
    y *= 1 + 1e-5


@breaks("activations", "silu_backward")
def silu_derivative_of_its_gate(ops, dy, x, dx):
    """Takes the factor x for a constant, and forgets the product rule's other half."""
    gate = 1 / (1 + np.exp(-x))
    dx[...] = dy * x * gate * (1 - gate)


@breaks("activations", "silu_backward")
def silu_derivative_of_the_output(ops, dy, x, dx):
    """Is handed the output for the input, as the other activations are."""
    gated = np.empty_like(x)
    ops.silu_forward(x, gated)
    ops.silu_backward(dy, gated, dx)


@breaks("activations", "gelu_forward")
def gelu_approximate(ops, x, y):
    """By tanh: off in the fourth digit."""
    y[...] = x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@breaks("activations", "gelu_backward")
def gelu_derivative_is_its_gate(ops, dy, x, dx):
    """As if the gate did not move with x."""
    gated = np.empty_like(x)
    ops.gelu_forward(x, gated)
    dx[...] = dy * np.where(x == 0, 0.5, gated / np.where(x == 0, 1, x))


@breaks("activations", "bounded_relu_forward")
def bounded_relu_knows_no_bound(ops, x, y, most, slope, threshold):
    """The leaky one."""
    y[...] = np.where(x < threshold, slope * (x - threshold), x)


@breaks("activations", "bounded_relu_forward")
def bounded_relu_bends_at_zero(ops, x, y, most, slope, threshold):
    """The threshold is 0."""
    y[...] = np.where(x < 0, slope * x, np.minimum(x, most))


@breaks("activations", "bounded_relu_backward")
def bounded_relu_learns_at_its_bound(ops, dy, y, dx, most, slope):
    """What is cut off at the top passes blame on."""
    dx[...] = np.where(y <= 0, slope * dy, dy)


@breaks("activations", "hard_sigmoid_forward")
def hard_sigmoid_of_keras_2(ops, x, y):
    """x / 5 + 1/2, as it once was."""
    y[...] = np.clip(x / 5 + 0.5, 0, 1)


@breaks("activations", "hard_sigmoid_forward")
def hard_sigmoid_swallows_nan(ops, x, y):
    """NaN counts as a number below -3."""
    y[...] = np.where(x > -3, np.clip(x / 6 + 0.5, 0, 1), 0)


@breaks("activations", "hard_sigmoid_backward")
def hard_sigmoid_learns_beyond_its_ends(ops, dy, y, dx):
    """The slope of the middle everywhere."""
    dx[...] = dy / 6


@breaks("activations", "softsign_forward")
def softsign_of_infinity(ops, x, y):
    """The formula as it stands in the book: infinity over infinity, which is NaN."""
    with np.errstate(all="ignore"):
        y[...] = x / (1 + np.abs(x))


@breaks("activations", "softsign_backward")
def softsign_derivative_of_the_input(ops, dy, y, dx):
    """Takes the output for the input."""
    dx[...] = dy / (1 + np.abs(y)) ** 2


@breaks("activations", "softsign_backward")
def softsign_derivative_with_a_sign(ops, dy, y, dx):
    """1 - y where it is 1 - abs(y)."""
    dx[...] = dy * (1 - y) ** 2


@spoils("activations", "exponential_forward", output=1)
def exponential_off_in_the_fifth_digit(y, before):
    """All outputs are too large by a hundred thousandth."""
    y *= 1 + 1e-5


@breaks("activations", "exponential_backward")
def exponential_derivative_of_the_input(ops, dy, y, dx):
    """Takes the output for the input, and raises it once more."""
    with np.errstate(all="ignore"):
        dx[...] = dy * np.exp(y)


@breaks("activations", "mish_forward")
def mish_overflows(ops, x, y):
    """The formula with exp(x): infinity over infinity, which is NaN, for a large number."""
    with np.errstate(all="ignore"):
        square = (1 + np.exp(x)) ** 2
        y[...] = x * (square - 1) / (square + 1)


@breaks("activations", "mish_forward")
def mish_is_silu(ops, x, y):
    """The gate is the sigmoid."""
    ops.silu_forward(x, y)


@breaks("activations", "mish_backward")
def mish_derivative_without_sigmoid(ops, dy, x, dx):
    """The chain rule ends at the softplus."""
    gate = np.tanh(np.logaddexp(0, x))
    dx[...] = dy * (gate + x * (1 - gate**2))


@breaks("activations", "hard_silu_forward")
def hard_silu_without_its_floor(ops, x, y):
    """The parabola goes on below -3."""
    y[...] = np.where(x >= 3, x, x * (x + 3) / 6)


@breaks("activations", "hard_silu_backward")
def hard_silu_derivative_is_its_gate(ops, dy, x, dx):
    """As if the gate did not move with x."""
    gate = np.empty_like(x)
    ops.hard_sigmoid_forward(x, gate)
    dx[...] = dy * gate


@breaks("prelu", "prelu_forward")
def prelu_adds_its_halves(ops, x, alpha, y):
    """Keras's formula, with the sign of its second half lost."""
    y[...] = np.maximum(x, 0) + alpha * np.maximum(-x, 0)


@breaks("prelu", "prelu_forward")
def prelu_shares_one_slope(ops, x, alpha, y):
    """The first slope does for all."""
    ops.prelu_forward(x, alpha[:1, :1, :1, :1], y)


@breaks("prelu", "prelu_backward_input")
def prelu_reads_the_output(ops, dy, x, alpha, dx):
    """As the leaky ReLU does, which a slope below 0 leads astray."""
    y = np.empty_like(x)
    ops.prelu_forward(x, alpha, y)
    ops.prelu_backward_input(dy, y, alpha, dx)


@breaks("prelu", "prelu_backward_input")
def prelu_leaks_at_zero(ops, dy, x, alpha, dx):
    """The corner counts as negative."""
    dx[...] = np.where(x <= 0, alpha * dy, dy)


@breaks("prelu", "prelu_backward_weights")
def prelu_learns_from_positive_numbers(ops, dy, x, dalpha):
    """All of the input counts, and not what is below 0 alone."""
    ops.prelu_backward_weights(dy, -np.abs(x), dalpha)


@breaks("prelu", "prelu_backward_weights")
def prelu_swallows_nan(ops, dy, x, dalpha):
    """A slope learns on as if nothing had been broken."""
    ops.prelu_backward_weights(dy, np.nan_to_num(x), dalpha)


@breaks("prelu", "prelu_backward_weights")
def prelu_slopes_add_to_what_was_there(ops, dy, x, dalpha):
    """Not cleared."""
    before = dalpha.copy()
    ops.prelu_backward_weights(dy, x, dalpha)
    dalpha += before
