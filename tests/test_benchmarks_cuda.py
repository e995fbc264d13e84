"""What ``loopnet bench cuda`` does without a card: its one line, its clock, and a page from results that are there."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import cuda as cuda_bench
from benchmarks import cuda_convolutions, cuda_page, cuda_timing
from benchmarks.checking import check
from benchmarks.operations import Conv
from loopnet.ops import get_ops

ROOT = Path(__file__).parents[1]

# Invented numbers, chosen to be recognised in the page.
FOUND: dict[str, Any] = {
    "card": "a card",
    "roofs": {"peak_gflops": 50_000.0, "memory_gb_s": 4_000.0},
    "steps": [
        {"net": "a", "title": "LeNet-5", "batch": 128, "who": "cuda", "seconds": 123.4e-6},
        {"net": "b", "title": "wide", "batch": 100, "who": "cuda", "refused": "losses: off by 1"},
        {"net": "b", "title": "wide", "batch": 100, "who": "PyTorch, eager", "seconds": 0.002},
    ],
    "operations": [
        {
            "net": "b", "layer": "conv2", "operation": "conv2d_forward", "size": "100 images",
            "rungs": {
                "tuned": {"seconds": 0.004, "gflops": 250.0, "gb_s": 1.0},
                "cuda_literal": {"refused": "y: off by 1"},
                "cuda": {"seconds": 50e-6, "gflops": 20_000.0, "gb_s": 80.0},
            },
        },
        {
            "net": "a", "layer": "pool1", "operation": "max_pool2d_forward", "size": "128 images",
            "rungs": {"cuda": {"seconds": 10e-6, "gb_s": 3_000.0}},
        },
    ],
    "convolutions": [
        {
            "layer": "conv2", "operation": "conv2d_forward", "size": "1024 images",
            "ways": {
                "cuda_literal": {"refused": "y: off by 1"},
                "cuda": {"seconds": 500e-6, "gflops": 25_000.0},
                "cuDNN": {"seconds": 300e-6, "gflops": 41_667.0, "layout": "channels last"},
                "cuDNN, TF32": {"seconds": 150e-6, "gflops": 83_333.0, "layout": "channels first"},
            },
        },
        {"layer": "conv1", "operation": "conv2d_forward", "size": "1024 images", "ways": {"cuda": {"refused": "y"}}},
    ],
}  # fmt: skip


def test_page(tmp_path):
    cuda_page.write(tmp_path, FOUND)
    page = (tmp_path / "cuda.md").read_text()
    assert "Measured on one a card: 50,000 GFLOP/s" in page
    assert "| cuda | 123.4 | refused |" in page
    assert "| PyTorch, eager |  | 2,000.0 |" in page
    assert "| conv2d_forward, 100 images | refused | 4,000.0 | refused | 50.0 | 40.0 % |" in page
    assert "| 10.0 | 75.0 % |" in page
    head = "|  | cuda_literal | cuda | cuDNN | cuDNN, TF32 | of cuDNN | of the peak |"
    row = "| refused | 500.0 | 300.0 (channels last) | 150.0 (channels first) | 60 % | 50.0 % |"
    assert head in page and f"| conv2d_forward, 1024 images {row}" in page
    assert "(cuda.png)" in page and (tmp_path / "cuda.png").stat().st_size > 5000


def test_page_without_the_operation_of_the_picture(tmp_path):
    cuda_page.write(tmp_path, {**FOUND, "operations": []})
    assert "cuda.png" not in (tmp_path / "cuda.md").read_text() and not (tmp_path / "cuda.png").exists()


def test_a_page_without_what_is_not_measured_yet(tmp_path):
    """Rows come one by one, and the page is written after each."""
    cuda_page.write_text(tmp_path, {**FOUND, "operations": [], "convolutions": []})
    page = (tmp_path / "cuda.md").read_text()
    assert "cuDNN" not in page and "cuda.png" not in page and "| cuda | 123.4 | refused |" in page


def test_a_page_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    cuda_page.write(tmp_path, FOUND)
    assert "60 %" in (tmp_path / "cuda.md").read_text() and not (tmp_path / "cuda.png").exists()


def test_lines_for_the_terminal():
    line = cuda_page.line(FOUND["convolutions"][0])
    assert line.startswith("b conv2 conv2d_forward: cuda_literal refused, cuda 500.0 us, cuDNN 300.0 us")
    assert cuda_page.line(FOUND["steps"][0]) == "a cuda: 123.4 us a step"
    assert cuda_page.line(FOUND["steps"][1]) == "b cuda: losses: off by 1"
    wanted = "b conv2 conv2d_forward: tuned 4000.0 us, cuda_literal refused, cuda 50.0 us"
    assert cuda_page.line(FOUND["operations"][0]) == wanted


# The convolutions beside cuDNN's, with CPU rungs in place of a card's, and PyTorch's CPU in place of cuDNN.


@pytest.fixture
def small_convolutions(monkeypatch):
    """Of two images, timed by a clock that says how many seconds each call took."""
    rungs = {"cuda_literal": get_ops("literal"), "cuda": get_ops("tuned")}
    monkeypatch.setattr(cuda_convolutions, "get_ops", rungs.__getitem__)
    monkeypatch.setattr(cuda_timing, "kernel_seconds", lambda call, rounds: call() or 0.25)
    return lambda: list(cuda_convolutions.rows(3, batch=2))


def test_convolutions_of_network_b():
    sizes = {layer: str(size) for layer, size in cuda_convolutions.sizes().items()}
    assert sizes == {
        "conv1": "1024 images 28x28x1, 32 filters 5x5",
        "conv2": "1024 images 12x12x32, 64 filters 5x5",
    }


def test_every_convolution_is_right_before_it_is_timed(small_convolutions, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    rows = small_convolutions()
    assert [(row["layer"], row["operation"]) for row in rows] == [
        (layer, f"conv2d_{what}") for layer in ("conv1", "conv2")
        for what in ("forward", "backward_input", "backward_weights")
    ]  # fmt: skip
    flops = 2 * 2 * 24 * 24 * 25 * 32
    assert rows[0]["ways"] == dict.fromkeys(("cuda_literal", "cuda"), {"seconds": 0.25, "gflops": flops / 0.25 / 1e9})
    assert not any("refused" in way for row in rows for way in row["ways"].values())


def test_a_wrong_convolution_has_no_time(small_convolutions, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    def broken(x, w, b, y, stride, pad):
        get_ops("literal").conv2d_forward(x, w, b, y, stride, pad)
        y[0, 0, 0, 0] += 1

    rungs = {"cuda_literal": replace(get_ops("literal"), conv2d_forward=broken), "cuda": get_ops("literal")}
    monkeypatch.setattr(cuda_convolutions, "get_ops", rungs.__getitem__)
    ways = small_convolutions()[0]["ways"]
    assert ways["cuda_literal"]["refused"].startswith("y: off by 1") and "seconds" in ways["cuda"]


@pytest.mark.parametrize("layout", ["channels first", "channels last"])
@pytest.mark.parametrize("operation", Conv.operations)
def test_pytorch_is_asked_for_the_same(operation, layout):
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    from benchmarks import cuda_torch

    size = Conv(3, 7, 6, 2, 4, window=3)
    given = size.draw()
    work = cuda_torch.convolution(size, operation, given, layout, tf32=False, device="cpu")
    work.call()
    check(work.answers(), size.expect(operation, given))


def test_the_faster_layout_counts(small_convolutions, monkeypatch):
    work = Conv(1, 5, 5, 1, 1).work(get_ops("literal"), "conv2d_forward", Conv(1, 5, 5, 1, 1).draw())
    want = Conv(1, 5, 5, 1, 1).expect("conv2d_forward", Conv(1, 5, 5, 1, 1).draw())
    seconds = iter([3.0, 2.0, 4.0])
    monkeypatch.setattr(cuda_timing, "kernel_seconds", lambda call, rounds: next(seconds))

    def missing():
        raise RuntimeError("no such\nlayout")

    builds = {"one": lambda: work, "other": lambda: work, "third": lambda: work, "none": missing}
    assert cuda_convolutions.timed(builds, want, 1e-6, 8, 1) == {"seconds": 2.0, "gflops": 4e-9, "layout": "other"}
    refused = cuda_convolutions.timed({"none": missing}, want, 1e-6, 8, 1)
    assert refused == {"refused": "RuntimeError: no such layout"}


# The clock, on a card that is not there.


class Card:
    """Events and kernels in a time of its own: a call takes the host ``host`` seconds to queue and the card ``card``;
    keeping it busy takes 1 ns a turn.
    """

    def __init__(self, host, card):
        self.now = self.free = 0.0
        self.host, self.card, self.busy = host, card, []

    def event(self):
        event = SimpleNamespace(at=None)
        event.record = lambda: setattr(event, "at", max(self.free, self.now))
        event.query = lambda: event.at <= self.now
        event.synchronize = lambda: setattr(self, "now", max(self.now, event.at))
        return event

    def device_array(self, size, dtype):
        return None

    def event_elapsed_time(self, start, stop):
        return 1e3 * (stop.at - start.at)

    def work(self, seconds):
        self.free = max(self.free, self.now) + seconds

    def call(self):
        self.now += self.host
        self.work(self.card)

    def __getitem__(self, grid):
        def keep_busy(turns, result):
            self.busy.append(int(turns))
            self.work(1e-9 * turns)

        return keep_busy


@pytest.mark.parametrize("host, doublings", [(1e-6, 0), (1e-4, 0), (3e-4, 2), (1e-3, 4)])
def test_launching_is_not_counted(monkeypatch, host, doublings):
    """However slow the host is, up to a limit: the card is kept busy until all calls are queued."""
    card = Card(host, 2e-6)
    monkeypatch.setattr(cuda_timing, "cuda", card)
    monkeypatch.setattr(cuda_timing, "keep_busy", card)
    assert cuda_timing.kernel_seconds(card.call, 3) == pytest.approx(2e-6)
    first = cuda_timing.TURNS
    assert card.busy == [first << n for n in range(doublings)] + [first << doublings] * 3


def test_what_cannot_be_queued_is_timed_as_it_is(monkeypatch):
    card = Card(0.01, 2e-6)
    monkeypatch.setattr(cuda_timing, "cuda", card)
    monkeypatch.setattr(cuda_timing, "keep_busy", card)
    assert cuda_timing.kernel_seconds(card.call, 2) > 2e-6
    assert card.busy[-1] == cuda_timing.MOST_TURNS and len(card.busy) < 10


# The whole command, row by row, on a card that is not there.


@pytest.fixture
def measure(monkeypatch, tmp_path):
    monkeypatch.setattr(cuda_bench, "require", lambda: None)
    device = SimpleNamespace(name=b"a card")
    monkeypatch.setattr(cuda_bench, "cuda", SimpleNamespace(get_current_device=lambda: device))
    monkeypatch.setattr(cuda_timing, "roofs", lambda rounds: FOUND["roofs"])
    parts = {part: lambda rounds, part=part: iter(FOUND[part]) for part in cuda_bench.PARTS}
    monkeypatch.setattr(cuda_bench, "PARTS", parts)

    def run(*asked, name=b"a card"):
        device.name = name
        cuda_bench.run(tmp_path, "loopnet bench cuda", True, 2, asked or tuple(parts), report=lambda line: None)
        return json.loads((tmp_path / cuda_page.RESULTS).read_text())["cuda"]

    return parts, run, tmp_path


def test_parts_add_up(measure):
    parts, run, folder = measure
    assert list(parts) == ["steps", "convolutions", "operations"]
    found = run("steps")
    assert found["steps"] == FOUND["steps"] and found["convolutions"] == found["operations"] == []
    found = run("operations", "convolutions")
    assert all(found[part] == FOUND[part] for part in parts) and (folder / "cuda.png").exists()


def test_another_cards_results_do_not_stay(measure):
    _, run, _ = measure
    run()
    found = run("steps", name="another card")
    assert found["card"] == "another card" and found["convolutions"] == found["operations"] == []


def test_what_is_cut_off_leaves_what_it_has(measure):
    parts, run, folder = measure

    def cut_off(rounds):
        yield FOUND["operations"][0]
        raise KeyboardInterrupt

    parts["operations"] = cut_off
    with pytest.raises(KeyboardInterrupt):
        run()
    found = json.loads((folder / cuda_page.RESULTS).read_text())["cuda"]
    assert found["operations"] == FOUND["operations"][:1] and found["steps"] == FOUND["steps"]
    assert "| conv2d_forward, 100 images |" in (folder / "cuda.md").read_text()


def test_the_command_knows_the_parts():
    from benchmarks import cli

    with pytest.raises(ValueError, match="choose from 'steps', 'convolutions', 'operations'|choose from steps"):
        cli.main(["cuda", "--part", "nonsense"])
    assert list(cuda_bench.PARTS) == ["steps", "convolutions", "operations"]


def on_a_machine_without_a_card():
    from loopnet.cuda import device

    try:
        device.require()
    except device.DeviceError:
        return True
    return False


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
def test_one_line_without_a_card(tmp_path):
    if not on_a_machine_without_a_card():
        pytest.skip("there is a card")
    command = [sys.executable, "-m", "loopnet", "bench", "cuda", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and "CUDA: " in done.stderr
    assert not list(tmp_path.iterdir())


def run_script(*arguments, **environment):
    command = ["bash", "benchmarks/on_a_gpu.sh", *map(str, arguments)]
    own = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=60)


PARTS = ["device", "training", "steps", "convolutions", "memcheck", "racecheck", "tests", "operations"]


def test_the_script_for_a_gpu_says_what_it_would_run(tmp_path):
    """All of it, what is wanted most first; or some parts of it."""
    done = run_script("--dry-run", tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()[:-1]] == PARTS
    assert (tmp_path / "summary.txt").read_text() == done.stdout
    done = run_script("--dry-run", tmp_path, "operations", "steps")
    assert [line.split(":")[0] for line in done.stdout.splitlines()[:-1]] == ["steps", "operations"]


@pytest.mark.parametrize("arguments, error", [
    (["--fast"], "unknown option --fast; expected --dry-run or --limit SECONDS"),
    (["out", "everything"], "unknown part everything; expected some of: device training"),
])  # fmt: skip
def test_the_script_refuses_what_it_does_not_know(arguments, error):
    done = run_script(*arguments)
    assert done.returncode == 2 and done.stderr.startswith(error) and not done.stdout


FAKE = """#!/bin/sh
case "$*" in
*"import xdist"*) exit 1 ;;
*require*) echo a card ;;
*"--part steps"*) echo one row; sleep 30 ;;
*"--part convolutions"*) echo "a broken kernel"; exit 1 ;;
*) echo "$*" ;;
esac
"""
"""A Python on a machine with a card, where one thing takes too long and another fails."""


def test_what_takes_too_long_or_fails_stops_nothing_else(tmp_path):
    python = tmp_path / "python"
    python.write_text(FAKE)
    python.chmod(0o755)
    parts = "device", "training", "convolutions", "tests"
    done = run_script(tmp_path / "out", *parts, PYTHON=str(python))
    said = done.stdout.splitlines()
    assert done.returncode == 1 and "device: passed" in said[0] and "training: passed" in said[1]
    assert said[2].startswith("convolutions: FAILED with status 1") and said[3] == "    a broken kernel"
    assert said[4].startswith("tests: passed")


def test_what_the_limit_leaves_no_time_for_is_named(tmp_path):
    python = tmp_path / "python"
    python.write_text(FAKE)
    python.chmod(0o755)
    done = run_script("--limit", 8, tmp_path / "out", "device", "steps", "tests", PYTHON=str(python))
    said = done.stdout.splitlines()
    assert done.returncode == 1 and said[1].startswith("steps: FAILED with status 124 after")
    assert (tmp_path / "out" / "steps.log").read_text() == "one row\n"
    assert "tests: not begun, the 8 s are over" in said


def test_what_the_script_runs_needs_no_conveniences():
    """Bars, model files, downloads and pictures: a lent machine may have none of their libraries."""
    missing = "tqdm", "safetensors", "matplotlib", "pooch", "requests", "PIL", "torch"
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {missing}: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "sys.path.insert(0, 'tests')\n"
        "import loopnet.cli, loopnet.doctor, benchmarks.cli, benchmarks.cuda, benchmarks.cuda_every_kernel\n"
        "import checks, golden.check, golden.lenet, test_gradients\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_script_is_shell():
    assert subprocess.run(["bash", "-n", "benchmarks/on_a_gpu.sh"], cwd=ROOT).returncode == 0
