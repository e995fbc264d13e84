"""The door to the GPU, and the only module that imports ``numba.cuda``: everything else takes ``cuda`` from here.

It is reached only when a CUDA backend is asked for. A model asks :func:`require` first, which says in one line what is
missing and what to do about it; nothing falls back to the CPU by itself.

With ``NUMBA_ENABLE_CUDASIM=1`` in the environment, before Numba is imported, ``cuda`` is Numba's simulator: Python runs
every thread of a kernel, some 0.1 ms each, on a machine without a GPU. For tests, and for a debugger inside a kernel.
"""

import importlib.util
import inspect
import os
import sys
from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype

INSTALL = "pip install 'loopnet[cuda13]', or 'loopnet[cuda12]' for a driver below version 580"


class DeviceError(OSError):
    """The GPU cannot be used; the message says why and what to do."""


try:
    from numba import cuda
    from numba.core import config
except ImportError as error:  # numba-cuda without the libraries that it compiles with, or neither of them
    reason = " ".join(str(error).split())
    raise DeviceError(f"CUDA: numba-cuda cannot be imported ({reason}); {INSTALL}") from None

if "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS" not in os.environ:
    config.CUDA_LOW_OCCUPANCY_WARNINGS = 0  # small layers have small grids, and no choice

SIMULATED = bool(config.ENABLE_CUDASIM)
"""Whether ``cuda`` is the simulator."""


def _let_the_simulator_align() -> None:
    """Give the simulator that comes with Numba the argument ``alignment`` of shared arrays, which numba-cuda's has.

    Like the original it tells one array from another by the line that asks for it.
    """
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    original = FakeCUDAShared.array
    if "alignment" in inspect.signature(original).parameters:
        return

    def array(self: Any, shape: Any, dtype: Any, alignment: int | None = None) -> np.ndarray:
        if shape == 0:  # what the launch asked for
            return original(self, shape, dtype)
        asker = sys._getframe(1)
        place = asker.f_code.co_filename, asker.f_lineno
        if isinstance(dtype, types.Type):
            dtype = as_dtype(dtype)
        return self._allocations.setdefault(place, np.empty(shape, dtype))

    FakeCUDAShared.array = array


if SIMULATED:
    _let_the_simulator_align()


def require() -> None:
    """Raise :class:`DeviceError` unless kernels can run here."""
    if SIMULATED:
        return
    if importlib.util.find_spec("numba_cuda") is None:  # what older versions of Numba have built in is not kept up
        raise DeviceError(f"CUDA: numba-cuda is not installed; {INSTALL}")
    if cuda.is_available():
        return
    reason = " ".join(str(cuda.cuda_error() or "").split())
    if not reason:
        raise DeviceError(f"CUDA: the compiler's library (NVVM) is not installed; {INSTALL}")
    if "NO_DEVICE" in reason or "no CUDA-capable device" in reason:
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        hint = "" if hidden is None else f", with CUDA_VISIBLE_DEVICES={hidden!r}"
        raise DeviceError(f"CUDA: the driver finds no GPU here{hint}; use a CPU backend, such as 'tuned'")
    if "cannot be found" in reason:
        raise DeviceError(
            "CUDA: no NVIDIA driver is installed here; install the one for your card, "
            "or use a CPU backend, such as 'tuned'"
        )
    raise DeviceError(f"CUDA: the driver does not start ({reason}); use a CPU backend, such as 'tuned'")


# ---- memory --------------------------------------------------------------------------------------------------------


def asarray(array: np.ndarray) -> Any:
    """A copy on the device, C-contiguous. ``numpy.asarray`` of it is a copy back on the host."""
    array = np.ascontiguousarray(array)
    with _enough_memory(array.nbytes):
        return cuda.to_device(array)


def empty(shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """Room on the device; contents undefined."""
    with _enough_memory(int(np.prod(shape)) * np.dtype(dtype).itemsize):
        return cuda.device_array(shape, dtype)


def to_host(tensor: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A NumPy copy of the batch that the shape says; waits for the kernels that still work on it."""
    return tensor[: shape[0]].copy_to_host()


MEMORY: dict[str, Any] = {
    "asarray": asarray,
    "empty": empty,
    "images": lambda tensor: tensor.shape[0],
    "to_host": to_host,
    "on_device": True,
}
"""What the table of a CUDA rung says about memory (see ``loopnet.ops.Ops``)."""


class _enough_memory:
    """Inside the block, an allocation of so many bytes that fails says so in one line."""

    def __init__(self, wanted: int):
        self.wanted = wanted

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if error is not None and "OUT_OF_MEMORY" in str(error):
            free, total = cuda.current_context().get_memory_info()
            raise DeviceError(
                f"CUDA: too little memory on the GPU: {_mib(self.wanted)} wanted, {_mib(free)} of {_mib(total)} free; "
                "use a smaller batch_size or fewer images"
            ) from None


def _mib(count: float) -> str:
    return f"{count / 2**20:,.1f} MiB"
