# Nothing is written where x is below 0.
# says: never written
def relu_forward(x, y):
    numbers, rectified = x.reshape(-1), y.reshape(-1)
    for i in range(numbers.size):
        if numbers[i] > 0:
            rectified[i] = numbers[i]
