# NumPy's whole rows.
# says: whole arrays
def vector_dense(x, w, b, y):
    for n in range(x.shape[0]):
        for k in range(w.shape[1]):
            y[n, k] = b[k]
        for c in range(w.shape[0]):
            value = x[n, c]
            y[n, :] += value * w[c, :]
