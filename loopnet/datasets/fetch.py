"""Finding a data set's files: in $LOOPNET_DATA, in the user's cache folder, or at a mirror."""

import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path


class DataError(OSError):
    """A data set's files are missing, cannot be fetched, or are not the published ones."""


@dataclass(frozen=True)
class Archive:
    """A ``.tar.gz`` that holds all files of a data set, if they are not published one by one."""

    name: str
    sha256: str
    folder: str  # the folder inside the archive that the files lie in


@dataclass(frozen=True)
class Files:
    """The files of one data set as they were published."""

    folder: str  # the folder they lie in, inside $LOOPNET_DATA or the cache
    sha256: Mapping[str, str]  # file name: checksum in hexadecimal
    mirrors: tuple[str, ...]  # addresses that the file names are appended to, tried in this order
    archive: Archive | None = None  # what there is at the mirrors instead of the files

    def archive_files(self) -> "Files":
        """The archive as a set of one file, which lies beside the folder that it unpacks to."""
        assert self.archive is not None
        parent = Path(self.folder).parent.as_posix()
        return replace(self, folder=parent, sha256={self.archive.name: self.archive.sha256}, archive=None)


def data_folder(files: Files) -> Path:
    """The folder in the user's cache where downloaded files are kept."""
    import pooch

    return Path(pooch.os_cache("loopnet")) / files.folder


def find(files: Files) -> dict[str, Path]:
    """Those of the files that are on this computer, by name; $LOOPNET_DATA goes before the cache."""
    folders = [data_folder(files)]
    if os.environ.get("LOOPNET_DATA"):
        folders.insert(0, Path(os.environ["LOOPNET_DATA"]).expanduser() / files.folder)
    found = {}
    for name in files.sha256:
        for folder in folders:
            if (folder / name).is_file():
                found[name] = folder / name
                break
    return found


def fetch(files: Files) -> dict[str, Path]:
    """The path of every file, by name, each with the right SHA-256; downloads those that are not here.

    A damaged file in $LOOPNET_DATA is an error, because it is the user's; in the cache it is fetched again.
    Raises DataError, which says what to put where.
    """
    import pooch

    cache = data_folder(files)
    found = find(files)
    paths = {}
    for name, expected in files.sha256.items():
        path = found.get(name)
        sha256 = pooch.file_hash(str(path)) if path else None
        if path and sha256 == expected:
            paths[name] = path
        elif path and path.parent != cache:
            raise DataError(f"{path} is damaged: its SHA-256 should be {expected}, but it is {sha256}")
        elif files.archive is None:
            paths[name] = _download(files, name, cache)
    missing = [name for name in files.sha256 if name not in paths]
    if missing:
        paths |= _unpack(files, missing, cache)
    return {name: paths[name] for name in files.sha256}


def _unpack(files: Files, names: list[str], cache: Path) -> dict[str, Path]:
    """Take those files out of the archive into the cache; the archive is found, or downloaded and then removed.

    Nothing in the archive decides where anything is written: only the names that are asked for are looked up in it,
    only plain files are read, and a file gets its name when its sum is right.
    """
    import pooch

    assert files.archive is not None
    packed = files.archive_files()
    was_here = find(packed)
    archive = fetch(packed)[files.archive.name]
    cache.mkdir(parents=True, exist_ok=True)
    paths = {}
    try:
        with tarfile.open(archive) as tar, tempfile.TemporaryDirectory(dir=cache) as folder:
            for name in names:
                member = tar.getmember(f"{files.archive.folder}/{name}")
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise DataError(f"{archive}: {member.name} is not a file")
                unpacked = Path(folder) / name
                with open(unpacked, "wb") as file:
                    shutil.copyfileobj(content, file)
                sha256 = pooch.file_hash(str(unpacked))
                if sha256 != files.sha256[name]:
                    raise DataError(f"{archive}: {member.name} has SHA-256 {sha256}, not {files.sha256[name]}")
                paths[name] = cache / name
                os.replace(unpacked, paths[name])
    except (tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        raise DataError(f"{archive}: not the archive it should be ({error})") from None
    if files.archive.name not in was_here:
        archive.unlink()
    return paths


def _download(files: Files, name: str, cache: Path) -> Path:
    """Download one file to the cache from the first mirror that gives the right bytes; returns its path."""
    import pooch

    failures = []
    for mirror in files.mirrors:
        downloader = pooch.HTTPDownloader(progressbar=True, chunk_size=1 << 16, timeout=30)
        try:
            return Path(pooch.retrieve(mirror + name, files.sha256[name], name, cache, downloader=downloader))
        except (OSError, ValueError) as error:  # no network, no such file there, or a wrong checksum
            failures.append(f"{mirror}: {_reason(error)}")
    names, count = ",".join(files.sha256), len(files.sha256)
    address = f"{files.mirrors[0]}{{{names}}}" if count > 1 else f"{files.mirrors[0]}{names}"
    raise DataError(
        f"cannot download {name} ({'; '.join(failures)}). Where there is a network, run: "
        f"curl -fL --create-dirs --output-dir '{cache}' --remote-name-all '{address}' "
        f"and copy the {f'{count} files' if count > 1 else 'file'} to {cache}, or to {files.folder}/ in $LOOPNET_DATA"
    )


def _reason(error: Exception) -> str:
    """One short line for a failed download: libraries tell the same with their whole stack of connections."""
    if isinstance(error, ValueError) and "hash" in str(error):
        return "wrong SHA-256"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"answered {status}"
    return getattr(error, "strerror", None) or type(error).__name__
