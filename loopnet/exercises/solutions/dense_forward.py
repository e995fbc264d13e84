def dense_forward(x, w, b, y):
    for n in range(x.shape[0]):
        for k in range(w.shape[1]):
            total = b[k]
            for c in range(w.shape[0]):
                total += x[n, c] * w[c, k]
            y[n, k] = total
