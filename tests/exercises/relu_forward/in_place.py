# It works in x.
# says: changes x
def relu_forward(x, y):
    numbers, rectified = x.reshape(-1), y.reshape(-1)
    for i in range(numbers.size):
        if numbers[i] > 0:
            rectified[i] = numbers[i]
        else:
            numbers[i] = rectified[i] = 0
