"""Optimizers gone wrong."""

from .table import breaks


@breaks("optimizer", "sgd_update")
def sgd_forgets_its_velocity(ops, w, dw, velocity, lr, momentum, nesterov):
    """The new velocity is used once and not kept."""
    ops.sgd_update(w, dw, velocity.copy(), lr, momentum, nesterov)


@breaks("optimizer", "sgd_update")
def sgd_climbs(ops, w, dw, *rest):
    """Steps along the gradient and not against it."""
    ops.sgd_update(w, -dw, *rest)


@breaks("optimizer", "sgd_update")
def nesterov_ignored(ops, w, dw, velocity, lr, momentum, nesterov):
    """Plain momentum, whichever was asked for."""
    ops.sgd_update(w, dw, velocity, lr, momentum, False)


@breaks("optimizer", "rmsprop_update")
def rmsprop_leaves_the_last_parameter(ops, w, dw, v, lr, rho, epsilon):
    """The loop over parameters ends one early."""
    ops.rmsprop_update(w[:-1], dw[:-1], v[:-1], lr, rho, epsilon)


@breaks("optimizer", "rmsprop_update")
def rmsprop_without_epsilon(ops, w, dw, v, lr, rho, epsilon):
    """Divides by next to nothing where gradients have been small."""
    ops.rmsprop_update(w, dw, v, lr, rho, 0 * epsilon)


@breaks("optimizer", "adam_update")
def adam_without_epsilon(ops, w, dw, m, v, lr, beta1, beta2, epsilon, correction1, correction2):
    """Divides by next to nothing where gradients have been small."""
    ops.adam_update(w, dw, m, v, lr, beta1, beta2, 0 * epsilon, correction1, correction2)


@breaks("optimizer", "adam_update")
def adam_without_corrections(ops, w, dw, m, v, lr, beta1, beta2, epsilon, correction1, correction2):
    """Averages that started at 0 are believed from the first step."""
    one = w.dtype.type(1)
    ops.adam_update(w, dw, m, v, lr, beta1, beta2, epsilon, one, one)


@breaks("optimizer", "adam_update")
def adam_betas_swapped(ops, w, dw, m, v, lr, beta1, beta2, epsilon, correction1, correction2):
    """The mean forgets as slowly as the mean square ought to, and the other way round."""
    ops.adam_update(w, dw, m, v, lr, beta2, beta1, epsilon, correction1, correction2)


@breaks("optimizer", "adamw_update")
def decay_added_to_the_gradient(ops, w, dw, m, v, lr, beta1, beta2, epsilon, correction1, correction2, decay):
    """Adam with L2 regularisation, which is what AdamW is not."""
    ops.adam_update(w, dw + decay * w, m, v, lr, beta1, beta2, epsilon, correction1, correction2)


@breaks("optimizer", "adamw_update")
def adamw_without_epsilon(ops, w, dw, m, v, lr, beta1, beta2, epsilon, correction1, correction2, decay):
    """Divides by next to nothing where gradients have been small."""
    ops.adamw_update(w, dw, m, v, lr, beta1, beta2, 0 * epsilon, correction1, correction2, decay)
