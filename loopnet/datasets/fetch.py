"""Finding a data set's files: in $LOOPNET_DATA, in the user's cache folder, or at a mirror."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class DataError(OSError):
    """A data set's files are missing, cannot be fetched, or are not the published ones."""


@dataclass(frozen=True)
class Files:
    """The files of one data set as they were published."""

    folder: str  # the folder they lie in, inside $LOOPNET_DATA or the cache
    sha256: Mapping[str, str]  # file name: checksum in hexadecimal
    mirrors: tuple[str, ...]  # addresses that the file names are appended to, tried in this order


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
        else:
            paths[name] = _download(files, name, cache)
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
    names = ",".join(files.sha256)
    raise DataError(
        f"cannot download {name} ({'; '.join(failures)}). Where there is a network, run: "
        f"curl -fL --create-dirs --output-dir '{cache}' --remote-name-all '{files.mirrors[0]}{{{names}}}' "
        f"and copy the {len(files.sha256)} files to {cache}, or to {files.folder}/ in $LOOPNET_DATA"
    )


def _reason(error: Exception) -> str:
    """One short line for a failed download: libraries tell the same with their whole stack of connections."""
    if isinstance(error, ValueError) and "hash" in str(error):
        return "wrong SHA-256"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"answered {status}"
    return getattr(error, "strerror", None) or type(error).__name__
