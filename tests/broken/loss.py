"""Softmax and the losses gone wrong."""

import numpy as np

from .table import breaks


@breaks("softmax_backward", "softmax_backward")
def softmax_takes_probabilities_for_independent(ops, dy, probabilities, dx):
    """The diagonal of the derivatives only: a class that grows takes nothing from the others."""
    dx[...] = dy * probabilities * (1 - probabilities)


@breaks("log_softmax", "log_softmax_backward")
def log_softmax_takes_logits_for_independent(ops, dy, y, dx):
    """As if raising one logit left the sum of all powers alone."""
    dx[...] = dy


@breaks("log_softmax", "log_softmax_forward")
def log_softmax_after_the_softmax(ops, logits, y):
    """The logarithm of probabilities, some of which are 0."""
    ops.softmax_forward(logits, y)
    with np.errstate(divide="ignore"):
        y[...] = np.log(y)


@breaks("softmax", "softmax_forward")
def softmax_overflows(ops, logits, probabilities):
    """The largest logit is not taken off first: infinity over infinity, which is NaN."""
    with np.errstate(all="ignore"):
        powers = np.exp(logits)
        probabilities[...] = powers / powers.sum(axis=1, keepdims=True)


@breaks("softmax", "softmax_forward")
def softmax_takes_off_the_first(ops, logits, probabilities):
    """The first logit is taken off and not the largest: right until they lie more than 709 apart."""
    with np.errstate(all="ignore"):
        powers = np.exp(logits.astype(np.float64) - logits[:, :1])
        probabilities[...] = powers / powers.sum(axis=1, keepdims=True)


@breaks("softmax", "softmax_cross_entropy")
def gradient_lost_in_large_numbers(ops, logits, targets, weight, losses, dlogits):
    """The gradients of all but the likeliest class are rounded away, as where probabilities were kept in few bits."""
    ops.softmax_cross_entropy(logits, targets, weight, losses, dlogits)
    dlogits[np.abs(dlogits) < 1e-3] = 0


@breaks("softmax", "softmax_cross_entropy")
def loss_weighted_twice(ops, logits, targets, weight, losses, dlogits):
    """The losses are weighted here, and the model would weight them again."""
    ops.softmax_cross_entropy(logits, targets, weight, losses, dlogits)
    losses *= weight


@breaks("softmax", "softmax_cross_entropy")
def gradient_unweighted(ops, logits, targets, weight, losses, dlogits):
    """Every image has the same say, whatever its weight."""
    ops.softmax_cross_entropy(logits, targets, np.ones_like(weight), losses, dlogits)


@breaks("softmax", "softmax_cross_entropy")
def gradient_without_the_truth(ops, logits, targets, weight, losses, dlogits):
    """The probabilities alone, where the gradient is probabilities less targets."""
    ops.softmax_cross_entropy(logits, targets, weight, losses, dlogits)
    dlogits += weight[:, None] * targets


@breaks("softmax", "softmax_cross_entropy")
def loss_swallows_nan(ops, logits, targets, weight, losses, dlogits):
    """A broken logit counts as 0, and training goes on as if nothing were wrong."""
    ops.softmax_cross_entropy(np.nan_to_num(logits), targets, weight, losses, dlogits)


@breaks("losses", "cross_entropy")
def probabilities_not_divided_by_their_sum(ops, probabilities, targets, weight, losses, gradient):
    """The loss believes that the probabilities add up to 1."""
    ops.cross_entropy(probabilities, targets, weight, losses, gradient)
    losses -= np.log(probabilities.sum(axis=1))


@breaks("losses", "binary_cross_entropy")
def gradient_where_it_is_clipped(ops, p, targets, weight, losses, gradient):
    """A probability beyond the clip still gets a gradient, though moving it changes no loss."""
    ops.binary_cross_entropy(p, targets, weight, losses, gradient)
    inside = np.clip(p, 1e-6, 1 - 1e-6)
    gradient[...] = weight[:, None] * (inside - targets) / (inside * (1 - inside)) / p.shape[1]


@breaks("losses", "sigmoid_cross_entropy")
def sum_over_outputs_instead_of_mean(ops, logits, targets, weight, losses, gradient):
    """The loss grows with the number of outputs."""
    ops.sigmoid_cross_entropy(logits, targets, weight, losses, gradient)
    losses *= logits.shape[1]


@breaks("losses", "mean_squared_error")
def squared_error_halved(ops, outputs, targets, weight, losses, gradient):
    """The gradient of half the squared error, as many books define it, beside the loss of the whole."""
    ops.mean_squared_error(outputs, targets, weight, losses, gradient)
    gradient /= 2


@breaks("losses", "mean_squared_error")
def squared_error_swallows_nan(ops, outputs, targets, weight, losses, gradient):
    """A broken output counts as 0, and training goes on as if nothing were wrong."""
    ops.mean_squared_error(np.nan_to_num(outputs), targets, weight, losses, gradient)


@breaks("losses", "mean_absolute_error")
def no_error_has_a_sign(ops, outputs, targets, weight, losses, gradient):
    """An output that is its target is pushed on, as if 0 were above 0."""
    ops.mean_absolute_error(outputs, targets, weight, losses, gradient)
    gradient += weight[:, None] * (outputs == targets) / outputs.shape[1]


@breaks("losses", "mean_absolute_error")
def absolute_error_with_the_slope_of_the_squared(ops, outputs, targets, weight, losses, gradient):
    """The loss of one, the gradient of the other."""
    ops.mean_squared_error(outputs, targets, weight, losses, gradient)
    losses[...] = np.abs(outputs - targets).mean(axis=1)


@breaks("losses", "huber")
def huber_never_straight(ops, outputs, targets, weight, losses, gradient, delta):
    """The parabola everywhere: far-off labels pull as hard as they like."""
    ops.mean_squared_error(outputs, targets, weight, losses, gradient)
    losses /= 2
    gradient /= 2


@breaks("losses", "huber")
def huber_with_a_step(ops, outputs, targets, weight, losses, gradient, delta):
    """The straight piece starts half of delta's square too high: what is taken off it is forgotten."""
    ops.huber(outputs, targets, weight, losses, gradient, delta)
    losses += (np.abs(outputs - targets) > delta).mean(axis=1) * delta**2 / 2


@breaks("losses", "hinge")
def hinge_pushes_on(ops, outputs, targets, weight, losses, gradient):
    """Who is right by 1 is pushed on as before."""
    ops.hinge(outputs, targets, weight, losses, gradient)
    gradient[...] = -weight[:, None] * targets / outputs.shape[1]


@breaks("losses", "hinge")
def hinge_at_nothing(ops, outputs, targets, weight, losses, gradient):
    """The perceptron's: on the right side is right enough."""
    ops.hinge(outputs, targets, weight, losses, gradient)
    losses[...] = np.maximum(-targets * outputs, 0).mean(axis=1)


@breaks("losses", "squared_hinge")
def squared_hinge_with_the_slope_of_the_hinge(ops, outputs, targets, weight, losses, gradient):
    """The loss of one, the gradient of the other."""
    ops.squared_hinge(outputs, targets, weight, losses, gradient)
    ops.hinge(outputs, targets, weight, losses.copy(), gradient)


@breaks("losses", "log_cosh")
def log_cosh_without_its_constant(ops, outputs, targets, weight, losses, gradient):
    """No error costs log 2."""
    ops.log_cosh(outputs, targets, weight, losses, gradient)
    losses += np.log(2)


@breaks("losses", "log_cosh")
def log_cosh_always_straight(ops, outputs, targets, weight, losses, gradient):
    """The slope of the absolute error."""
    ops.log_cosh(outputs, targets, weight, losses, gradient)
    gradient[...] = weight[:, None] * np.sign(outputs - targets) / outputs.shape[1]


@breaks("losses", "kl_divergence")
def kl_divergence_is_the_cross_entropy(ops, outputs, targets, weight, losses, gradient):
    """Without what is in the targets themselves."""
    ops.kl_divergence(outputs, targets, weight, losses, gradient)
    losses[...] = -(targets * np.log(np.clip(outputs, 1e-7, 1))).sum(axis=1)


@breaks("losses", "kl_divergence")
def kl_divergence_learns_where_it_is_clipped(ops, outputs, targets, weight, losses, gradient):
    """A probability of 0 gets a gradient of ten million."""
    ops.kl_divergence(outputs, targets, weight, losses, gradient)
    gradient[...] = -weight[:, None] * targets / np.maximum(outputs, 1e-7)


@breaks("losses", "poisson")
def poisson_with_its_logarithm_turned_round(ops, outputs, targets, weight, losses, gradient):
    """t - y * log(t): who is expected and who came have changed places."""
    ops.poisson(outputs, targets, weight, losses, gradient)
    losses[...] = (targets - outputs * np.log(targets + 1e-7)).mean(axis=1)


@breaks("losses", "poisson")
def poisson_gradient_of_the_logarithm(ops, outputs, targets, weight, losses, gradient):
    """The y itself is forgotten."""
    ops.poisson(outputs, targets, weight, losses, gradient)
    gradient -= weight[:, None] / outputs.shape[1]


@breaks("losses", "mean_absolute_percentage_error")
def mape_is_no_percentage(ops, outputs, targets, weight, losses, gradient):
    """A share, not a hundred times that."""
    ops.mean_absolute_percentage_error(outputs, targets, weight, losses, gradient)
    losses /= 100


@breaks("losses", "mean_absolute_percentage_error")
def mape_of_the_output(ops, outputs, targets, weight, losses, gradient):
    """A share of what came out, not of what was to come out."""
    ops.mean_absolute_percentage_error(outputs, targets, weight, losses, gradient)
    losses[...] = 100 * np.abs((outputs - targets) / np.maximum(np.abs(outputs), 1e-7)).mean(axis=1)


@breaks("losses", "mean_squared_logarithmic_error")
def msle_learns_below_zero(ops, outputs, targets, weight, losses, gradient):
    """Where an output counts as 1e-7 it gets a gradient all the same."""
    ops.mean_squared_logarithmic_error(outputs, targets, weight, losses, gradient)
    error = np.log1p(np.maximum(outputs, 1e-7)) - np.log1p(np.maximum(targets, 1e-7))
    gradient[...] = 2 * weight[:, None] * error / (1 + np.maximum(outputs, 1e-7)) / outputs.shape[1]


@breaks("losses", "mean_squared_logarithmic_error")
def msle_without_the_inner_derivative(ops, outputs, targets, weight, losses, gradient):
    """The slope of the square, not of the logarithm in it."""
    ops.mean_squared_logarithmic_error(outputs, targets, weight, losses, gradient)
    gradient *= 1 + np.maximum(outputs, 0)


@breaks("losses", "cosine_similarity")
def cosine_similarity_rises(ops, outputs, targets, weight, losses, gradient):
    """The cosine itself: training turns the outputs away."""
    ops.cosine_similarity(outputs, targets, weight, losses, gradient)
    losses *= -1


@breaks("losses", "cosine_similarity")
def cosine_similarity_stretches(ops, outputs, targets, weight, losses, gradient):
    """The length of y taken for a constant: what points along y is not taken off the gradient."""
    ops.cosine_similarity(outputs, targets, weight, losses, gradient)
    lengths = [np.linalg.norm(a, axis=1, keepdims=True) for a in (outputs, targets)]
    gradient[...] = -weight[:, None] * targets / (lengths[0] * lengths[1])


@breaks("losses", "categorical_hinge")
def categorical_hinge_lets_the_rival_be(ops, outputs, targets, weight, losses, gradient):
    """The true class is pulled up, its rival not pushed down."""
    ops.categorical_hinge(outputs, targets, weight, losses, gradient)
    gradient[...] = np.where(losses[:, None] > 0, -weight[:, None] * targets, 0)


@breaks("losses", "categorical_hinge")
def categorical_hinge_of_the_sum(ops, outputs, targets, weight, losses, gradient):
    """All others together, not the largest of them."""
    ops.categorical_hinge(outputs, targets, weight, losses, gradient)
    losses[...] = np.maximum(1 + ((1 - 2 * targets) * outputs).sum(axis=1), 0)
