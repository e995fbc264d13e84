"""What every operation should answer, worked out by NumPy in float64 and by other means than loopnet's loops.

Nothing here imports loopnet. Windows are views of a padded copy instead of index arithmetic, the gradient
of a convolution is a convolution with the flipped filters instead of a search for the outputs that saw a
pixel, and a pooling winner is found by comparing with the window's maximum. A mistake would have to be made
twice to go unseen.

Shapes are those of Keras: images (batch, height, width, channels), filters (rows, columns, channels,
filters). `stride` is (vertical, horizontal), `pad` is (top, left) and `size` the output's (height, width),
from which the padding after the last row and column follows.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def same_padding(size, window, stride):
    """TensorFlow's "same" along one axis: (output size, zeros before, zeros after).

    The output has ceil(size / stride) elements; an odd zero goes after the last element.
    """
    out = -(-size // stride)
    total = max((out - 1) * stride + window - size, 0)
    return out, total // 2, total - total // 2


def framed(x, window, stride, pad, size, fill):
    """x with `fill` around it, as large as the `size` windows need: smaller than x if they leave a rest."""
    spans = [(size[a] - 1) * stride[a] + window[a] for a in (0, 1)]
    after = [max(spans[a] - pad[a] - x.shape[1 + a], 0) for a in (0, 1)]
    frame = [(0, 0), (pad[0], after[0]), (pad[1], after[1]), (0, 0)]
    return np.pad(x, frame, constant_values=fill)[:, : spans[0], : spans[1]]


def windows_of(x, window, stride, pad, size, fill):
    """All windows as one array: (batch, out_height, out_width, channels, window_height, window_width)."""
    views = sliding_window_view(framed(x, window, stride, pad, size, fill), window, axis=(1, 2))
    return views[:, :: stride[0], :: stride[1]]


def conv2d_forward(x, w, b, stride, pad, size):
    x, w, b = (np.asarray(a, np.float64) for a in (x, w, b))
    return np.einsum("nijcrs,rsck->nijk", windows_of(x, w.shape[:2], stride, pad, size, 0.0), w) + b


def conv2d_backward_input(dy, w, shape, stride, pad):
    """The full convolution of dy, pixels `stride` apart, with the filters flipped; then without the frame."""
    dy, w = np.asarray(dy, np.float64), np.asarray(w, np.float64)
    batch, rows, columns, filters = dy.shape
    window_height, window_width, channels, _ = w.shape
    apart = np.zeros((batch, (rows - 1) * stride[0] + 1, (columns - 1) * stride[1] + 1, filters))
    apart[:, :: stride[0], :: stride[1]] = dy
    around_height, around_width = window_height - 1, window_width - 1
    apart = np.pad(apart, [(0, 0), (around_height,) * 2, (around_width,) * 2, (0, 0)])
    views = sliding_window_view(apart, (window_height, window_width), axis=(1, 2))
    frame = np.einsum("nijkrs,rsck->nijc", views, w[::-1, ::-1])

    dx = np.zeros(shape)  # pixels that no window reached keep 0
    reached = frame[:, pad[0] :, pad[1] :][:, : shape[1], : shape[2]]
    dx[:, : reached.shape[1], : reached.shape[2]] = reached
    return dx


def conv2d_backward_weights(dy, x, window, stride, pad):
    """(dw, db)."""
    dy, x = np.asarray(dy, np.float64), np.asarray(x, np.float64)
    windows = windows_of(x, window, stride, pad, dy.shape[1:3], 0.0)
    return np.einsum("nijcrs,nijk->rsck", windows, dy), dy.sum(axis=(0, 1, 2))


def max_pool2d_forward(x, window, stride, pad, size):
    """(y, winner): winner counts a window's places row by row; the first largest one wins, padding never.

    Any NaN beats any number, and a NaN beats the NaN before it, as it is unequal to it.
    """
    x = np.asarray(x, np.float64)
    flat = (x.shape[0], *size, x.shape[3], window[0] * window[1])
    values = windows_of(x, window, stride, pad, size, -np.inf).reshape(flat)
    inside = windows_of(np.ones(x.shape, bool), window, stride, pad, size, False).reshape(flat)
    y = values.max(axis=-1)  # NaN if one is in the window
    first_largest = (inside & (values == y[..., None])).argmax(axis=-1)
    broken = inside & np.isnan(values)
    last_broken = broken.shape[-1] - 1 - broken[..., ::-1].argmax(axis=-1)
    return y, np.where(broken.any(axis=-1), last_broken, first_largest)


def max_pool2d_backward(dy, winner, shape, window, stride, pad):
    dy = np.asarray(dy, np.float64)
    image, i, j, channel = np.indices(dy.shape)
    row = i * stride[0] - pad[0] + winner // window[1]
    column = j * stride[1] - pad[1] + winner % window[1]
    dx = np.zeros(shape)
    np.add.at(dx, (image, row, column, channel), dy)
    return dx


def spread(window, dilation):
    """How many places a window of taps `dilation` apart covers, axis by axis."""
    return tuple((w - 1) * d + 1 for w, d in zip(window, dilation, strict=True))


def framed3d(x, covers, stride, pad, size, fill):
    """x with `fill` around it, as large as `size` windows that cover `covers` need."""
    spans = [(size[a] - 1) * stride[a] + covers[a] for a in range(3)]
    after = [max(spans[a] - pad[a] - x.shape[1 + a], 0) for a in range(3)]
    frame = [(0, 0), *zip(pad, after, strict=True), (0, 0)]
    return np.pad(x, frame, constant_values=fill)[:, : spans[0], : spans[1], : spans[2]]


def windows3d(x, window, stride, dilation, pad, size, fill):
    """All windows: (batch, out_depth, out_height, out_width, channels, window_depth, window_height, window_width)."""
    covers = spread(window, dilation)
    views = sliding_window_view(framed3d(x, covers, stride, pad, size, fill), covers, axis=(1, 2, 3))
    views = views[:, :: stride[0], :: stride[1], :: stride[2]]
    return views[..., :: dilation[0], :: dilation[1], :: dilation[2]]


def lay_back(taps, shape, window, stride, dilation, pad):
    """Every window's gradients, (batch, out.., channels, window..), added up where the windows stood."""
    size = taps.shape[1:4]
    spans = [(size[a] - 1) * stride[a] + spread(window, dilation)[a] for a in range(3)]
    frame = np.zeros((shape[0], *(max(spans[a], pad[a] + shape[1 + a]) for a in range(3)), shape[4]))
    for q, r, s in np.ndindex(*window):
        starts = [tap * dilation[a] for a, tap in enumerate((q, r, s))]
        places = [slice(starts[a], starts[a] + (size[a] - 1) * stride[a] + 1, stride[a]) for a in range(3)]
        frame[:, places[0], places[1], places[2]] += taps[..., q, r, s]
    inside = [slice(pad[a], pad[a] + shape[1 + a]) for a in range(3)]
    return frame[:, inside[0], inside[1], inside[2]]


def conv3d(x, w, b, dy, stride, dilation, pad, groups):
    """(y, dx, dw, db): each group a convolution of its own."""
    x, w, b, dy = (np.asarray(a, np.float64) for a in (x, w, b, dy))
    window, shape = w.shape[:3], x.shape
    y, dx, dw = [], [], []
    for xg, wg, dyg in zip(*(np.split(a, groups, axis=-1) for a in (x, w, dy)), strict=True):
        windows = windows3d(xg, window, stride, dilation, pad, dy.shape[1:4], 0.0)
        y.append(np.einsum("npijcqrs,qrsck->npijk", windows, wg))
        dw.append(np.einsum("npijcqrs,npijk->qrsck", windows, dyg))
        taps = np.einsum("npijk,qrsck->npijcqrs", dyg, wg)
        dx.append(lay_back(taps, (*shape[:4], shape[4] // groups), window, stride, dilation, pad))
    return np.concatenate(y, -1) + b, np.concatenate(dx, -1), np.concatenate(dw, -1), dy.sum(axis=(0, 1, 2, 3))


def max_pool3d(x, dy, window, stride, pad):
    """(y, winner, dx)."""
    x, dy, none = np.asarray(x, np.float64), np.asarray(dy, np.float64), (1, 1, 1)
    flat = (*dy.shape, -1)
    values = windows3d(x, window, stride, none, pad, dy.shape[1:4], -np.inf).reshape(flat)
    inside = windows3d(np.ones(x.shape, bool), window, stride, none, pad, dy.shape[1:4], False).reshape(flat)
    y = values.max(axis=-1)
    hit = inside & ((values == y[..., None]) | (np.isnan(values) & np.isnan(y)[..., None]))
    winner = hit.argmax(axis=-1)
    taps = np.where(np.arange(hit.shape[-1]) == winner[..., None], dy[..., None], 0.0).reshape(*dy.shape, *window)
    return y, winner, lay_back(taps, x.shape, window, stride, none, pad)


def average_pool3d(x, dy, window, stride, pad):
    """(y, dx)."""
    x, dy, none = np.asarray(x, np.float64), np.asarray(dy, np.float64), (1, 1, 1)
    places = (5, 6, 7)
    inside = windows3d(np.ones(x.shape), window, stride, none, pad, dy.shape[1:4], 0.0)
    count = inside.sum(axis=places)
    y = windows3d(x, window, stride, none, pad, dy.shape[1:4], 0.0).sum(axis=places) / count
    taps = np.where(inside > 0, (dy / count)[..., None, None, None], 0.0)
    return y, lay_back(taps, x.shape, window, stride, none, pad)


def lp_pool3d(x, dy, window, stride, pad, norm):
    """(y, dx)."""
    x, dy, none = np.asarray(x, np.float64), np.asarray(dy, np.float64), (1, 1, 1)
    values = windows3d(x, window, stride, none, pad, dy.shape[1:4], 0.0)
    y = (np.abs(values) ** norm).sum(axis=(5, 6, 7)) ** (1 / norm)
    length, gradient = y[..., None, None, None], dy[..., None, None, None]
    taps = gradient * np.sign(values) * np.abs(values) ** (norm - 1) / np.where(length == 0, 1, length) ** (norm - 1)
    return y, lay_back(np.where(length == 0, 0, taps), x.shape, window, stride, none, pad)


def zero_pad(x, pad, size):
    frame = [(0, 0), *((pad[a], size[a] - pad[a] - x.shape[1 + a]) for a in range(3)), (0, 0)]
    return np.pad(np.asarray(x, np.float64), frame)


def dense_forward(x, w, b):
    return np.asarray(x, np.float64) @ np.asarray(w, np.float64) + np.asarray(b, np.float64)


def dense_backward_input(dy, w):
    return np.asarray(dy, np.float64) @ np.asarray(w, np.float64).T


def dense_backward_weights(dy, x):
    """(dw, db)."""
    dy, x = np.asarray(dy, np.float64), np.asarray(x, np.float64)
    return x.T @ dy, dy.sum(axis=0)


def relu_forward(x):
    return np.maximum(np.asarray(x, np.float64), 0.0)


def relu_backward(dy, y):
    """dy where the unit was on, 0 where it was off even if dy is NaN there; an output of NaN counts as on."""
    return np.where(np.asarray(y) <= 0, 0.0, np.asarray(dy, np.float64))


def activations(x, dy, slope):
    """name -> (y, dx) of everything but relu, the derivatives from x and not from y."""
    x, dy = np.asarray(x, np.float64), np.asarray(dy, np.float64)
    logistic = np.exp(-np.logaddexp(0, -x))
    return {
        "leaky_relu": (np.where(x < 0, slope * x, x), np.where(x <= 0, slope * dy, dy)),
        "sigmoid": (logistic, dy * np.exp(-np.logaddexp(0, -x) - np.logaddexp(0, x))),
        "tanh": (np.tanh(x), dy * (1 - np.tanh(x)) * (1 + np.tanh(x))),
        "scaled_tanh": (1.7159 * np.tanh(2 * x / 3), dy * 1.7159 * 2 / 3 / np.cosh(2 * x / 3) ** 2),
        "softplus": (np.logaddexp(0, x), dy * logistic),
    }


def philox(left, right, key):
    """Ten rounds of Philox 2x32 for arrays of counters: the two words of noise. Salmon et al. (2011)."""
    word = np.uint64(0xFFFFFFFF)
    left, right, key = (np.asarray(a, np.uint64) & word for a in np.broadcast_arrays(left, right, key))
    for _ in range(10):
        product = left * np.uint64(0xD256D193)  # of two 32-bit words: fits 64
        left, right = (product >> np.uint64(32)) ^ key ^ right, product & word
        key = (key + np.uint64(0x9E3779B9)) & word
    return left, right


def dropout(x, rate, key, step):
    x = np.asarray(x, np.float64)
    noise, _ = philox(np.arange(x.size), step, key)
    return np.where(noise.reshape(x.shape) / 2.0**32 < rate, 0.0, x / (1 - rate))


def drawn(place, step, key):
    """Two numbers from -1 to 1 for each place."""
    return tuple(np.asarray(word, np.float64) / 2.0**31 - 1 for word in philox(place, step, key))


def affine_flow(shape, shift, rotation, zoom, shear, key, step):
    """By matrices: what they do to the grid of pixels, less the grid."""
    batch, height, width, _ = shape
    image = np.arange(batch)
    (down, right), (turn, grow), (lean, _) = (drawn(3 * image + part, step, key) for part in range(3))
    angle = rotation * turn
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    leaning = np.array([[np.ones(batch), shear * lean], [np.zeros(batch), np.ones(batch)]])
    matrix = np.einsum("abn,bcn->nac", turned, leaning) * (1 + zoom * grow)[:, None, None]
    grid = np.indices((height, width)) - np.array([height - 1, width - 1])[:, None, None] / 2
    moved = np.stack([shift[0] * down, shift[1] * right], axis=1)
    return np.einsum("nab,bij->naij", matrix, grid) - grid + moved[:, :, None, None]


def elastic_flow(flow, taps, alpha, key, step):
    """The Gaussian as a matrix on either side of the noise."""
    flow, taps = np.asarray(flow, np.float64), np.asarray(taps, np.float64)
    batch, _, height, width = flow.shape
    place = np.arange(batch * height * width).reshape(batch, height, width)
    noise = np.stack(drawn(place, step, key), axis=1)

    def smoothing(size):
        apart = np.arange(size)[None, :] - np.arange(size)[:, None] + len(taps) // 2
        return np.where((apart >= 0) & (apart < len(taps)), taps[np.clip(apart, 0, len(taps) - 1)], 0.0)

    return flow + alpha * smoothing(height) @ noise @ smoothing(width).T


def warp(x, flow):
    """Every pixel of the old image has a say in every pixel of the new: none, if it is a whole pixel or more away."""
    x, flow = np.asarray(x, np.float64), np.asarray(flow, np.float64)
    height, width = x.shape[1:3]
    row, col = np.indices((height, width))
    rows = np.maximum(0, 1 - np.abs((row + flow[:, 0])[..., None] - np.arange(height)))
    cols = np.maximum(0, 1 - np.abs((col + flow[:, 1])[..., None] - np.arange(width)))
    return np.einsum("nijr,nijs,nrsc->nijc", rows, cols, x)


def cutout(x, size, key, step):
    batch, height, width, _ = x.shape
    down, right = philox(np.arange(batch), step, key)
    top = np.floor(down / 2.0**32 * height) - size // 2
    left = np.floor(right / 2.0**32 * width) - size // 2
    below, beside = (np.arange(n)[None, :] - first[:, None] for n, first in ((height, top), (width, left)))
    hidden = ((below >= 0) & (below < size))[:, :, None] & ((beside >= 0) & (beside < size))[:, None, :]
    return np.where(hidden[..., None], 0.0, np.asarray(x, np.float64))


def subsample(x, w, b, dy, window):
    """(y, dx, dw, db)."""
    x, w, b, dy = (np.asarray(a, np.float64) for a in (x, w, b, dy))
    batch, rows, columns, channels = dy.shape
    inside = x[:, : rows * window[0], : columns * window[1]]
    total = inside.reshape(batch, rows, window[0], columns, window[1], channels).sum(axis=(2, 4))
    dx = np.zeros(x.shape)
    dx[:, : rows * window[0], : columns * window[1]] = (w * dy).repeat(window[0], axis=1).repeat(window[1], axis=2)
    return w * total + b, dx, (dy * total).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))


def rbf(x, centres, dy):
    """(y, dx), by the binomial: |x|**2 - 2 x.c + |c|**2."""
    x, c, dy = (np.asarray(a, np.float64) for a in (x, centres, dy))
    y = 2 * x @ c.T - (x**2).sum(axis=1)[:, None] - (c**2).sum(axis=1)
    return y, 2 * (dy @ c - dy.sum(axis=1)[:, None] * x)


def maximum_a_posteriori(outputs, targets, weight, rubbish):
    """The cross-entropy with one class more."""
    outputs, targets = np.asarray(outputs, np.float64), np.asarray(targets, np.float64)
    more = np.full((len(outputs), 1), -float(rubbish))
    losses, gradient = softmax_cross_entropy(np.hstack([outputs, more]), np.hstack([targets, 0 * more]), weight)
    return losses, gradient[:, :-1]


def batch_norm(x, gamma, beta, dy, epsilon):
    """(mean, variance, y, dgamma, dbeta, dx); dx by the chain rule through mean and variance, one step at a time."""
    x, gamma, beta, dy = (np.asarray(a, np.float64) for a in (x, gamma, beta, dy))
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    deviation = np.sqrt(variance + epsilon)
    centred = x - mean
    d_hat = dy * gamma
    d_variance = (d_hat * centred).sum(axis=axes) * -0.5 / deviation**3
    d_mean = -(d_hat / deviation).sum(axis=axes)
    count = x.size // x.shape[-1]
    dx = d_hat / deviation + d_variance * 2 * centred / count + d_mean / count
    y = gamma * centred / deviation + beta
    return mean, variance, y, (dy * centred / deviation).sum(axis=axes), dy.sum(axis=axes), dx


def softmax_backward(dy, probabilities):
    """By the full matrix of derivatives of each image, p_k * (k == l) - p_k * p_l."""
    dy, p = np.asarray(dy, np.float64), np.asarray(probabilities, np.float64)
    derivatives = p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]
    return np.einsum("nk,nkl->nl", dy, derivatives)


def log_softmax(logits):
    logits = np.asarray(logits, np.float64)
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def softmax(logits):
    return np.exp(log_softmax(logits))


def softmax_cross_entropy(logits, targets, weight):
    """(losses, dlogits): losses unweighted, dlogits the gradient of sum(weight * losses)."""
    targets, weight = np.asarray(targets, np.float64), np.asarray(weight, np.float64)
    losses = -(targets * log_softmax(logits)).sum(axis=-1)
    return losses, weight[:, None] * (softmax(logits) * targets.sum(axis=-1, keepdims=True) - targets)


def clipped(p):
    """(p between 1e-7 and 1 - 1e-7, where it was there already)."""
    return np.clip(p, 1e-7, 1 - 1e-7), (p >= 1e-7) & (p <= 1 - 1e-7)


def cross_entropy(probabilities, targets, weight):
    """(losses, dprobabilities) as for the softmax's; the gradient by the Jacobian of p / sum(p)."""
    p, t, weight = (np.asarray(a, np.float64) for a in (probabilities, targets, weight))
    total = p.sum(axis=-1, keepdims=True)
    q, inside = clipped(p / total)
    slope = np.where(inside, -t / q, 0.0)
    jacobian = np.eye(p.shape[1]) / total[..., None] - p[:, :, None] / (total**2)[..., None]  # [n,k,l] = dq_k / dp_l
    return -(t * np.log(q)).sum(axis=-1), weight[:, None] * np.einsum("nk,nkl->nl", slope, jacobian)


def sigmoid_cross_entropy(logits, targets, weight):
    z, t, weight = (np.asarray(a, np.float64) for a in (logits, targets, weight))
    losses = t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)
    return losses.mean(axis=-1), weight[:, None] * ((1 + np.tanh(z / 2)) / 2 - t) / z.shape[1]


def binary_cross_entropy(probabilities, targets, weight):
    p, t, weight = (np.asarray(a, np.float64) for a in (probabilities, targets, weight))
    q, inside = clipped(p)
    slope = np.where(inside, (q - t) / (q * (1 - q)), 0.0)
    losses = -(t * np.log(q) + (1 - t) * np.log(1 - q))
    return losses.mean(axis=-1), weight[:, None] * slope / p.shape[1]


def mean_squared_error(outputs, targets, weight):
    y, t, weight = (np.asarray(a, np.float64) for a in (outputs, targets, weight))
    return ((y - t) ** 2).mean(axis=-1), weight[:, None] * 2 * (y - t) / y.shape[1]


def sgd(w, dw, velocity, learning_rate, momentum, nesterov):
    """(w, velocity) after one step."""
    w, dw, velocity = (np.asarray(a, np.float64) for a in (w, dw, velocity))
    velocity = momentum * velocity - learning_rate * dw
    return w + (momentum * velocity - learning_rate * dw if nesterov else velocity), velocity


def rmsprop(w, dw, v, learning_rate, rho, epsilon):
    """(w, v) after one step; epsilon under the root, as Keras has it."""
    w, dw, v = (np.asarray(a, np.float64) for a in (w, dw, v))
    v = v + (1 - rho) * (dw**2 - v)
    return w - learning_rate * dw / (v + epsilon) ** 0.5, v


def adam(w, dw, m, v, learning_rate, beta_1, beta_2, epsilon, step):
    """(w, m, v) after step number `step`, counted from 1. Kingma and Ba (2015), algorithm 1."""
    w, dw, m, v = (np.asarray(a, np.float64) for a in (w, dw, m, v))
    m = m + (1 - beta_1) * (dw - m)
    v = v + (1 - beta_2) * (dw**2 - v)
    m_hat, v_hat = m / (1 - beta_1**step), v / (1 - beta_2**step)
    return w - learning_rate * m_hat / (v_hat**0.5 + epsilon), m, v


def adamw(w, dw, m, v, learning_rate, beta_1, beta_2, epsilon, step, decay):
    """Adam from weights that have shrunk first. Loshchilov and Hutter (2019), algorithm 2."""
    shrunk = np.asarray(w, np.float64) * (1 - learning_rate * decay)
    return adam(shrunk, dw, m, v, learning_rate, beta_1, beta_2, epsilon, step)
