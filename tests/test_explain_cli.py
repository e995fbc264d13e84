"""``loopnet explain``: the page it writes, where, and what it says when it cannot."""

import os

import numpy as np
import pytest

from loopnet import Sequential, layers
from loopnet.cli import main
from loopnet.lenet import lenet5


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A folder to be in, with one trained network in runs/first."""
    monkeypatch.chdir(tmp_path)
    save(lenet5(seed=0), tmp_path / "runs" / "first")
    return tmp_path / "runs" / "first"


def save(model, folder):
    folder.mkdir(parents=True)
    model.save(folder / "model.safetensors")


def refused(capsys, *arguments):
    """The one line that the command ends with."""
    assert main(["explain", *map(str, arguments)]) == 2
    printed = capsys.readouterr()
    assert not printed.out and printed.err.count("\n") == 1
    return printed.err.removeprefix("loopnet: error: ").rstrip("\n")


@pytest.mark.parametrize("given", ["runs/first", "runs/first/model.safetensors"])
def test_the_page_lies_beside_the_model(run, given, capsys):
    assert main(["explain", given]) == 0
    page = run / "explain.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert str(page.relative_to(run.parents[1])) in capsys.readouterr().out


def test_or_where_it_is_told_to(run):
    assert main(["explain", str(run), "-o", "here.html"]) == 0
    assert os.path.exists("here.html") and not (run / "explain.html").exists()


def test_without_a_model_it_is_the_latest_run(run, capsys):
    save(lenet5(seed=1), run.parent / "second")
    os.utime(run / "model.safetensors", (0, 0))
    assert main(["explain"]) == 0
    assert (run.parent / "second" / "explain.html").exists() and not (run / "explain.html").exists()


def test_without_a_model_and_without_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "loopnet train makes one" in refused(capsys)


def test_what_is_not_there_cannot_be_read_or_cannot_be_written(run, capsys):
    assert "nothing/here" in refused(capsys, "nothing/here")
    assert "model.safetensors" in refused(capsys, run.parent)
    (run / "other.safetensors").write_bytes(b"no model")
    assert "other.safetensors: not a model file" in refused(capsys, run / "other.safetensors")
    missing = "no/such/folder/page.html"
    assert refused(capsys, run, "-o", missing) == f"{missing}: No such file or directory"
    assert str(run) in refused(capsys, run, "-o", run)  # a folder is no file


def test_a_network_it_cannot_show(run, capsys):
    save(Sequential([layers.Input((8, 1)), layers.Conv1D(2, 3), layers.Flatten(), layers.Dense(2)]), run.parent / "1d")
    said = refused(capsys, run.parent / "1d")
    assert "conv1d: a page cannot show Conv1D yet; expected one of Conv2D, DepthwiseConv2D, MaxPooling2D" in said


@pytest.mark.parametrize("folder, given, data", [
    ("first", [], "digits"),
    ("lenet5-mnist-2026-01-02-030405", [], "mnist"),
    ("lenet5-fashion_mnist-2026-01-02-030405", [], "fashion_mnist"),
    ("lenet5-mnist-2026-01-02-030405", ["--data", "digits"], "digits"),
    ("mnistlike", [], "digits"),
])  # fmt: skip
def test_the_test_images_are_those_of_the_run_s_data_set(run, folder, given, data, monkeypatch, capsys):
    seen = []

    def load_for(name, shape):
        seen.append(name)
        x, y = np.zeros((20, *shape), np.float32), np.arange(20) % 10
        return (x, y), (x, y)

    monkeypatch.setattr("loopnet.datasets.load_for", load_for)
    run.rename(run.with_name(folder))
    assert main(["explain", str(run.with_name(folder)), *given]) == 0
    assert seen == [data] and f"test images of {data}" in capsys.readouterr().out


def test_data_that_do_not_suit(run, capsys):
    assert "unknown data set 'letters'" in refused(capsys, run, "--data", "letters")
    colour = Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2)])
    save(colour, run.parent / "colour")
    said = refused(capsys, run.parent / "colour", "--data", "digits")
    assert "digits: images are (height, width, 1), but the network takes (8, 8, 3)" in said
    save(Sequential([layers.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)]), run.parent / "tiny")
    assert "4" in refused(capsys, run.parent / "tiny")


def test_a_network_that_training_has_broken(run):
    model = lenet5(seed=0)
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    save(model, run.parent / "nan")
    assert main(["explain", str(run.parent / "nan")]) == 0  # numbers that are none can be looked at like any
