"""Pick a batch out of the data set, in the shuffled order.

data (images, ...)     order (batch,) ints     batch (batch, ...)     any number of further axes, of the same sizes
"""

from numba import prange


def gather(data, order, batch):
    """batch[n] = data[order[n]].

    Reads data and order; overwrites batch. One turn of the parallel loop owns one image.
    """
    source = data.reshape(data.shape[0], -1)
    target = batch.reshape(batch.shape[0], -1)
    for n in prange(order.size):
        for i in range(source.shape[1]):
            target[n, i] = source[order[n], i]
