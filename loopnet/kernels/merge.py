"""Where branches of a network meet: two arrays become one, number by number, or side by side.

    add, subtract, multiply, maximum, minimum       a, b, y of any shape, all alike; y may be a or b
    concatenate                                     x of any shape, y as long or longer along one axis

What goes back: of a sum, dy to both; of a difference, dy to the one and -dy to the other; of a product, dy times the
other number (``multiply`` again); of the larger number or the smaller, dy to the one that it was; of what stands side
by side, to each its own part.

He, Zhang, Ren, Sun (2016), *Deep residual learning*, add; Szegedy et al. (2015), *Going deeper with convolutions*,
concatenate.
"""

from numba import prange


def add(a, b, y):
    """y = a + b.

    Reads a, b; overwrites y. One turn of the parallel loop owns one element.
    """
    one, other, result = a.reshape(-1), b.reshape(-1), y.reshape(-1)
    for i in prange(result.size):
        result[i] = one[i] + other[i]


def subtract(a, b, y):
    """y = a - b.

    Reads a, b; overwrites y. One turn of the parallel loop owns one element.
    """
    one, other, result = a.reshape(-1), b.reshape(-1), y.reshape(-1)
    for i in prange(result.size):
        result[i] = one[i] - other[i]


def multiply(a, b, y):
    """y = a * b. Also the way back: the gradient of one factor is dy times the other.

    Reads a, b; overwrites y. One turn of the parallel loop owns one element.
    """
    one, other, result = a.reshape(-1), b.reshape(-1), y.reshape(-1)
    for i in prange(result.size):
        result[i] = one[i] * other[i]


def maximum(a, b, y):
    """y = a where a > b, else b; NaN where either is NaN.

    Reads a, b; overwrites y. One turn of the parallel loop owns one element.
    """
    one, other, result = a.reshape(-1), b.reshape(-1), y.reshape(-1)
    for i in prange(result.size):
        if one[i] > other[i] or one[i] != one[i]:
            result[i] = one[i]
        else:
            result[i] = other[i]


def minimum(a, b, y):
    """y = a where a < b, else b; NaN where either is NaN.

    Reads a, b; overwrites y. One turn of the parallel loop owns one element.
    """
    one, other, result = a.reshape(-1), b.reshape(-1), y.reshape(-1)
    for i in prange(result.size):
        if one[i] < other[i] or one[i] != one[i]:
            result[i] = one[i]
        else:
            result[i] = other[i]


def to_the_larger(dy, a, b, da):
    """da = dy where a > b, dy / 2 where they are equal, 0 where a < b: what the larger of the two is answerable for.

    With a and b exchanged, it is db, and what the smaller is. Reads dy, a, b; overwrites da, which may be dy. One turn
    of the parallel loop owns one element.
    """
    one, other = a.reshape(-1), b.reshape(-1)  # all four on one line, and Numba 0.68 loses the parallel loop
    gradient, result = dy.reshape(-1), da.reshape(-1)
    for i in prange(result.size):
        if one[i] < other[i]:
            result[i] = 0
        elif one[i] == other[i]:
            result[i] = gradient[i] / 2
        else:
            result[i] = gradient[i]


def concatenate(x, y, axis, at):
    """y[..., at + i, ...] = x[..., i, ...], with i along ``axis``: x becomes a part of y.

    All axes before that one are rows; the axes behind it stay together, so a part of y is a part of each row.
    Reads x; overwrites its part of y. One turn of the parallel loop owns one row.
    """
    rows = 1
    for before in range(axis):
        rows *= x.shape[before]
    part, whole = x.reshape(rows, -1), y.reshape(rows, -1)
    start = at * (whole.shape[1] // y.shape[axis])
    for row in prange(rows):
        for i in range(part.shape[1]):
            whole[row, start + i] = part[row, i]


def cut_out(y, x, axis, at):
    """x[..., i, ...] = y[..., at + i, ...]: the same walk with the arrow turned round.

    Reads its part of y; overwrites x. One turn of the parallel loop owns one row.
    """
    rows = 1
    for before in range(axis):
        rows *= x.shape[before]
    part, whole = x.reshape(rows, -1), y.reshape(rows, -1)
    start = at * (whole.shape[1] // y.shape[axis])
    for row in prange(rows):
        for i in range(part.shape[1]):
            part[row, i] = whole[row, start + i]
