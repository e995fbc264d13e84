"""The IDX format of MNIST and its relatives: a short header, then plain bytes.

    2 bytes zero | 1 byte type, 8 for unsigned bytes | 1 byte rank | 4 bytes big-endian for each axis | data

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np

UNSIGNED_BYTE = 0x08
DEFLATE = 1032
"""gzip makes at most so many bytes out of one."""
LARGEST = 1 << 30
"""Bytes in one file; the largest published set in this format has 0.6 of them."""


def read_idx(path: str | Path, rank: int) -> np.ndarray:
    """The array of bytes in an IDX file, plain or gzipped (``.gz``); rank 3 for images, 1 for labels.

    Raises ValueError, with the path, if the file is not gzip, not IDX, of another type or rank, or has more
    or fewer bytes than its header promises. Reads no further than that: a header that promises more than the file
    can hold, or a file that unpacks to more than it promises, takes no memory.
    """
    packed = str(path).endswith(".gz")
    here = Path(path).stat().st_size
    with open(path, "rb") as file:
        if not packed:
            return _read(path, file, rank, here)
        try:
            return _read(path, gzip.GzipFile(fileobj=file), rank, here * DEFLATE)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: not a whole gzip file ({error})") from None


def _read(path: str | Path, file: IO[bytes] | gzip.GzipFile, rank: int, most: int) -> np.ndarray:
    """``most``: no more bytes than that can be in the file."""
    magic = file.read(4)
    if len(magic) < 4:
        raise ValueError(f"{path}: an IDX header has at least 4 bytes, this file {len(magic)}")
    expected = bytes([0, 0, UNSIGNED_BYTE, rank])
    if magic != expected:
        raise ValueError(f"{path}: should begin with bytes {expected.hex(' ')}, begins with {magic.hex(' ')}")
    axes = file.read(4 * rank)
    if len(axes) < 4 * rank:
        raise ValueError(f"{path}: the header of {rank} axes has {4 + 4 * rank} bytes, this file {4 + len(axes)}")
    shape = struct.unpack(f">{rank}I", axes)
    size = math.prod(shape)
    promised = f"the header says {' x '.join(map(str, shape))} = {size} bytes"
    if size > LARGEST:
        raise ValueError(f"{path}: {promised}, and more than {LARGEST} are not read")
    data = file.read(min(size, most))
    if len(data) != size:
        raise ValueError(f"{path}: {promised}, there are {len(data)}")
    if file.read(1):  # in a gzip file, this also checks its sum
        raise ValueError(f"{path}: {promised}, there are more")
    return np.frombuffer(data, np.uint8).reshape(shape).copy()  # copy: frombuffer is read-only
