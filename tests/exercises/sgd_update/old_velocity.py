# w moves before the velocity is new.
# says: velocity of the step before
def sgd_update(w, dw, velocity, learning_rate, momentum, nesterov):
    for i in range(w.size):
        w[i] += velocity[i]
        velocity[i] = momentum * velocity[i] - learning_rate * dw[i]
