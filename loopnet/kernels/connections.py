"""A convolution that does not connect every channel with every filter, made from one that does.

Which are connected stands in a list of pairs; the weights of those pairs are all there is to learn. They are spread
into a full set of filters, 0 where there is no connection, and ``kernels/conv2d.py`` does the rest. On the way back,
the gradients of the connections are collected, and those of the zeros forgotten.

    w, dw  (window_height, window_width, connections)     full, dfull  (window_height, window_width, channels, filters)
    connections  (connections, 2) ints: channel, filter; no pair twice

LeCun, Bottou, Bengio, Haffner (1998), section II.B and table I: fewer weights, and maps that cannot all learn the same.
"""

from numba import prange


def spread_taps(w, connections, full):
    """full[r,s,c,k] = w[r,s,m] for connection m = (c, k), and 0 where there is none.

    Reads w, connections; overwrites full. One turn of the parallel loop owns one row of the window.
    """
    for r in prange(w.shape[0]):
        for s in range(w.shape[1]):
            for c in range(full.shape[2]):
                for k in range(full.shape[3]):
                    full[r, s, c, k] = 0
            for m in range(w.shape[2]):
                full[r, s, connections[m, 0], connections[m, 1]] = w[r, s, m]


def collect_taps(dfull, connections, dw):
    """dw[r,s,m] = dfull[r,s,c,k] for connection m = (c, k).

    Reads dfull, connections; overwrites dw. One turn of the parallel loop owns one row of the window.
    """
    for r in prange(dw.shape[0]):
        for s in range(dw.shape[1]):
            for m in range(dw.shape[2]):
                dw[r, s, m] = dfull[r, s, connections[m, 0], connections[m, 1]]
