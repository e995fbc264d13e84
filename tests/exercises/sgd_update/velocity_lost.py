# The velocity is not kept.
# says: velocity is not kept
def sgd_update(w, dw, velocity, learning_rate, momentum, nesterov):
    for i in range(w.size):
        v = momentum * velocity[i] - learning_rate * dw[i]
        if nesterov:
            w[i] += momentum * v - learning_rate * dw[i]
        else:
            w[i] += v
