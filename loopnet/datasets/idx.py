"""The IDX format of MNIST and its relatives: a short header, then plain bytes.

    2 bytes zero | 1 byte type, 8 for unsigned bytes | 1 byte rank | 4 bytes big-endian for each axis | data

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

UNSIGNED_BYTE = 0x08


def read_idx(path: str | Path, rank: int) -> np.ndarray:
    """The array of bytes in an IDX file, plain or gzipped (``.gz``); rank 3 for images, 1 for labels.

    Raises ValueError, with the path, if the file is not gzip, not IDX, of another type or rank, or has more
    or fewer bytes than its header promises.
    """
    data = Path(path).read_bytes()
    if str(path).endswith(".gz"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: not a whole gzip file ({error})") from None
    if len(data) < 4:
        raise ValueError(f"{path}: an IDX header has at least 4 bytes, this file {len(data)}")
    expected, magic = bytes([0, 0, UNSIGNED_BYTE, rank]), data[:4]
    if magic != expected:
        raise ValueError(f"{path}: should begin with bytes {expected.hex(' ')}, begins with {magic.hex(' ')}")
    start = 4 + 4 * rank
    if len(data) < start:
        raise ValueError(f"{path}: the header of {rank} axes has {start} bytes, this file {len(data)}")
    shape = struct.unpack(f">{rank}I", data[4:start])
    if len(data) - start != math.prod(shape):
        raise ValueError(
            f"{path}: the header says {' x '.join(map(str, shape))} = {math.prod(shape)} bytes, "
            f"there are {len(data) - start}"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()  # copy: frombuffer is read-only
