"""The processor's vector registers: how many there are, how long, and what LLVM has to be told so that it fills them.

A loop over the numbers of one vector becomes one instruction, if LLVM makes a vector of it before it writes the loop
out number by number. It writes out what has few rounds and few instructions. Sixteen rounds it leaves alone in the
tuned kernels: 64 bytes, one register of AVX-512, two of AVX2. Eight rounds, one register of AVX2, it writes out up to
some fifty instructions, because it looks at how many of them would become constants, if there are ten rounds or fewer.
``LLVM_OPTION`` makes that seven or fewer, and then eight sums are enough for a loop of eight rounds to become vectors.

The option holds for whatever Numba compiles in this process after that, but loops of eight, nine and ten rounds are
all that it can change. Numba itself sets options of LLVM in the same way.
"""

import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core.codegen import get_host_cpu_features

_features: str = numba.config.CPU_FEATURES or get_host_cpu_features()

AVX512 = "+avx512f" in _features
"""Whether Numba compiles for 32 vector registers of 64 bytes."""

VECTORS = 32 if AVX512 else 8
"""Vectors of 64 bytes, the kernels' ``vector``, that fit in the registers. Without AVX-512 they are 8: AVX2 has 16
registers of half the length, NEON 32 of a quarter. Sums that do not fit spill: compiled for AVX2, Winograd's way takes
1.5 times as long with eight filters at a time as with two.
"""

LLVM_OPTION, LLVM_VERSIONS = "-unroll-max-iteration-count-to-analyze=7", range(14, 23)
"""Versions that have the option. Others would pass over it without a word, and half vectors would be slow."""

HALVES = "+avx2" in _features and not AVX512 and llvm.llvm_version_info[0] in LLVM_VERSIONS
"""Whether kernels may have vectors of 32 bytes: one register of AVX2, for eight sums or more."""

if HALVES:
    llvm.set_option("loopnet", LLVM_OPTION)


def vector(dtype: np.dtype) -> tuple[int, ...]:
    """As many numbers as fill 64 bytes: a tuple of that length, since Numba compiles for lengths of tuples."""
    return (0,) * (64 // dtype.itemsize)
