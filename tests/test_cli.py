"""The command line: a short training on the digits, what is done with its result, and what goes wrong."""

import contextlib
import csv
import io
import re
import subprocess
import sys

import numba
import numpy as np
import pytest
from PIL import Image

import loopnet
from loopnet.cli import main
from loopnet.datasets import DataError, cifar10, digits, mnist
from loopnet.datasets.fetch import find
from loopnet.ops import DEFAULT_BACKEND


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """``loopnet train`` for two epochs: the folder it wrote, and what it printed."""
    folder = tmp_path_factory.mktemp("run") / "new" / "folder"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        assert main(["train", "--epochs", "2", "--seed", "1", "--out", str(folder)]) == 0
    return folder, printed.getvalue()


@pytest.fixture(autouse=True)
def same_threads_after():
    threads = numba.get_num_threads()
    yield
    numba.set_num_threads(threads)


# ---- train


def test_train_says_what_it_does(run):
    folder, printed = run
    assert "61,706" in printed
    assert "1293 images to train, 144 to validate, 360 to test" in printed
    assert f"epochs 2, batch size 16, adam, learning rate 0.001, seed 1, backend {DEFAULT_BACKEND}" in printed
    assert f"history.png to {folder}" in printed
    assert f"loopnet explain {folder}" in printed and f"loopnet step conv2d --model {folder}" in printed


def test_train_ends_with_a_test_accuracy_far_above_chance(run):
    last = run[1].splitlines()[-1]
    assert re.fullmatch(r"test accuracy: [01]\.\d{4}", last)
    assert 0.6 < float(last.split()[-1]) <= 1


def test_train_writes_the_history(run):
    with open(run[0] / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert set(rows[0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"}
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])
    with Image.open(run[0] / "history.png") as image:
        assert image.width > image.height > 300


def test_train_writes_a_model_that_can_be_loaded(run):
    model = loopnet.Sequential.load(run[0] / "model.safetensors")
    assert model.count_params() == 61706


def test_train_without_validation_and_with_other_options(tmp_path, capsys):
    options = "--epochs 1 --batch-size 512 --optimizer sgd --lr 0.05 --validation-split 0"
    options += f" --backend parallel --threads 1 --out {tmp_path}"
    assert main(["train", "lenet5", "--data", "digits", *options.split()]) == 0
    printed = capsys.readouterr().out
    assert "1437 images to train, 0 to validate" in printed
    assert "batch size 512, sgd, learning rate 0.05, seed 0, backend parallel, threads 1\n" in printed
    assert (tmp_path / "history.csv").read_text().startswith("epoch,loss,accuracy\n")


def test_train_writes_to_runs_unless_told_otherwise(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main("train --epochs 1 --batch-size 1024 --validation-split 0".split()) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"lenet5-digits-\d{4}-\d\d-\d\d-\d{6}", folder.name)
    assert {file.name for file in folder.iterdir()} == {"model.safetensors", "history.csv", "history.png"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1"])
def test_train_with_its_defaults_reads_97_of_100_digits(seed, tmp_path, capsys):
    assert main(["train", "--seed", seed, "--out", str(tmp_path)]) == 0
    assert float(capsys.readouterr().out.split()[-1]) >= 0.97


# ---- evaluate and predict


@pytest.mark.parametrize("name", [".", "model.safetensors"])
@pytest.mark.parametrize("backend", ["literal", "parallel"])
def test_evaluate_repeats_the_accuracy_of_train(run, name, backend, capsys):
    assert main(["evaluate", str(run[0] / name), "--data", "digits", "--backend", backend]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "360 test images of digits"
    assert lines[-1] == run[1].splitlines()[-1]


@pytest.mark.skipif(len(find(cifar10.FILES)) < 6, reason="CIFAR-10 is not on this computer")
@pytest.mark.slow
def test_train_in_colour(tmp_path, capsys):
    options = ["--epochs", "1", "--batch-size", "256", "--out", str(tmp_path)]
    assert main(["train", "--data", "cifar10", *options]) == 0
    printed = capsys.readouterr().out
    assert "62,006" in printed and "45000 images to train, 5000 to validate, 10000 to test" in printed
    assert float(printed.split()[-1]) > 0.3  # chance is 0.1
    assert main(["predict", str(tmp_path), str(tmp_path / "history.png")]) == 2
    assert "predict prepares grey images" in capsys.readouterr().err


@pytest.mark.skipif(len(find(mnist.FILES)) < 4, reason="MNIST is not on this computer")
def test_evaluate_on_mnist(run, capsys):
    assert main(["evaluate", str(run[0]), "--data", "mnist"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "10000 test images of mnist"
    assert re.fullmatch(r"test accuracy: 0\.\d{4}", lines[-1])


def test_predict_agrees_with_the_model_and_inverts_black_on_white(run, tmp_path, capsys):
    image = digits.load_data()[1][0][0]
    model = loopnet.Sequential.load(run[0] / "model.safetensors")
    logits = model.predict(image[None, :, :, None] / np.float32(255))[0].astype(np.float64)
    p = np.exp(logits) / np.exp(logits).sum()
    Image.fromarray(image).save(tmp_path / "chalk.png")
    Image.fromarray(255 - image).convert("RGB").save(tmp_path / "ink.png")

    assert main(["predict", str(run[0]), str(tmp_path / "chalk.png"), str(tmp_path / "ink.png")]) == 0
    chalk, ink = capsys.readouterr().out.splitlines()
    expected = f"{p.argmax()}, probability {p.max():.4f} (32x32"
    assert chalk == f"{tmp_path}/chalk.png: {expected})"
    assert ink == f"{tmp_path}/ink.png: {expected}, inverted: light background)"


def test_predict_takes_the_probabilities_of_a_network_that_ends_in_a_softmax(tmp_path, capsys):
    model = loopnet.Sequential(
        [loopnet.Input((8, 8, 1)), loopnet.layers.Flatten(), loopnet.layers.Dense(3, activation="softmax")]
    )
    model.set_weights([np.zeros((64, 3)), np.log([0.2, 0.7, 0.1])])
    model.save(tmp_path / "model.safetensors")
    Image.new("L", (8, 8)).save(tmp_path / "image.png")
    assert main(["predict", str(tmp_path), str(tmp_path / "image.png")]) == 0
    assert ": 1, probability 0.7000 (8x8)" in capsys.readouterr().out


# ---- what goes wrong: exit code 2 and one line


def fails(capsys, *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("loopnet: error: ") and error.endswith("\n") and error.count("\n") == 1
    return error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("nonsense", "unknown command 'nonsense'; there are train, evaluate,"),
        ("trian", "unknown command 'trian': did you mean train? There are train, evaluate,"),
        ("data verfy", "unknown command 'verfy': did you mean verify? There are list, fetch, verify"),
        ("train vgg", "unknown architecture 'vgg'; there are lenet5"),
        ("train --data cats", "unknown data set 'cats'; there are digits, mnist, fashion_mnist, cifar10"),
        ("train --data minst", "unknown data set 'minst': did you mean mnist? There are digits,"),
        ("train --backend gpu", "unknown backend 'gpu'"),
        ("train --optimizer magic", "unknown optimizer 'magic'; there are adam, adamw, nadam, adamax, sgd"),
        ("train --epochs 0", "argument --epochs: must be a whole number, at least 1, not '0'"),
        ("train --epochs 1.5", "argument --epochs: must be a whole number, at least 1, not '1.5'"),
        ("train --batch-size -3", "argument --batch-size: must be a whole number, at least 1, not '-3'"),
        ("train --lr -0.1", "argument --lr: must be a positive number, not '-0.1'"),
        ("train --lr nan", "argument --lr: must be a positive number, not 'nan'"),
        ("train --lr fast", "argument --lr: must be a positive number, not 'fast'"),
        ("train --seed -1", "argument --seed: must be a whole number, at least 0, not '-1'"),
        ("train --validation-split 1", "--validation-split: must be at least 0 and below 1, not '1'"),
        ("train --threads 100000", "--threads 100000: Numba has "),
        ("train --colour", "unrecognized arguments: --colour"),
        ("evaluate nowhere.safetensors --data digits", "nowhere.safetensors: no such model file"),
        ("evaluate", "there is no trained network in runs/ yet: loopnet train makes one"),
        ("explain", "there is no trained network in runs/ yet: loopnet train makes one"),
        ("evaluate nowhere.safetensors --data cats", "unknown data set 'cats'"),
        ("predict nowhere.safetensors image.png", "nowhere.safetensors: no such model file"),
        ("predict nowhere.safetensors", "required: IMAGE"),
        ("predict image.png", "there is no trained network in runs/ yet: loopnet train makes one"),
    ],
)
def test_wrong_arguments(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert message in fails(capsys, *arguments.split())
    assert not list(tmp_path.iterdir())  # nothing is written before everything is known to be right


def test_out_is_a_file(tmp_path, capsys):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "folder"):
        assert f"cannot write to {folder}" in fails(capsys, "train", "--out", folder)


def test_out_cannot_be_written_to(tmp_path, monkeypatch, capsys):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert f"cannot write to {tmp_path}: Permission denied" in fails(capsys, "train", "--out", tmp_path)


def test_not_a_model(tmp_path, capsys):
    (tmp_path / "model.safetensors").write_text("not a model")
    assert "not a model file" in fails(capsys, "evaluate", tmp_path, "--data", "digits")
    assert "not a model file" in fails(capsys, "predict", tmp_path / "model.safetensors", "image.png")


def test_a_model_without_a_loss(tmp_path, capsys):
    loopnet.lenet.lenet5().save(tmp_path / "model.safetensors")
    assert "there is no loss to evaluate" in fails(capsys, "evaluate", tmp_path, "--data", "digits")


def test_not_an_image(run, tmp_path, capsys):
    (tmp_path / "text.png").write_text("not an image")
    said = fails(capsys, "predict", run[0], tmp_path / "text.png")
    assert "text.png: not an image that can be read; expected one of PNG, JPEG" in said
    assert "none.png: No such file" in fails(capsys, "predict", run[0], tmp_path / "none.png")


def test_images_that_predict_cannot_prepare(tmp_path, capsys):
    loopnet.lenet.lenet5(input_shape=(32, 32, 3)).save(tmp_path / "model.safetensors")
    assert "takes (32, 32, 3), and predict prepares grey" in fails(capsys, "predict", tmp_path, "image.png")


def test_data_that_cannot_be_had(tmp_path, monkeypatch, capsys):
    def refuse(files):
        raise DataError("first line\nsecond line")

    monkeypatch.setattr(mnist, "fetch", refuse)
    monkeypatch.chdir(tmp_path)
    assert "error: first line second line\n" in fails(capsys, "train", "--data", "mnist")


def test_ctrl_c_is_one_line_and_130(tmp_path, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(loopnet.Sequential, "fit", interrupt)
    assert main(["train", "--out", str(tmp_path / "run")]) == 130
    assert not (tmp_path / "run").exists()
    assert capsys.readouterr().err.strip() == "loopnet: interrupted"


# ---- what a model was trained on


def test_train_writes_down_the_data_set_and_evaluate_takes_it_from_there(run, tmp_path, monkeypatch, capsys):
    assert loopnet.Sequential.load(run[0] / "model.safetensors").trained_on == "digits"
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "lenet5-mnist-a-name-that-misleads").symlink_to(run[0])
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("a-name-that-misleads, the newest in runs/") and lines[1] == "360 test images of digits"
    assert lines[-1] == run[1].splitlines()[-1]


def test_a_file_of_an_earlier_version_is_named_by_its_folder_or_not_at_all(run, tmp_path, capsys):
    model = loopnet.Sequential.load(run[0] / "model.safetensors")
    model.trained_on = None
    for name in ("lenet5-digits-2026", "anything"):
        (tmp_path / name).mkdir()
        model.save(tmp_path / name / "model.safetensors")
    assert main(["evaluate", str(tmp_path / "lenet5-digits-2026")]) == 0
    assert "360 test images of digits" in capsys.readouterr().out
    assert "does not say what it was trained on; add --data" in fails(capsys, "evaluate", tmp_path / "anything")


def test_predict_says_the_names_of_classes(tmp_path, capsys):
    model = loopnet.Sequential(
        [loopnet.Input((8, 8, 1)), loopnet.layers.Flatten(), loopnet.layers.Dense(3, activation="softmax")]
    )
    model.set_weights([np.zeros((64, 3)), np.log([0.2, 0.7, 0.1])])
    model.classes = ("bag", "ankle boot", "coat")
    model.save(tmp_path / "model.safetensors")
    Image.new("L", (8, 8)).save(tmp_path / "image.png")
    assert main(["predict", str(tmp_path), str(tmp_path / "image.png")]) == 0
    assert ": ankle boot, probability 0.7000 (8x8)" in capsys.readouterr().out


def test_predict_takes_the_newest_network_where_none_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "one").mkdir(parents=True)
    model = loopnet.Sequential([loopnet.Input((8, 8, 1)), loopnet.layers.Flatten(), loopnet.layers.Dense(3)])
    model.save(tmp_path / "runs" / "one" / "model.safetensors")
    for name in ("a.png", "b.JPG"):
        Image.new("L", (8, 8)).save(name)
    assert main(["predict", "a.png", "b.JPG"]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first.endswith("one, the newest in runs/") and [line[:5] for line in others] == ["a.png", "b.JPG"]
    assert "required: IMAGE" in fails(capsys, "predict", "runs/one")


# ---- doctor and help


def test_doctor(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "nowhere"))
    assert main(["doctor"]) == 0
    found = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert found["numpy"] == np.__version__
    assert found["numba"].startswith(numba.__version__)
    assert found["threads"].startswith(f"{numba.get_num_threads()} in use")
    assert found["threading"].split()[0] in ("omp", "tbb", "workqueue")
    assert found["digits"].startswith("bundled")
    assert "no such folder" in found["LOOPNET_DATA"]
    assert {"loopnet", "python", "CPU", "SIMD", "CUDA", "mnist"} <= set(found)


def test_data_without_a_command_lists(capsys):
    assert main(["data"]) == 0
    assert capsys.readouterr().out.startswith("digits         bundled")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_reader_who_stops_reading_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m loopnet check | true", shell=True, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def test_help_and_version(capsys):
    assert main([]) == 0
    for argument in ("--help", "--version"):
        with pytest.raises(SystemExit) as stopped:
            main([argument])
        assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("train", "evaluate", "predict", "doctor"))
    assert printed.endswith(f"loopnet {loopnet.__version__}\n")


def test_python_m_loopnet_does_not_load_what_help_does_not_need():
    command = [sys.executable, "-X", "importtime", "-m", "loopnet", "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("usage: loopnet")
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "loopnet.cli" in loaded
    assert not loaded & {"matplotlib", "pooch", "requests", "PIL"}
