# Plain momentum, always.
# says: nesterov is ignored
def sgd_update(w, dw, velocity, learning_rate, momentum, nesterov):
    for i in range(w.size):
        velocity[i] = momentum * velocity[i] - learning_rate * dw[i]
        if False:
            w[i] += momentum * velocity[i] - learning_rate * dw[i]
        else:
            w[i] += velocity[i]
