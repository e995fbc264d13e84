# %% [markdown]
# # 10 · Colour, and CIFAR-10
#
# After this notebook you can
#
# - train a network on colour images, and say what changes: one number in its first layer;
# - show by experiment whether a network uses colour;
# - look at filters that have colours themselves;
# - run LeNet on CIFAR-10, and know what to expect of it.
#
# **Which images?** If [CIFAR-10](https://www.cs.toronto.edu/~kriz/cifar.html) is on your computer, the last part of
# this notebook trains on it. It was **not** there when the outputs on this page were made. So most of the notebook
# works with images that it makes itself: the digits that come with loopnet, written in coloured ink. They are a toy,
# and good for one thing: we know what is in them.

# %%
import numpy as np
from figures import images
from lesson import at_most, is_here, picture

import loopnet
from loopnet import datasets, plot
from loopnet.lenet import lenet5

# %% [markdown]
# ## Ten classes: five digits in two inks
#
# The class is the digit *and* the ink: "red 3" and "blue 3" are two classes. Paper and ink vary from image to image.
# And one property is built in: red and blue ink are **equally bright**. Without colour they cannot be told apart.

# %%
INKS = {"red": (0.85, 0.2, 0.2), "blue": (0.2, 0.2, 0.85)}
DIGITS = (0, 1, 3, 4, 7)
NAMES = [f"{ink} {digit}" for digit in DIGITS for ink in INKS]


def coloured(images, labels, random):
    """Each image of one of DIGITS twice, in both inks, on speckled paper: (n, 32, 32, 3) from 0 to 1, and "
    "classes 0 to 9."""
    kept = np.isin(labels, DIGITS)
    ink = np.repeat(images[kept, ..., None] / 255.0, 2, axis=0)  # how much ink there is
    digit = np.repeat(np.searchsorted(DIGITS, labels[kept]), 2)
    which = np.tile([0, 1], kept.sum())
    tint = np.array(list(INKS.values()))[which] * random.uniform(0.7, 1.0, (len(ink), 1))
    paper = random.uniform(0, 0.5, (len(ink), 1, 1, 1)) + random.uniform(-0.1, 0.1, (*ink.shape[:3], 3))
    x = (1 - ink) * paper.clip(0, 1) + ink * tint[:, None, None, :]
    order = random.permutation(len(x))
    return x[order].astype(np.float32), (2 * digit + which)[order]


(train, train_labels), (test, test_labels) = datasets.digits.load_data(32)
random = np.random.default_rng(10)
x_train, y_train = coloured(train, train_labels, random)
x_test, y_test = coloured(test, test_labels, random)
print(f"{len(x_train):,} images to train, {len(x_test):,} to test, each {x_train.shape[1:]}")

picture(
    plot.show_dataset(x_train, y_train, n=20, classes=NAMES),
    "Twenty coloured images: the digits 0, 1, 3, 4 and 7 in red or blue ink on grey speckled paper, with their "
    "class above.",
    dpi=80,
)

# %% [markdown]
# ## What changes in the network
#
# One number. The filters of the first layer are three channels deep: 5·5·**3** weights and a bias, for each of six.
# Everything behind them is as before.

# %%
colour, grey = lenet5((32, 32, 3), seed=1), lenet5((32, 32, 1), seed=1)
for name, model in (("colour", colour), ("grey", grey)):
    first = model.layers[0]
    print(f"{name:7} first layer {first.weights[0].shape}: {first.count_params()} of {model.count_params():,} weights")

# %% [markdown]
# ## Does it use the colour?
#
# Train the same network twice: on the images, and on grey copies of them (the mean of the three channels). Before you
# look: what is the best that the grey one can do?

# %%
histories = {}
for name, model, change in (("colour", colour, lambda x: x), ("grey", grey, lambda x: x.mean(axis=3, keepdims=True))):
    model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    histories[name] = model.fit(
        change(x_train), y_train, epochs=at_most(15, 2), validation_data=(change(x_test), y_test), verbose=0
    )
    print(f"{name:7} test accuracy {model.evaluate(change(x_test), y_test, verbose=0)[1]:.1%}")

# %%
one = [int(np.flatnonzero(y_test == k)[0]) for k in (4, 5)]
picture(
    images(
        [*(x_test[i] for i in one), *(x_test[i].mean(axis=2) for i in one)],
        [*(NAMES[y_test[i]] for i in one), "the red one in grey", "the blue one in grey"],
        size=1.6,
    ),
    "A red 3 and a blue 3 in colour, and the same two in grey, where nothing tells which was which.",
)

# %% [markdown]
# The grey network reads the digits, and has to guess the ink: half of its answers are wrong. This is what the
# confusion matrix shows: blocks of 2×2.

# %%
grey_test = x_test.mean(axis=3, keepdims=True)
picture(
    plot.confusion_matrix(y_test, grey.predict(grey_test), NAMES),
    "The grey network's confusion matrix: along the diagonal, blocks of two by two. Each digit is recognised, and "
    "its ink is a guess.",
    dpi=80,
)

# %% [markdown]
# ## Filters that have colours
#
# A filter of the first layer is 5×5×3: it can be shown as a small colour picture. Grey is 0; a channel above grey is
# a positive weight.

# %%
w = colour.layers[0].weights[0]
shown = [0.5 + w[..., k] / (2 * np.abs(w).max()) for k in range(w.shape[3])]
picture(
    images(shown, [f"filter {k}" for k in range(len(shown))], columns=6, size=1.2),
    "Six filters of 5 by 5 coloured squares. Some are tinted red or blue as a whole, others mix many colours.",
)
ratio = np.abs(w - w.mean(axis=2, keepdims=True)).sum(axis=(0, 1, 2)) / np.abs(w).sum(axis=(0, 1, 2))
print("how much each filter treats the channels differently (0: it sees grey):", " ".join(f"{r:.2f}" for r in ratio))

# %% [markdown]
# ## Two accidents with colour
#
# **Swapped channels.** A program that hands over blue first does not fail. It is only wrong:

# %%
swapped = x_test[..., ::-1]
print(f"channels swapped: accuracy {colour.evaluate(swapped, y_test, verbose=0)[1]:.1%}")

# %% [markdown]
# **Channels first or last.** loopnet and Keras keep the channels last, `(32, 32, 3)`; PyTorch and the files of
# CIFAR-10 keep them first, `(3, 32, 32)`. To turn one into the other, *move the axis*. A `reshape` to the same shape
# only cuts the numbers up anew:

# %%
first = np.moveaxis(x_test[:1], 3, 1)
print(first.shape)
right, wrong = np.moveaxis(first, 1, 3)[0], first.reshape(1, 32, 32, 3)[0]
picture(
    images([right, wrong], ["moveaxis", "reshape"], size=1.8),
    "Left, a coloured digit. Right, the same numbers reshaped: three rows of three small grey copies, unreadable.",
)

# %% [markdown]
# ## CIFAR-10
#
# 60,000 photographs of 32×32 pixels in ten classes: plane, car, bird, cat, deer, dog, frog, horse, ship, truck
# (Krizhevsky, 2009). Much harder than digits: a cat may sit anywhere, in any light, and look away. loopnet's LeNet
# takes it as it is:

# %%
if is_here("cifar10"):
    (x, y), (x_unseen, y_unseen) = datasets.load_for("cifar10", (32, 32, 3))
    picture(
        plot.show_dataset(x, y, n=20, classes=datasets.cifar10.CLASSES),
        "Twenty small colour photographs with their class above.",
        dpi=80,
    )
    model = lenet5((32, 32, 3), seed=1)
    model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(x, y, batch_size=128, epochs=at_most(10, 1), validation_data=(x_unseen, y_unseen), verbose=0)
    picture(plot.plot_history(history), "Loss and accuracy on CIFAR-10 over the epochs.")
    print(f"accuracy on {len(x_unseen):,} photographs never seen: {history.history['val_accuracy'][-1]:.1%}")
else:
    print("CIFAR-10 is not on this computer. loopnet.datasets.cifar10.load_data() fetches it once (170 MB).")

# %% [markdown]
# What to expect: on a computer that had CIFAR-10, this cell gave 58.8 %. The course that this listing comes from
# calls more than 60 % "a good accomplishment" for LeNet after ten epochs. Guessing gives 10 %. Networks of 2015 and
# later reach more than 95 %, with many more layers (He and others, 2016). The loops in them are the ones you have
# read.
#
# ## Exercises
#
# 1. **Channel by channel.** Train on the red channel alone. What accuracy do you expect? And on red and green?
# 2. **Other weights for grey.** Use 0.299, 0.587, 0.114 instead of the mean. Now the grey network does better than
#    half. Why?
# 3. **1×1.** Put a `Conv2D(1, 1)` in front of the grey network, and give it the colour images. How many parameters
#    does it add, and what does it learn? Look at its three weights.
# 4. **Mirror.** A mirrored car is still a car; is a mirrored 3 still a 3? Mirror the training images (`x[:, :,
#    ::-1]`), add them to the originals, and see what it does to the test accuracy. For which data sets is this
#    *augmentation* a good idea?
#
# ## Write it yourself
#
# This is the last notebook. If you have written `conv2d_forward`, train the network of this page with it:
#
#     import dataclasses
#     ops = dataclasses.replace(loopnet.get_ops("parallel"), conv2d_forward=numba.njit(mine))
#     colour.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), backend=ops)
#
# It is your loop that learns to read, then.
