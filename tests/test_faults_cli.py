"""What ``loopnet`` is given by hand: odd pictures, odd folders. One line and exit code 2, or an answer."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tally import fault

import loopnet
from loopnet.cli import main

ROW = "command line: odd pictures, folders and arguments"
DIGIT = np.zeros((32, 32), np.uint8)
DIGIT[6:26, 14:18] = 255


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    loopnet.lenet.lenet5(seed=0).save(path)
    return path


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kB that claims that many pixels, all black."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def one_line(capsys, *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("loopnet: error: ") and error.endswith("\n") and error.count("\n") == 1, error
    return error


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA", "I;16", "CMYK"])
def test_predict_takes_every_kind_of_picture_for_the_same(model, mode, tmp_path, capsys):
    plain, odd = tmp_path / "plain.png", tmp_path / ("odd.tif" if mode == "CMYK" else "odd.png")
    Image.fromarray(DIGIT).save(plain)
    picture = Image.fromarray(DIGIT.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(DIGIT).convert(mode)
    picture.save(odd)
    with fault(ROW):
        assert main(["predict", str(model), str(plain), str(odd)]) == 0
        first, second = (line.partition(": ")[2] for line in capsys.readouterr().out.splitlines())
        assert first == second


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an image that can be read"),
        (b"text", "not an image that can be read"),
        (bomb(30_000, 30_000), "30000x30000 pixels, more than 64,000,000|exceeds limit"),
        (bomb(2**31 - 1, 2**31 - 1), "pixels, more than|exceeds limit|not an image"),
        (bomb(9_000, 9_000), "9000x9000 pixels, more than 64,000,000"),
        (bomb(0, 0), "not an image that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n", "not an image"),
        (b"GIF89a" + bytes(7), "not an image that can be read"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8 ", "not an image that can be read"),
        (b"II*\x00\xff\xff\xff\xff", "not an image that can be read"),
        (b"P5\n99999999 99999999\n255\n", "pixels, more than|not an image|exceeds limit"),
    ],
)
def test_predict_refuses(model, content, message, tmp_path, capsys):
    import re

    (tmp_path / "odd.png").write_bytes(content)
    with fault(ROW):
        assert re.search(message, one_line(capsys, "predict", model, tmp_path / "odd.png"))


def test_predict_of_what_is_no_file(model, tmp_path, capsys):
    with fault(ROW):
        assert f"{tmp_path}: Is a directory" in one_line(capsys, "predict", model, tmp_path)
    with fault(ROW):
        assert "none.png: No such file" in one_line(capsys, "predict", model, tmp_path / "none.png")
    with fault(ROW):
        assert "no such model file" in one_line(capsys, "predict", tmp_path, "x.png")  # a folder without a model
    with fault(ROW):
        assert "not a model file" in one_line(capsys, "predict", Path(__file__), "x.png")


def test_a_picture_of_one_row_and_one_of_one_pixel(model, tmp_path, capsys):
    Image.new("L", (5000, 1)).save(tmp_path / "row.png")
    Image.new("L", (1, 1)).save(tmp_path / "pixel.png")
    with fault(ROW):
        assert main(["predict", str(model), str(tmp_path / "row.png"), str(tmp_path / "pixel.png")]) == 0
        assert "scaled to 1x32" in capsys.readouterr().out


def test_train_into_a_folder_that_holds_another_run(tmp_path, capsys):
    """It is written over, and what else is there stays; a checkpoint of another training is refused."""
    options = "train --epochs 1 --batch-size 512 --backend literal --out".split()
    (tmp_path / "notes.txt").write_text("mine")
    with fault(ROW):
        assert main([*options, str(tmp_path)]) == 0
        assert main([*options, str(tmp_path)]) == 0
        assert (tmp_path / "notes.txt").read_text() == "mine"
    capsys.readouterr()
    (tmp_path / "checkpoint.safetensors").write_bytes(b"left by another run")
    with fault(ROW):
        assert "--resume" in one_line(capsys, *options, tmp_path)


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/dev/null", "/dev/null/run"])
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="folders of Linux")
def test_train_into_a_folder_that_cannot_be(folder, capsys):
    with fault(ROW):
        assert f"cannot write to {folder}" in one_line(capsys, "train", "--out", folder)


def test_too_little_memory_is_one_line(model, tmp_path, monkeypatch, capsys):
    def refuse(*_, **__):
        raise MemoryError("Unable to allocate 9 TiB")

    Image.fromarray(DIGIT).save(tmp_path / "x.png")
    monkeypatch.setattr(loopnet.Sequential, "predict", refuse)
    with fault(ROW):
        assert "not enough memory (Unable" in one_line(capsys, "predict", model, tmp_path / "x.png")
