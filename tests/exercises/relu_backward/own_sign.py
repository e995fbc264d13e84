# The sign of dy is asked, not that of y.
# says: its own sign
def relu_backward(dy, y, dx):
    gradient, outputs, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in range(gradient.size):
        if gradient[i] > 0:
            result[i] = gradient[i]
        else:
            result[i] = 0
