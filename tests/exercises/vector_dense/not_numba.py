# Something that Numba does not know.
# says: Numba cannot compile it
def vector_dense(x, w, b, y):
    for n in range(x.shape[0]):
        for k in range(w.shape[1]):
            y[n, k] = b[k]
        for c in range(w.shape[0]):
            value = {'value': x[n, c], 1: 2}['value']
            for k in range(w.shape[1]):
                y[n, k] += value * w[c, k]
