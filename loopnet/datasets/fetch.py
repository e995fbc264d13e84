"""Finding a data set's files: in $LOOPNET_DATA, in the user's cache folder, or at a mirror."""

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from .download import OWN_FAULTS, Archive, DataError, Files, cannot_write, download

__all__ = ["Archive", "DataError", "Files", "data_folder", "fetch", "find"]


def data_folder(files: Files) -> Path:
    """The folder in the user's cache where downloaded files are kept."""
    import pooch

    return Path(pooch.os_cache("loopnet")) / files.folder


def find(files: Files) -> dict[str, Path]:
    """Those of the files that are on this computer, by name; $LOOPNET_DATA goes before the cache."""
    found = {}
    for name in files.sha256:
        for folder in _folders(files):
            if (folder / name).is_file():
                found[name] = folder / name
                break
    return found


def _folders(files: Files) -> Iterator[Path]:
    if os.environ.get("LOOPNET_DATA"):
        yield Path(os.environ["LOOPNET_DATA"]).expanduser() / files.folder
    yield data_folder(files)  # asked for last: where all files are in the folder above, pooch is not needed


def fetch(files: Files) -> dict[str, Path]:
    """The path of every file, by name, each with the right SHA-256; downloads those that are not here.

    A damaged file in $LOOPNET_DATA is an error, because it is the user's; in the cache it is fetched again.
    Raises DataError, which says what to put where.
    """
    found = find(files)
    paths = {}
    for name, expected in files.sha256.items():
        path = found.get(name)
        sha256 = file_sum(path) if path else None
        if path and sha256 == expected:
            paths[name] = path
        elif path and path.parent != data_folder(files):
            raise DataError(f"{path} is damaged: its SHA-256 should be {expected}, but it is {sha256}")
        elif files.archive is None:
            paths[name] = _download(files, name, data_folder(files))
    missing = [name for name in files.sha256 if name not in paths]
    if missing:
        paths |= _unarchive(files, missing, data_folder(files))
    return {name: paths[name] for name in files.sha256}


def file_sum(path: Path) -> str | None:
    """A file's SHA-256 in hexadecimal; None if it is gone."""
    sha256 = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                sha256.update(piece)
        return sha256.hexdigest()
    except FileNotFoundError:  # another process is putting a new one there
        return None


def _unarchive(files: Files, names: list[str], cache: Path) -> dict[str, Path]:
    """Those files out of the archive: out of the one that is here, which is kept, or else one that is downloaded to a
    folder of this process's own and goes with it.
    """
    packed = files.archive_files()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpacking.", dir=cache) as room:
            if find(packed):
                archive = fetch(packed)[next(iter(packed.sha256))]
            else:
                archive = _download(packed, next(iter(packed.sha256)), Path(room))
            return _unpack(files, names, archive, Path(room), cache)
    except OSError as error:
        if error.errno in OWN_FAULTS:
            raise cannot_write(cache, error) from None
        raise


def _unpack(files: Files, names: list[str], archive: Path, room: Path, cache: Path) -> dict[str, Path]:
    """Those files out of ``archive`` into the cache, by way of the folder ``room``.

    Nothing in the archive decides where anything is written: only the names that are asked for are looked up in it,
    only plain files are read, and a file gets its name when its sum is right.
    """
    assert files.archive is not None
    paths = {}
    try:
        with tarfile.open(archive) as tar:
            for name in names:
                member = tar.getmember(f"{files.archive.folder}/{name}")
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or member.size != files.size.get(name, member.size):
                    raise DataError(f"{archive}: {member.name} is not a file of {files.size.get(name)} bytes")
                unpacked = room / name
                with open(unpacked, "wb") as file:
                    shutil.copyfileobj(content, file)
                    file.flush()
                    os.fsync(file.fileno())
                sha256 = file_sum(unpacked)
                if sha256 != files.sha256[name]:
                    raise DataError(f"{archive}: {member.name} has SHA-256 {sha256}, not {files.sha256[name]}")
                paths[name] = cache / name
                os.replace(unpacked, paths[name])
    except (tarfile.TarError, gzip.BadGzipFile, KeyError, EOFError, zlib.error) as error:
        raise DataError(f"{archive}: not the archive it should be ({error})") from None
    return paths


def _download(files: Files, name: str, folder: Path) -> Path:
    """``download``, with an error that says what to do without a network."""
    try:
        return download(files, name, folder)
    except DataError as error:
        if not files.mirrors or not str(error).startswith("cannot download"):
            raise
        where = data_folder(files)
        names, count = ",".join(files.sha256), len(files.sha256)
        address = f"{files.mirrors[0]}{{{names}}}" if count > 1 else f"{files.mirrors[0]}{names}"
        raise DataError(
            f"{error}. Where there is a network, run: "
            f"curl -fL --create-dirs --output-dir '{where}' --remote-name-all '{address}' "
            f"and copy the {f'{count} files' if count > 1 else 'file'} to {where}, "
            f"or to {files.folder}/ in $LOOPNET_DATA"
        ) from None
