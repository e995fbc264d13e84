# The inputs innermost, in the array.
# says: not vectorised
def vector_dense(x, w, b, y):
    for n in range(x.shape[0]):
        for k in range(w.shape[1]):
            y[n, k] = b[k]
            for c in range(w.shape[0]):
                y[n, k] += x[n, c] * w[c, k]
