"""Data sets of a few bytes, made here: what the tests of the data sets and of their faults read and fetch."""

import gzip
import hashlib
import io
import struct
import tarfile
from pathlib import Path

import numpy as np

from loopnet.datasets import cifar10
from loopnet.datasets.fetch import Archive, Files

NOWHERE = "http://127.0.0.1:9/"  # the discard port: connections are refused


def idx(array: np.ndarray) -> bytes:
    """An IDX file with these bytes."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def small_cifar10(images: int = 2) -> dict[str, bytes]:
    """Six files of a few records; every pixel of file f's image n is 10 f + n in red, 100 in green, 200 in blue."""
    content = {}
    for f, name in enumerate(cifar10.FILES.sha256):
        records = [bytes([n]) + bytes([10 * f + n]) * 1024 + bytes([100]) * 1024 + bytes([200]) * 1024
                   for n in range(images)]  # fmt: skip
        content[name] = b"".join(records)
    return content


def packed(content: dict[str, bytes], extra: tuple[str, ...] = ()) -> bytes:
    """A .tar.gz with the files in a folder; extra members are links out of it, as an attacker would pack them.

    The same files are always the same bytes, so the sum of one packing holds for another: no date is written.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(f"batches/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name in extra:
            member = tarfile.TarInfo(f"batches/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return gzip.compress(stream.getvalue(), mtime=0)


def published(content: dict[str, bytes], *mirrors: str) -> Files:
    """The files of a data set called "set", with their checksums and where they are to be had."""
    return Files("set", {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}, mirrors)


def archived(content: dict[str, bytes], archive: bytes, *mirrors: str) -> Files:
    """The same, as one archive."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    return Files("set/batches", sums, mirrors, Archive("set.tar.gz", hashlib.sha256(archive).hexdigest(), "batches"))


def write(folder: Path, content: dict[str, bytes]) -> None:
    """The files of ``content`` into a folder that is not there yet."""
    folder.mkdir(parents=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
