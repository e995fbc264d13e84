"""Clipping gone wrong."""

from .table import breaks


@breaks("clip", "clip_by_value")
def clipped_on_one_side(ops, dw, limit):
    """Large gradients below 0 pass."""
    dw[...] = dw.clip(max=limit)


@breaks("clip", "clip_by_value")
def the_last_is_not_clipped(ops, dw, limit):
    """The loop over gradients ends one early."""
    ops.clip_by_value(dw[:-1], limit)


@breaks("clip", "sum_of_squares")
def squares_of_the_first_share_only(ops, dw, squares):
    """What does not fit into one share is not added up."""
    squares[1:] = 0
    ops.sum_of_squares(dw, squares[:1])


@breaks("clip", "sum_of_squares")
def a_sum_without_squares(ops, dw, squares):
    """Gradients below 0 make up for those above."""
    for j in range(squares.size):
        squares[j] = dw[1024 * j : 1024 * (j + 1)].sum()


@breaks("clip", "clip_by_norm")
def a_norm_without_its_root(ops, dw, squares, limit):
    """Divides by the sum of squares."""
    ops.clip_by_norm(dw, squares**2, limit)


@breaks("clip", "clip_by_norm")
def a_norm_of_the_first_share(ops, dw, squares, limit):
    """What does not fit into one share does not count."""
    ops.clip_by_norm(dw, squares[:1], limit)


@breaks("clip", "clip_by_norm")
def a_short_gradient_made_longer(ops, dw, squares, limit):
    """Every gradient gets the same norm."""
    dw *= limit / squares.sum() ** 0.5
