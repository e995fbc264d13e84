"""Downloads from a server that misbehaves on purpose: the file comes from the next mirror, or nothing is left."""

import errno
import gzip
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_data import NOWHERE, archived, idx, packed, small_cifar10
from tally import fault

from loopnet.cli import main
from loopnet.datasets import DataError, digits, download, mnist
from loopnet.datasets.fetch import Files, fetch

pytest_plugins = ["mirrors"]

ROW = "downloads: a mirror, the line or the disk fails"
DATA = bytes(range(256)) * 400
SUMS = {"set.bin": hashlib.sha256(DATA).hexdigest()}
PAGE = b"<!DOCTYPE html><html><body>Please log in to use this network</body></html>"


def answer(web: BaseHTTPRequestHandler, body: bytes, length: object = None, status: int = 200, **headers: str) -> None:
    web.send_response(status)
    for name, value in headers.items():
        web.send_header(name.replace("_", "-"), value)
    web.send_header("Content-Length", str(len(body) if length is None else length))
    web.end_headers()
    web.wfile.write(body)


def endless(web: BaseHTTPRequestHandler) -> None:
    web.send_response(200)
    web.end_headers()
    while True:  # until the other side hangs up
        web.wfile.write(DATA)


def reset(web: BaseHTTPRequestHandler) -> None:
    answer(web, DATA[:5000], length=len(DATA))
    web.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    web.connection.close()


def half_without_a_length(web: BaseHTTPRequestHandler) -> None:
    web.send_response(200)
    web.end_headers()
    web.wfile.write(DATA[: len(DATA) // 2])


def broken_chunks(web: BaseHTTPRequestHandler) -> None:
    web.protocol_version = "HTTP/1.1"
    web.send_response(200)
    web.send_header("Transfer-Encoding", "chunked")
    web.end_headers()
    web.wfile.write(b"5\r\nabcde\r\nnonsense\r\n")


def stall(web: BaseHTTPRequestHandler) -> None:
    answer(web, DATA[:1000], length=len(DATA))
    web.wfile.flush()
    web.server.enough.wait(20)  # type: ignore[attr-defined]


FAULTS: dict[str, tuple[Callable[[BaseHTTPRequestHandler], object], str]] = {
    "not found": (lambda web: web.send_error(404), "answered 404"),
    "server error": (lambda web: web.send_error(503), "answered 503"),
    "log-in page": (lambda web: answer(web, PAGE, Content_Type="text/html"), "a web page and not the file"),
    "sent to a log-in page": (lambda web: answer(web, b"", status=302, Location="/good/page"), "a web page"),
    "sent round in circles": (lambda web: answer(web, b"", status=302, Location=web.path), "answered 302"),
    "cut off": (lambda web: answer(web, DATA[:30000], length=len(DATA)), "ChunkedEncodingError|Connection"),
    "cut off, no length": (half_without_a_length, r"sent 51200 bytes, not the file's 102400"),
    "reset": (reset, "Error"),
    "empty": (lambda web: answer(web, b""), "sent 0 bytes"),
    "one byte too many": (lambda web: answer(web, DATA + b"!"), "more than the file's 102400 bytes"),
    "without end": (endless, "more than the file's 102400 bytes"),
    "another file": (lambda web: answer(web, DATA[::-1]), "wrong SHA-256"),
    "length is no number": (lambda web: answer(web, DATA, length="many"), "."),
    "no HTTP": (lambda web: web.wfile.write(b"\x00\x01\x02 what?\r\n\r\n"), "ConnectionError"),
    "said to be gzip, is not": (lambda web: answer(web, DATA, Content_Encoding="gzip"), "ContentDecodingError"),
    "gzip of another file": (lambda web: answer(web, gzip.compress(b"no"), Content_Encoding="gzip"), "sent 2 bytes"),
    "broken chunks": (broken_chunks, "."),
    "stalls": (stall, "."),
}


@pytest.fixture
def server(monkeypatch):
    """Answers /FAULT/set.bin as FAULT says, and /good/NAME with the page of that name."""
    pages = {"set.bin": DATA, "page": PAGE}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            _, folder, name = self.path.replace("%20", " ").replace("%2C", ",").split("/")
            web.asked.append(folder)
            try:
                if folder == "good":
                    answer(self, pages[name])
                else:
                    FAULTS[folder][0](self)
            except OSError:  # the client hung up, as it should
                pass

        def log_message(self, *_):
            pass

        def finish(self):
            try:
                super().finish()
            except (OSError, ValueError):
                pass

    class Web(ThreadingHTTPServer):
        daemon_threads = True
        asked: list[str] = []
        enough = threading.Event()

        def mirror(self, folder: str) -> str:
            return f"http://127.0.0.1:{self.server_port}/{folder}/"

        def handle_error(self, *_):
            pass

    monkeypatch.setattr(download, "TIMEOUT", (0.5, 0.5))
    with Web(("127.0.0.1", 0), Handler) as web:
        web.asked, web.enough, web.pages = [], threading.Event(), pages  # type: ignore[attr-defined]
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield web
        web.enough.set()
        web.shutdown()
        thread.join()


def wanted(*mirrors: str) -> Files:
    return Files("set", SUMS, mirrors, size={"set.bin": len(DATA)})


@pytest.mark.parametrize("name", FAULTS)
def test_the_next_mirror_serves_after_every_failure(cache, server, name):
    with fault(ROW):
        paths = fetch(wanted(server.mirror(name), server.mirror("good")))
        assert paths["set.bin"].read_bytes() == DATA
        assert server.asked[0] == name and server.asked[-1] == "good"
        assert [path.name for path in (cache / "set").iterdir()] == ["set.bin"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_failed_fetch_says_why_in_one_line_and_leaves_nothing(cache, server, name):
    with fault(ROW):
        with pytest.raises(DataError, match=FAULTS[name][1]) as error:
            fetch(wanted(server.mirror(name)))
        assert "\n" not in str(error.value) and "curl -fL" in str(error.value)
        assert not list((cache / "set").iterdir())


@pytest.mark.parametrize(
    "mirror", ["http://nowhere.invalid/", "http://[/", "nonsense", "", "ftp://127.0.0.1:9/", NOWHERE]
)
def test_a_mirror_that_is_none(cache, server, mirror):
    with fault(ROW):
        assert fetch(wanted(mirror, server.mirror("good")))["set.bin"].read_bytes() == DATA


def test_a_file_that_was_cut_off_long_ago_is_not_trusted(cache, server):
    with fault(ROW):
        (cache / "set" / ".set.bin.left").mkdir(parents=True)  # what a killed download leaves
        (cache / "set" / ".set.bin.left" / "set.bin").write_bytes(DATA[:100])
        (cache / "set" / "set.bin").write_bytes(DATA[:-1])
        assert fetch(wanted(server.mirror("good")))["set.bin"].read_bytes() == DATA


# ---- this computer's own faults


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_or_read_only_disk_is_named_at_once(cache, server, monkeypatch, code):
    def refuse(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(download.os, "fsync", refuse)
    with fault(ROW):
        with pytest.raises(DataError, match=f"cannot write to {cache / 'set'}: {os.strerror(code)}"):
            fetch(wanted(server.mirror("good"), server.mirror("good")))
        assert server.asked == ["good"]  # another mirror would not help
        assert not list((cache / "set").iterdir())


def test_the_cache_folder_is_a_file(cache, server):
    cache.parent.mkdir()
    cache.touch()
    with fault(ROW), pytest.raises(DataError, match="cannot write to .*LOOPNET_DATA"):
        fetch(wanted(server.mirror("good")))
    content = small_cifar10()
    with fault(ROW), pytest.raises(DataError, match="cannot write to .*LOOPNET_DATA"):
        fetch(archived(content, packed(content), server.mirror("good")))


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write everywhere")
def test_the_cache_may_not_be_written_to(cache, server):
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    with fault(ROW), pytest.raises(DataError, match="cannot write to .*Permission denied"):
        fetch(wanted(server.mirror("good")))


CHILD = """
import json, sys
from loopnet.datasets.fetch import Archive, DataError, Files, fetch
limit, given = json.loads(sys.argv[1])
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if given["archive"]:
    given["archive"] = Archive(**given["archive"])
print("ready", flush=True)
try:
    print(json.dumps({name: str(path) for name, path in fetch(Files(**given)).items()}))
except DataError as error:
    sys.exit(str(error))
"""


def child(tmp_path: Path, files: Files, limit: int = 0) -> subprocess.Popen:
    """Another process that fetches ``files`` into the cache below ``tmp_path``."""
    given = {**vars(files), "archive": vars(files.archive) if files.archive else None}
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    environment.pop("LOOPNET_DATA", None)
    command = [sys.executable, "-c", CHILD, json.dumps([limit, given])]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, **pipes)  # type: ignore[call-overload]


@pytest.mark.skipif(sys.platform != "linux", reason="sets a limit on the size of files, and the cache by an XDG name")
def test_a_disk_that_fills_up_while_the_file_comes(tmp_path, server):
    with fault(ROW):
        _, error = child(tmp_path, wanted(server.mirror("good")), limit=50_000).communicate(timeout=60)
        assert "cannot write to" in error and "File too large" in error
        assert not list((tmp_path / "loopnet" / "set").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="sets the cache by an XDG name")
def test_killed_while_the_file_comes(tmp_path, server):
    with fault(ROW):
        first = child(tmp_path, wanted(server.mirror("stalls")))
        while not server.asked:
            time.sleep(0.01)
            assert first.poll() is None
        first.kill()
        first.communicate()
        printed, _ = child(tmp_path, wanted(server.mirror("good"))).communicate(timeout=60)
        path = Path(json.loads(printed.splitlines()[-1])["set.bin"])
        assert path.read_bytes() == DATA and path.parent == tmp_path / "loopnet" / "set"


@pytest.mark.skipif(sys.platform != "linux", reason="sets the cache by an XDG name")
@pytest.mark.parametrize("kind", ["files", "archive"])
def test_two_processes_fetch_at_once(tmp_path, server, kind):
    content = small_cifar10(images=40)
    server.pages |= {**content, "set.tar.gz": packed(content)}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    mirrors = (server.mirror("good"),)
    files = Files("set", sums, mirrors) if kind == "files" else archived(content, packed(content), *mirrors)
    with fault(ROW):
        both = [child(tmp_path, files) for _ in range(2)]
        for process in both:
            printed, error = process.communicate(timeout=60)
            assert process.returncode == 0, error
            for name, path in json.loads(printed.splitlines()[-1]).items():
                assert Path(path).read_bytes() == content[name]
        left = [path.name for path in (tmp_path / "loopnet").rglob("*") if path.is_file()]
        assert sorted(left) == sorted(content)


# ---- a damaged bundle, labels out of range, and the command


def test_a_damaged_bundle_is_one_line(tmp_path, monkeypatch):
    data = bytearray(digits.FILE.read_bytes())
    data[1000] ^= 1
    (tmp_path / "digits.npz").write_bytes(data)
    monkeypatch.setattr(digits, "FILE", tmp_path / "digits.npz")
    with fault(ROW), pytest.raises(DataError, match="digits.npz is damaged.*install loopnet again"):
        digits.load_data()


def test_labels_out_of_range(cache):
    import numpy as np

    images, labels = np.zeros((2, 2, 2), np.uint8), np.array([9, 10], np.uint8)
    content = {name: gzip.compress(idx(images if "images" in name else labels)) for name in mnist.FILES.sha256}
    (cache / "set").mkdir(parents=True)
    for name, data in content.items():
        (cache / "set" / name).write_bytes(data)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    with fault(ROW), pytest.raises(ValueError, match="train: expected labels 0 to 9, given 10"):
        mnist.load_data(Files("set", sums, ()))


def test_data_list_fetch_and_verify(cache, server, monkeypatch, capsys):
    import numpy as np

    images, labels = np.zeros((2, 2, 2), np.uint8), np.arange(2, dtype=np.uint8)
    content = {name: gzip.compress(idx(images if "images" in name else labels)) for name in mnist.FILES.sha256}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    files = Files("mnist", sums, (server.mirror("not found"), server.mirror("good")))
    server.pages |= content
    monkeypatch.setattr(mnist, "FILES", files)
    monkeypatch.setitem(__import__("loopnet.datasets").datasets.FILES, "mnist", files)
    monkeypatch.setattr(mnist.load_data, "__defaults__", (files,))

    assert main(["data", "list"]) == 0
    assert "mnist          not here" in capsys.readouterr().out
    assert main(["data", "verify", "mnist"]) == 2
    assert "4 of 4 files are not here" in capsys.readouterr().err
    assert main(["data", "fetch", "mnist"]) == 0
    assert str(cache / "mnist") in capsys.readouterr().out
    assert main(["data", "verify", "mnist", "digits"]) == 0
    assert "mnist          whole: 2 images to train, 2 to test" in capsys.readouterr().out
    name = "t10k-labels-idx1-ubyte.gz"
    (cache / "mnist" / name).write_bytes(content[name][:-1])
    assert main(["data", "verify"]) == 2
    error = capsys.readouterr().err
    assert f"{name} is damaged" in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [("data", "expected one of list, fetch, verify"), ("data fetch cats", "unknown data set 'cats'"),
     ("data erase", "invalid choice: 'erase'"), ("data list mnist", "unrecognized arguments: mnist")],
)  # fmt: skip
def test_wrong_arguments_of_data(arguments, message, capsys):
    assert main(arguments.split()) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
