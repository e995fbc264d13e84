# %% [markdown]
# # 1 · An image is an array
#
# After this notebook you can
#
# - say what shape, type and range the numbers of an image have, grey or in colour;
# - work out by hand what a small filter makes of a piece of an image;
# - read an edge filter's answer, sign included;
# - avoid the two classic accidents: wrapping bytes, and swapped channels.
#
# You need Python and a little NumPy. There is no learning yet: every number in the filters below is written by hand.
# That a network can *find* such numbers is the story of the later notebooks.

# %%
import numpy as np
from figures import AMOUNT, IMAGE, SIGNED, cells, images
from lesson import photograph, picture

from loopnet import datasets, plot

# %% [markdown]
# ## Numbers that look like a seven
#
# loopnet comes with 1,797 handwritten digits, eight pixels high and eight wide ([the UCI digits](
# ../loopnet/datasets/DIGITS.md)). A **pixel** is one number: how much ink there is, from 0 for none to 255 for all.

# %%
(x_train, y_train), (x_test, y_test) = datasets.digits.load_data(8)
seven = x_train[y_train == 7][1]
print(x_train.shape, x_train.dtype, "— 1,437 images, 8 rows, 8 columns, one byte a pixel")

picture(
    cells([seven], ["one image: 8 rows of 8 numbers"], size=3.6),
    "An 8 by 8 grid of grey squares that form a handwritten seven with a bar across its stem; in each square "
    "stands its number, 0 to 255.",
)

# %% [markdown]
# `seven[i, j]` is the pixel in **row** `i`, counted from the top, and **column** `j`, counted from the left. Row first:
# as in a matrix, not as in a graph. A byte (`uint8`) holds the whole numbers 0 to 255 and nothing else. This will
# matter in a minute.
#
# ## A filter, by hand
#
# A **filter** is a small grid of numbers, called **weights**. Here is the *vertical edge* filter:
#
#     -1  0  1
#     -1  0  1
#     -1  0  1
#
# Lay it on a piece of the image of the same size, the **window**. Multiply each pixel with the weight above it, and add
# everything up. One window gives one number:

# %%
vertical = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])

window = seven[2:5, 4:7].astype(int)  # rows 2, 3, 4 and columns 4, 5, 6
products = window * vertical
print(products)
print("sum:", products.sum())

picture(
    cells(
        [seven, window, vertical, products],
        ["the image, and a window", "the window's pixels", "times the filter", f"products; sum {products.sum()}"],
        boxes={0: [(2, 4, 3, 3)]},
        colours=[IMAGE, IMAGE, SIGNED, SIGNED],
        size=2.3,
        form="{:.0f}",
    ),
    "Four grids: the seven with an orange frame of 3 by 3 pixels, the framed pixels, the filter, and the nine products "
    f"with their sum {products.sum()}.",
)

# %% [markdown]
# Why does this find edges? Where all pixels are alike, the left column cancels the right one, and the sum is 0. Where
# it is brighter on the right than on the left, the sum is large. Where it is brighter on the left, it is large and
# *negative*. So the answer has a sign: **which way** the edge faces.

# %%
flat, rising, falling = np.full((3, 3), 90), np.array([[0, 90, 200]] * 3), np.array([[200, 90, 0]] * 3)
for name, piece in (("flat", flat), ("brighter on the right", rising), ("brighter on the left", falling)):
    print(f"{name:24} {(piece * vertical).sum():5}")

# %% [markdown]
# ## Every window
#
# Now slide the window over the whole image, and write the answer down at every stop. This is called a
# **convolution**, and `plot.convolve` does it, with a border of zeros so that the answer is as large as the image.
# (Its loop is the subject of [the next notebook](02_basic_conv.ipynb).)

# %%
answer = plot.convolve(seven, vertical)
print("our window's answer again:", answer[3, 5])

picture(
    cells([seven, answer], ["image", "vertical edges"], colours=[IMAGE, SIGNED], size=3.6, form="{:.0f}"),
    "The seven, and its answer to the vertical edge filter: purple cells along the left side of the strokes, orange "
    "cells along the right side, white where nothing changes.",
)

# %% [markdown]
# Purple is above 0, orange below, white is 0. A stroke has two edges: one where the ink begins (purple), one where it
# ends (orange).
#
# The two filters below are the first pair that most courses show. Turn the filter by a quarter, and it answers to
# horizontal strokes instead.

# %%
(large, labels), _ = datasets.digits.load_data(20)
large = np.pad(large, ((0, 0), (4, 4), (4, 4)))  # a border of black, as MNIST's digits have
picture(
    plot.plot_convolution(large[:5], vertical, "Vertical edge filter"),
    "Five digits, and below them their vertical edges in purple and orange.",
)
picture(
    plot.plot_convolution(large[:5], vertical.T, "Horizontal edge filter: the same, turned by a quarter"),
    "The same five digits, and below them their horizontal edges in purple and orange.",
)

# %% [markdown]
# ## Colour: three arrays in one
#
# A colour image has a third axis, the **channels**: red, green, blue. Its shape is `(height, width, 3)`. Three
# channels are three grey images of the same scene.

# %%
photo = photograph()
print(photo.shape, photo.dtype)

red, green, blue = photo[..., 0], photo[..., 1], photo[..., 2]
picture(
    images([photo, red, green, blue], ["colour", "channel 0: red", "channel 1: green", "channel 2: blue"]),
    "A photograph of a woman in navy uniform before a flag; and its red, green and blue channels as grey images. The "
    "red of the flag is bright in the red channel and dark in the other two; its stars are bright in all three.",
)

# %% [markdown]
# (Rear Admiral Grace Hopper, who wrote one of the first compilers. In [notebook 8](08_the_ladder.ipynb) a compiler will
# make our loops some hundred times faster. The photograph is the US Navy's, and comes with matplotlib.)
#
# Look at the flag: its red is bright in the red channel and dark in the others; its white stars are bright in all
# three.
#
# ## Blur, sharpen, find edges
#
# The same loop, with other numbers, gives the effects of any photo editor.
#
# | filter | its weights | what it does |
# |---|---|---|
# | blur | nine times 1/9 | the mean of the neighbourhood |
# | sharpen | 5 in the middle, −1 on four sides | the pixel, plus how much it differs from its neighbours |
# | edge | 8 in the middle, −1 all round | *only* how much it differs |
#
# In a colour picture each channel is filtered by itself.

# %%
blurred, sharpened = plot.convolve(photo, "blur"), plot.convolve(photo, "sharpen")
edges = np.minimum(np.abs(plot.convolve(photo, "edge")).mean(axis=2), 300)

shown = [photo, *(np.clip(p, 0, 255).astype(np.uint8) for p in (blurred, sharpened)), edges]
picture(
    images(shown, ["image", "blur", "sharpen", "edge (size, not sign)"], [IMAGE] * 3 + [AMOUNT]),
    "The photograph; the same softened; the same with crisper contours; and a dark picture in which only contours "
    "glow.",
)

# %% [markdown]
# Add up the weights of a filter, and you know what it makes of a flat region. Blur and sharpen add up to 1: a flat
# region keeps its brightness. The edge filters add up to 0: a flat region turns black.
#
# ## Two accidents
#
# **Bytes wrap.** Sharpening asks for numbers below 0 and above 255. A byte cannot hold them, and does not say so: it
# starts again from the other end, as a clock does. The remedy is to compute with wider numbers and to **clamp** at
# the end: everything below 0 becomes 0, everything above 255 becomes 255.

# %%
a, b = np.uint8([200]), np.uint8([100])
print("200 + 100 in bytes:", (a + b)[0])

print("sharpened, the smallest and the largest number:", sharpened.min(), sharpened.max())
clamped = np.clip(sharpened, 0, 255).astype(np.uint8)
wrapped = sharpened.astype(np.int64).astype(np.uint8)  # what a careless program shows

# %% [markdown]
# **Channels get swapped.** The numbers do not say which channel is which. Some programs write blue first (OpenCV reads
# files that way). Nothing fails; the picture is only wrong.

# %%
picture(
    images(
        [clamped, wrapped, photo[..., ::-1]],
        ["sharpened, clamped", "sharpened, bytes wrapped", "red and blue swapped"],
        columns=3,
        size=2.3,
    ),
    "Left, the sharpened photograph. Middle, the same with loud false colours in the brightest and darkest places. "
    "Right, the photograph with a blue face before an orange background.",
)

# %% [markdown]
# ## What to take with you
#
# - An image is an array: `(height, width)` in grey, `(height, width, channels)` in colour.
# - A filter asks one question of every window: *how much do you look like me?*
# - In this notebook we chose the weights. A convolutional network chooses them itself, by trial and correction. That
#   idea is LeCun and others' (1989), *Backpropagation applied to handwritten zip code recognition*.
#
# ## Exercises
#
# 1. **On paper.** What does the filter with a 1 in the middle and zeros round it do? And with the 1 at the right end of
#    the middle row? Check with `plot.convolve`.
# 2. **Diagonals.** Write a 3×3 filter that answers to strokes going up to the right, such as the long one of a 7.
#    Show it with `plot.plot_convolution`. Do its weights add up to 0?
# 3. **Grey.** Turn `photo` into one grey image: 0.299 red + 0.587 green + 0.114 blue (the weights of ITU-R BT.601).
#    Why is green counted most?
# 4. **Far neighbours.** Blur with a 9×9 mean. What happens along the border of the picture, and why? (What does the
#    filter see there?)
# 5. **Twice.** Blur the blurred image again. Which single 5×5 filter does the same in one go, away from the border?
#    Convolve the 3×3 blur with itself to find out.

# %%
# your turn: change these numbers
mine = [[0, 0, 0], [0, 0, 1], [0, 0, 0]]

picture(
    plot.plot_convolution(large[:5], mine, "my filter"),
    "Five digits, and the same five shifted by one pixel to the left.",
)

# %% [markdown]
# ## Write it yourself
#
# `check` tries your function on cases of its own, and says in words what is wrong. This is the task:

# %%
from loopnet.exercises import check, starter  # noqa: E402

print(starter("convolve_pixel"))


# %%
def convolve_pixel(image, filter, row, column):
    return 0  # your turn


verdict = check("convolve_pixel", convolve_pixel, seed=1)
