import math


def softmax_cross_entropy(logits, targets, weight, losses, dlogits):
    """How surprised the network is by the truth, and the gradient of that, one image (row) at a time.

    logits   (batch, classes), to read: the network's scores; they may be large, or far below 0
    targets  (batch, classes), to read: 1 for the right class, 0 for the others
    weight   (batch,), to read: image n's share in the batch's loss, 1 / batch for a plain mean
    losses   (batch,), to write: one loss an image, not weighted
    dlogits  (batch, classes), to write: the gradient, weighted

    p[k]           = exp(logits[n, k]) / sum over l of exp(logits[n, l])          (softmax)
    losses[n]      = - sum over k of  targets[n, k] * log(p[k])
    dlogits[n, k]  = weight[n] * (p[k] - targets[n, k])

    exp(1000) is too large for any float. Subtract the row's largest logit first, from all of them: the fraction does
    not change. And log(exp(z) / total) is z - log(total), which never takes the logarithm of 0. math.exp and math.log
    are yours to use.
    """
    ...  # your loop
