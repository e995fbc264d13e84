"""The parts of LeNet-5 of 1998 gone wrong: trainable subsampling, a table of connections, and the RBF units."""

import numpy as np

from .table import breaks, spoils


@breaks("subsample", "subsample_forward")
def bias_squeezed_too(ops, x, w, b, y, window):
    """The coefficient multiplies the bias as well as the sum."""
    ops.subsample_forward(x, w, w * b, y, window)


@spoils("subsample", "subsample_backward_input", output=2)
def subsample_rest_not_cleared(dx, before):
    """The last row keeps what was there: no window may reach it, and then nobody writes its 0."""
    dx[:, -1] = before[:, -1]


@spoils("subsample", "subsample_backward_weights", output=3)
def subsample_db_forgotten(db, before):
    """Nobody writes the bias's gradient."""
    db[:] = before


@spoils("subsample", "subsample_backward_weights", output=2)
def subsample_dw_averaged(dw, before):
    """As if the layer averaged a 2x2 window, where it adds up."""
    dw *= 0.25


@spoils("connections", "spread_taps", output=2)
def no_connection_not_cleared(full, before):
    """Where there is no connection, what was in memory stays."""
    full[..., -1, -1] = before[..., -1, -1]


@breaks("connections", "collect_taps")
def taps_of_the_neighbour(ops, dfull, connections, dw):
    """Each connection is told the gradient of the channel before its own."""
    ops.collect_taps(np.roll(dfull, 1, axis=2), connections, dw)


@breaks("connections", "spread_taps")
def channel_and_filter_swapped(ops, w, connections, full):
    """Reads a connection (channel, filter) as (filter, channel)."""
    square = np.zeros((*w.shape[:2], 9, 9), w.dtype)
    ops.spread_taps(w, connections[:, ::-1].copy(), square)
    full[...] = square[:, :, : full.shape[2], : full.shape[3]]


@spoils("rbf", "rbf_forward", output=2)
def rbf_the_farthest_wins(y, before):
    """The distance without its minus: the largest output is that of the worst match."""
    y *= -1


@spoils("rbf", "rbf_backward", output=3)
def rbf_gradient_halved(dx, before):
    """Forgets the 2 of a square's derivative."""
    dx *= 0.5


@breaks("rbf", "maximum_a_posteriori")
def rubbish_class_forgotten(ops, outputs, targets, weight, losses, gradient, rubbish):
    """The plain cross-entropy, without the class for what is no character at all."""
    ops.softmax_cross_entropy(outputs, targets, weight, losses, gradient)


@breaks("rbf", "maximum_a_posteriori")
def rubbish_of_the_other_sign(ops, outputs, targets, weight, losses, gradient, rubbish):
    """The rubbish class's penalty is taken for its output."""
    ops.maximum_a_posteriori(outputs, targets, weight, losses, gradient, -rubbish)


@breaks("rbf", "maximum_a_posteriori")
def rubbish_not_among_the_exponents(ops, outputs, targets, weight, losses, gradient, rubbish):
    """The penalty itself is taken off the exponents, not the largest of them: exp of the others may overflow."""
    with np.errstate(all="ignore"):
        powers = np.exp(outputs.astype(np.float64) + rubbish)
        total = 1 + powers.sum(axis=1, keepdims=True)
        losses[...] = (targets * (np.log(total) - rubbish - outputs)).sum(axis=1)
        gradient[...] = weight[:, None] * (powers / total - targets)
