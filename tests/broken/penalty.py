"""Penalties for large weights gone wrong."""

from .table import breaks


@breaks("weight penalty", "weight_penalty_forward")
def penalty_without_its_last_weight(ops, w, penalty, l1, l2):
    """The loop over weights ends one early."""
    ops.weight_penalty_forward(w[:-1], penalty, l1, l2)


@breaks("weight penalty", "weight_penalty_forward")
def penalty_of_the_first_share_only(ops, w, penalty, l1, l2):
    """What does not fit into one share is not added up."""
    penalty[1:] = 0
    ops.weight_penalty_forward(w, penalty[:1], l1, l2)


@breaks("weight penalty", "weight_penalty_forward")
def penalty_of_the_sum(ops, w, penalty, l1, l2):
    """Negative weights make up for positive ones."""
    ops.weight_penalty_forward(w, penalty, l1, l2)
    penalty[0] += l1 * (w[:1024].sum() - abs(w[:1024]).sum())


@breaks("weight penalty", "weight_penalty_backward")
def penalty_halved_on_the_way_back(ops, w, dw, l1, l2):
    """The gradient of l2 / 2 * w ** 2, which is what many papers add."""
    ops.weight_penalty_backward(w, dw, l1, l2 / 2)


@breaks("weight penalty", "weight_penalty_backward")
def penalty_overwrites_the_gradient(ops, w, dw, l1, l2):
    """What the images asked for is forgotten."""
    dw[...] = 0
    ops.weight_penalty_backward(w, dw, l1, l2)


@breaks("weight penalty", "weight_penalty_backward")
def zero_taken_for_positive(ops, w, dw, l1, l2):
    """Pushes weights away from 0 that have arrived there."""
    ops.weight_penalty_backward(w, dw, l1, l2)
    dw[w == 0] += l1


@breaks("weight penalty", "weight_penalty_backward")
def lasso_in_one_direction(ops, w, dw, l1, l2):
    """Negative weights are pushed further down."""
    ops.weight_penalty_backward(w, dw, l1, l2)
    dw[w < 0] += 2 * l1
