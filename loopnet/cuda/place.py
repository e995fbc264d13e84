"""From a thread's number to the place that it owns: the reverse of counting along the rows of an array."""

from .device import cuda


@cuda.jit(device=True)
def place2(t, shape):
    """(n, k) of element ``t`` of an array of shape (batch, channels)."""
    return t // shape[1], t % shape[1]


@cuda.jit(device=True)
def place3(t, shape):
    """(n, i, c) of element ``t`` of an array of three axes."""
    n, rest = t // (shape[1] * shape[2]), t % (shape[1] * shape[2])
    return n, rest // shape[2], rest % shape[2]


@cuda.jit(device=True)
def place4(t, shape):
    """(n, i, j, k) of element ``t`` of an array of four axes."""
    n_i, j_k = t // (shape[2] * shape[3]), t % (shape[2] * shape[3])
    return n_i // shape[1], n_i % shape[1], j_k // shape[3], j_k % shape[3]


@cuda.jit(device=True)
def place5(t, shape):
    """(n, p, i, j, k) of element ``t`` of an array of five axes."""
    pixels, k = t // shape[4], t % shape[4]
    rows, j = pixels // shape[3], pixels % shape[3]
    planes, i = rows // shape[2], rows % shape[2]
    return planes // shape[1], planes % shape[1], i, j, k
