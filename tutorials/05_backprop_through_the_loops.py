# %% [markdown]
# # 5 · Backprop through the loops
#
# After this notebook you can
#
# - say what a gradient is, without a single rule of calculus by heart;
# - read the two backward loops of a convolution as the forward loop, asked from its other ends;
# - check any gradient with a method that cannot be wrong in the same way;
# - recognise the classic mistakes from the pattern that they leave.

# %%
import inspect

import numpy as np
from figures import AMOUNT, SIGNED, cells, images
from lesson import picture, source, stepper

from loopnet import Sequential, datasets, get_ops, layers, optimizers
from loopnet import losses as losses_of
from loopnet.kernels import conv2d
from loopnet.stepper import step as step_through

# %% [markdown]
# ## How wrong, and whose fault?
#
# A network is right or wrong to a degree. The **loss** is one number that says how wrong: 0 is perfect. The
# **gradient** of a weight answers one question: *if this weight were a tiny bit larger, how much larger would the
# loss be?* Written `dw`: one number for each weight, so `dw` has the shape of `w`.
#
# Knowing that, learning is simple: make each weight a little smaller where its gradient is positive, a little larger
# where it is negative.
#
# You can measure a gradient with no theory at all. Nudge the weight up, look at the loss; nudge it down, look again:
#
# $$\frac{\partial L}{\partial w} \approx \frac{L(w + h) - L(w - h)}{2h}$$
#
# The code below does just that, to every number of an array in turn.


# %%
def nudge(loss, array, h=1e-5):
    """The gradient of the number loss() with respect to array, one cell at a time."""
    gradient = np.empty_like(array)
    for place in np.ndindex(array.shape):
        before = array[place]
        array[place] = before + h
        above = loss()
        array[place] = before - h
        below = loss()
        array[place] = before
        gradient[place] = (above - below) / (2 * h)
    return gradient


# %% [markdown]
# It is right, and hopelessly slow: two runs of the network for each weight. LeNet-5 has 61,706 of them.
# **Backpropagation** finds all gradients in about the time of two more runs, *all together* (Rumelhart, Hinton,
# Williams, 1986). So: compute with backprop, check with nudges.
#
# ## The same sum, from its other ends
#
# The convolution's innermost line multiplies a pixel with a weight and adds the product to an output:
#
#     y[n, i, j, k]  +=  x[n, row, col, c]  *  w[r, s, c, k]
#
# Suppose the layers above have told us `dy`: how much the loss rises with each output. Three things meet in this
# line. From `dy` and one of them follows the third:
#
# | who asks | what it collects | |
# |---|---|---|
# | a weight: *where was I used, on which pixel?* | `dw[r, s, c, k] += dy[n, i, j, k] * x[n, row, col, c]` | all stops |
# | a pixel: *who saw me, by which weight?* | `dx[n, row, col, c] += dy[n, i, j, k] * w[r, s, c, k]` | all outputs |
#
# Why the other factor? Make the weight larger by 1, and the output grows by the pixel. That is the whole derivative.
#
# Here are both loops as they train networks. First the weights:

# %%
source(conv2d.conv2d_backward_weights)

# %% [markdown]
# The middle is the line from the table. (Sums are taken image by image first: long sums of small numbers are more exact
# in two stages.) Then the pixels. The line of geometry is solved for the stop this time: which `i` satisfies
# `row = i * stride + r - pad`? If the division leaves a remainder, none does: the window stepped over this pixel.

# %%
source(conv2d.conv2d_backward_input)

# %% [markdown]
# Watch one weight collect. A 4×4 image, one filter of 2×2, and `dy` from above: the weight in the upper left corner
# was used at nine stops, so its gradient is a sum of nine products. (Run the cell in Jupyter, and walk with `→`.)

# %%
pixels = np.arange(1.0, 17).reshape(1, 4, 4, 1)
news = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).reshape(1, 3, 3, 1)
trace = step_through(
    conv2d.conv2d_backward_weights, news, pixels, np.empty((2, 2, 1, 1)), np.empty(1), (1, 1), (0, 0), cell=(0, 0, 0, 0)
)
stepper(
    trace,
    trace.terms((0, 0, 0, 0))[5].step,
    "The stepper at the sixth of nine products of dw[0, 0, 0, 0]: the source with the current line marked; the arrays "
    "dy, x, dw and db; and nine numbers of dy times nine pixels, product by product.",
)

# %% [markdown]
# ## The gradient check
#
# A small case with everything in it: two images of 6×6, two channels, three filters of 3×3, stride 2, padding 1. The
# loss is the simplest one that there is: multiply every output by some fixed number and add up. Then `dy` *is* these
# numbers.

# %%
random = np.random.default_rng(5)
stride, pad = (2, 2), (1, 1)
x = random.standard_normal((2, 6, 6, 2))
w = random.standard_normal((3, 3, 2, 3))
b = random.standard_normal(3)
dy = random.standard_normal((2, 3, 3, 3))
y = np.empty_like(dy)
forward = get_ops("literal").conv2d_forward


def loss():
    forward(x, w, b, y, stride, pad)
    return (y * dy).sum()


dw, db, dx = np.empty_like(w), np.empty_like(b), np.empty_like(x)
conv2d.conv2d_backward_weights(dy, x, dw, db, stride, pad)
conv2d.conv2d_backward_input(dy, w, dx, stride, pad)

measured_w, measured_b, measured_x = nudge(loss, w), nudge(loss, b), nudge(loss, x)
for name, loops, nudges in (("dw", dw, measured_w), ("db", db, measured_b), ("dx", dx, measured_x)):
    print(f"{name}: {loops.size:3} numbers, largest difference {abs(loops - nudges).max():.0e}")

# %% [markdown]
# Differences around 0.00000001 and below are the rounding of the nudges. The loops are right. (In float32 the same
# check would see only two or three digits: always check in float64.)

# %%
picture(
    cells(
        [w[:, :, 0, 0], dw[:, :, 0, 0], measured_w[:, :, 0, 0], np.abs(dw - measured_w)[:, :, 0, 0]],
        ["weights of one filter", "dw by the loop", "dw by nudges", "difference"],
        colours=[SIGNED, SIGNED, SIGNED, AMOUNT],
        size=2.0,
        form="{:.2f}",
        limit=3,
    ),
    "Four 3 by 3 grids: some weights, their gradient by the loop, the same by nudges, equal to two digits, and "
    "zeros for their difference.",
)

# %% [markdown]
# ## Break it on purpose
#
# Would this check notice a mistake? Try. The cell below takes the *source* of a loop, replaces a few letters as a tired
# programmer would, and runs the result. Then it paints where the gradient is wrong.


# %%
def broken(kernel, old, new):
    """The kernel with one spot of its source replaced."""
    head, docstring, code = inspect.getsource(kernel).split('"""')
    assert old in code
    namespace = dict(vars(conv2d))
    exec(head + code.replace(old, new, 1), namespace)
    return namespace[kernel.__name__]


slips = {
    "forgets the padding": ("row + pad[0] - r", "row - r"),
    "ignores the stride": ("divmod(col + pad[1] - s, stride[1])", "divmod(col + pad[1] - s, 1)"),
    "window upside down": ("* w[r, s, c, k]", "* w[window_height - 1 - r, s, c, k]"),
    "first row left out": ("for r in range(window_height)", "for r in range(1, window_height)"),
    "border left out": ("0 <= i < out_height", "0 < i < out_height"),
    "= instead of +=": ("total += dy", "total = dy"),
}
wrong = []
for name, (old, new) in slips.items():
    got = np.empty_like(x)
    broken(conv2d.conv2d_backward_input, old, new)(dy, w, got, stride, pad)
    wrong.append(np.abs(got - measured_x).sum(axis=(0, 3)))  # over images and channels
    print(f"{name:22} {(wrong[-1] > 1e-6).mean():4.0%} of the pixels are wrong")

picture(
    images(wrong, list(slips), AMOUNT, columns=3, size=1.7),
    "Six heat maps of 6 by 6 pixels, bright where dx is wrong. Each slip leaves a pattern of its own: every "
    "second row, stripes, the first rows only, or everything.",
)

# %% [markdown]
# A picture says more than "wrong". *Only along the border*: look at the padding. *Every second row*: look at the
# stride. *Everywhere*: the sum itself. This is how to read such a map:
#
# 1. Is the error where the geometry is special (border, between stops), or all over?
# 2. Is it in every channel and every image, or in one?
# 3. Does it go away with stride 1, with no padding, with one channel? Then you know which loop to look at.
#
# Note the case `border left out`: only some pixels are wrong, and a network trained with it would still learn, a
# little worse. No accuracy would ever tell you. A gradient check does.
#
# ## Learn a filter
#
# In [notebook 1](01_an_image_is_an_array.ipynb) we wrote down an edge filter by hand. Can the loops find it? Show
# them digits, and for each digit what the edge filter makes of it, but not the filter. Start from nine random
# weights, and go downhill:
#
#     loss = mean of (y - wanted)² / 2          so  dy = (y - wanted) / how many
#     w  -=  learning rate * dw
#
# The **learning rate** is how far to go in one step.

# %%
(tiny, labels), _ = datasets.digits.load_data(8)
seen = tiny[:100, ..., None] / 255.0
secret = np.array([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]]).reshape(3, 3, 1, 1)
ops = get_ops("literal")

wanted = np.empty((100, 6, 6, 1))
ops.conv2d_forward(seen, secret, np.zeros(1), wanted, (1, 1), (0, 0))

learned = np.random.default_rng(0).standard_normal((3, 3, 1, 1))
bias, given, path, losses = np.zeros(1), np.empty_like(wanted), [], []
dlearned, dbias = np.empty_like(learned), np.empty_like(bias)
for step in range(601):
    ops.conv2d_forward(seen, learned, bias, given, (1, 1), (0, 0))
    error = (given - wanted) / given.size
    losses.append(float((error * (given - wanted)).sum() / 2))
    if step in (0, 10, 100, 600):
        path.append((step, learned[..., 0, 0].copy()))
    ops.conv2d_backward_weights(error, seen, dlearned, dbias, (1, 1), (0, 0))
    learned -= 0.5 * dlearned
    bias -= 0.5 * dbias

print("loss:", " → ".join(f"{losses[step]:.2g}" for step, _ in path))
picture(
    cells(
        [*(filter for _, filter in path), secret[..., 0, 0]],
        [*(f"after {step} steps" for step, _ in path), "the secret"],
        colours=SIGNED,
        size=1.8,
        form="{:.1f}",
        limit=1.5,
    ),
    "Five 3 by 3 filters: nine random weights; after 10, 100 and 600 steps ever closer to a column of -1, a "
    "column of 0 and a column of 1; and the secret filter itself.",
)

# %% [markdown]
# That is all that training is. A network has more layers, and each hands its `dx` down as the `dy` of the one below. In
# loopnet these lines are the whole of it:

# %%
source(Sequential._train)

# %% [markdown]
# Forward through the layers, the loss and its gradient, backward through the layers in reverse, what weights pay for
# their size (nothing, unless a layer asks for it with `kernel_regularizer`), one step downhill.
#
# ## A whole network, checked
#
# One step of plain gradient descent with learning rate 1 takes away exactly the gradient. So the difference between the
# weights before and after *is* what backprop found, for all layers at once. Compare it with nudges.
# (The loss is the one that digits are learned with; it has its place in [notebook 6](06_lenet5_on_digits.ipynb).)

# %%
small = Sequential(
    [
        layers.Input((8, 8, 1)),
        layers.Conv2D(2, 3, activation="relu", name="conv"),
        layers.MaxPooling2D(2, name="pool"),
        layers.Flatten(),
        layers.Dense(10, name="dense"),
    ],
    dtype="float64",
    seed=3,
)
small.compile(optimizers.SGD(1.0), losses_of.SparseCategoricalCrossentropy(from_logits=True), backend="literal")
batch, truth = tiny[:8, ..., None] / 255.0, labels[:8]

# %%
weights = [small.layers[0].weights[0], small.layers[3].weights[0]]
measured = [nudge(lambda: small.evaluate(batch, truth, verbose=0), value) for value in weights]
before = [value.copy() for value in weights]
small.train_on_batch(batch, truth)
found = [old - new for old, new in zip(before, weights, strict=True)]
for name, a, m in zip(("conv", "dense"), found, measured, strict=True):
    difference = abs(a - m).max()
    print(f"{name:6} {a.size:4} weights, largest gradient {abs(a).max():.2f}, largest difference {difference:.0e}")

# %% [markdown]
# ## Exercises
#
# 1. **On paper.** One image of 3×3, one filter of 2×2, no padding. Which outputs saw the pixel in the middle, and
#    through which weights? Write down `dx[1, 1]`.
# 2. **Bias.** Why is `db[k]` simply the sum of `dy[..., k]`?
# 3. **Your own slip.** Add one to `slips`, for `conv2d_backward_input`. First guess its pattern.
# 4. **Too large a step.** Set the learning rate of the filter above to 1. What does the loss do? Find the largest
#    rate that still works.
# 5. **The kink.** ReLU has no slope at 0. What do nudges measure there? Why does the check in loopnet's tests
#    ([`tests/gradients.py`](../tests/gradients.py)) keep all numbers away from it?
#
# ## Write it yourself
#
# `check` tries your function on cases of its own, and says in words what is wrong.
#
# | exercise | what to write |
# |---|---|
# | `conv2d_backward_weights` | every weight collects from the stops where it was used |
# | `conv2d_backward_input` | every pixel collects from the outputs that saw it |
# | `relu_backward`, `max_pool2d_backward` | who was heard is told, nobody else |
# | `dense_backward_weights` | the same idea without a window |
#
#     from loopnet.exercises import check, starter
#     print(starter("conv2d_backward_weights"))
#     check("conv2d_backward_weights", my_function)
