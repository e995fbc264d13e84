"""``kernels/connections.py`` on a GPU: one thread for each tap of the window, or for each weight.

Shapes are those of :mod:`loopnet.kernels.connections`.
"""

from ..device import cuda
from ..launch import one_thread_per
from ..place import place2, place3


@one_thread_per("full", axes=2)
@cuda.jit
def spread_taps(w, connections, full):
    """full[r,s,c,k] = w[r,s,m] for connection m = (c, k), and 0 where there is none.

    Reads w, connections; overwrites full. One thread owns one tap (r, s) of all filters.
    """
    t = cuda.grid(1)
    if t < full.shape[0] * full.shape[1]:
        r, s = place2(t, full.shape)
        for c in range(full.shape[2]):
            for k in range(full.shape[3]):
                full[r, s, c, k] = 0
        for m in range(w.shape[2]):
            full[r, s, connections[m, 0], connections[m, 1]] = w[r, s, m]


@one_thread_per("dw")
@cuda.jit
def collect_taps(dfull, connections, dw):
    """dw[r,s,m] = dfull[r,s,c,k] for connection m = (c, k). Reads dfull, connections; overwrites dw."""
    t = cuda.grid(1)
    if t < dw.size:
        r, s, m = place3(t, dw.shape)
        dw[r, s, m] = dfull[r, s, connections[m, 0], connections[m, 1]]
