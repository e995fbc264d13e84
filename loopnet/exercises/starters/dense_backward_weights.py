def dense_backward_weights(dy, x, dw, db):
    """Backward through a dense layer, to its weights.

    dy      (batch, units), to read: the gradient of the loss with respect to the outputs
    x       (batch, inputs), to read: the inputs of the forward pass
    dw      (inputs, units), to write every cell of
    db      (units,), to write every cell of

    dw[c, k] = sum over n of  dy[n, k] * x[n, c]          db[k] = sum over n of  dy[n, k]
    """
    ...  # your loop
