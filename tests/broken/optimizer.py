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


@breaks("optimizer", "nadam_update")
def nadam_does_not_look_ahead(ops, w, dw, m, v, lr, beta1, beta2, epsilon, of_mean, of_gradient, correction2):
    """Adam's step, and nothing of the gradient itself."""
    ops.nadam_update(w, dw, m, v, lr, beta1, beta2, epsilon, of_mean, 0 * of_gradient, correction2)


@breaks("optimizer", "nadam_update")
def nadam_of_the_old_mean(ops, w, dw, m, v, lr, beta1, beta2, epsilon, of_mean, of_gradient, correction2):
    """The weights move by the mean of the step before."""
    old, after = m.copy(), w.copy()
    ops.nadam_update(after, dw, m, v, lr, beta1, beta2, epsilon, of_mean, of_gradient, correction2)
    ops.nadam_update(w, dw, old, v.copy(), lr, 1 + 0 * beta1, 1 + 0 * beta2, epsilon, of_mean, of_gradient, correction2)


@breaks("optimizer", "adamax_update")
def adamax_of_the_signed_gradient(ops, w, dw, m, u, lr, beta1, beta2, epsilon, correction1):
    """A large gradient below 0 is no large one."""
    largest = u.copy()
    ops.adamax_update(w, dw, m, u, lr, beta1, beta2, epsilon, correction1)
    u[...] = (beta2 * largest).clip(min=dw)


@breaks("optimizer", "adamax_update")
def adamax_that_never_forgets(ops, w, dw, m, u, lr, beta1, beta2, epsilon, correction1):
    """Divides by the largest gradient ever."""
    ops.adamax_update(w, dw, m, u, lr, beta1, 1 + 0 * beta2, epsilon, correction1)


@breaks("optimizer", "adamax_update")
def adamax_without_epsilon(ops, w, dw, m, u, lr, beta1, beta2, epsilon, correction1):
    """Divides by 0 where a gradient has always been 0."""
    ops.adamax_update(w, dw, m, u, lr, beta1, beta2, 0 * epsilon, correction1)


@breaks("optimizer", "adagrad_update")
def adagrad_without_epsilon(ops, w, dw, v, lr, epsilon):
    """Divides by next to nothing where gradients have been small."""
    ops.adagrad_update(w, dw, v, lr, 0 * epsilon)


@breaks("optimizer", "adagrad_update")
def adagrad_that_forgets(ops, w, dw, v, lr, epsilon):
    """RMSprop."""
    ops.rmsprop_update(w, dw, v, lr, w.dtype.type(0.9), epsilon)


@breaks("optimizer", "adadelta_update")
def adadelta_remembers_the_whole_step(ops, w, dw, v, moved, lr, rho, epsilon):
    """The learning rate's share in it, too."""
    before, sizes = w.copy(), moved.copy()
    ops.adadelta_update(w, dw, v, moved, lr, rho, epsilon)
    moved[...] = rho * sizes + (1 - rho) * (w - before) ** 2


@breaks("optimizer", "adadelta_update")
def adadelta_of_this_step_s_size(ops, w, dw, v, moved, lr, rho, epsilon):
    """The step is measured before it is made."""
    ops.adadelta_update(w.copy(), dw, v.copy(), moved, lr, rho, epsilon)
    ops.adadelta_update(w, dw, v, moved.copy(), lr, rho, epsilon)
