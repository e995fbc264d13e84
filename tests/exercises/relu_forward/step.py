# 0 or 1.
# says: 0 or 1
def relu_forward(x, y):
    numbers, rectified = x.reshape(-1), y.reshape(-1)
    for i in range(numbers.size):
        if numbers[i] > 0:
            rectified[i] = 1
        else:
            rectified[i] = 0
