# NumPy's functions of single numbers, Python's max and sum, helper functions.
import numpy as np


def log_sum(row):
    top = max(row)
    return top + np.log(sum(np.exp(np.float64(z) - top) for z in row))


def softmax_cross_entropy(logits, targets, weight, losses, dlogits):
    for n in range(len(logits)):
        level = log_sum(logits[n])
        losses[n] = -sum(t * (z - level) for t, z in zip(targets[n], logits[n]) if t)
        for k, z in enumerate(logits[n]):
            dlogits[n, k] = weight[n] * (np.exp(z - level) - targets[n, k])
    return losses, dlogits
