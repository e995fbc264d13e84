"""What ``loopnet doctor`` reports: the machine, the libraries, and the data sets that are here."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np


def report() -> Iterator[tuple[str, str]]:
    """Pairs of a name and what was found. Downloads nothing; compiles one small loop if it is not cached."""
    import llvmlite
    import numba

    from . import __version__, datasets

    yield "loopnet", f"{__version__} in {Path(__file__).parent}"
    yield "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "numpy", np.__version__
    yield "numba", f"{numba.__version__}, llvmlite {llvmlite.__version__}"
    yield "CPU", cpu_name()
    yield "SIMD", simd()
    yield "threads", f"{numba.get_num_threads()} in use, {os.cpu_count()} logical cores (NUMBA_NUM_THREADS)"
    layer, cache = _run_one_loop()
    yield "threading", f"{layer} layer (NUMBA_THREADING_LAYER_PRIORITY)"
    if layer == "omp":
        yield "waiting", f"{os.environ['GOMP_SPINCOUNT']} spins, then sleep (GOMP_SPINCOUNT); see loopnet/threads.py"
    yield "Numba cache", f"{cache} (NUMBA_CACHE_DIR)"
    yield "CUDA", cuda()
    folder = os.environ.get("LOOPNET_DATA")
    if not folder:
        yield "LOOPNET_DATA", "not set"
    else:
        yield "LOOPNET_DATA", folder if Path(folder).expanduser().is_dir() else f"{folder}: no such folder"
    yield from datasets.describe().items()


def cpu_name() -> str:
    """The processor as it calls itself, and in brackets as LLVM calls it."""
    from llvmlite import binding

    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:  # not Linux
        pass
    return f"{name} ({binding.get_host_cpu_name()})"


def simd() -> str:
    """The widest vector unit that LLVM may use here, and how many float32 fit in one of its registers."""
    from llvmlite import binding

    try:
        features = binding.get_host_cpu_features()
    except RuntimeError as error:  # LLVM cannot tell on every processor
        return f"unknown ({error})"
    for feature, name, bits in (
        ("avx512f", "AVX-512", 512),
        ("avx2", "AVX2", 256),
        ("avx", "AVX", 256),
        ("sse2", "SSE2", 128),
        ("neon", "NEON", 128),
    ):
        if features.get(feature):
            fma = " with fused multiply-add" if features.get("fma") or feature == "neon" else ""
            return f"{name}, {bits} bits: {bits // 32} float32 at once{fma}"
    return "none known"


def cuda() -> str:
    """In one line, whether this Python can run CUDA kernels and on what; never raises."""
    try:
        from .cuda import device

        device.require()
        if device.SIMULATED:
            return "simulated by Python, for tests (NUMBA_ENABLE_CUDASIM)"
        found = device.cuda.get_current_device()
        name = found.name.decode() if isinstance(found.name, bytes) else found.name
        free, total = device.cuda.current_context().get_memory_info()
        capability = ".".join(map(str, found.compute_capability))
        return f"{name}, compute capability {capability}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    except Exception as error:  # broken drivers fail in many ways, and a doctor has to survive them all
        reason = " ".join(str(error).split()) or type(error).__name__
        return f"not available: {reason.removeprefix('CUDA: ')}"


def _run_one_loop() -> tuple[str, str]:
    """Numba's threading layer and cache folder: the first is only known once a parallel loop has run."""
    import numba

    from .ops import get_ops

    relu = get_ops("parallel").relu_forward
    x = np.zeros(1, np.float32)
    relu(x, x)
    return numba.threading_layer(), relu.stats.cache_path  # type: ignore[attr-defined]
