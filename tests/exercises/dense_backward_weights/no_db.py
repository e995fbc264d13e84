# db is forgotten.
# says: nothing is ever written to db
def dense_backward_weights(dy, x, dw, db):
    for k in range(dw.shape[1]):
        total = db.dtype.type(0)
        for n in range(dy.shape[0]):
            total += dy[n, k]
        for c in range(dw.shape[0]):
            total = dw.dtype.type(0)
            for n in range(dy.shape[0]):
                total += dy[n, k] * x[n, c]
            dw[c, k] = total
