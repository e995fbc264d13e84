# The target is not subtracted.
# says: targets are not subtracted
import math


def softmax_cross_entropy(logits, targets, weight, losses, dlogits):
    batch, classes = logits.shape
    for n in range(batch):
        largest = logits[n, 0]
        for k in range(classes):
            if logits[n, k] > largest:
                largest = logits[n, k]
        total = 0.0
        for k in range(classes):
            total += math.exp(logits[n, k] - largest)
        loss = 0.0
        for k in range(classes):
            loss += targets[n, k] * (math.log(total) - (logits[n, k] - largest))
            p = math.exp(logits[n, k] - largest) / total
            dlogits[n, k] = weight[n] * p
        losses[n] = loss
