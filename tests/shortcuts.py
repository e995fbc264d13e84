"""Numba's simulator by shorter ways: what it looks up at every turn of a loop is looked up once.

For the shape of an array, an array inside a kernel makes a sorted list of all that arrays have, and looks for "shape"
in it; a number that is read passes through two objects more; each call of a device function searches a module's names
for CUDA's. Kernels do little else, and it was most of their time. The answers are the same.
"""

from typing import Any

import numpy as np
from numba import cuda
from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray, FakeWithinKernelCUDAArray
from numba.cuda.simulator.kernel import FakeCUDAKernel

OF_ARRAYS = frozenset(dir(np.ndarray))
any_attribute, any_element = FakeWithinKernelCUDAArray.__getattr__, FakeWithinKernelCUDAArray.__getitem__
any_call = FakeCUDAKernel.__call__


def attribute(array: Any, name: str) -> Any:
    """In place of ``FakeWithinKernelCUDAArray.__getattr__``."""
    plain = array._item._ary
    if name in OF_ARRAYS and type(plain) is np.ndarray:
        return getattr(plain, name)
    return any_attribute(array, name)


def element(array: Any, index: Any) -> Any:
    """In place of ``FakeWithinKernelCUDAArray.__getitem__``."""
    item = array._item
    found = item._ary[index]
    if type(found) is np.ndarray or type(found) is np.void:
        return FakeWithinKernelCUDAArray(FakeCUDAArray(found, item.stream))
    return found


def set_element(array: Any, index: Any, value: Any) -> None:
    """In place of ``FakeWithinKernelCUDAArray.__setitem__``."""
    array._item._ary[index] = value


def call(function: Any, *arguments: Any) -> Any:
    """In place of ``FakeCUDAKernel.__call__``: a device function whose ``cuda`` is the kernel's already is called."""
    if function._device:
        names = function.fn.__globals__
        if "cuda" in names and names["cuda"] is not cuda:
            return function.fn(*arguments)
    return any_call(function, *arguments)


def take_shortcuts() -> None:
    FakeCUDAKernel.__call__ = call
    if type(FakeWithinKernelCUDAArray(FakeCUDAArray(np.empty(1))).shape) is tuple:  # numba-cuda has a type of its own
        FakeWithinKernelCUDAArray.__getattr__ = attribute
    FakeWithinKernelCUDAArray.__getitem__ = element
    FakeWithinKernelCUDAArray.__setitem__ = set_element
