"""``kernels/batch.py`` on a GPU: one thread for each number of the batch. The data set lies in the GPU's memory."""

from ..device import cuda
from ..launch import one_thread_per
from ..place import place2


@one_thread_per("target")
@cuda.jit
def gather_rows(source, order, target):
    """target[n, i] = source[order[n], i]. Reads source and order; overwrites target."""
    t = cuda.grid(1)
    if t < target.size:
        n, i = place2(t, target.shape)
        target[n, i] = source[order[n], i]


def gather(data, order, batch):
    """batch[n] = data[order[n]], whatever the number of axes."""
    numbers = batch.size // batch.shape[0]
    gather_rows(data.reshape(data.shape[0], numbers), order, batch.reshape(batch.shape[0], numbers))
