# %% [markdown]
# # 6 · LeNet-5 learns to read digits
#
# After this notebook you can
#
# - build, train and judge a convolutional network, step by step;
# - say what a batch, an epoch, a learning rate, a logit and a validation set are;
# - read the two curves of a training, and see when it stops being worth it;
# - ask the network about an image of your own.
#
# **Which digits?** If [MNIST](http://yann.lecun.com/exdb/mnist/) is on your computer, this notebook takes it: 60,000
# digits to train on. If not, it takes the 1,437 that come with loopnet, so that it runs without a network. The
# outputs on this page were made with the **bundled digits**. They are easier than MNIST: the same 13 people wrote the
# training and the test images. To fetch MNIST once (11 MB), run `loopnet.datasets.mnist.load_data()` with a network.

# %%
import numpy as np
from figures import bars
from lesson import at_most, is_here, picture

import loopnet
from loopnet import datasets, plot
from loopnet.lenet import lenet5

name = "mnist" if is_here("mnist") else "digits"
(x_train, y_train), (x_test, y_test) = datasets.load_for(name, (32, 32, 1))
print(f"{name}: {len(x_train):,} images to train, {len(x_test):,} to test, {x_train.shape[1:]}, {x_train.dtype}")
picture(
    plot.show_dataset(x_train, y_train, n=20),
    "Twenty handwritten digits of 32 by 32 pixels, each with its label above.",
    dpi=80,
)

# %% [markdown]
# Pixels are floats from 0 to 1, one channel. The images are scaled (or padded, for MNIST) to the 32×32 that LeNet-5
# takes.
#
# Some images are kept apart. The network never learns from the **test set**; it is looked at once, at the end.
#
# ## The network
#
# LeNet-5 is the network of LeCun, Bottou, Bengio and Haffner (1998), section II.B; ours is simplified as the articles
# do it (ReLU, max pooling, every filter sees every map).

# %%
model = lenet5(seed=1)
model.summary()
picture(
    plot.plot_architecture(model),
    "LeNet-5 as a row of boxes: two rounds of convolution and pooling shrink the 32 by 32 image to 5 by 5 with 16 "
    "maps; three dense layers bring 400 numbers down to 10.",
    dpi=90,
)

# %% [markdown]
# Convolutions look for pieces of strokes, the dense layers combine them. **ReLU** stands behind each layer but the
# last: negative numbers become 0. Without it, two layers in a row would be no better than one: sums of sums are sums.
#
# The ten last numbers are called **logits**: the larger, the more likely the digit. **Softmax** turns them into
# shares that add up to 1:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}$$
#
# ## The loss
#
# $$L = -\log p_{\text{truth}}$$
#
# **Cross-entropy**: the share given to the right answer, turned into a number that is 0 if it is all of it, and
# grows without end as it goes to nothing. A network that only guesses gives each digit a tenth: 2.3.

# %%
for share in (1.0, 0.9, 0.5, 0.1, 0.001):
    print(f"{share:5.1%} for the right digit: loss {abs(np.log(share)):.2f}")

model.compile(
    optimizer=loopnet.optimizers.Adam(0.001),
    loss=loopnet.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"\nbefore training: loss {loss:.2f}, accuracy {accuracy:.0%}")

# %% [markdown]
# Before training it guesses.
#
# ## Training
#
# - A **batch** is some images that are looked at together; then every weight takes one small step. Here 32 of the
#   bundled digits, 128 of MNIST.
# - An **epoch** is once through all images.
# - The **learning rate** is the length of a step. **Adam** (Kingma and Ba, 2015) gives each weight a length of its own.
# - The **validation set** is a tenth that is not trained on; after each epoch the network is tried on it.

# %%
epochs = at_most(10 if name == "mnist" else 30, 2)
history = model.fit(
    x_train,
    y_train,
    batch_size=128 if name == "mnist" else 32,
    epochs=epochs,
    validation_split=0.1,
    verbose=0,
)
picture(
    plot.plot_history(history),
    "Two curves over the epochs. The loss falls steeply, then flattens; the accuracy rises towards one; training and "
    "validation ends a little behind.",
)

# %% [markdown]
# Read the curves like this. *Both fall*: it learns. *Training falls, validation rises*: it learns the training images
# by heart (**overfitting**); stop earlier, or find more images. *Training reaches 100 %, validation stays behind and
# no longer moves*: it has got out of these images what there was in them. *Nothing falls*: the learning rate is far
# too small or too large.
#
# ## Is it any good?
#
# Now, once, the test set.

# %%
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
wrong = round((1 - accuracy) * len(x_test))
print(f"accuracy on {len(x_test):,} digits never seen: {accuracy:.2%}, that is {wrong} mistakes")

# %% [markdown]
# With MNIST on the computer, the same cells gave 99.00 %: 100 mistakes in 10,000. The article that loopnet grew from
# reports 98.5 %, also after ten epochs; LeCun and others (1998) reach 99.05 % with LeNet-5 proper. Results on the
# bundled digits cannot be compared with these: other digits, and only 360 of them in the test. One mistake is 0.3 %.
#
# **How sure may you be?** With 360 images, luck alone moves the accuracy by about half a percent. Train
# with another seed, and you get another number. Never believe in a difference that is smaller than that.

# %%
outputs = model.predict(x_test)
picture(
    plot.confusion_matrix(y_test, outputs),
    "A table of ten rows and ten columns: how often each true digit (row) was taken for each digit (column). "
    "Nearly all are on the diagonal.",
    dpi=80,
)
picture(
    plot.misclassified(x_test, y_test, outputs),
    "The digits that the network got wrong, with the true digit, the one it chose, and how sure it was.",
    dpi=80,
)

# %% [markdown]
# A row is the truth, a column what the network said; off the diagonal are the mistakes. Would you have read those
# digits right?
#
# ## One image, ten shares
#
# The network never says just "7". It gives a share to each digit. Here is the image that it is least sure about:

# %%
logits = outputs.astype(float)
shares = np.exp(logits - logits.max(axis=1, keepdims=True))
shares /= shares.sum(axis=1, keepdims=True)

doubtful = shares.max(axis=1).argmin()  # the image that the network is least sure about
print("true:", y_test[doubtful], " given:", shares[doubtful].argmax())
percent = 100 * shares[doubtful]
picture(
    bars([str(k) for k in range(10)], percent, [f"{p:.1f} %" for p in percent], "share in percent", log=False),
    f"Ten bars, one for each digit; the longest, {shares[doubtful].argmax()}, has {percent.max():.0f} percent, "
    "and the others share what is left.",
    dpi=80,
)

# %% [markdown]
# (Taking away the largest logit changes nothing in the shares, but keeps the exponential from overflowing. loopnet's
# softmax does the same.)
#
# ## Ask it about a digit of your own
#
# Draw a digit with any program, dark on white or light on black, save it as a picture, and ask on the command line
# (`runs/...` is what `loopnet train` has saved):
#
#     loopnet predict runs/... my-digit.png
#
# From Python, the network wants an array `(1, 32, 32, 1)`. Here is the smallest possible drawing, an
# upright line:

# %%
drawn = np.zeros((1, 32, 32, 1), np.float32)
drawn[0, 4:28, 14:18] = 1
print("an upright line is a", model.predict(drawn).argmax())

# %% [markdown]
# ## What to take with you
#
# - A network is layers; training is: forward, loss, backward, step, thousands of times.
# - Judge by images that were never trained on.
# - Say how many test images there were.
#
# ## Exercises
#
# 1. **Learning rate.** Train with 0.1, 0.01, 0.0001. Draw the three histories. What does each tell you?
# 2. **No ReLU.** Build the network without activations (from `loopnet.layers`). How much worse is it?
# 3. **Fewer filters.** Halve the filters of both convolutions. What do you lose, what do you save?
#    (Count as in [notebook 4](04_channels_filters_parameters.ipynb).)
# 4. **How much luck?** Train five times with `seed=1 .. 5`. How far apart are the best and the worst? Is your answer
#    to 3 larger than that?
# 5. **Upside down.** Turn the test images by 180 degrees (`x_test[:, ::-1, ::-1]`). Which digits survive? Why these?
#
# ## Write it yourself
#
# `check` tries your function on cases of its own, and says in words what is wrong.
#
# | exercise | what to write |
# |---|---|
# | `dense_forward` | a dense layer: two loops and a sum |
# | `softmax_cross_entropy` | shares, loss and gradient, safe for logits of 1,000 |
# | `sgd_update`, `adam_update` | one step downhill |
#
#     from loopnet.exercises import check, starter
#     print(starter("softmax_cross_entropy"))
#     check("softmax_cross_entropy", my_function)
