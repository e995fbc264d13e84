# %% [markdown]
# # 8 · The ladder: from hours an epoch to half a second
#
# After this notebook you can
#
# - say why Python is slow at loops, and what a compiler does about it;
# - say when a loop may be shared among cores, and what goes wrong when it may not;
# - explain how the order of numbers in memory decides the speed, with the same sums;
# - read a roofline, and tell whether a loop could be any faster.
#
# Times below were taken **on the machine this was run on**, next to other work. Yours will differ. Look at the ratios.

# %%
import json
import time
from pathlib import Path

import numpy as np
from figures import bars, layouts, roofline
from lesson import at_most, picture, source

import loopnet
from loopnet import datasets, get_ops
from loopnet.kernels.conv2d import conv2d_forward
from loopnet.kernels.tuned import conv2d as tuned
from loopnet.lenet import lenet5

(x_train, y_train), _ = datasets.load_for("digits", (32, 32, 1))
RUNGS = ("python", "literal", "parallel", "tuned")

# %% [markdown]
# ## One network, four rungs
#
# LeNet-5 can be trained on each **rung** of a ladder. A rung is a way to run the same loops:
#
# | rung | what is run |
# |---|---|
# | `python` | the loop as you have read it |
# | `literal` | the same source, compiled, on one core |
# | `parallel` | the same source, compiled, shared among the cores |
# | `tuned` | other loops for the same sums |
#
# First things first: do they agree? Two steps of training on each, from the same weights:


# %%
def network(rung):
    model = lenet5(seed=1)
    model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), backend=rung)
    return model


trained = {}
for rung in RUNGS:
    model = network(rung)
    for _ in range(2):
        model.train_on_batch(x_train[:2], y_train[:2])
    trained[rung] = model.layers[2].weights[0].copy()

for rung in ("literal", "parallel", "tuned"):
    apart = np.abs(trained[rung] - trained["python"]).max()
    same = np.array_equal(trained[rung], trained["python"])
    print(f"{rung:9} {'the same bits as Python' if same else f'at most {apart:.0e} apart from Python'}")

# %% [markdown]
# `literal` and `parallel` add in the same order as Python, so even the rounding is the same. `tuned` adds in another
# order. Float addition rounds, so the last digits may differ: (a + b) + c is not always a + (b + c).
#
# ## How long is an epoch?
#
# MNIST has 60,000 images. Nobody waits for Python to see them all, so take the time of two, and multiply. The
# compiled rungs get batches of 128. They take turns, round after round, and of each the best time counts: whatever
# else runs on the machine can only make it slower.

# %%
EPOCH, BATCH = 60_000, 128


def timed(model, images):
    """Seconds for one step of training on so many images."""
    start = time.perf_counter()
    model.train_on_batch(x_train[:images], y_train[:images])
    return time.perf_counter() - start


seconds = {"python": timed(network("python"), 2) / 2 * EPOCH}
models = {rung: network(rung) for rung in RUNGS[1:]}
for model in models.values():
    timed(model, BATCH)  # the first step also compiles
best = dict.fromkeys(models, float("inf"))
for _ in range(at_most(20, 2)):
    for rung, model in models.items():
        for _ in range(10 if rung == "tuned" else 1):
            best[rung] = min(best[rung], timed(model, BATCH))
seconds |= {rung: best[rung] / BATCH * EPOCH for rung in models}


def in_words(s):
    return f"{s / 3600:.1f} hours" if s > 3600 else f"{s:.0f} s" if s >= 10 else f"{s:.2g} s"


below = None
for rung, s in seconds.items():
    than = f", {below / s:,.1f} times as fast as the rung below" if below else ""
    print(f"{rung:9} {in_words(s):>10} an epoch{than}")
    below = s
print(f"\nfrom the bottom to the top: {seconds['python'] / seconds['tuned']:,.0f} times")

picture(
    bars(list(seconds), list(seconds.values()), [in_words(s) for s in seconds.values()], "seconds an epoch"),
    "Bars on a logarithmic scale: python takes hours for an epoch, literal about a minute, parallel half of that, "
    "tuned less than a second.",
)

# %% [markdown]
# One step of training, with everything around it: forward, loss, backward, Adam. The axis is **logarithmic**: each
# gridline is ten times the one before. On an ordinary axis all bars but the first would have no length at all.
#
# (`parallel` gains only where there are idle cores. The machine that this was run on was busy with other work at the
# time; with two cores to itself it ran the loops of a convolution 1.7 to 2.9 times as fast as `literal`: see the
# [results](../benchmarks/results/cpu.md).)
#
# ## Rung 1: why Python is slow
#
# Look at one line of the loop: `total += x[n, row, col, c] * w[r, s, c, k]`. For Python, `total` could be anything,
# even a text. So *each time* it makes two tuples of indices, asks NumPy for an element, wraps it up as an object,
# looks up what `*` means for these objects, makes a new object for the product, and one for the sum. The
# multiplication itself is the smallest part.
#
# ## Rung 2: compile
#
# [Numba](https://numba.pydata.org) translates the same function to machine code, once it has seen that `x` and `w`
# are arrays of 32-bit floats. What is left is one load, one more, a multiplication and an addition. Nothing is
# written anew:

# %%
literal = get_ops("literal").conv2d_forward
print("compiled from the very same code:", literal.py_func.__code__ is conv2d_forward.__code__)

# %% [markdown]
# ## Rung 3: share the work
#
# The outermost loop says `prange`: its turns may run at the same time, on several cores. When is that allowed? When
# **no two turns write the same number**. In the forward loop a turn owns one image of `y`: nobody else writes there.
#
# It is also the reason why backward is *two* loops. In one loop each output would push its share to the pixels *and*
# to the weights; but all images share the weights, so two cores would add to the same `dw` at the same time, and now
# and then one would overwrite what the other had just written: a **race**. So `backward_weights` turns the loops
# round: each turn owns one filter of `dw`, and collects. No locks, and the same bits whatever the number of cores.
#
# ## Rung 4: the same sums in another order
#
# A modern core has a **vector unit**: one instruction multiplies and adds 4, 8 or 16 numbers at once, if they lie
# side by side in memory and all get the same treatment. The textbook loop gives it little to do. Its innermost loop
# runs over the channels: 1 in the first layer, 6 in the second.
#
# But there are many images, and pixel (i, j) of one gets exactly the treatment of pixel (i, j) of the next. So store
# the images side by side, each in its own **lane**:

# %%
picture(
    layouts(),
    "Two strips of coloured squares, a colour for each of four images. Above, the images lie one after another, "
    "in runs of three channels. Below, the four colours alternate, and the runs are sixteen squares long.",
)

# %% [markdown]
# Each square is a pixel: its column 0 to 3, its channel a, b or c; the colour is the image. The black line is what the
# innermost loop can run along. With 32 images and 10 columns that is 320 numbers, however few the channels.
#
# The second trick is **reuse**. To load a number takes as long as to multiply it. The loop below computes two filters
# in two rows at a time: each pixel meets two weights, each weight two pixels. Per step, 10 pixels and 4 sums are loaded
# for 20 multiply-adds. Names and sums are those of the textbook loop; what is new is the order. The innermost loop runs
# over `t`, along the lanes:

# %%
source(tuned.conv2d_forward)

# %% [markdown]
# And third, convolution, ReLU and pooling are done in one go, so that the 28×28 maps between them are never written
# to memory at all. (`loopnet.plan` decides where.) Where images fill vectors, and the processor has AVX-512 with its
# many registers, the four outputs of a pooling window are then computed together: LeNet-5's first layer runs that
# loop, in [`pooling_tile.py`](../loopnet/kernels/tuned/pooling_tile.py).
#
# Fourth, **fewer products**. Two outputs beside each other, of a window five columns wide, take ten products a row.
# Winograd found six that will do, for some more additions, and four for the six of a window three wide. Where a sum has
# many terms and a batch 16 images or more, it is that loop that runs: in LeNet-5's second convolution. How it works
# stands at the head of [`winograd.py`](../loopnet/kernels/tuned/winograd.py).
#
# ## Could it be faster still? The roofline
#
# A machine has two limits: how many multiply-adds it can do in a second, and how many bytes it can move. Which one
# holds a loop back depends on how much it computes with each byte (Williams, Waterman, Patterson, 2009, *Roofline*).
# For the second convolution, 128 images:

# %%
batch = 128
flops = 2 * batch * 10 * 10 * 16 * (5 * 5 * 6)  # a multiply-add counts as two operations
touched = 4 * (batch * 14 * 14 * 6 + 5 * 5 * 6 * 16 + 16 + batch * 10 * 10 * 16)  # x, w, b and y, 4 bytes a number
print(f"{flops / 1e6:.1f} million operations, {touched / 1e6:.2f} million bytes: {flops / touched:.0f} for each byte")

# %% [markdown]
# The picture shows what `loopnet bench kernels` measured for the forward loops of LeNet-5; the numbers and the
# machine are in [`benchmarks/results`](../benchmarks/results/cpu.md). Under the slanted roofs a loop waits for data,
# under the flat one for arithmetic.

# %%
results = json.loads(Path("../benchmarks/results/cpu.json").read_text())["kernels"]
points, shares = [], []
for row in results["rows"]:
    if row["net"] == "a" and row["operation"] in ("conv2d_forward", "dense_forward"):
        for entry in row["rungs"]:
            if entry["rung"] in RUNGS:
                points.append((entry["rung"], row["flops"] / row["bytes"], entry["gflops"]["median"]))
                if entry["rung"] == "tuned":
                    share = entry["gflops"]["median"] / row["peak_gflops"]["median"]
                    shares.append(f"{row['layer']}: {share:.0%} of the peak")
print("; ".join(shares))

picture(
    roofline(results["roofs"], points),
    "A roofline: operations a byte across, billions of operations a second upwards, both logarithmic. Python's "
    "points lie near the bottom, the compiled ones a hundred times higher, the tuned ones close to the roof.",
)

# %% [markdown]
# Python's loops lie more than ten thousand times below the roof; the tuned ones are close to it. One may even lie above
# it: the operations are those of the textbook, and the second convolution gets by with fewer. Whoever wants more needs
# that, or another machine ([the next notebook](09_cuda.ipynb)).
#
# ## What to take with you
#
# - First make it right, then measure, then make it fast; and check that it is still right.
# - Compiling is the largest step, and it is free.
# - After that, memory decides: what lies next to what, and how often it is loaded.
#
# ## Exercises
#
# 1. **Amdahl.** Suppose pooling takes 5 % of a step, and you make everything else infinitely fast. How many times as
#    fast is the step?
# 2. **Threads.** Set `NUMBA_NUM_THREADS=1` (see `loopnet doctor`) and run this notebook again. Which rungs change,
#    and by how much?
# 3. **A race.** In `conv2d_backward_weights`, make the loop over `n` the parallel one. Why do the results now differ
#    from run to run?
# 4. **Order.** Copy `conv2d_forward` to a file, move the loop over `k` inside the loop over `c`, compile both with
#    `numba.njit`, and time them. Which one is faster with 16 filters? Why?
# 5. **Your loop on the ladder.** `dataclasses.replace(get_ops("parallel"), conv2d_forward=mine)` trains LeNet with
#    *your* loop (`model.compile(..., backend=ops)`). Where does it stand between the bars above?
#
# ## Write it yourself
#
# `check` tries your function on cases of its own, and says in words what is wrong.
#
# | exercise | what to write |
# |---|---|
# | `parallel_backward_weights` | with `prange`, and no race |
# | `vector_dense` | a dense layer whose innermost loop fills the vector unit |
#
#     from loopnet.exercises import check, starter
#     print(starter("vector_dense"))
#     check("vector_dense", my_function)
