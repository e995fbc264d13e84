"""The benchmarks: a wrong answer is refused, FLOPs and ratios are right, and what they write can be read.

No times are asserted, and little is timed: bursts of nothing, and networks of a few pixels.
"""

import json
import os
import platform
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))
pytest.importorskip("benchmarks", reason="the benchmarks are in a checkout only")

from benchmarks import cases, checking, kernels, lists, nets, page, plots, race, readme_table, results, timing  # noqa: E402
from benchmarks.operations import Conv, ConvReluPool, Pool  # noqa: E402
from benchmarks.operations_augment import Distortion  # noqa: E402
from benchmarks.operations_flat import Dense, Optimizer, Softmax  # noqa: E402
from benchmarks.peers import LOOPNET, loopnet_peer  # noqa: E402
from benchmarks.worker import Task, peak_memory  # noqa: E402
from benchmarks.workers import PeerFailed, Worker  # noqa: E402
from loopnet.cli import main  # noqa: E402
from loopnet.ops import get_ops  # noqa: E402

CONV = Conv(3, 6, 5, 2, 3, window=3)
SMALL: list[Any] = [
    CONV,
    ConvReluPool(5, 7, 6, 2, 3, window=2),
    Pool(3, 6, 5, 2),
    Dense(5, 7, 3),
    Softmax(5),
    Distortion(3, 6, 5, 2),
    *(Optimizer(name, 50) for name in ("sgd", "rmsprop", "adam")),
]
ROWS = [pytest.param(size, name, id=name) for size in SMALL for name in size.operations]


@pytest.fixture(autouse=True)
def quick_bursts(monkeypatch):
    monkeypatch.setattr(kernels, "burst_of", lambda call, seconds: lambda: timing.timed(call, 1))


# ---- nothing wrong is timed


@pytest.mark.parametrize("size, operation", ROWS)
def test_every_rung_of_every_operation_is_checked_and_timed(size, operation):
    said: list[str] = []
    row = kernels.ladder(cases.Case("a", "layer", operation, size), 2, 0, report=said.append)
    rungs = [entry["rung"] for entry in row["rungs"]]
    assert not said and not any("refused" in entry for entry in row["rungs"])
    assert rungs[0] == "python" and rungs[-1] == "tuned"
    assert ("lists" in rungs) == (operation == "conv2d_forward")
    assert ("tuned unfused" in rungs) == isinstance(size, ConvReluPool)
    assert all(entry["seconds"]["median"] > 0 for entry in row["rungs"])
    assert {entry["rung"] for entry in row["rungs"] if "extrapolated_from" in entry} <= {"python", "lists"}


def off_by_a_little(x, w, b, y, stride, pad):
    get_ops("literal").conv2d_forward(x, w, b, y, stride, pad)
    y[-1, -1, -1, -1] += 0.01


def nan_in_one_place(x, w, b, y, stride, pad):
    get_ops("literal").conv2d_forward(x, w, b, y, stride, pad)
    y[0, 1, 1, 0] = np.nan


def forgets_an_image(x, w, b, y, stride, pad):
    get_ops("literal").conv2d_forward(x[1:], w, b, y[1:], stride, pad)


@pytest.mark.parametrize(
    "broken, words",
    [
        (off_by_a_little, "off by 0.01"),
        (nan_in_one_place, "1 of 108 numbers are not finite"),
        (forgets_an_image, "36 of 108"),
    ],
)
def test_a_wrong_kernel_is_refused_and_not_timed(broken, words, monkeypatch):
    calls = []

    def counted(*arguments):
        calls.append(1)
        broken(*arguments)

    right = kernels.rung
    monkeypatch.setattr(
        kernels,
        "rung",
        lambda name: replace(right("literal"), conv2d_forward=counted) if name == "parallel" else right(name),
    )
    said: list[str] = []
    row = kernels.ladder(cases.Case("a", "conv", "conv2d_forward", CONV), 3, 0, python=False, report=said.append)
    by_rung = {entry["rung"]: entry for entry in row["rungs"]}
    assert words in by_rung["parallel"]["refused"] and "refused" in said[0]
    assert "seconds" not in by_rung["parallel"]
    assert len(calls) == 1  # checked, and never again
    assert by_rung["tuned"]["over_below"]["median"] > 0  # over literal: the refused rung is passed over
    assert "refused" in kernels.describe(row)


def test_check_refuses_what_is_missing_or_of_another_shape():
    want = {"y": np.ones((2, 3))}
    checking.check({"y": np.ones((2, 3), np.float32)}, want)
    for got in ({}, {"y": np.ones((3, 2))}, {"y": np.ones((2, 3)), "z": np.ones(1)}, {"y": np.full((2, 3), np.inf)}):
        with pytest.raises(checking.Refused):
            checking.check(got, want)


@pytest.mark.parametrize("wrong", [[[1.0], [2.1]], [[1.0], [float("nan")]], [[1.0]], [[float("inf")], [2.0]]])
def test_a_peer_with_other_answers_does_not_agree(wrong):
    assert race.agree([[1.0], [2.0001]], [[1.0], [2.0]])
    assert not race.agree(wrong, [[1.0], [2.0]])


def test_a_peer_that_answers_wrong_does_not_enter():
    said: list[str] = []
    with race.Field(1, [], said.append) as field:
        want = field.worker(LOOPNET).ask("reference", net="a", kind="infer", batch=1)["answers"]
        assert list(race.entrants(field, LOOPNET, "a", "infer", 1, want, quick=True)) == ["tuned", "tuned, 1 thread"]
        want[0][3] += 1
        assert not race.entrants(field, LOOPNET, "a", "infer", 1, want, quick=True)
    assert len(said) == 2 and "refused" in said[0]


# ---- what is counted


def test_flops_by_hand():
    """LeNet-5: conv1 28*28*6*25, conv2 10*10*16*150, and three dense layers; no gradient of the image."""
    forward = [117_600, 240_000, 48_000, 10_080, 840]
    assert nets.NETS["a"].multiply_adds() == forward
    assert nets.NETS["a"].flops_forward(1) == 2 * sum(forward)
    assert nets.NETS["a"].flops_step(128) == 2 * 128 * (3 * sum(forward) - 117_600)
    assert nets.NETS["b"].multiply_adds() == [24 * 24 * 32 * 25, 8 * 8 * 64 * 25 * 32, 10_240]
    assert nets.NETS["c"].multiply_adds()[0] == 3 * 117_600


def test_the_rows_of_a_network_add_up_to_its_step():
    for net in nets.NETS.values():
        plain = [case for case in cases.cases(net) if "relu_pool" not in case.operation]
        assert 2 * sum(case.size.macs(case.operation) for case in plain) == net.flops_step(net.batch)


def test_networks_are_lenet_and_have_its_parameters():
    assert sum(w.size for w in nets.weights(nets.NETS["a"])) == 61_706
    assert loopnet_peer.model_of(nets.NETS["a"], "literal").count_params() == 61_706
    assert nets.NETS["b"].inputs()[-1] == (4, 4, 64)


def test_every_operation_of_a_training_step_has_a_row():
    rows = {case.operation for case in cases.all_cases()}
    families = (Conv, ConvReluPool, Pool, Dense, Softmax, Distortion)
    assert rows == {
        *(name for family in families for name in family.operations),
        "sgd_update",
        "rmsprop_update",
        "adam_update",
    }


def test_pure_lists_by_hand():
    x = [[[1.0], [2.0]], [[3.0], [4.0]]]
    w = [[[[1.0, 0.0]], [[0.0, 1.0]]]]
    assert lists.conv2d_forward(x, w, [10.0, 20.0]) == [[[11.0, 22.0]], [[13.0, 24.0]]]


# ---- timing


def test_turns_are_taken_and_compared_within_a_round():
    order = []

    def burst(name, seconds):
        def run():
            order.append(name)
            return next(seconds)

        return run

    times = timing.take_turns({"a": burst("a", iter([1.0, 10.0])), "b": burst("b", iter([2.0, 20.0]))}, 2)
    assert order == ["a", "b", "b", "a"]
    assert timing.ratios(times["b"], times["a"]) == [2.0, 2.0]
    assert timing.summary([1.0, 2.0, 3.0, 4.0, 5.0]) == {"median": 3.0, "low": 2.0, "high": 4.0}
    assert timing.summary([7.0]) == {"median": 7.0, "low": 7.0, "high": 7.0}


def test_a_worker_answers_fails_in_a_line_and_goes_on():
    with Worker(LOOPNET, 1) as worker:
        task = Task("a", "infer", 1, "tuned")
        assert len(worker.build(task)[0]) == 10
        assert worker.ask("burst", calls=2, **task._asdict())["seconds"] > 0
        with pytest.raises(PeerFailed, match="loopnet: ValueError: unknown backend 'best'"):
            worker.build(task._replace(variant="best"))
        assert worker.ask("memory")["bytes"] > 10_000_000
    assert peak_memory() > 10_000_000


@pytest.mark.parametrize("kind, variant", [("train", "tuned"), ("infer", "tuned"), ("infer", "tuned predict")])
def test_loopnet_answers_as_its_reference(kind, variant):
    program = loopnet_peer.build(nets.NETS["a"], kind, 2, variant, 1)
    program.before()
    got = [program.answer(program.call()) for _ in range(3 if kind == "train" else 1)]
    assert race.agree(got, loopnet_peer.reference(nets.NETS["a"], kind, 2))


# ---- what is written


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder of results: one measured row of the ladder, and a race made up."""
    folder = tmp_path_factory.mktemp("results")
    row = kernels.ladder(cases.Case("a", "conv2", "conv2d_forward", CONV), 2, 0)
    row["rungs"][3] = {"rung": "parallel", "refused": "y: off by 1"}
    roofs = {"peak_gflops": 500.0, "cache_gb_s": 300.0, "memory_gb_s": 15.0}
    results.save(folder, "kernels", results.section("loopnet bench", 2, False, roofs=roofs, rows=[row]))
    of = {"median": 0.001, "low": 0.0009, "high": 0.0012}
    share = {"median": 0.7, "low": 0.6, "high": 0.8}
    entry = {"way": "best", "trial": {"best": 0.001, "other": 0.002}, "seconds": of, "share": share}
    torch = {**entry, "title": "PyTorch", "loopnet_is_faster": {"median": 4.25, "low": 4.0, "high": 4.5}}
    of_task = {"net": "a", "kind": "train", "batch": 128, "flops": 10**8, "task": "LeNet-5"}
    memory = {"title": "loopnet", "way": "tuned", "peak_bytes": 2e8, "imported_bytes": 1e8}
    epochs = {"python": {**of, "median": 9000.0, "extrapolated_from": "1 image"}, "tuned": of}
    train = {
        "race": [{**of_task, "runners": {"loopnet": {**entry, "title": "loopnet"}, "torch": torch}}],
        "epochs": [{"net": "a", "task": "LeNet-5", "images": 60_000, "rungs": epochs}],
        "fit": {"images": 60_000, "batch": 128, "fit_over_bare": of}
        | dict.fromkeys(("fit_seconds", "bare_seconds", "door_seconds"), of),
        "start": {"cold_seconds": 9.0, "cold_says_so": True, "warm_seconds": of},
        "memory": [{"net": "a", "task": "LeNet-5", "runners": {"loopnet": memory}}],
    }
    results.save(folder, "train", results.section("loopnet bench", 2, False, **train))
    return folder


def test_page_and_plots(measured):
    everything = results.load(measured)
    pictures = plots.draw(measured, everything)
    assert sorted(pictures) == ["ladder.png", "race.png", "roofline.png"]
    page.write(measured, everything, pictures)
    text = (measured / "cpu.md").read_text()
    for words in (
        "lists, extrapolated",
        "refused: y: off by 1",
        "4.25 (4.00–4.50) ×",
        "PyTorch also tried: other",
        "MB",
    ):
        assert words in text
    assert all(f"]({name})" in text and (measured / name).stat().st_size > 5000 for name in pictures)


def test_results_name_neither_the_host_nor_a_folder(measured):
    text = (measured / "cpu.json").read_text() + str(results.load(measured))
    words = set(re.findall(r"[\w.-]+", text))
    assert platform.node() not in words and str(Path.home()) + os.sep not in text and str(ROOT) not in text
    assert json.loads((measured / "cpu.json").read_text())["train"]["machine"]["cores"] >= 1


def test_table_goes_between_the_markers(measured, tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{readme_table.BEGIN}\nold\n{readme_table.END}\nafter\n", encoding="utf-8")
    for _ in range(2):  # writing it again changes nothing
        assert main(["bench", "table", "--results", str(measured), "--readme", str(readme)]) == 0
        text = readme.read_text(encoding="utf-8")
        assert text.startswith(f"before\n{readme_table.BEGIN}\n| ") and text.endswith(f"{readme_table.END}\nafter\n")
        assert "| LeNet-5 | 1 ms | 70 % | 4.2 × as long |" in text and "old" not in text
    readme.write_text("no markers")
    assert main(["bench", "table", "--results", str(measured), "--readme", str(readme)]) == 2
    assert "expected one line <!-- benchmarks: begin" in capsys.readouterr().err


# ---- the command


def test_bench_kernels_writes_results(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cases, "all_cases", lambda: [cases.Case("a", "conv2", "conv2d_forward", CONV)])
    monkeypatch.setattr("benchmarks.peak.bandwidth", lambda *_: 10.0)
    assert main(["bench", "--quick", "kernels", "--out", str(tmp_path)]) == 0
    section = results.load(tmp_path)["kernels"]
    assert section["quick"] and section["command"] == "loopnet bench --quick kernels"
    assert "tuned" in capsys.readouterr().out and "Quick run" in (tmp_path / "cpu.md").read_text()


@pytest.mark.parametrize(
    "options, words",
    [
        (["nothing"], "invalid choice"),
        (["train", "--peers", "caffe"], "unknown caffe"),
        (["kernels", "--threads", "9999"], "--threads 9999: Numba has"),
        (["kernels", "--net", "z"], "invalid choice: 'z'"),
        (["page", "--results", "empty"], "no results in empty yet"),
    ],
)
def test_bench_errors_are_one_line(options, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *options]) == 2
    error = capsys.readouterr().err
    assert words in error and len(error.splitlines()) == 1


def test_bench_without_the_folder_says_where_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("loopnet.cli.bench.__file__", str(tmp_path / "site-packages" / "loopnet" / "cli" / "bench.py"))
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "kernels"]) == 2
    assert "get loopnet's source" in capsys.readouterr().err
