def sgd_update(w, dw, velocity, learning_rate, momentum, nesterov):
    """Gradient descent with momentum: a ball that rolls downhill. In place.

    w         (parameters,), to change: the weights
    dw        (parameters,), to read: their gradients
    velocity  (parameters,), to change
    learning_rate, momentum   numbers
    nesterov  True or False

    velocity = momentum * velocity - learning_rate * dw
    w        = w + velocity                                         if not nesterov
    w        = w + momentum * velocity - learning_rate * dw         if nesterov, with the new velocity
    """
    ...  # your loop
