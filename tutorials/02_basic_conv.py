# %% [markdown]
# # 2 · The loop: `basic_conv`
#
# After this notebook you can
#
# - read the four loops of a convolution, and say which loop chooses and which loop adds;
# - find three defects in a listing that has been printed and copied many times;
# - work out how large the answer is, for any window, stride and padding;
# - connect the article's loop with the one that trains networks in loopnet: three loops more, nothing else.
#
# [Notebook 1](01_an_image_is_an_array.ipynb) showed *what* a filter does. Here is *how*.

# %%
import numpy as np
from figures import IMAGE, SIGNED, cells, stops
from lesson import picture, source, stepper

from loopnet import datasets, get_ops
from loopnet.article import basic_conv, basic_conv_njit
from loopnet.exercises import check
from loopnet.kernels.conv2d import conv2d_forward
from loopnet.stepper import step

# %% [markdown]
# ## Four loops
#
# This is the loop of the article *Convolutional neural networks* that loopnet grew from. What you see is the source
# of the function that runs below: the cell prints the file itself, [`loopnet/article.py`](../loopnet/article.py).

# %%
source(basic_conv)

# %% [markdown]
# Read it from the outside in.
#
# - `res_y` and `res_x` **choose** one cell of the answer.
# - `filter_y` and `filter_x` **walk** over the window beneath it, and add up.
#
# As a formula, with the same four letters' worth of loops:
#
# $$\text{out}[y, x] \;=\; \sum_{f_y} \sum_{f_x}\; \text{filter}[f_y, f_x] \cdot
# \text{image}[\,y \cdot \text{stride} + f_y,\; x \cdot \text{stride} + f_x\,]$$
#
# Each Σ is one `for`, and what stands behind the Σ is one line. That is all the mathematics there is.
#
# Try it on an image whose numbers you can follow: 5×5 pixels, numbered from 1 to 25, and a filter that picks the
# middle of the window and takes away its left neighbour.

# %%
image = np.arange(1, 26).reshape(5, 5)
filter = np.array([[0, 0, 0], [-1, 1, 0], [0, 0, 0]])
out = np.zeros((3, 3), int)

basic_conv(image, out, 5, 5, 3, 3, filter, 3, 1)
print(out)

# %% [markdown]
# Now watch it. The **stepper** runs the loop above on these numbers and keeps every step. Run this cell in Jupyter,
# and walk with `→`; on a page that runs no programs you see one step of it.

# %%
trace = step(basic_conv, image, out, 5, 5, 3, 3, filter, 3, 1)
terms = trace.terms((1, 1))
stepper(
    trace,
    terms[4].step,
    "The stepper at the fifth product of out[1, 1]: the source with the current line marked; the image with a frame "
    "round the window, the filter, and the answer, half of it filled; and the window times the filter, product by "
    "product.",
)

# %%
print("out[1, 1] is made of")
for term in terms:
    weight, pixel = term.reads
    print(f"  filter{weight.index} · image{pixel.index} = {weight.value:2} · {pixel.value:2} = {term.added:3.0f}")

# %% [markdown]
# Every pixel is one more than its left neighbour, so every answer is 1. And the answer is 3×3, not 5×5: a window of
# three has only three places to stand in a row of five.

# %% [markdown]
# ## Defect 1: a stride that does nothing
#
# The **stride** is how far the window moves from one stop to the next. The listing as it was printed ends its loops
# with
#
#     res_x += (stride - 1)
#
# which looks as if it skipped some stops. It does not. Python's `for` takes the next number from the range, whatever
# the body did to the variable:

# %%
for res_x in range(4):
    print(res_x, end="  ")
    res_x += 1  # printed, and forgotten

# %% [markdown]
# So the printed loop gave the answer of stride 1, whatever stride was asked for. (In C, `for (x = 0; x < 4; x++)` would
# have skipped. The listing was thought in one language and written in another.) In `loopnet.article` the stride stands
# where it belongs, in the line that says where the window lies: `image_y = (res_y * stride) + filter_y`.

# %%
by_hand = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])  # the middle of each window
out = np.zeros((2, 2), int)
basic_conv(image, out, 5, 5, 2, 2, by_hand, 3, 2)

picture(
    cells(
        [image, out],
        ["5x5 image, four windows at stride 2", "the middle of each"],
        boxes={0: [(0, 0, 3, 3), (0, 2, 3, 3), (2, 2, 3, 3), (2, 0, 3, 3)]},
        form="{:.0f}",
        limit=40,
    ),
    "A 5 by 5 grid numbered 1 to 25 with four overlapping 3 by 3 frames, two cells apart; and the 2 by 2 answer "
    "7, 9, 17, 19: the middle of each frame.",
)

# %% [markdown]
# ## Defect 2: bytes that wrap
#
# Images come as bytes, and so may filters. A product of two bytes does not fit into a byte. NumPy says nothing, or at
# most a warning; the answer is wrong:

# %%
white = np.full((3, 3), 200, np.uint8)
twos = np.full((3, 3), 2, np.uint8)
out = np.zeros((1, 1), int)

with np.errstate(over="ignore"):
    print("in bytes:   ", basic_conv(white, out, 3, 3, 1, 1, twos, 3, 1)[0, 0])
print("in integers:", basic_conv(white.astype(int), out, 3, 3, 1, 1, twos, 3, 1)[0, 0], "= 9 · 200 · 2")

# %% [markdown]
# The remedy is not in the loop but before it: convert the image first. Networks convert to floats from 0 to 1.
#
# ## Defect 3: where a line is indented
#
# In print, `out[res_y][res_x] = result_element` had slipped to the left. In Python the indentation *is* the program.
# One level less, and only the last window of a row is written down; without the reset `result_element = 0` each
# answer would contain all the answers before it. You can find all that was mended in the docstring:
# `help(basic_conv)`.
#
# ## How large is the answer?
#
# A window of 3 on a row of 6 has 4 places to stand. With a **padding** of 1, a border of zeros all round, it has 6:
# as many as there are pixels. With stride 2 it stops at every other place.

# %%
picture(
    stops(6, [(3, 1, 0), (3, 1, 1), (3, 2, 0), (2, 2, 0)]),
    "Four drawings of a row of six pixels with the windows below it: window 3 stops 4 times; with a padding of 1 "
    "it stops 6 times; with stride 2, without padding, twice, and the last pixel is not seen; window 2 with "
    "stride 2 stops 3 times.",
)

# %% [markdown]
# $$\text{out} = \left\lfloor \frac{\text{in} + 2\,\text{pad} - \text{window}}{\text{stride}} \right\rfloor + 1$$
#
# The half brackets mean: round down. In the third drawing something is left over, and the last pixel is never looked
# at. Dumoulin and Visin (2016), *A guide to convolution arithmetic for deep learning*, draw every case.
#
# Keras gives two of these choices a name: `"valid"` is no padding, `"same"` pads so that at stride 1 the size stays.


# %%
def out_size(size, window, stride=1, pad=0):
    return (size + 2 * pad - window) // stride + 1


print("28x28 digit, 5x5 window:       ", out_size(28, 5))
print("5x5 image, 3x3 window, stride 2:", out_size(5, 3, stride=2))
print("5x5 image, 3x3 window, pad 1:   ", out_size(5, 3, pad=1))

# %% [markdown]
# ## A digit through the loop
#
# Python needs a moment for each of these additions. `basic_conv_njit` is the *same* function, compiled to machine
# code by [Numba](https://numba.pydata.org). Same source, same answer, to the last bit:

# %%
(x_train, y_train), _ = datasets.digits.load_data(28)
digit = x_train[9].astype(float)
edge = np.array([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])

slow, fast = np.zeros((26, 26)), np.zeros((26, 26))
basic_conv(digit, slow, 28, 28, 26, 26, edge, 3, 1)
basic_conv_njit(digit, fast, 28, 28, 26, 26, edge, 3, 1)
print("the same bits:", np.array_equal(slow, fast))
print("multiplications and additions:", 26 * 26 * 3 * 3)

# %% [markdown]
# How much faster? That is measured in [notebook 8](08_the_ladder.ipynb).
#
# ## Seven loops: the loop that trains
#
# A network has more to do: many images at a time (a **batch**), several input **channels**, and many filters. And it
# pads. loopnet's loop is this one:

# %%
source(conv2d_forward)

# %% [markdown]
# Compare it with the four loops above.
#
# | article | here | what it does |
# |---|---|---|
# | | `n` | chooses an image of the batch |
# | `res_y`, `res_x` | `i`, `j` | choose a place in the answer |
# | | `k` | chooses a filter |
# | `filter_y`, `filter_x` | `r`, `s` | walk over the window |
# | | `c` | walks over the channels |
# | `result_element` | `total` | adds up; starts at the filter's **bias** `b[k]`, a number added to every answer |
#
# $$y[n, i, j, k] = b[k] + \sum_{r, s, c}
# x[n,\; i \cdot s_h + r - p_h,\; j \cdot s_w + s - p_w,\; c] \cdot w[r, s, c, k]$$
#
# Three details are worth a second look.
#
# - **No border is ever built.** Where the window hangs over the edge, `if 0 <= row < height ...` skips the product.
#   Zero times anything is nothing to add.
# - **The sum starts from the bias**, not from 0.
# - **`prange`** in the outermost loop means: these turns do not disturb each other, they may run at the same time. For
#   Python it is an ordinary `range`.
#
# With one image, one channel and one filter the two loops are the same function:

# %%
x = digit.reshape(1, 28, 28, 1)
w, b = edge.reshape(3, 3, 1, 1), np.zeros(1)
y = np.empty((1, 26, 26, 1))
get_ops("literal").conv2d_forward(x, w, b, y, (1, 1), (0, 0))
print("basic_conv and conv2d_forward agree:", np.array_equal(y[0, :, :, 0], fast))

y = np.empty((1, 28, 28, 1))
get_ops("literal").conv2d_forward(x, w, b, y, (1, 1), (1, 1))
print("with a padding of 1 the answer is", y[0, :, :, 0].shape)

# %% [markdown]
# ## A word about words
#
# In a mathematics book, a *convolution* turns the filter upside down and back to front before it multiplies. What all
# networks compute does not, and its proper name is **cross-correlation**. As the weights are learned, it makes no
# difference: the network simply learns the other filter. But if you compare with `scipy.signal.convolve`, you will
# meet it:

# %%
tilted = np.array([[0.0, 0, 1], [0, 0, 0], [0, 0, 0]])
point = np.zeros((5, 5))
point[2, 2] = 1
ours, textbook = np.zeros((3, 3)), np.zeros((3, 3))
basic_conv(point, ours, 5, 5, 3, 3, tilted, 3, 1)
basic_conv(point, textbook, 5, 5, 3, 3, tilted[::-1, ::-1], 3, 1)

picture(
    cells(
        [point, tilted, ours, textbook],
        ["image", "filter", "networks", "mathematics"],
        colours=[IMAGE, SIGNED, IMAGE, IMAGE],
        size=2.0,
        form="{:.0f}",
    ),
    "A 5 by 5 image with a single 1 in the middle; a filter with a 1 in its upper right corner; without flipping "
    "the 1 lands in the lower left corner of the answer, with flipping in the upper right.",
)

# %% [markdown]
# ## Exercises
#
# 1. **On paper.** A 32×32 image goes through a 5×5 window, then through a 2×2 window with stride 2, then again through
#    both. How large is it after each? (These are the first four layers of LeNet-5.)
# 2. **Which pads?** Which padding keeps the size for a 3×3, a 5×5 and a 7×7 window at stride 1? Why are windows
#    nearly always odd?
# 3. **Rectangles.** The article's loop has one `filter_dim`. Which lines would have to change for a filter of 3 rows
#    and 5 columns?
# 4. **Order.** Put the two inner loops outside and the two outer loops inside. What has to be done before the loops
#    begin? Is it still the same answer, bit for bit?
#
# ## Write the loop yourself
#
# Reading a loop and writing one are two things. `check` takes your function, tries it on cases of its own, and says
# in words what is wrong. Here is a first attempt; it makes the mistake of the printed listing:


# %%
def basic_conv_attempt(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    for res_y in range(out_height):
        for res_x in range(out_width):
            total = 0
            for filter_y in range(filter_dim):
                for filter_x in range(filter_dim):
                    total += filter[filter_y][filter_x] * image[res_y + filter_y][res_x + filter_x]
            out[res_y][res_x] = total
            res_x += stride - 1
        res_y += stride - 1


verdict = check("basic_conv", basic_conv_attempt, seed=1)

# %% [markdown]
# Mend it. Then go on with
#
#     from loopnet.exercises import starter
#     print(starter("strided_conv"))     a step of its own down and across, rectangular filters
#     print(starter("padded_conv"))      "same" padding, without storing a single zero
#
# and `check("strided_conv", your_function)`. On the command line: `loopnet check strided_conv my_file.py`.
