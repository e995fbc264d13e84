"""``loopnet step``: from a real digit to a page, to plain text, to keys; and one clear line for what cannot be."""

import os
import sys

import numpy as np
import pytest
from PIL import Image

from loopnet import lenet
from loopnet.cli import main
from loopnet.stepper import step
from loopnet.stepper.scenes import step_article
from loopnet.stepper.terminal import Browser


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder without runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, *arguments):
    assert main(["step", *arguments]) == 0
    return capsys.readouterr().out


def test_a_page_of_a_real_digit(here, capsys):
    printed = said(capsys, "conv2d", "--image", "7", "--layer", "conv1", "--steps", "3000", "-o", "step.html")
    assert "a LeNet-5 that was not trained, seed 0" in printed
    assert "image 7 of the test images of digits, of class 8" in printed
    assert "wrote step.html: conv2d_forward · conv1 of lenet5" in printed
    assert (here / "step.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_plain_text_in_a_pipe(here, capsys):
    printed = said(capsys, "basic_conv", "--cell", "5,6").splitlines()
    work = [line for line in printed if "out[res_y][res_x] = result_element" in line]
    assert len(work) == 1 and work[0].endswith(f"out[5, 6] = {work[0].split()[-1]}")
    steps = [line for line in printed if "result_element +=" in line]
    assert len(steps) == 9
    value = float(work[0].split()[-1])
    assert float(steps[-1].split()[-1]) == value
    last = next(at for at, line in enumerate(printed) if line.startswith("out[5, 6] ="))
    assert printed[last] == f"out[5, 6] = {value:.5g}: 9 terms, the largest first"
    sizes = [abs(float(line.split()[-1])) for line in printed[last + 1 :]]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 9


def test_the_winner_of_a_pool_in_plain_text(here, capsys):
    assert "of 4 candidates x[0, " in said(capsys, "max_pool2d", "--layer", "pool1", "--cell", "3,3,1")


def test_the_newest_run_is_the_network(here, capsys):
    for number, name in enumerate(("older", "newer")):
        folder = here / "runs" / name
        folder.mkdir(parents=True)
        lenet.lenet5(seed=number).save(folder / "model.safetensors")
        os.utime(folder / "model.safetensors", (number + 1, number + 1))
    printed = said(capsys, "dense", "--layer", "logits")
    assert f"network: {os.path.join('runs', 'newer')}, the newest in runs/" in printed
    printed = said(capsys, "dense", "--layer", "logits", "--model", os.path.join("runs", "older"))
    assert f"network: {os.path.join('runs', 'older')}\n" in printed


def test_a_picture_of_one_s_own_and_the_way_back(here, capsys):
    pixels = np.zeros((28, 28), np.uint8)
    pixels[5:23, 13:16] = 255
    Image.fromarray(pixels).save("one.png")
    printed = said(capsys, "dense", "--layer", "logits", "--backward", "--image", "one.png", "--cell", "3,1")
    assert "one.png (28x28, padded to 32x32); taken for " in printed and "the network's answer" in printed
    assert "dw[3, 1] =" in printed
    assert "out[0, 0] =" in said(capsys, "max_pool", "--image", "one.png", "--cell", "0,0")


def test_a_batch_of_images(here, capsys):
    printed = said(capsys, "dense", "--layer", "logits", "--backward", "--image", "7,8", "--cell", "3,1")
    assert "images 7, 8 of the test images of digits, of class 8, " in printed and ": 2 terms" in printed


FIRST_RUN = "compiling the loops for this machine (first time only, a few seconds for each kind of layer) ...\n"


@pytest.mark.parametrize("arguments, message", [
    (["conv9"], "unknown loop 'conv9': did you mean conv3d? There are basic_conv, max_pool,"),
    (["conv2d", "--layer", "nope"], "lenet5: there is no layer 'nope'; there are conv1, pool1,"),
    (["conv2d", "--layer", "pool1"], "pool1: it does not run conv2d_forward; it runs max_pool2d_forward"),
    (["conv2d", "--cell", "28,0,0"], "expected a cell inside y, whose shape is (1, 28, 28, 6), given 28,0,0"),
    (["conv2d", "--cell", "1,2,3,4,5"], "expected a cell inside y, whose shape is (1, 28, 28, 6), given 1,2,3,4,5"),
    (["conv2d", "--cell", "a,b"], "must be whole numbers with commas between, not 'a,b'"),
    (["conv2d", "--image", "360"], "--image 360: digits has 360 test images, 0 to 359"),
    (["conv2d", "--image", "no.png"], "no.png: No such file"),
    (["conv2d", "--model", "no.safetensors"], "no.safetensors: no such model file"),
    (["conv2d", "--data", "letters"], "unknown data set 'letters'; there are digits,"),
    (["conv2d", "-o", "no/such/folder.html"], "cannot write no/such/folder.html: there is no folder no/such"),
    (["adam", "--backward"], "adam: it has no backward loop"),
    (["basic_conv", "--filter", "nope"], "unknown filter 'nope'; there are vertical edge"),
    (["basic_conv", "--layer", "conv1"], "basic_conv is the article's loop, it knows no --layer"),
    (["basic_conv", "--data", "cifar10"], "--data cifar10: basic_conv takes grey images"),
    (["max_pool", "--image", "1,2"], "--image 1,2: max_pool takes one image"),
    (["conv2d", "--steps", "0"], "must be a whole number, at least 1"),
])  # fmt: skip
def test_one_clear_line(arguments, message, here, capsys):
    assert main(["step", *arguments]) == 2
    out, error = capsys.readouterr()
    error = error.removeprefix(FIRST_RUN)
    assert message in error and error.count("\n") == 1 and error.startswith("loopnet: error: ")
    assert out == ""


def test_without_a_loop_all_are_listed_with_their_formulas(here, capsys):
    lines = said(capsys).splitlines()
    formulas = dict(line.split(maxsplit=1) for line in lines if line)
    assert formulas["relu"] == "y = 0 where x < 0, else x."
    assert {"basic_conv", "conv2d", "max_pool2d", "dense", "softmax", "adam"} <= formulas.keys()
    assert max(map(len, lines)) <= 120


def test_images_come_from_the_data_set_that_the_network_was_trained_on(here, capsys):
    model = lenet.lenet5(seed=0)
    model.trained_on = "letters of mine"  # none that is known: the digits stand in
    model.save("model.safetensors")
    assert "test images of digits" in said(capsys, "dense", "--layer", "logits", "--model", "model.safetensors")
    assert "test images of digits" in said(capsys, "max_pool")


def test_an_empty_name_is_no_image(here, capsys):
    assert main(["step", "conv2d", "--image", ""]) == 2
    assert "--image: expected numbers of test images or a picture's file" in capsys.readouterr().err


def test_a_file_that_is_no_model(here, capsys):
    (here / "model.safetensors").write_bytes(b"nothing of the kind")
    assert main(["step", "conv2d", "--model", str(here)]) == 2
    assert "not a model file" in capsys.readouterr().err


# ---- keys


def doubled(x, y):
    for i in range(x.size):
        for _ in range(2):
            y[i] = 2 * x[i]


def test_keys_move_through_the_trace():
    browser = Browser(step(doubled, np.arange(3.0), np.zeros(3), cell=(1,)))
    trace = browser.trace
    begin = browser.step
    assert browser.cell == (1,)
    assert browser.move("right") and browser.step == begin + 1
    assert browser.move("left") and browser.step == begin
    browser.move("down")
    assert browser.step == trace.over(begin)
    browser.move("up")
    assert browser.step == trace.out(trace.over(begin))
    browser.move("g")
    assert browser.step == begin
    browser.move("n")
    assert browser.step > begin
    browser.move("p")
    assert browser.step == begin
    for _ in range(100):
        browser.move("right")
    assert browser.step == len(trace) - 1
    for _ in range(100):
        browser.move("left")
    assert browser.step == 0
    assert browser.move("?") and not browser.move("q")


def test_the_screen_shows_the_line_and_its_numbers():
    console = pytest.importorskip("rich.console", reason="rich is not installed")
    browser = Browser(step(doubled, np.arange(3.0), np.zeros(3), cell=(2,)))
    browser.move("right")
    screen = console.Console(width=100, height=40, record=True, file=open(os.devnull, "w"))
    screen.print(browser.render(screen))
    text = screen.export_text()
    assert "▶" in text and "y[i] = 2 * x[i]" in text and "y[2] = 2 * 2 = 4" in text and "q quit" in text


@pytest.mark.parametrize("width, height", [(100, 40), (110, 30), (80, 24), (60, 20)])
def test_a_screen_is_not_overfull_so_that_the_keys_are_seen(width, height):
    console = pytest.importorskip("rich.console", reason="rich is not installed")
    image = np.arange(64.0).reshape(8, 8)
    browser = Browser(step_article("basic_conv", image, "blur"))
    screen = console.Console(width=width, height=height, record=True, file=open(os.devnull, "w"))
    for _ in range(12):
        browser.move("right")
        screen.print(browser.render(screen))
        lines = screen.export_text().splitlines()
        assert len(lines) <= height
        assert "▶" in "".join(lines) and lines[-1].rstrip().endswith("q quit")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_reads_arrow_keys(here):
    """The whole command on a pseudo-terminal: two steps to the right, then q."""
    pytest.importorskip("rich", reason="rich is not installed")
    import pty
    import select

    pid, master = pty.fork()
    if pid == 0:  # the child is the command
        os.environ.update(TERM="xterm", COLUMNS="100", LINES="40")
        os.execv(sys.executable, [sys.executable, "-m", "loopnet", "step", "basic_conv", "--cell", "5,6"])
    keys, screen = [b"\x1b[C", b"\x1b[C", b"q"], b""
    while True:
        ready, _, _ = select.select([master], [], [], 60)
        assert ready, screen.decode(errors="replace")[-500:]
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        screen += part
        if keys and b"q quit" in part:
            os.write(master, keys.pop(0))
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0 and not keys
    assert "filter_x = 0" in screen.decode(errors="replace")
