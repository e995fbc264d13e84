# Every step starts from rest.
# says: momentum is left out
def sgd_update(w, dw, velocity, learning_rate, momentum, nesterov):
    for i in range(w.size):
        velocity[i] = -learning_rate * dw[i]
        if nesterov:
            w[i] += momentum * velocity[i] - learning_rate * dw[i]
        else:
            w[i] += velocity[i]
