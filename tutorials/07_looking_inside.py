# %% [markdown]
# # 7 · Looking inside
#
# After this notebook you can
#
# - show what a trained network's filters look for, and how far to trust such pictures;
# - follow one image through all layers;
# - work out how much of the image one cell of a layer sees, by arithmetic and by gradient;
# - find out which part of an image a decision hangs on.
#
# The outputs on this page were made with the digits that come with loopnet; nothing here needs MNIST.

# %%
import numpy as np
from figures import AMOUNT, IMAGE, SIGNED, images
from lesson import at_most, picture

import loopnet
from loopnet import datasets, plot
from loopnet.lenet import lenet5

(x_train, y_train), (x_test, y_test) = datasets.load_for("digits", (32, 32, 1))
model = lenet5(seed=1)
before = model.layers[0].weights[0].copy()
model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x_train, y_train, epochs=at_most(30, 2), verbose=0)
print(f"test accuracy {model.evaluate(x_test, y_test, verbose=0)[1]:.1%}")

# %% [markdown]
# ## The filters
#
# The six filters of the first layer are small pictures themselves. Purple weights want ink, orange weights want none.

# %%
picture(
    plot.plot_filters(model, "conv1"),
    "Six 5 by 5 filters; some are purple nearly everywhere, others have an orange and a purple side, like edge "
    "filters.",
)
after = model.layers[0].weights[0]
limit = float(np.abs(after).max())
picture(
    images(
        [*np.moveaxis(before[:, :, 0], 2, 0), *np.moveaxis(after[:, :, 0], 2, 0)],
        [*(f"{k}: at the start" for k in range(6)), *(f"{k}: trained" for k in range(6))],
        SIGNED,
        columns=6,
        size=1.15,
        limit=limit,
    ),
    "The same six filters before training, above, and after, below. They have changed, but each still resembles "
    "its start.",
)

# %% [markdown]
# Some ask for ink nearly everywhere; some look like edge filters. But look at the upper row: this is random, before
# any learning, and the lower row has kept much of it. It is easy to see things in filters. The first layer of a small
# network can do with little: almost any six different filters will do, because the layers above learn to use them.
#
# ## One image, layer by layer
#
# **Feature maps** are what the filters make of an image.

# %%
seven = int(np.flatnonzero(y_test == 7)[2])
picture(
    plot.plot_feature_maps(model, x_test[seven], most=8),
    "A seven, and rows of maps: six of 28 by 28 in which strokes or their edges glow, pooled to 14 by 14; sixteen "
    "of 10 by 10, eight shown, with only a few bright spots, pooled to 5 by 5.",
    dpi=90,
)

# %% [markdown]
# Going down, the maps tell less and less *where* and more and more *what*. In the last row one bright cell means: this
# combination of strokes, somewhere in this corner.
#
# ## Who sees what: the receptive field
#
# A cell of the first layer sees a window of 5×5 pixels. A cell of the second convolution sees a 5×5 window *of the
# pooled maps*, and that is more of the image. Going back layer by layer, `size` cells, `jump` pixels apart:
#
# | layer | window | stride | sees | jump |
# |---|---|---|---|---|
# | conv1 | 5 | 1 | 5 | 1 |
# | pool1 | 2 | 2 | 5 + (2 − 1) · 1 = 6 | 2 |
# | conv2 | 5 | 1 | 6 + (5 − 1) · 2 = 14 | 2 |
# | pool2 | 2 | 2 | 14 + (2 − 1) · 2 = 16 | 4 |
#
# Each row: what the row above sees, plus (window − 1) times the jump above; the jump is multiplied by the stride.

# %%
for layer in ("conv1", "pool1", "conv2", "pool2"):
    (top, bottom), (left, right) = plot.receptive_field(model, layer, (1, 1))
    print(f"{layer}: cell (1, 1) sees rows {top} to {bottom - 1}: {bottom - top}x{right - left} pixels")

picture(
    plot.plot_receptive_field(model, "conv2", (5, 5), image=x_test[seven]),
    "Left, a seven with a blue frame of 14 by 14 pixels: what the cell could see. Right, the same frame with "
    "bright and dark pixels: what its gradient says it heard.",
    dpi=90,
)

# %% [markdown]
# On the left: what the cell *could* hear. On the right: what it *did* hear for this image, by the gradient. It is
# less: ReLU had switched units off, and of each pooling window only the winner was heard. (Luo and others, 2016, call
# this the *effective* receptive field.)
#
# ## What does the decision hang on?
#
# Cover a small square of the image, and ask again. Where the share of the right digit drops, something important was
# covered (Zeiler and Fergus, 2014, section 4.2).


# %%
def shares(x):
    logits = model.predict(x).astype(float)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def covered(image, digit, size=8):
    """For each place of a black square: how much it costs the digit, as a share lost."""
    places = [(i, j) for i in range(0, 33 - size, 2) for j in range(0, 33 - size, 2)]
    batch = np.repeat(image[np.newaxis], len(places), axis=0)
    for one, (i, j) in zip(batch, places, strict=True):
        one[i : i + size, j : j + size] = 0
    lost = shares(image[np.newaxis])[0, digit] - shares(batch)[:, digit]
    side = int(len(places) ** 0.5)
    return np.maximum(lost, 0).reshape(side, side)


chosen = [int(np.flatnonzero(y_test == digit)[0]) for digit in (2, 4, 7, 8, 9)]
maps = [covered(x_test[one], int(y_test[one])) for one in chosen]
picture(
    images(
        [*(x_test[one] for one in chosen), *maps],
        [*(f"a {y_test[one]}" for one in chosen), *(f"costs up to {m.max():.0%}" for m in maps)],
        [IMAGE] * 5 + [AMOUNT] * 5,
        columns=5,
        size=1.4,
        limit=1.0,
    ),
    "Five digits, and below each a coarse map that is bright where covering the digit makes the network lose it.",
)

# %% [markdown]
# A bright spot: without this piece it is no longer that digit. Try to see which digit it would be instead.
#
# ## Which filters are needed?
#
# Switch one filter off (weights and bias to 0), test, and put it back.

# %%
for name in ("conv1", "conv2"):
    layer = next(layer for layer in model.layers if layer.name == name)
    w, b = layer.weights
    results = []
    for k in range(w.shape[3]):
        kept = w[..., k].copy(), b[k]
        w[..., k], b[k] = 0, 0
        results.append(model.evaluate(x_test, y_test, verbose=0)[1])
        w[..., k], b[k] = kept
    print(f"{name}: accuracy without filter 0, 1, 2, ...  {' '.join(f'{r:.0%}' for r in results)}")

# %% [markdown]
# Most filters are not missed much: what one knows, others know too. A few are.
#
# ## Mistakes

# %%
picture(
    plot.misclassified(x_test, y_test, model.predict(x_test)),
    "The digits that the network got wrong, with the true digit, the one it chose, and how sure it was.",
    dpi=80,
)

# %% [markdown]
# And what does it say about something that is no digit at all?

# %%
random = np.random.default_rng(0)
noise = random.uniform(size=(1000, 32, 32, 1)).astype(np.float32)
sure = shares(noise).max(axis=1)
print(f"1,000 images of pure noise: the winner gets {np.median(sure):.0%} in the middle case, {sure.max():.0%} at most")

# %% [markdown]
# A network has no way to say *none of these*. It was never shown such a case, and softmax always adds up to 1. Shares
# are not certainty.
#
# ## Exercises
#
# 1. **On paper.** How much of the image would a cell of a third 3×3 convolution, after `pool2`, see?
# 2. **Another cell.** Draw the receptive field of `pool2`, cell (0, 0), and of (2, 2). Why are they not equally large?
# 3. **Random filters.** Put random numbers into `conv1` and train only what is above it (train, but put the same
#    random numbers back after every epoch, in a callback). How much worse is it? What does that say about the
#    pictures at the top?
# 4. **The favourite noise.** Which digit does noise look like, to this network? Count the winners for the 1,000 images.
# 5. **A shift.** Move the test images by 1, 2, 3, 4 pixels (`np.roll`). How does the accuracy fall? Compare with what
#    pooling promised in [notebook 3](03_pooling.ipynb).
#
# ## Write it yourself
#
# Nothing new to write here. A good moment for what was left over: `loopnet check` lists all exercises.
