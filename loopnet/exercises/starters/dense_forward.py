def dense_forward(x, w, b, y):
    """The fully connected layer: every output is a weighted sum of every input.

    x       (batch, inputs), to read
    w       (inputs, units), to read
    b       (units,), to read
    y       (batch, units), to write every cell of

    y[n, k] = b[k] + sum over c of  x[n, c] * w[c, k]
    """
    ...  # your loop
