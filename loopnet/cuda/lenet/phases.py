"""One image's way through LeNet-5 and back, in phases: what a block of threads does between two barriers.

Every phase is a loop over the elements that it computes, dealt out among the threads; each element has one owner and
every sum a fixed order. All that lies between the image and its gradients stays in shared memory:

    image    (32, 32)                       w       the parameters of both convolutions, filter by filter
    p1       (6, 14, 14), channels first    won1    which of its four pixels won, or DEAD: int8, shaped as p1
    p2       (5, 5, 16), channels last: it is dense1's input, in the order of its weights; won2, shaped as p2
    dz2      (16, 18, 18): the gradient of conv2's outputs with four zeros around it
    h1 h2    (120,), (84,): what the hidden dense layers answer, and d1 d2 d3: the gradients of the three's sums
    parts    room for sums that several threads share

Between launches parameters lie as in the model, in one vector; offsets below. The two large dense layers are also kept
turned, (outputs, inputs), so that neighbouring threads read neighbouring numbers on the way back, too.
"""

import math

import numpy as np

from ..device import cuda
from ..frozen import frozen, natural, static
from ..tiled.windows import INLINE

THREADS = 384

# where weights and biases begin in the vector of parameters
B1, W2, B2 = 150, 156, 2556
W3, B3 = 2572, 50572
W4, B4 = 50692, 60772
W5, B5 = 60856, 61696
PARAMETERS = 61706
CONVOLUTIONS = W3  # parameters of the two convolutions

TURNED4 = 48000  # where dense2 begins in the vector of turned weights, behind dense1
TURNED = 58080

# what an image leaves behind for the gradients of the dense layers: the input of each and the gradient of its sums
X3, X4, X5, D3, D4, D5 = 0, 400, 520, 604, 724, 808
LEFT_BEHIND = 818

SIDE = 18  # of dz2
DEAD = 4

NAMES: dict = {}


def phase(function):
    """A device function that is written into the kernel, with this module's constants."""
    NAMES.pop(function.__name__, None)
    NAMES[function.__name__] = cuda.jit(frozen(function, NAMES), device=True, **INLINE)
    return NAMES[function.__name__]


@phase
def load(me, x, n, values, image, w, dz2):
    """The image, the convolutions' parameters, and zeros around dz2."""
    for t in range(me, 1024, THREADS):
        image[natural(t)] = x[natural(n * 1024 + t)]
    for t in range(me, 16 * SIDE * SIDE, THREADS):
        dz2[natural(t)] = np.float32(0)
    for t in range(me, CONVOLUTIONS, THREADS):
        to = t
        if t < B1:
            to = t % 6 * 25 + t // 6
        elif W2 <= t < B2:
            e = t - W2
            to = W2 + (e % 16 * 6 + e // 16 % 6) * 25 + e // 96
        w[natural(to)] = values[natural(t)]


@phase
def conv1_relu_pool(me, image, w, p1, won1):
    total = cuda.local.array(4, np.float32)
    for t in range(me, 6 * 14 * 14, THREADS):
        k, i, j = t // 196, t // 14 % 14, t % 14
        for q in static(4):
            total[q] = w[natural(B1 + k)]
        for r in range(5):
            for s in static(5):
                weight = w[natural(k * 25 + r * 5 + s)]
                at = natural((2 * i + r) * 32 + 2 * j + s)
                for q in static(4):
                    total[q] += image[at + q // 2 * 32 + q % 2] * weight
        best, best_at = total[0], 0
        for q in static(3):
            if total[q + 1] > best or total[q + 1] != total[q + 1]:
                best, best_at = total[q + 1], q + 1
        if best <= 0:
            best, best_at = np.float32(0), DEAD
        p1[natural(t)], won1[natural(t)] = best, best_at


@phase
def conv2_relu_pool(me, p1, w, p2, won2):
    total = cuda.local.array(4, np.float32)
    for t in range(me, 400, THREADS):
        k, i, j = t // 25, t // 5 % 5, t % 5
        for q in static(4):
            total[q] = w[natural(B2 + k)]
        for c_r in range(30):
            c, r = c_r // 5, c_r % 5
            for s in static(5):
                weight = w[natural(W2 + (k * 6 + c) * 25 + r * 5 + s)]
                at = natural(c * 196 + (2 * i + r) * 14 + 2 * j + s)
                for q in static(4):
                    total[q] += p1[at + q // 2 * 14 + q % 2] * weight
        best, best_at = total[0], 0
        for q in static(3):
            if total[q + 1] > best or total[q + 1] != total[q + 1]:
                best, best_at = total[q + 1], q + 1
        if best <= 0:
            best, best_at = np.float32(0), DEAD
        p2[natural((i * 5 + j) * 16 + k)], won2[natural((i * 5 + j) * 16 + k)] = best, best_at


# A dense layer's sum is shared by several threads; the next phase adds their parts in order.


@phase
def dense1_parts(me, p2, values, parts):
    for t in range(me, 480, THREADS):
        k, part = t % 120, t // 120
        total = np.float32(0)
        for c in range(part * 100, part * 100 + 100, 10):
            for d in static(10):
                total += p2[natural(c + d)] * values[natural(W3 + (c + d) * 120 + k)]
        parts[natural(t)] = total


@phase
def dense1_relu(me, parts, values, h1):
    for k in range(me, 120, THREADS):
        z = values[natural(B3 + k)]
        for part in static(4):
            z += parts[natural(part * 120 + k)]
        h1[natural(k)] = np.float32(0) if z <= 0 else z


@phase
def dense2_parts(me, h1, values, parts):
    for t in range(me, 420, THREADS):
        k, part = t % 84, t // 84
        total = np.float32(0)
        for c in range(part * 24, part * 24 + 24, 12):
            for d in static(12):
                total += h1[natural(c + d)] * values[natural(W4 + (c + d) * 84 + k)]
        parts[natural(t)] = total


@phase
def dense2_relu(me, parts, values, h2):
    for k in range(me, 84, THREADS):
        z = values[natural(B4 + k)]
        for part in static(5):
            z += parts[natural(part * 84 + k)]
        h2[natural(k)] = np.float32(0) if z <= 0 else z


@phase
def dense3_parts(me, h2, values, parts):
    for t in range(me, 120, THREADS):
        k, part = t % 10, t // 10
        total = np.float32(0)
        for d in static(7):
            total += h2[natural(part * 7 + d)] * values[natural(W5 + (part * 7 + d) * 10 + k)]
        parts[natural(t)] = total


@phase
def dense3(me, parts, values, z):
    for k in range(me, 10, THREADS):
        total = values[natural(B5 + k)]
        for part in static(12):
            total += parts[natural(part * 10 + k)]
        z[natural(k)] = total


@phase
def softmax_cross_entropy(me, z, targets, weight, n, losses, logits, d3):
    """Ten threads, each of which adds up all ten exponentials: quicker than waiting for one that does."""
    for k in range(me, 10, THREADS):
        largest = z[0]
        for other in range(10):
            largest = z[natural(other)] if z[natural(other)] > largest else largest
        total, mass, loss = np.float32(0), np.float32(0), np.float32(0)
        for other in range(10):
            total += math.exp(z[natural(other)] - largest)
        for other in range(10):
            target = targets[natural(n * 10 + other)]
            mass += target
            if target != 0:  # 0 * log 0 is 0, also for a class that cannot be reached
                loss += target * (math.log(total) + (largest - z[natural(other)]))
        p = math.exp(z[natural(k)] - largest) / total
        d3[natural(k)] = weight[natural(n)] * (p * mass - targets[natural(n * 10 + k)])
        logits[natural(n * 10 + k)] = z[natural(k)]
        if k == 0:
            losses[natural(n)] = loss


@phase
def dense3_backward(me, d3, values, h2, d2):
    for c in range(me, 84, THREADS):
        total = np.float32(0)
        for k in static(10):
            total += values[natural(W5 + c * 10 + k)] * d3[k]
        d2[natural(c)] = total if h2[natural(c)] > 0 else np.float32(0)


@phase
def dense2_backward(me, d2, turned, h1, d1):
    for c in range(me, 120, THREADS):
        total = np.float32(0)
        for k in range(0, 84, 12):
            for d in static(12):
                total += turned[natural(TURNED4 + (k + d) * 120 + c)] * d2[natural(k + d)]
        d1[natural(c)] = total if h1[natural(c)] > 0 else np.float32(0)


@phase
def dense1_backward_to_conv2(me, d1, turned, won2, dz2):
    """The gradient of dense1's input goes to the winner of each window of conv2's pooling, 0 to the other three."""
    for t in range(me, 400, THREADS):
        total = np.float32(0)
        for k in range(0, 120, 10):
            for d in static(10):
                total += turned[natural((k + d) * 400 + t)] * d1[natural(k + d)]
        i, j, k = t // 80, t // 16 % 5, t % 16
        at = natural(k * SIDE * SIDE + (2 * i + 4) * SIDE + 2 * j + 4)
        for q in static(4):
            dz2[at + q // 2 * SIDE + q % 2] = total if won2[natural(t)] == q else np.float32(0)


@phase
def conv2_backward_weights(me, dz2, won2, p1, shares, n):
    """Of each window of the pooling only the winner has a gradient: 25 multiply-adds for a weight, not 100. Where none
    has, that of pixel 0 is 0.
    """
    for t in range(me, 2416, THREADS):
        total = np.float32(0)
        if t < 2400:
            k, c, r, s = t // 150, t // 25 % 6, t // 5 % 5, t % 5
            for i in range(5):
                for j in static(5):
                    at = int(won2[natural((i * 5 + j) * 16 + k)]) & 3
                    row, col = 2 * i + at // 2, 2 * j + at % 2
                    dz = dz2[natural(k * SIDE * SIDE + (row + 4) * SIDE + col + 4)]
                    total += dz * p1[natural(c * 196 + (row + r) * 14 + col + s)]
            to = W2 + ((r * 5 + s) * 6 + c) * 16 + k
        else:
            k = t - 2400
            for i in range(5):
                for j in static(5):
                    at = int(won2[natural((i * 5 + j) * 16 + k)]) & 3
                    total += dz2[natural(k * SIDE * SIDE + (2 * i + at // 2 + 4) * SIDE + 2 * j + at % 2 + 4)]
            to = B2 + k
        shares[natural(n * CONVOLUTIONS + to)] = total


@phase
def conv2_backward_input(me, dz2, w, won1, dp1):
    """dp1 overwrites p1: the gradient of conv1's winners, 0 where ReLU switched one off. Four elements an owner."""
    total = cuda.local.array(4, np.float32)
    for t in range(me, 6 * 7 * 7, THREADS):
        c, i, j = t // 49, t // 7 % 7, t % 7
        for q in static(4):
            total[q] = np.float32(0)
        for k_r in range(80):
            k, r = k_r // 5, k_r % 5
            for s in static(5):
                weight = w[natural(W2 + (k * 6 + c) * 25 + r * 5 + s)]
                at = natural(k * SIDE * SIDE + (2 * i + 4 - r) * SIDE + 2 * j + 4 - s)
                for q in static(4):
                    total[q] += dz2[at + q // 2 * SIDE + q % 2] * weight
        for q in static(4):
            to = natural(c * 196 + (2 * i + q // 2) * 14 + 2 * j + q % 2)
            dp1[to] = np.float32(0) if won1[to] == DEAD else total[q]


@phase
def conv1_backward_weights_parts(me, dp1, won1, image, parts):
    """Three threads a weight, each for a third of the rows."""
    for t in range(me, 468, THREADS):
        part, e = t // 156, t % 156
        total = np.float32(0)
        for i in range(part * 5, min(part * 5 + 5, 14)):
            for j in static(14):
                if e < B1:
                    k, r, s = e // 25, e // 5 % 5, e % 5
                    at = natural(k * 196 + i * 14 + j)
                    where = int(won1[at]) & 3
                    total += dp1[at] * image[natural((2 * i + where // 2 + r) * 32 + 2 * j + where % 2 + s)]
                else:
                    total += dp1[natural((e - B1) * 196 + i * 14 + j)]
        parts[natural(t)] = total


@phase
def conv1_backward_weights(me, parts, shares, n):
    for e in range(me, 156, THREADS):
        to = e % 25 * 6 + e // 25 if e < B1 else e
        shares[natural(n * CONVOLUTIONS + to)] = parts[natural(e)] + parts[natural(156 + e)] + parts[natural(312 + e)]


@phase
def leave_behind(me, p2, h1, h2, d1, d2, d3, left, n):
    for t in range(me, LEFT_BEHIND, THREADS):
        if t < X4:
            value = p2[natural(t)]
        elif t < X5:
            value = h1[natural(t - X4)]
        elif t < D3:
            value = h2[natural(t - X5)]
        elif t < D4:
            value = d1[natural(t - D3)]
        elif t < D5:
            value = d2[natural(t - D4)]
        else:
            value = d3[natural(t - D5)]
        left[natural(n * LEFT_BEHIND + t)] = value
