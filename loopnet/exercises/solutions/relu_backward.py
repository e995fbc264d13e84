def relu_backward(dy, y, dx):
    gradient, outputs, result = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    for i in range(gradient.size):
        if outputs[i] > 0:
            result[i] = gradient[i]
        else:
            result[i] = 0
