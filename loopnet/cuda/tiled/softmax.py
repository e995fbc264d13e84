"""Softmax and cross-entropy, a block of threads for each image: they share its classes out among themselves."""

import math
from typing import Any

import numpy as np

from ..device import cuda
from ..frozen import frozen, natural


def cross_entropy_kernel(classes: int, threads: int) -> Any:
    """``softmax_cross_entropy(logits, targets, weight, losses, dlogits)`` for so many classes, as in
    ``loopnet/kernels/softmax.py``. One block of so many threads, a power of two, owns one image.
    """
    CLASSES, THREADS = classes, threads

    def softmax_cross_entropy(logits, targets, weight, losses, dlogits):
        highest = cuda.shared.array(THREADS, np.float32)
        sums = cuda.shared.array((3, THREADS), np.float32)
        me, n = natural(cuda.threadIdx.x), natural(cuda.blockIdx.x)
        row = natural(n * CLASSES)

        largest = logits[row]
        for k in range(me, CLASSES, THREADS):
            largest = max(largest, logits[natural(row + k)])
        highest[me] = largest
        cuda.syncthreads()
        half = THREADS // 2
        while half > 0:
            if me < half:
                highest[me] = max(highest[me], highest[natural(me + half)])
            cuda.syncthreads()
            half //= 2
        largest = highest[0]

        total, mass, score = np.float32(0), np.float32(0), np.float32(0)
        for k in range(me, CLASSES, THREADS):
            target = targets[natural(row + k)]
            total += math.exp(logits[natural(row + k)] - largest)
            mass += target
            if target != 0:  # 0 * log 0 is 0, also for a class that cannot be reached
                score += target * (largest - logits[natural(row + k)])
        sums[0, me], sums[1, me], sums[2, me] = total, mass, score
        cuda.syncthreads()
        half = THREADS // 2
        while half > 0:
            if me < half:
                for q in range(3):
                    sums[q, me] += sums[q, natural(me + half)]
            cuda.syncthreads()
            half //= 2
        total, mass = sums[0, 0], sums[1, 0]

        if me == 0:
            losses[n] = mass * math.log(total) + sums[2, 0] if mass != 0 else sums[2, 0]
        for k in range(me, CLASSES, THREADS):
            p = math.exp(logits[natural(row + k)] - largest) / total
            dlogits[natural(row + k)] = weight[n] * (p * mass - targets[natural(row + k)])

    return cuda.jit(frozen(softmax_cross_entropy, {}))
