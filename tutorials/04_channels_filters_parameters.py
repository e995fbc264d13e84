# %% [markdown]
# # 4 · Channels, filters, parameters
#
# After this notebook you can
#
# - say what a filter does with the channels of its input (it adds them up);
# - read a layer's shapes, and the table that `summary()` prints, without guessing;
# - count the parameters of any convolutional network by hand;
# - explain why the layer with the most parameters is not the one with the most work.

# %%
import numpy as np
from figures import IMAGE, SIGNED, bars, images
from lesson import photograph, picture

from loopnet import Sequential, get_ops, layers, plot
from loopnet.lenet import lenet5

# %% [markdown]
# ## A filter is as deep as its input
#
# In [notebook 1](01_an_image_is_an_array.ipynb) each colour was filtered by itself. A network's filter does more: it
# has weights for *every* channel, and adds it all up into **one** number. A 3×3 filter on a colour image is a block
# of 3×3×3 weights.
#
# $$y[i, j] = b + \sum_{r} \sum_{s} \sum_{c}\; x[i + r,\; j + s,\; c] \cdot w[r, s, c]$$
#
# The innermost Σ is the innermost loop of `conv2d_forward`: `for c in range(channels)`.
#
# So a filter can ask for colours. This one wants red, and does not want blue or green:

# %%
photo = photograph().astype(np.float32) / 255
red_wanted = np.zeros((3, 3, 3, 1), np.float32)  # 3 rows, 3 columns, 3 channels, 1 filter
red_wanted[..., 0, 0] = 2 / 9
red_wanted[..., 1, 0] = -1 / 9
red_wanted[..., 2, 0] = -1 / 9


def convolved(x, w):
    """A picture (height, width, channels) through filters (height, width, channels, filters), padded to keep its "
    "size."""
    y = np.empty((1, *x.shape[:2], w.shape[3]), np.float32)
    pad = w.shape[0] // 2, w.shape[1] // 2
    get_ops("parallel").conv2d_forward(x[np.newaxis], w, np.zeros(w.shape[3], np.float32), y, (1, 1), pad)
    return y[0]


answer = convolved(photo, red_wanted)
print("in ", photo.shape, " filters", red_wanted.shape, " out", answer.shape)
picture(
    images([photo, answer[..., 0]], ["three channels in", "one map out: how red?"], [IMAGE, SIGNED], size=2.4),
    "The photograph in colour; and one map in which skin, and the red of the flag, are purple, and the blue "
    "background is orange.",
)

# %% [markdown]
# ## Many filters, many maps
#
# One filter answers one question. A layer asks several: it has several filters, and each gives one map, a **feature
# map**. The maps are the channels of the next layer's input. That is how shapes flow:
#
#     x  (height, width, channels)
#     w  (window height, window width, channels, filters)
#     y  (height, width, filters)
#
# The last axis of `x` and the third of `w` must be equal. The last of `w` becomes the last of `y`.

# %%
grey_edge = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], np.float32) / 3
four = np.zeros((3, 3, 3, 4), np.float32)
four[..., 0] = grey_edge[:, :, None] / 3  # vertical edges, in all three channels
four[..., 1] = grey_edge.T[:, :, None] / 3  # horizontal edges
four[..., 2] = red_wanted[..., 0]  # red
four[..., 2, 3], four[..., 0, 3] = 1 / 9, -1 / 9  # blue, and not red

maps = convolved(photo, four)
print("in ", photo.shape, " filters", four.shape, " out", maps.shape)
picture(
    images(
        [photo, *np.moveaxis(maps, 2, 0)],
        ["image", "filter 0: | edges", "filter 1: — edges", "filter 2: red", "filter 3: blue"],
        [IMAGE] + [SIGNED] * 4,
        columns=5,
        size=1.7,
    ),
    "The photograph and its four feature maps: vertical edges, horizontal edges, red, and blue.",
)

# %% [markdown]
# ## Counting parameters
#
# A **parameter** is a number that will be learned: every weight, and one bias a filter. So a convolution has
#
# $$\text{filters} \times (\text{window height} \times \text{window width} \times \text{channels} + 1)$$
#
# The size of the image does not occur in it. A filter uses the *same* weights at every stop: **weight sharing**, the
# idea that made these networks possible (LeCun and others, 1989, section 4).
#
# Take the network of a well-known beginner's article: 28×28 digits, 32 filters of 5×5, pooling, 64 filters of 5×5,
# pooling, ten outputs. Between the maps and the outputs, *flatten* lays all numbers in one row, and a **dense** layer
# connects each of them with each output, by a weight of its own. (What ReLU and softmax do is told in [notebook
# 6](06_lenet5_on_digits.ipynb).)

# %%
model = Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(32, (5, 5), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(64, (5, 5), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# %% [markdown]
# Check every number:
#
# | layer | shape | parameters |
# |---|---|---|
# | first convolution | 28 − 5 + 1 = 24 | 32 · (5·5·1 + 1) = 832 |
# | pooling | 24 / 2 = 12 | nothing to learn |
# | second convolution | 12 − 5 + 1 = 8 | 64 · (5·5·**32** + 1) = 51,264 |
# | pooling | 8 / 2 = 4 | |
# | flatten | 4 · 4 · 64 = 1,024 | |
# | dense | 10 | 10 · (1,024 + 1) = 10,250 |
#
# The usual mistake is the bold 32: the second layer's filters are 5×5×32, as deep as what comes in.
#
# Without sharing, the *first* layer alone would need weights of its own at each of its 24×24 stops. For one filter,
# that is 24 · 24 · 25 = 14,400 weights instead of 25.
#
# ## The pyramid
#
# Maps get smaller and more numerous: less *where*, more *what*. The boxes below are to scale (their width by the
# logarithm). This is LeNet-5 as the articles build it.

# %%
lenet = lenet5(seed=1)
picture(
    plot.plot_architecture(lenet),
    "LeNet-5 as a row of boxes: the 32 by 32 image, 28 by 28 with 6 maps, 14 by 14, 10 by 10 with 16 maps, 5 by "
    "5, then bars of 400, 120, 84 and 10 numbers. 61,706 parameters.",
    dpi=90,
)

# %% [markdown]
# ## Parameters are not work
#
# A parameter of a convolution is used at every stop of the window; one of a dense layer, once. So count both. A
# **multiply-add** is one `total += x * w`: the innermost line of the loop.

# %%
names, parameters, work = [], [], []
for layer in lenet.layers:
    if layer.count_params():
        weights = layer.count_params() - layer.output_shape[-1]  # without the biases
        stops = int(np.prod(layer.output_shape[1:-1], dtype=int))  # of the window; 1 for a dense layer
        names.append(layer.name)
        parameters.append(layer.count_params())
        work.append(weights * stops)

print(f"{'layer':8} {'parameters':>12} {'multiply-adds an image':>24}")
for name, count, adds in zip(names, parameters, work, strict=True):
    print(f"{name:8} {count:12,} {adds:24,}")
print(f"{'all':8} {sum(parameters):12,} {sum(work):24,}")

picture(
    bars(names, parameters, [f"{p:,}" for p in parameters], "parameters", log=False),
    "Bars of LeNet-5's parameters: dense1 has 48,120, far more than all others; the two convolutions have 156 and "
    "2,416.",
)
picture(
    bars(names, work, [f"{w:,}" for w in work], "multiply-adds for one image", log=False, colours="#D55E00"),
    "Bars of LeNet-5's work: conv2 240,000 and conv1 117,600 multiply-adds; dense1 48,000, the rest hardly any.",
)

# %% [markdown]
# The two convolutions own 4 % of the parameters and do 86 % of the work. Remember this in [notebook
# 8](08_the_ladder.ipynb): whoever wants a fast network makes the convolution fast.
#
# ## What a dense layer would cost
#
# A small net of nine filters and one dense layer (24 · 24 · 9 = 5,184 numbers into ten) already has 52,084
# parameters, nearly all of them in the dense layer. Two convolutions with pooling have a sixth of that, and do
# better: pooling shrinks what the dense layer must look at.

# %%
for filters in ((9,), (10, 20)):
    net = Sequential([layers.Input((28, 28, 1))])
    for count in filters:
        net.add(layers.Conv2D(count, 5, activation="relu"))
        if len(filters) > 1:
            net.add(layers.MaxPooling2D())
    net.add(layers.Flatten())
    net.add(layers.Dense(10))
    print(f"{'-'.join(map(str, filters)):6} filters: {net.count_params():6,} parameters")

# %% [markdown]
# ## Exercises
#
# 1. **On paper.** A 3×3 convolution with 128 filters follows one with 64. How many parameters? Check with
#    `count_params`.
# 2. **One by one.** What does a 1×1 convolution with 3 input channels and one filter compute? Find weights that turn
#    a colour picture grey, and try them with `convolved`.
# 3. **Two for one.** Two 3×3 convolutions in a row see 5×5 pixels, as one 5×5 convolution does. Compare their
#    parameters for 64 channels everywhere. (This is the argument of Simonyan and Zisserman, 2015, section 2.3.)
# 4. **LeNet in colour.** What changes in the table above if the image is 32×32×3? Guess first, then look at
#    `lenet5((32, 32, 3)).summary()`.
# 5. **C3 of 1998.** In the original LeNet-5 not every filter of the second convolution sees all six maps (table I of
#    the paper). It has 1,516 parameters. How many has ours, and why?
#
# ## Write it yourself
#
# `check` tries your function on cases of its own, and says in words what is wrong.
#
# | exercise | what to write |
# |---|---|
# | `conv_shape` | the size of the answer and the number of parameters, from the sizes of everything |
# | `conv2d_forward` | the seven loops; then `check(...).train()` trains LeNet-5 with *your* loop |
# | `relu_forward` | one line, and a trap |
#
#     from loopnet.exercises import check, starter
#     print(starter("conv2d_forward"))
#     check("conv2d_forward", my_function)
