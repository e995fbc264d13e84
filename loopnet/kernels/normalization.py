"""Batch normalisation: give every channel mean 0 and variance 1 over the batch, then let the network choose again.

    y[n,i,c] = gamma[c] * x_hat[n,i,c] + beta[c]         x_hat = (x - mean[c]) / sqrt(variance[c] + epsilon)

Each layer then meets numbers of the same size whatever the layers below are doing, and a larger learning rate is safe.

    x, dx, y, dy  (batch, ..., channels): whatever lies between is one row of pixels, ``i`` below
    mean, variance, gamma, beta and their gradients  (channels,)

In training, mean and variance are those of the batch itself, and so every output depends on every image: that is where
the two sums in ``backward_input`` come from. A moving average of both is kept for later, when a single image is to
be looked at.

Square root and quotient are taken in double precision. Ioffe, Szegedy (2015), algorithm 1 and section 3.
"""

import math

from numba import prange
from numpy import float64


def batch_norm_statistics(x, mean, variance):
    """mean[c] = the mean of x over images and pixels;  variance[c] = the mean of (x - mean[c]) ** 2.

    Two passes, since the mean of squares less the square of the mean can come out negative; and each image by
    itself first, as in conv2d.py.

    Reads x; overwrites mean and variance. One turn of the parallel loop owns one channel.
    """
    batch, channels = x.shape[0], x.shape[-1]
    pixels = x.reshape(batch, -1, channels)
    count = x.dtype.type(batch * pixels.shape[1])
    for c in prange(channels):
        total = x.dtype.type(0)
        for n in range(batch):
            of_image = x.dtype.type(0)
            for i in range(pixels.shape[1]):
                of_image += pixels[n, i, c]
            total += of_image
        middle = total / count
        mean[c] = middle

        total = x.dtype.type(0)
        for n in range(batch):
            of_image = x.dtype.type(0)
            for i in range(pixels.shape[1]):
                of_image += (pixels[n, i, c] - middle) * (pixels[n, i, c] - middle)
            total += of_image
        variance[c] = total / count


def moving_average(moving, latest, share):
    """moving[c] += share * (latest[c] - moving[c]): forget a little, learn a little.

    Reads latest; changes moving. One turn of the parallel loop owns one channel.
    """
    for c in prange(moving.size):
        moving[c] += share * (latest[c] - moving[c])


def batch_norm_forward(x, mean, variance, gamma, beta, y, epsilon):
    """y[n,i,c] = gamma[c] * (x[n,i,c] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c].

    Reads x, mean, variance, gamma, beta; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, channels = x.shape[0], x.shape[-1]
    pixels, result = x.reshape(batch, -1, channels), y.reshape(batch, -1, channels)
    for n in prange(batch):
        for c in range(channels):
            slope = x.dtype.type(float64(gamma[c]) / math.sqrt(float64(variance[c]) + epsilon))
            for i in range(pixels.shape[1]):
                result[n, i, c] = slope * (pixels[n, i, c] - mean[c]) + beta[c]


def batch_norm_backward_weights(dy, x, mean, variance, dgamma, dbeta, epsilon):
    """dgamma[c] = sum_{n,i} dy[n,i,c] * x_hat[n,i,c];  dbeta[c] = sum_{n,i} dy[n,i,c].

    Reads dy, x, mean, variance; overwrites dgamma, dbeta. One turn of the parallel loop owns one channel.
    """
    batch, channels = x.shape[0], x.shape[-1]
    pixels, gradient = x.reshape(batch, -1, channels), dy.reshape(batch, -1, channels)
    for c in prange(channels):
        scale = x.dtype.type(1 / math.sqrt(float64(variance[c]) + epsilon))
        total_gamma = x.dtype.type(0)
        total_beta = x.dtype.type(0)
        for n in range(batch):
            gamma_of_image = x.dtype.type(0)
            beta_of_image = x.dtype.type(0)
            for i in range(pixels.shape[1]):
                gamma_of_image += gradient[n, i, c] * ((pixels[n, i, c] - mean[c]) * scale)
                beta_of_image += gradient[n, i, c]
            total_gamma += gamma_of_image
            total_beta += beta_of_image
        dgamma[c] = total_gamma
        dbeta[c] = total_beta


def batch_norm_backward_input(dy, x, mean, variance, gamma, dgamma, dbeta, dx, epsilon):
    """dx[n,i,c] = gamma[c] / sqrt(variance[c] + epsilon) * (dy[n,i,c] - mean dy - x_hat[n,i,c] * mean (dy * x_hat)).

    A gradient that moved all of a channel alike, or stretched it, would be normalised away; the two means take
    those parts out. dgamma and dbeta hold the sums already, so ``backward_weights`` goes first.

    Reads all but dx; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, channels = x.shape[0], x.shape[-1]
    pixels, gradient = x.reshape(batch, -1, channels), dy.reshape(batch, -1, channels)
    result = dx.reshape(batch, -1, channels)
    count = x.dtype.type(batch * pixels.shape[1])
    for n in prange(batch):
        for c in range(channels):
            scale = x.dtype.type(1 / math.sqrt(float64(variance[c]) + epsilon))
            mean_dy, mean_product = dbeta[c] / count, dgamma[c] / count
            for i in range(pixels.shape[1]):
                x_hat = (pixels[n, i, c] - mean[c]) * scale
                result[n, i, c] = gamma[c] * scale * (gradient[n, i, c] - mean_dy - x_hat * mean_product)
