"""One published file from the first mirror that sends it.

A mirror, and whatever stands between it and us, is not trusted: a cut line, a log-in page of the network, an older or
a forged file. So the bytes go into a folder of their own beside the target, and get the file's name only when there
are as many as were published and their SHA-256 is right. Whoever looks meanwhile sees the whole file or none, also
when several processes fetch at once.
"""

import errno
import os
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any


class DataError(OSError):
    """A data set's files are missing, cannot be fetched, or are not the published ones."""


@dataclass(frozen=True)
class Archive:
    """A ``.tar.gz`` that holds all files of a data set, if they are not published one by one."""

    name: str
    sha256: str
    folder: str  # the folder inside the archive that the files lie in
    size: int | None = None  # in bytes


@dataclass(frozen=True)
class Files:
    """The files of one data set as they were published."""

    folder: str  # the folder they lie in, inside $LOOPNET_DATA or the cache
    sha256: Mapping[str, str]  # file name: checksum in hexadecimal
    mirrors: tuple[str, ...]  # addresses that the file names are appended to, tried in this order
    archive: Archive | None = None  # what there is at the mirrors instead of the files
    size: Mapping[str, int] = field(default_factory=dict)  # file name: bytes, where that is known

    def archive_files(self) -> "Files":
        """The archive as a set of one file, which lies beside the folder that it unpacks to."""
        assert self.archive is not None
        parent, name = Path(self.folder).parent.as_posix(), self.archive.name
        size = {} if self.archive.size is None else {name: self.archive.size}
        return replace(self, folder=parent, sha256={name: self.archive.sha256}, archive=None, size=size)


TIMEOUT = (10, 30)
"""Seconds to connect in, and to wait for the next bytes."""

OWN_FAULTS = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
    errno.ENOTDIR, errno.EEXIST,
}  # fmt: skip
"""What goes wrong on this computer, where another mirror is no help."""


def download(files: Files, name: str, folder: Path) -> Path:
    """The file ``name`` in ``folder``, from the first mirror that gives the right bytes; returns its path.

    Raises DataError: with what went wrong at each mirror, or at once if it is the folder that cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    failures = []
    for mirror in files.mirrors:
        try:
            return _from(mirror + name, name, files, folder)
        except Exception as error:  # a mirror can fail in every way there is; the next one may not
            if isinstance(error, OSError) and error.errno in OWN_FAULTS:
                raise cannot_write(folder, error) from None
            failures.append(f"{mirror}: {_reason(error)}")
    raise DataError(f"cannot download {name} ({'; '.join(failures) or 'there is no mirror'})")


def quiet_pooch() -> Any:
    """The module pooch. Its own bar wants ipywidgets in a notebook, and warns if there are none as soon as pooch is
    imported; ours is plain text.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pooch
    return pooch


def _from(address: str, name: str, files: Files, folder: Path) -> Path:
    from tqdm import tqdm

    pooch = quiet_pooch()
    size = files.size.get(name, 1)  # pooch puts in the true one; without any, a bar is neither true nor false
    with (
        tempfile.TemporaryDirectory(prefix=f".{name}.", dir=folder) as room,
        tqdm(total=size, desc=name, unit="B", unit_scale=True) as bar,
    ):
        downloader = pooch.HTTPDownloader(
            progressbar=bar,
            chunk_size=1 << 16,
            timeout=TIMEOUT,
            headers={"Accept-Encoding": "identity"},  # the file as it is, not unpacked on the way
        )
        unfinished = Path(room) / name
        with open(unfinished, "wb") as file:
            received = _Received(file, files.size.get(name))
            downloader(address, received, None)
            received.expect_all()
            os.fsync(file.fileno())
        if pooch.file_hash(str(unfinished)) != files.sha256[name]:
            raise ValueError("wrong SHA-256")
        os.replace(unfinished, folder / name)
    return folder / name


class _Received:
    """The file that a download is written to: objects as soon as the bytes cannot be those that were published."""

    def __init__(self, file: IO[bytes], size: int | None):
        self._file, self._size, self._count = file, size, 0

    def write(self, chunk: bytes) -> None:
        if self._count == 0 and chunk.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
            raise ValueError("sent a web page and not the file; does this network want a log-in?")
        self._count += len(chunk)
        if self._size is not None and self._count > self._size:
            raise ValueError(f"sent more than the file's {self._size} bytes")
        self._file.write(chunk)

    def flush(self) -> None:
        self._file.flush()

    def expect_all(self) -> None:
        if self._size is not None and self._count != self._size:
            raise ValueError(f"sent {self._count} bytes, not the file's {self._size}")


def cannot_write(folder: Path, error: OSError) -> DataError:
    """The error for a cache that is full or read-only."""
    return DataError(
        f"cannot write to {folder}: {error.strerror}. Make room there, or put the files into a folder of your own "
        "and name that in $LOOPNET_DATA (see loopnet data list)"
    )


def _reason(error: Exception) -> str:
    """One short line for a failed download: libraries tell the same with their whole stack of connections."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"answered {status}"
    if type(error) is ValueError:
        return " ".join(str(error).split())
    return getattr(error, "strerror", None) or type(error).__name__
