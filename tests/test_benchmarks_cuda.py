"""What ``loopnet bench cuda`` does without a card: its one line, and a page from results that are there."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import cuda_page

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
}  # fmt: skip


def test_page(tmp_path):
    cuda_page.write(tmp_path, FOUND)
    page = (tmp_path / "cuda.md").read_text()
    assert "Measured on one a card: 50,000 GFLOP/s" in page
    assert "| cuda | 123.4 | refused |" in page
    assert "| PyTorch, eager |  | 2,000.0 |" in page
    assert "| conv2d_forward, 100 images | refused | 4,000.0 | refused | 50.0 | 40.0 % |" in page
    assert "| 10.0 | 75.0 % |" in page
    assert "(cuda.png)" in page and (tmp_path / "cuda.png").stat().st_size > 5000


def test_page_without_the_operation_of_the_picture(tmp_path):
    cuda_page.write(tmp_path, {**FOUND, "operations": []})
    assert "cuda.png" not in (tmp_path / "cuda.md").read_text() and not (tmp_path / "cuda.png").exists()


def test_lines_for_the_terminal():
    assert cuda_page.line(FOUND["steps"][0]) == "a cuda: 123.4 us a step"
    assert cuda_page.line(FOUND["steps"][1]) == "b cuda: losses: off by 1"
    wanted = "b conv2 conv2d_forward: tuned 4000.0 us, cuda_literal refused, cuda 50.0 us"
    assert cuda_page.line(FOUND["operations"][0]) == wanted


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


def test_the_script_for_a_gpu_says_what_it_would_run(tmp_path):
    command = ["bash", "benchmarks/on_a_gpu.sh", "--dry-run", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for part in ("-m gpu", "bench cuda", "check:" if "skipped" in done.stdout else "racecheck"):
        assert part in done.stdout
    assert (tmp_path / "summary.txt").read_text() == done.stdout


def test_the_script_is_shell():
    assert subprocess.run(["bash", "-n", "benchmarks/on_a_gpu.sh"], cwd=ROOT).returncode == 0
