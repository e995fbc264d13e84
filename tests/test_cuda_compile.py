"""Every CUDA kernel, compiled to machine code for three generations of cards on a machine without one.

What a compiler's report can tell without a card: double precision that crept into single, registers that ran out,
arrays that were meant for registers and lie in memory. `compiled.py` beside this file makes the reports.
"""

import numpy as np
import pytest
from checks import OPERATIONS, operations_of
from compiled import (
    ARCHITECTURES,
    Launch,
    build,
    check,
    instructions_per_fma,
    launches,
    on_host,
    require_compiler,
    to_ptx,
)
from test_cuda_tiles import shared_bytes

require_compiler()

import loopnet  # noqa: E402
from benchmarks.nets import NETS  # noqa: E402
from loopnet.cuda.device import SIMULATED, cuda  # noqa: E402
from loopnet.lenet import lenet5  # noqa: E402
from loopnet.optimizers import SGD, Adam, AdamW, RMSprop  # noqa: E402

if SIMULATED:
    pytest.skip("the simulator has no compiler", allow_module_level=True)


def of_every_operation():
    """What the last case of every operation's table launches, on both rungs."""
    with launches() as found:
        for backend in ("cuda_literal", "cuda"):
            ops = on_host(backend)
            for operation in operations_of(ops):
                row = OPERATIONS[operation]
                row.run(ops, row.cases[-1], row.draw(row.cases[-1], "float32"))
    return found


def of_networks():
    """What tiles a training step of the benchmark's networks launches: they are others for each shape."""

    def empty(*shape):
        return np.empty(shape, np.float32)

    with launches() as found:
        ops = on_host("cuda")
        assert ops.conv2d_relu_pool_forward is not None
        for net in NETS.values():
            shapes, batch = net.weight_shapes(), 3
            for (height, width, channels), filters in zip(net.inputs(), net.filters, strict=False):
                x, w, b = empty(batch, height, width, channels), empty(5, 5, channels, filters), empty(filters)
                y = empty(batch, (height - 4) // 2, (width - 4) // 2, filters)
                dz = empty(batch, height - 4, width - 4, filters)
                ops.conv2d_forward(x, w, b, dz, (1, 1), (0, 0))
                ops.conv2d_relu_pool_forward(x, w, b, y, np.empty(y.shape, np.int8))
                ops.conv2d_backward_input(dz, w, x, (1, 1), (0, 0))
                ops.conv2d_backward_weights(dz, x, w, b, (1, 1), (0, 0))
            for inputs, units in shapes[2 * len(net.filters) : 2 * len(net.filters) + 1]:
                x, w, b, y = empty(batch, inputs), empty(inputs, units), empty(units), empty(batch, units)
                ops.dense_forward(x, w, b, y)
                ops.dense_backward_input(y, w, x)
                ops.dense_backward_weights(y, x, w, b)
    return found


def each(found):
    names = [launch.name for launch in found]
    return pytest.mark.parametrize(
        "launch", [pytest.param(launch, id=f"{name}-{names[:at].count(name)}") for at, (launch, name) in
                   enumerate(zip(found, names, strict=True))],
    )  # fmt: skip


def of_lenet5():
    """A training step of LeNet-5 in two launches, with each optimiser."""
    from loopnet.cuda.lenet.step import Step

    def numbers(*shape):
        return np.zeros(shape, np.float32)

    loss = loopnet.losses.SparseCategoricalCrossentropy(from_logits=True)
    with launches() as found:
        for optimizer in (SGD(momentum=0.9), SGD(nesterov=True), RMSprop(), Adam(), AdamW()):
            optimizer.bind(on_host("cuda"), 61706, np.dtype("float32"))
            step = Step(lenet5().layers, loss, optimizer, numbers(61706))
            step(numbers(2, 32, 32, 1), numbers(2, 10), numbers(2))
    return found


EVERY_OPERATION, LENET5 = of_every_operation(), of_lenet5()


@each(EVERY_OPERATION)
def test_operation_compiles(launch):
    for architecture in ARCHITECTURES:
        check(build(launch, architecture), launch.threads)


@each(of_networks())
def test_network_compiles(launch):
    check(build(launch, ARCHITECTURES[-1], native=True), launch.threads)


@each(LENET5)
def test_lenet5_compiles(launch):
    for architecture in ARCHITECTURES:
        check(build(launch, architecture), launch.threads)


def test_every_operation_has_a_kernel_here():
    """Else a kernel that nobody launches would never be compiled."""
    modules = {launch.name.rpartition(".")[0] for launch in EVERY_OPERATION}
    assert {"literal.conv2d", "literal.optimizer", "tiled.conv2d", "tiled.conv2d_relu_pool", "tiled.softmax"} <= modules
    assert len(EVERY_OPERATION) > 55


@pytest.mark.parametrize("key, channels, filters, size", [("a", 6, 16, 14), ("b", 32, 64, 12)])
def test_hot_loop_is_mostly_arithmetic(key, channels, filters, size):
    """A loop over a literal kernel's indices spends about forty instructions on each multiply-add."""
    shapes = (1, size, size, channels), (5, 5, channels, filters), (filters,), (1, size - 4, size - 4, filters)
    with launches() as found:
        on_host("cuda").conv2d_forward(*(np.empty(shape, np.float32) for shape in shapes), (1, 1), (0, 0))
    assert instructions_per_fma(to_ptx(found[0])) < 2


def test_what_is_called_the_peak_is_arithmetic():
    """The benchmark's measure of the card: a loop that the compiler has not thought away."""
    from benchmarks.cuda_timing import _multiply_add_kernel

    kernel, flops = _multiply_add_kernel()
    with launches() as found:
        kernel[1, 256](np.empty(256, np.float32), np.float32(0.5))
    assert instructions_per_fma(to_ptx(found[0])) < 1.3 and flops == 2 * 16 * 4096
    check(build(found[0], ARCHITECTURES[-1]), 256)


# The checks themselves: each must object to a kernel that is bad in its way.


def launch_of(function, *arguments):
    with launches() as found:
        cuda.jit(function)[1, 128](*arguments)
    return found[0]


def objection(launch: Launch) -> str:
    with pytest.raises(AssertionError) as caught:
        check(build(launch, ARCHITECTURES[-1]), launch.threads)
    return str(caught.value)


def test_double_precision_is_noticed():
    def halve(x):
        t = cuda.grid(1)
        if t < x.size:
            x[t] = x[t] * 0.3

    assert "double precision" in objection(launch_of(halve, np.empty(8, np.float32)))


def test_an_array_in_memory_is_noticed():
    def turn(x):
        few = cuda.local.array(64, np.float32)
        for i in range(64):
            few[i] = x[i]
        x[0] = few[int(x[65])]

    assert "bytes of stack" in objection(launch_of(turn, np.empty(66, np.float32)))


def test_too_many_registers_are_noticed():
    def keep(x, y):
        t = cuda.grid(1)
        a = x[t]
        y[t] = a

    launch = launch_of(keep, np.empty(8, np.float32), np.empty(8, np.float32))
    with pytest.raises(AssertionError, match="too many for one block"):
        check(build(launch, ARCHITECTURES[-1]), threads=65536)


def test_too_much_shared_memory_is_noticed():
    def share(x):
        room = cuda.shared.array(12289, np.float32)
        room[cuda.threadIdx.x] = x[cuda.threadIdx.x]
        cuda.syncthreads()
        x[cuda.threadIdx.x] = room[12288 - cuda.threadIdx.x]

    launch = launch_of(share, np.empty(128, np.float32))
    try:
        report = build(launch, ARCHITECTURES[-1])
    except Exception as error:  # the assembler may refuse it before we can
        assert "shared" in str(error)
    else:
        with pytest.raises(AssertionError, match="49156 bytes of shared memory"):
            check(report, 128)


def test_lenet5_shares_what_its_arrays_add_up_to():
    """The report is read right: 46,632 bytes, most of the 49,152 that a block may have."""
    reports = [build(launch, ARCHITECTURES[0]) for launch in LENET5 if "_forward_backward" in launch.name]
    floats = 1024 + 2572 + 1176 + 400 + 5184 + 2 * 120 + 2 * 84 + 2 * 10 + 480
    assert [report.shared for report in reports] == [4 * floats + 1176 + 400]


def test_tiles_that_share_most():
    """A kernel shares what tests/test_cuda_tiles.py works out for its tile, here the largest of all."""
    from loopnet.cuda.tiled import conv2d
    from loopnet.cuda.tiled.shape import Shape
    from loopnet.cuda.tiled.tile import tall_tile

    shape = Shape(9, 9, 16, 5, 5, 8, 9, 9, pad_top=2, pad_left=2)
    tile = tall_tile(shape.filters, shape.terms)
    with launches() as found:
        arrays = (np.empty(n, np.float32) for n in (9 * 9 * 16, 400 * 8, 8, 9 * 9 * 8))
        conv2d.forward_kernel(shape, tile)[(1, 1), tile.threads](*arrays, np.int32(81))
    assert build(found[0], ARCHITECTURES[0]).shared == shared_bytes(tile)


def test_the_innermost_loop_is_counted():
    ptx = """
    $L__BB0_1:
        add.s32 %r1, %r1, 1;
    $L__BB0_2:
        ld.shared.f32 %f1, [%r1];
        fma.rn.f32 %f2, %f1, %f1, %f2;
        fma.rn.f32 %f3, %f1, %f1, %f3;
        setp.lt.s32 %p1, %r1, 5;
        @%p1 bra $L__BB0_2;
        @%p2 bra $L__BB0_1;
    """
    assert instructions_per_fma(ptx) == 2.5
    with pytest.raises(AssertionError, match="no loop"):
        instructions_per_fma(ptx.replace("fma", "mul"))
