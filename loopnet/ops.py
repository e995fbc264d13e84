"""The one table that says which kernel runs for which operation on which rung.

A layer never names a kernel; it asks its ``ops``. To train a network with a loop of your own, put it in the table:

    import dataclasses, loopnet
    ops = dataclasses.replace(loopnet.get_ops("parallel"), conv2d_forward=my_conv)
    model.compile("adam", loss, backend=ops)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from .kernels.textbook import SINGLE_NUMBERS, TEXTBOOK
from .missing import getattr_of, listed
from .rungs import OnFlatArrays, compile_rung

Kernel = Callable[..., None]
Tensor = Any  # what flows between layers; only the table knows how a rung lays it out in memory


@dataclass(frozen=True)
class Ops:
    """Every operation of one rung. Signatures are the kernels' own (see :mod:`loopnet.kernels`)."""

    name: str

    gather: Kernel
    conv2d_forward: Kernel
    conv2d_backward_input: Kernel
    conv2d_backward_weights: Kernel
    spread_taps: Kernel
    collect_taps: Kernel
    conv3d_forward: Kernel
    conv3d_backward_input: Kernel
    conv3d_backward_weights: Kernel
    max_pool2d_forward: Kernel
    max_pool2d_backward: Kernel
    max_pool3d_forward: Kernel
    max_pool3d_backward: Kernel
    average_pool3d_forward: Kernel
    average_pool3d_backward: Kernel
    lp_pool3d_forward: Kernel
    lp_pool3d_backward: Kernel
    subsample_forward: Kernel
    subsample_backward_input: Kernel
    subsample_backward_weights: Kernel
    zero_pad_forward: Kernel
    zero_pad_backward: Kernel
    upsample2d_forward: Kernel
    upsample2d_backward: Kernel
    resize_nearest_forward: Kernel
    resize_nearest_backward: Kernel
    resize_bilinear_forward: Kernel
    resize_bilinear_backward: Kernel
    dense_forward: Kernel
    dense_backward_input: Kernel
    dense_backward_weights: Kernel
    rbf_forward: Kernel
    rbf_backward: Kernel
    rescale: Kernel
    relu_forward: Kernel
    relu_backward: Kernel
    leaky_relu_forward: Kernel
    leaky_relu_backward: Kernel
    bounded_relu_forward: Kernel
    bounded_relu_backward: Kernel
    sigmoid_forward: Kernel
    sigmoid_backward: Kernel
    hard_sigmoid_forward: Kernel
    hard_sigmoid_backward: Kernel
    tanh_forward: Kernel
    tanh_backward: Kernel
    scaled_tanh_forward: Kernel
    scaled_tanh_backward: Kernel
    softsign_forward: Kernel
    softsign_backward: Kernel
    softplus_forward: Kernel
    softplus_backward: Kernel
    elu_forward: Kernel
    elu_backward: Kernel
    exponential_forward: Kernel
    exponential_backward: Kernel
    silu_forward: Kernel
    silu_backward: Kernel
    gelu_forward: Kernel
    gelu_backward: Kernel
    mish_forward: Kernel
    mish_backward: Kernel
    hard_silu_forward: Kernel
    hard_silu_backward: Kernel
    prelu_forward: Kernel
    prelu_backward_input: Kernel
    prelu_backward_weights: Kernel
    dropout: Kernel
    channel_dropout: Kernel
    gaussian_noise: Kernel
    gaussian_dropout: Kernel
    affine_flow: Kernel
    elastic_flow: Kernel
    warp: Kernel
    cutout: Kernel
    crop_each: Kernel
    adjust_contrast: Kernel
    adjust_brightness: Kernel
    batch_norm_statistics: Kernel
    moving_average: Kernel
    batch_norm_forward: Kernel
    batch_norm_backward_weights: Kernel
    batch_norm_backward_input: Kernel
    flatten_forward: Kernel
    flatten_backward: Kernel
    reshape: Kernel
    permute: Kernel
    add: Kernel
    subtract: Kernel
    multiply: Kernel
    maximum: Kernel
    minimum: Kernel
    to_the_larger: Kernel
    concatenate: Kernel
    cut_out: Kernel
    softmax_forward: Kernel
    softmax_backward: Kernel
    log_softmax_forward: Kernel
    log_softmax_backward: Kernel
    softmax_cross_entropy: Kernel
    cross_entropy: Kernel
    sigmoid_cross_entropy: Kernel
    binary_cross_entropy: Kernel
    mean_squared_error: Kernel
    mean_absolute_error: Kernel
    huber: Kernel
    hinge: Kernel
    squared_hinge: Kernel
    log_cosh: Kernel
    kl_divergence: Kernel
    poisson: Kernel
    mean_absolute_percentage_error: Kernel
    mean_squared_logarithmic_error: Kernel
    cosine_similarity: Kernel
    categorical_hinge: Kernel
    maximum_a_posteriori: Kernel
    weight_penalty_forward: Kernel
    weight_penalty_backward: Kernel
    clip_by_value: Kernel
    sum_of_squares: Kernel
    clip_by_norm: Kernel
    sgd_update: Kernel
    rmsprop_update: Kernel
    adam_update: Kernel
    adamw_update: Kernel
    nadam_update: Kernel
    adamax_update: Kernel
    adagrad_update: Kernel
    adadelta_update: Kernel

    # fused operations: None on a rung that has none, and then each layer runs by itself (see plan.py)
    conv2d_relu_pool_forward: Kernel | None = None
    relu_pool_backward: Kernel | None = None
    conv2d_relu_pool_backward: Kernel | None = None
    conv2d_relu_pool_backward_weights: Kernel | None = None

    # zeros around images, and off again: for convolutions that pad, on a rung whose fused kernels do not
    pad_images: Kernel | None = None
    crop_images: Kernel | None = None

    train_step: Callable[..., Any] | None = None
    """``train_step(layers, loss, optimizer, values)``: the whole training step as one function of a batch's (x,
    targets, weight), which returns outputs and losses; for a rung that is made for one network, and refuses others.
    """

    # what this rung cannot run
    plain: "Ops | None" = None
    """The rung beneath, on plain arrays in the host's memory, for layers that this one has no kernels for; None if its
    own tensors are plain arrays.
    """
    ranks: tuple[int, ...] = ()
    """How many axes, the batch among them, a tensor may have that this rung can lay out its own way."""

    # memory
    asarray: Callable[[np.ndarray], Any] = np.ascontiguousarray
    """A host array into this rung's memory, laid out as it is: data sets, parameters, indices."""
    empty: Callable[..., Tensor] = np.empty
    """``empty(shape, dtype)``: room for a tensor of that shape, first axis the batch; contents undefined."""
    images: Callable[[Tensor], int] = len
    """How many images a tensor has room for."""
    to_host: Callable[[Tensor, tuple[int, ...]], np.ndarray] = lambda tensor, shape: tensor[: shape[0]].copy()
    """``to_host(tensor, shape)``: a plain NumPy copy of the batch that the shape says."""
    on_device: bool = False
    """Whether the host has to wait for a device to look at a tensor. Training then looks as seldom as it can."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Copied or pickled, a rung is its name; one with loops of your own is what it is."""
        return (get_ops, (self.name,)) if _made.get(self.name) is self else super().__reduce_ex__(protocol)

    def rung_for(self, operations: Iterable[str], ranks: Iterable[int]) -> "Ops":
        """This rung if it has kernels for ``operations`` on tensors of ``ranks`` axes, else the plain one beneath it.

        A kernel borrowed from the plain rung knows nothing of this one's layout, and helps only where the layout does
        not matter.
        """
        if self.plain is None:
            return self
        borrowed = {name for name in operations if getattr(self, name) is getattr(self.plain, name)}
        return self if borrowed <= ANY_LAYOUT and set(ranks) <= set(self.ranks) else self.plain

    def pack(self, array: np.ndarray) -> Tensor:
        """A host array (batch first) as a tensor of this rung."""
        array = np.ascontiguousarray(array)
        packed = self.empty(array.shape, array.dtype)
        self.gather(self.asarray(array), self.asarray(np.arange(len(array))), packed)
        return packed


# these, and operations on weights, which are plain arrays on every rung
ANY_LAYOUT = SINGLE_NUMBERS | {"spread_taps", "collect_taps", "moving_average"}

# operations that go through arrays of any shape from the first number to the last
FLAT = SINGLE_NUMBERS | {"dropout", "gaussian_noise", "gaussian_dropout"}


def _python() -> Ops:
    """The textbook loops, run by Python: slow, and what the stepper steps through."""
    return Ops(name="python", **TEXTBOOK)


def _literal() -> Ops:
    """The same source, compiled: one core, every operation in the order it is written."""
    return Ops(name="literal", **_compiled("literal"))


def _parallel() -> Ops:
    """The same source, compiled, with the outermost loop (``prange``) shared among the cores."""
    return Ops(name="parallel", **_compiled("parallel", parallel=True))


def _compiled(rung: str, **options: Any) -> dict[str, Any]:
    loops = {name: compile_rung(kernel, rung, **options) for name, kernel in TEXTBOOK.items()}
    return loops | {name: OnFlatArrays(loops[name]) for name in FLAT}


def _tuned() -> Ops:
    """Loops over many images side by side, tiled and fused; what has no tuned kernel of its own is the parallel
    rung's.
    """
    from .kernels.tuned import table

    parallel = get_ops("parallel")
    shared = {name: getattr(parallel, name) for name in TEXTBOOK}
    transposed = {name: _over_lanes(shared[name]) for name in ROWS}
    transposed["rbf_forward"] = lambda x, centres, y: parallel.rbf_forward(x.T, centres, y.T)
    transposed["rbf_backward"] = lambda dy, x, centres, dx: parallel.rbf_backward(dy.T, x.T, centres, dx.T)
    kernels = {**shared, **transposed, **table.KERNELS}
    return Ops(name="tuned", **kernels, **table.MEMORY, plain=parallel, ranks=(1, 2, 4))


# operations on rows of outputs whose textbook loop the tuned rung runs too: a few numbers an image, too few for a loop
# of its own to pay
ROWS = (
    "softmax_backward", "log_softmax_forward", "log_softmax_backward", "cross_entropy", "sigmoid_cross_entropy",
    "binary_cross_entropy", "mean_squared_error", "mean_absolute_error", "huber", "hinge", "squared_hinge", "log_cosh",
    "kl_divergence", "poisson", "mean_absolute_percentage_error", "mean_squared_logarithmic_error", "cosine_similarity",
    "categorical_hinge", "maximum_a_posteriori",
)  # fmt: skip


def _over_lanes(kernel: Kernel) -> Kernel:
    """A loop over rows for arrays stored [output][image]: it is handed transposed views."""

    def run(*arrays: Tensor) -> None:
        kernel(*(array.T for array in arrays))

    return run


def _cuda_literal() -> Ops:
    """The textbook loops on a GPU: a thread for each output, in place of the loops that walk from output to output."""
    from .cuda import device, literal

    device.require()
    return Ops(name="cuda_literal", **literal.kernels(TEXTBOOK), **device.MEMORY)


def _cuda() -> Ops:
    """The operations that cost most as tiles in shared memory and registers, three of them fused; the rest is
    ``cuda_literal``'s.
    """
    beneath = get_ops("cuda_literal")  # which says so if there is no GPU, before anything else is imported
    from .cuda.tiled import table

    kernels: dict[str, Any] = table.KERNELS
    return replace(beneath, name="cuda", **kernels)


def _cuda_fused() -> Ops:
    """LeNet-5 only: a training step in two launches. What is not training runs on ``cuda``'s kernels."""
    beneath = get_ops("cuda")
    from .cuda.lenet.step import Step

    return replace(beneath, name="cuda_fused", train_step=Step)


RUNGS = {
    "python": _python, "literal": _literal, "parallel": _parallel, "tuned": _tuned,
    "cuda_literal": _cuda_literal, "cuda": _cuda, "cuda_fused": _cuda_fused,
}  # fmt: skip
BACKENDS = tuple(RUNGS)
CUDA_BACKENDS = tuple(name for name in BACKENDS if name.startswith("cuda"))
"""Those that need a GPU; the rest runs anywhere. Nothing of CUDA is imported before one of them is asked for."""
CPU_BACKENDS = tuple(name for name in BACKENDS if name not in CUDA_BACKENDS)
DEFAULT_BACKEND = "tuned"

OPERATIONS = tuple(f.name for f in fields(Ops) if f.type in (Kernel, Kernel | None))


_made: dict[str, Ops] = {}
"""The rungs that have been asked for."""


def get_ops(backend: str | Ops) -> Ops:
    """The operations of a rung by name, or ``backend`` itself if it already is an :class:`Ops`.

    Raises ``ValueError`` for a name that is not in :data:`BACKENDS`, and ``loopnet.cuda.device.DeviceError``, an
    ``OSError``, where a CUDA backend cannot run: one line that says what is missing and what to do about it.
    """
    if isinstance(backend, Ops):
        return backend
    if backend not in RUNGS:
        raise ValueError(f"unknown backend {backend!r}; expected one of {', '.join(BACKENDS)}")
    if backend not in _made:
        _made.setdefault(backend, RUNGS[backend]())
    return _made[backend]


__getattr__ = getattr_of(
    __name__,
    listed({
        "this is the table of loopnet's loops; for Keras's ops use numpy": """
            abs add append arange argmax argmin argsort array average cast clip concatenate convert_to_numpy
            convert_to_tensor cos cross divide dot einsum equal exp expand_dims eye flip full greater is_tensor less
            linspace log logical_and logical_or matmul max maximum mean median min minimum moveaxis multiply norm ones
            ones_like pad power prod relu repeat round shape sigmoid sign sin softmax split sqrt square squeeze stack
            std subtract sum swapaxes take tanh tile transpose var vstack where zeros zeros_like""",
    }),
)  # fmt: skip
