def relu_backward(dy, y, dx):
    """Backward through a ReLU: a unit that was switched off passes no blame on.

    dy      the gradient of the loss with respect to the outputs, to read
    y       the outputs of the forward pass, to read: 0 where a unit was off
    dx      the gradient with respect to the inputs, to write every cell of

    All of the same shape, whatever it is: dy.reshape(-1) is the same numbers in one long row.

    dx = dy where y > 0, else 0
    """
    ...  # your loop
