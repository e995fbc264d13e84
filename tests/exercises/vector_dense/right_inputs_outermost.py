# The outermost loop runs over the inputs, the innermost still over the units.
def vector_dense(x, w, b, y):
    inputs, units = w.shape
    for n in range(len(x)):
        for k in range(units):
            y[n, k] = b[k]
    for c in range(inputs):
        for n in range(x.shape[0]):
            for k in range(units):
                y[n, k] += x[n, c] * w[c, k]
