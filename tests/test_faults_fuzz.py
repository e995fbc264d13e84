"""Shapes, strides, paddings, dilations, groups, dtypes and memory layouts by chance: the oracle's answer or a refusal.

Convolutions, dense layers and moves get small whole numbers, whose sums no rounding changes: there the answer must be
exact, in whatever order a rung adds up. The rest may be off by rounding.
"""

import math
import os
from typing import Any

import checks
import numpy as np
import oracle
import pytest
from cases import (
    Colours,
    Conv,
    Conv3D,
    Crops,
    Dense,
    Distort,
    Drop,
    Frame,
    Fused,
    Join,
    Noise,
    Pool,
    Pool3D,
    Resize,
    Slopes,
    Subsample,
    Table,
    Turn,
    Upsample,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tally import HEAVY, fault, many

from loopnet import Model, layers
from loopnet.layers.augmentation import FILLS
from loopnet.model import Sequential
from loopnet.ops import get_ops
from loopnet.shapes import several, window_geometry

RUNGS = ("literal", "parallel", "tuned")
COMPILED = settings(
    deadline=None, database=None, derandomize=not HEAVY, suppress_health_check=list(HealthCheck), print_blob=True
)
# with the bounds checked (test_faults_bounds.py), every loop is compiled anew: one type must do
DTYPES = ("float32",) if os.environ.get("NUMBA_BOUNDSCHECK") else checks.DTYPES
BATCH = st.sampled_from([1, 2, 3, 7, 16, 17, 33])
SMALL = st.integers(1, 5)


def sizes(count: int, least: int = 1, most: int = 9) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[st.integers(least, most)] * count)


@st.composite
def windows(draw: Any, axes: int, window: int = 5, dilates: bool = False, frames: bool = True) -> tuple[Any, ...]:
    """Pixels, window, stride, dilation, padding before and stops, of a window that fits; by other means than ours."""
    pixels, stride = draw(sizes(axes)), draw(sizes(axes, most=4))
    taps, dilation = draw(sizes(axes, most=window)), draw(sizes(axes, most=3)) if dilates else (1,) * axes
    covers = oracle.spread(taps, dilation)
    padding = draw(st.sampled_from(["valid", "same", "frame"] if frames else ["valid", "same"]))
    if padding == "same":
        zeros = [oracle.same_padding(*axis)[1:] for axis in zip(pixels, covers, stride, strict=True)]
    else:
        zeros = [(0, 0)] * axes if padding == "valid" else draw(st.tuples(*[sizes(2, 0, 4)] * axes))
    stops = [len(range(0, n + sum(z) - c + 1, s)) for n, z, c, s in zip(pixels, zeros, covers, stride, strict=True)]
    spelled = tuple(tuple(z) for z in zeros) if padding == "frame" else padding
    try:
        answer = window_geometry("fuzz", pixels, taps, stride, spelled, dilation)
    except ValueError:
        assert min(stops) < 1, "refused a window that fits"
        pixels = tuple(max(n, c) for n, c in zip(pixels, covers, strict=True))
        stops = [len(range(0, n + sum(z) - c + 1, s)) for n, z, c, s in zip(pixels, zeros, covers, stride, strict=True)]
        answer = window_geometry("fuzz", pixels, taps, stride, spelled, dilation)
    assert answer == (tuple(stops), tuple(z[0] for z in zeros))
    return pixels, taps, stride, dilation, answer[1], answer[0]


@st.composite
def conv2d(draw: Any) -> Conv:
    pixels, taps, stride, _, pad, out = draw(windows(2))
    return Conv("fuzz", (draw(BATCH), *pixels, draw(SMALL)), taps, draw(SMALL), out, stride, pad)


@st.composite
def pool(draw: Any) -> Pool:
    pixels, taps, stride, _, pad, out = draw(windows(2, frames=False))
    return Pool("fuzz", (draw(BATCH), *pixels, draw(SMALL)), taps, out, stride, pad)


@st.composite
def conv3d(draw: Any) -> Conv3D:
    pixels, taps, stride, dilation, pad, out = draw(windows(3, window=3, dilates=True))
    groups = draw(st.integers(1, 3))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    return Conv3D("fuzz", (draw(BATCH), *pixels, channels), taps, filters, out, stride, dilation, pad, groups)


@st.composite
def pool3d(draw: Any) -> Pool3D:
    pixels, taps, stride, _, pad, out = draw(windows(3, window=3, frames=False))
    norm = draw(st.sampled_from([1.0, 2.0, 3.0]))
    return Pool3D("fuzz", (draw(BATCH), *pixels, draw(st.integers(1, 3))), taps, out, stride, pad, norm)


@st.composite
def frame(draw: Any) -> Frame:
    x, before, after = (draw(BATCH), *draw(sizes(4, most=5))), draw(sizes(3, 0, 3)), draw(sizes(3, 0, 3))
    out = tuple(map(sum, zip(x[1:4], before, after, strict=True)))
    return Frame("fuzz", x, before, out)  # type: ignore[arg-type]


@st.composite
def turn(draw: Any) -> Turn:
    shape = (draw(BATCH), *draw(st.lists(SMALL, min_size=1, max_size=4)))
    return Turn(shape, tuple(draw(st.permutations(range(len(shape) - 1)))))


@st.composite
def slopes(draw: Any) -> Slopes:
    image = draw(sizes(4, most=5))
    alpha = tuple(draw(st.sampled_from([1, size])) for size in image)
    return Slopes("fuzz", (draw(BATCH), *image), alpha)


@st.composite
def crops(draw: Any) -> Crops:
    x = (draw(BATCH), *draw(sizes(3)))
    return Crops("fuzz", x, (draw(st.integers(1, x[1])), draw(st.integers(1, x[2]))))


@st.composite
def join(draw: Any) -> Join:
    image, parts = draw(st.lists(SMALL, min_size=1, max_size=4)), draw(st.lists(SMALL, min_size=1, max_size=3))
    axis = draw(st.integers(1, len(image)))
    return Join("fuzz", (draw(BATCH), *image[: axis - 1], sum(parts), *image[axis:]), axis, tuple(parts))


@st.composite
def fused(draw: Any) -> Fused:
    window = draw(sizes(2, most=5))
    pixels = [draw(st.integers(w + 1, w + 7)) for w in window]
    return Fused("fuzz", (draw(BATCH), *pixels, draw(SMALL)), window, draw(SMALL))


WORDS = st.integers(0, 2**32 - 1)


@st.composite
def distort(draw: Any) -> Distort:
    limit, taps = st.floats(0, 3), 2 * draw(st.integers(0, 6)) + 1
    x, shift = (draw(BATCH), *draw(sizes(2)), draw(st.integers(1, 3))), draw(st.tuples(limit, limit))
    limits = draw(limit), draw(st.floats(0, 0.9)), draw(st.floats(0, 0.9))
    drawn = draw(st.integers(1, 9)), draw(WORDS), draw(WORDS), draw(st.sampled_from(sorted(FILLS)))
    return Distort("fuzz", x, shift, *limits, draw(limit), taps, *drawn)


@st.composite
def subsample(draw: Any) -> Subsample:
    window = draw(sizes(2, most=4))
    pixels = [draw(st.integers(w, 9)) for w in window]
    return Subsample("fuzz", (draw(BATCH), *pixels, draw(SMALL)), window)


@st.composite
def table(draw: Any) -> Table:
    channels = draw(SMALL)
    seen = st.lists(st.integers(0, channels - 1), min_size=1, max_size=channels, unique=True).map(tuple)
    return Table("fuzz", draw(sizes(2, most=4)), channels, tuple(draw(st.lists(seen, min_size=1, max_size=6))))


SHAPES = st.builds(lambda batch, rest: (batch, *rest), BATCH, st.sampled_from([1, 3]).flatmap(lambda n: sizes(n)))
ROWS = st.tuples(BATCH, st.integers(1, 12))
NORMALIZED = st.builds(lambda batch, rest: (batch + 1, *rest), BATCH, st.lists(SMALL, min_size=1, max_size=4))

CASES: dict[str, st.SearchStrategy[Any]] = {
    "conv2d": conv2d(),
    "pool": pool(),
    "average_pool": pool(),
    "conv3d": conv3d(),
    "max_pool3d": pool3d(),
    "average_pool3d": pool3d(),
    "lp_pool3d": pool3d(),
    "zero_pad": frame(),
    "upsample": st.builds(Upsample, st.just("fuzz"), st.tuples(BATCH, SMALL, SMALL, SMALL), sizes(2, most=4)),
    "resize": st.builds(Resize, st.just("fuzz"), st.tuples(BATCH, SMALL, SMALL, SMALL), sizes(2)),
    "prelu": slopes(),
    "crop": crops(),
    "colours": st.builds(Colours, st.just("fuzz"), st.tuples(BATCH, SMALL, SMALL, SMALL), st.floats(-3, 0)),
    "batch_norm": NORMALIZED,
    "dropout": st.builds(Drop, SHAPES, st.floats(0, 0.99), WORDS, WORDS),
    "channel_dropout": st.builds(Drop, st.tuples(BATCH, SMALL, SMALL), st.floats(0, 0.99), WORDS, WORDS),
    "gaussian": st.builds(Noise, SHAPES, st.floats(0, 10), WORDS, WORDS),
    "turn": turn(),
    "merge": SHAPES,
    "concatenate": join(),
    "dense": st.builds(Dense, st.just("fuzz"), BATCH, st.integers(1, 40), st.integers(1, 20)),
    "relu": SHAPES,
    "activations": SHAPES,
    "softmax_backward": ROWS,
    "softmax": ROWS,
    "log_softmax": ROWS,
    "losses": ROWS,
    "distort": distort(),
    "subsample": subsample(),
    "connections": table(),
    "rbf": st.tuples(BATCH, st.integers(1, 40), st.integers(1, 12)),
    "rescale": SHAPES,
    "optimizer": st.integers(1, 300),
    "weight penalty": st.integers(1, 3000),
    "clip": st.integers(1, 3000),
    "moves": SHAPES,
    "conv2d, relu, pool": fused(),
}
EXACT = {
    "conv2d", "conv3d", "dense", "zero_pad", "upsample", "turn", "moves", "connections", "relu", "conv2d, relu, pool",
    "merge", "concatenate", "prelu", "crop",
}  # fmt: skip


def whole(given: checks.Arrays) -> checks.Arrays:
    """The same numbers, rounded to whole ones between -8 and 8."""
    return {name: np.clip(np.round(3 * a), -8, 8) if a.dtype.kind == "f" else a for name, a in given.items()}


def check(operation: str, case: Any, dtype: str) -> None:
    rungs = [get_ops(name) for name in RUNGS]
    given = checks.OPERATIONS[operation].draw(case, dtype)
    if operation in EXACT:
        given = whole(given)
    want = checks.OPERATIONS[operation].expect(case, given)
    for ops in rungs:
        if not checks.is_offered(ops, operation) or not checks.is_tried(ops, case, dtype):
            continue
        with fault("fuzz: operations"):
            got = checks.run(ops, operation, case, given)
            assert got.keys() == want.keys()
            for name, expected in want.items():
                largest = np.abs(expected).max(initial=1)  # inputs are about 1: so large may be what cancels out
                allowed = 0 if operation in EXACT else 8 * checks.TOLERANCE[ops.name][dtype] * largest
                np.testing.assert_allclose(got[name], expected, rtol=0, atol=allowed, err_msg=f"{name} on {ops.name}")


@pytest.mark.parametrize("operation", CASES)
def test_operations_equal_the_oracle(operation):
    @settings(COMPILED, max_examples=many(8, 150))
    @given(CASES[operation], st.sampled_from(DTYPES))
    def examples(case, dtype):
        check(operation, case, dtype)

    examples()


def test_no_operation_is_left_out():
    assert CASES.keys() == checks.OPERATIONS.keys()


# ---- layers: arguments that fit, in every layout of memory


def laid_out(x: np.ndarray, how: str) -> np.ndarray:
    """The same numbers, lying otherwise in memory."""
    if how == "Fortran":
        return np.asfortranarray(x)
    if how == "backwards":
        return x[::-1].copy()[::-1]
    if how == "every other":
        return np.repeat(x, 2, axis=-1)[..., ::2]
    if how == "big-endian":
        return x.astype(x.dtype.newbyteorder(">"))
    if how == "read-only":
        x = x.copy()
        x.flags.writeable = False
        return x
    if how == "integers":
        return x.astype(np.int16)
    return x.tolist() if how == "lists" else x


LAYOUTS = ["C", "Fortran", "backwards", "every other", "big-endian", "read-only", "integers", "lists"]
CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
POOLS = {
    "max_pool3d": (layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D),
    "average_pool3d": (layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D),
}


@st.composite
def layer_and_answer(draw: Any) -> tuple[Any, np.ndarray, tuple[np.ndarray, ...], np.ndarray, str]:
    """A layer, a batch for it (channels last), its weights, its answer (channels last), and the order of channels."""
    axes, order = draw(st.integers(1, 3)), draw(st.sampled_from(["channels_last", "channels_first"]))
    random = np.random.default_rng(draw(WORDS))
    kind = draw(st.sampled_from(["conv", *POOLS]))
    pixels, taps, stride, dilation, pad, out = draw(windows(axes, window=3, dilates=kind == "conv", frames=False))
    same = out == tuple(-(-n // s) for n, s in zip(pixels, stride, strict=True))
    covers = oracle.spread(taps, dilation)
    valid = out == tuple((n - c) // s + 1 for n, c, s in zip(pixels, covers, stride, strict=True))
    padding = "valid" if valid and not any(pad) else "same"
    assert same or valid
    batch, missing = draw(BATCH), (1,) * (3 - axes)
    room = [tuple(missing) + tuple(numbers) for numbers in (stride, dilation)]
    before = (0,) * (3 - axes) + tuple(pad)
    if kind == "conv":
        groups = draw(st.integers(1, 2))
        channels, filters = groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 3))
        x = random.integers(-8, 9, (batch, *pixels, channels)).astype(np.float64)
        w = random.integers(-8, 9, (*taps, channels // groups, filters)).astype(np.float64)
        b = random.integers(-8, 9, filters).astype(np.float64)
        layer: Any = CONVOLUTIONS[axes - 1](
            filters, taps, stride, padding, data_format=order, dilation_rate=dilation, groups=groups
        )
        volume, none = x.reshape(batch, *missing, *pixels, channels), np.zeros((batch, *missing, *out, filters))
        y = oracle.conv3d(volume, w.reshape(*missing, *w.shape), b, none, room[0], room[1], before, groups)[0]
        return layer, x, (w, b), y.reshape(batch, *out, filters), order
    channels = draw(SMALL)
    x = random.integers(-8, 9, (batch, *pixels, channels)).astype(np.float64)
    layer = POOLS[kind][axes - 1](taps, stride, padding, data_format=order)
    volume, none = x.reshape(batch, *missing, *pixels, channels), np.zeros((batch, *missing, *out, channels))
    y = getattr(oracle, kind)(volume, none, missing + tuple(taps), room[0], before)[0]
    return layer, x, (), y.reshape(batch, *out, channels), order


@settings(COMPILED, max_examples=many(60, 2000))
@given(layer_and_answer(), st.sampled_from(RUNGS), st.sampled_from(DTYPES), st.sampled_from(LAYOUTS))
def test_layers_equal_the_oracle(drawn, rung, dtype, how):
    layer, x, weights, y, order = drawn
    if rung == "tuned" and dtype == "float64" and isinstance(layer, layers.Conv2D) and layer.kernel_size[1] == 1:
        dtype = "float32"  # see checks.is_tried
    if order == "channels_first":
        x, y = np.moveaxis(x, -1, 1), np.moveaxis(y, -1, 1)
    with fault("fuzz: layers"):
        model = Sequential([layers.Input(x.shape[1:]), layer], dtype=dtype)
        model.compile(backend=rung)
        model.set_weights(weights)
        got = model.predict(laid_out(x.astype(dtype), how), batch_size=16)
        assert got.dtype == dtype and got.shape == y.shape == (len(x), *model.output_shape[1:])
        np.testing.assert_allclose(got, y, rtol=1e-6, atol=0)


# ---- layers: arguments that make no sense

NUMBERS = st.one_of(
    st.integers(-3, 9), st.floats(allow_nan=True), st.booleans(), st.none(), st.text(max_size=3), st.just(10**12)
)
ODD = st.one_of(NUMBERS, st.lists(NUMBERS, max_size=4), st.tuples(NUMBERS, NUMBERS))
KNOWN = ["valid", "same", "causal", "SAME", "channels_first", "channels_last", "relu", "softmax", 0.5, 1, 2, (2, 2)]
ARGUMENTS = {
    cls: names
    for classes, names in {
        CONVOLUTIONS: ("filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "data_format"),
        (*POOLS["max_pool3d"], *POOLS["average_pool3d"]): ("pool_size", "strides", "padding", "data_format"),
        (layers.LpPooling2D,): ("pool_size", "strides", "padding", "norm"),
        (layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D): ("padding", "data_format"),
        (layers.Cropping1D, layers.Cropping2D, layers.Cropping3D): ("cropping", "data_format"),
        (layers.DepthwiseConv1D, layers.DepthwiseConv2D): (
            "kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier", "data_format",
        ),
        (layers.SeparableConv1D, layers.SeparableConv2D): (
            "filters", "kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier", "data_format",
        ),
        (layers.UpSampling1D,): ("size", "data_format"),
        (layers.RandomContrast, layers.RandomBrightness): ("factor", "value_range", "seed"),
        (layers.RandomCrop,): ("height", "width", "seed", "data_format"),
        (layers.CenterCrop,): ("height", "width", "data_format"),
        (layers.Resizing,): ("height", "width", "interpolation", "data_format", "crop_to_aspect_ratio"),
        (layers.UpSampling2D,): ("size", "data_format", "interpolation"),
        (layers.GlobalMaxPooling2D, layers.GlobalAveragePooling1D): ("data_format", "keepdims"),
        (layers.Dense,): ("units", "activation"),
        (layers.Dropout, layers.GaussianDropout, layers.SpatialDropout1D): ("rate", "seed"),
        (layers.SpatialDropout2D, layers.SpatialDropout3D): ("rate", "seed", "data_format"),
        (layers.GaussianNoise,): ("stddev", "seed"),
        (layers.Concatenate,): ("axis",),
        (layers.Reshape,): ("target_shape",),
        (layers.Permute,): ("dims",),
        (layers.BatchNormalization,): ("axis", "momentum", "epsilon"),
        (layers.LeakyReLU,): ("negative_slope",),
        (layers.ELU,): ("alpha",),
        (layers.PReLU,): ("shared_axes",),
    }.items()
    for cls in classes
}
REQUIRED = {
    "filters": 2, "kernel_size": 2, "padding": 1, "units": 2, "rate": 0.5, "stddev": 0.5, "target_shape": (-1,),
    "dims": (1,), "height": 3, "width": 3, "factor": 0.5,
}  # fmt: skip


@st.composite
def nonsense(draw: Any) -> tuple[Any, dict[str, Any], tuple[int, ...]]:
    cls = draw(st.sampled_from(list(ARGUMENTS)))
    arguments = {name: draw(ODD | st.sampled_from(KNOWN)) for name in ARGUMENTS[cls] if draw(st.booleans())}
    needs = [name for name in ARGUMENTS[cls] if name in REQUIRED and name not in arguments]
    arguments |= {name: REQUIRED[name] for name in needs if name != "padding" or "Zero" in cls.__name__}
    return cls, arguments, draw(st.sampled_from([(5,), (6, 2), (6, 4, 2), (4, 3, 4, 2)]))


@settings(COMPILED, max_examples=many(200, 5000))
@given(nonsense())
def test_arguments_that_make_no_sense_are_refused_by_name(drawn):
    """Either ValueError, in one line that names the layer; or a layer whose answer has the shape that it claims."""
    cls, arguments, shape = drawn
    with fault("fuzz: arguments"):
        try:
            layer = cls(**arguments)
            if not all(n == n for n in arguments.values() if isinstance(n, float)):
                pytest.fail(f"{cls.__name__} took {arguments}")
            merges = isinstance(layer, layers.Concatenate)
            layer.build([shape, shape] if merges else shape)
            if math.prod(layer.output_shape[1:]) > 10_000 or layer.count_params() > 10_000:
                return
            fresh = cls(**arguments)
            inputs = layers.Input(shape)
            model = Model(inputs, fresh([inputs, inputs])) if merges else Sequential([inputs, fresh])
            model.compile(backend="literal")
        except ValueError as error:
            assert "\n" not in str(error) and str(error)
            return
        y = model.predict(np.ones((2, *shape)))
        assert y.shape == (2, *fresh.output_shape[1:])


@settings(COMPILED, max_examples=many(100, 3000))
@given(ODD, st.integers(1, 3))
def test_several_numbers_or_a_refusal(value, count):
    with fault("fuzz: arguments"):
        try:
            numbers = several(value, count, "fuzz: strides")
        except ValueError as error:
            assert str(error).startswith("fuzz: strides: expected a positive integer")
        else:
            assert len(numbers) == count and all(type(n) is int and n > 0 for n in numbers)
