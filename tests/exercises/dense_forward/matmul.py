# @ does the loop.
# says: uses @
def dense_forward(x, w, b, y):
    y[:] = x @ w + b
