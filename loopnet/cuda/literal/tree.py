"""Adding up many numbers with many threads, always in the same order, so that every run gives the same bits.

Each thread of a block adds up its share, and leaves the sum in the block's shared memory. Then the sums fall together
like a knock-out tournament: the lower half adds the upper half to its own, and again with half as many, until
one is left. With eight threads:

    0 1 2 3 4 5 6 7   ->   0+4 1+5 2+6 3+7   ->   0+4+2+6 1+5+3+7   ->   all

The quick alternative, every thread adding to one number in memory at once (``cuda.atomic.add``), lets them come in
any order, and floating-point sums in another order have other bits. Harris (2007), *Optimizing parallel reduction in
CUDA*, kernel 3.
"""

from ..device import cuda
from ..launch import THREADS, one_block_per


@cuda.jit(device=True)
def add_up(shared, me):
    """shared[0] = the sum of all THREADS numbers; ``me`` is the calling thread's place in its block.

    Between two steps the threads wait for each other: nobody may read a sum that its owner has not written yet.
    """
    half = THREADS // 2
    while half > 0:
        cuda.syncthreads()
        if me < half:
            shared[me] += shared[me + half]
        half //= 2
    cuda.syncthreads()


def in_rows(array):
    """(batch, ..., channels) as (batch * ..., channels); vectors as they are."""
    *_, channels = array.shape
    return array if array.ndim == 1 else array.reshape(array.size // channels, channels)


@one_block_per("db", view=in_rows)
@cuda.jit
def bias_gradient(dy, db):
    """db[k] = the sum of dy over all images and places: what the biases of every layer do in ``backward_weights``.

    Reads dy; overwrites db. One block owns one bias.
    """
    shared = cuda.shared.array(THREADS, db.dtype)
    me, k = cuda.threadIdx.x, cuda.blockIdx.x

    total = db.dtype.type(0)
    for n in range(me, dy.shape[0], THREADS):
        total += dy[n, k]
    shared[me] = total
    add_up(shared, me)
    if me == 0:
        db[k] = shared[0]
