# It returns the arrays that it changed.
def sgd_update(w, dw, velocity, learning_rate, momentum, nesterov):
    for i, gradient in enumerate(dw):
        velocity[i] *= momentum
        velocity[i] -= learning_rate * gradient
        w[i] += momentum * velocity[i] - learning_rate * gradient if nesterov else velocity[i]
    return w, velocity
