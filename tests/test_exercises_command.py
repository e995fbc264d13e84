"""``loopnet check``: lists, tasks, verdicts, a folder graded, and a network trained with a learner's loop."""

import csv

import numpy as np
import pytest

from loopnet.cli import main
from loopnet.exercises import EXERCISES, grade, starter
from loopnet.exercises.adapters import conv2d_from_basic_conv, max_pool2d_from_max_pool
from loopnet.exercises.measure import arguments, speeds
from loopnet.exercises.trainer import compiled
from loopnet.ops import get_ops
from loopnet.plot.ladder import plot_ladder, said


def solution(name: str) -> str:
    return EXERCISES[name].solution.read_text(encoding="utf-8")


def test_without_arguments_it_lists_the_exercises(capsys):
    assert main(["check"]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()[: len(EXERCISES)]] == list(EXERCISES)


def test_an_exercise_alone_is_its_task(capsys):
    assert main(["check", "basic_conv"]) == 0
    assert capsys.readouterr().out == starter("basic_conv")


def test_start_writes_a_file_and_never_over_another(tmp_path, capsys):
    path = tmp_path / "mine.py"
    assert main(["check", "dense_forward", "--start", str(path)]) == 0
    assert path.read_text() == starter("dense_forward")
    path.write_text("my work")
    assert main(["check", "dense_forward", "--start", str(path)]) == 2
    assert path.read_text() == "my work"
    assert "is there already" in capsys.readouterr().err


def test_the_exit_code_is_the_verdict(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(solution("relu_forward"))
    assert main(["check", "relu_forward", str(path), "--time-limit", "30"]) == 0
    path.write_text(starter("relu_forward"))
    assert main(["check", "relu_forward", str(path), "--seed", "4"]) == 1
    assert "nothing is ever written to y" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["basic_con"], "did you mean basic_conv?"),
        (["nothing_like_it"], "there are convolve_pixel, basic_conv"),
        (["basic_conv", "no-such-file.py"], "no-such-file.py: No such file"),
        (["basic_conv", "--train"], "need an EXERCISE and a FILE"),
        (["--all", "no-such-folder"], "no-such-folder: expected a folder"),
        (["--csv", "table.csv"], "--csv needs --all DIR"),
        (["--start", "mine.py"], "--start needs an EXERCISE"),
        (["basic_conv", "mine.py", "--time-limit", "0"], "must be a positive number"),
    ],
)
def test_bad_requests_are_one_line(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["check", *arguments]) == 2
    printed = capsys.readouterr()
    assert words in printed.err and printed.err.count("\n") == 1 and printed.out == ""


def test_a_folder_becomes_one_table(tmp_path, capsys):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "all.py").write_text(f"{solution('relu_forward')}\n\n{solution('average_pool')}")
    (tmp_path / "ben.py").write_text(solution("relu_forward").replace("= 0\n", "= -numbers[i]\n"))
    (tmp_path / "cleo.py").write_text("def something(): pass\n")
    (tmp_path / "dan.py").write_text("def relu_forward(x, y)\n")
    (tmp_path / "notes.txt").write_text("not Python")
    table = tmp_path / "marks.csv"
    assert main(["check", "--all", str(tmp_path), "--seed", "5", "--csv", str(table), "--time-limit", "30"]) == 1
    printed = capsys.readouterr().out
    assert "--seed 5" in printed and "2 of 5 passed" in printed
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["exercise"], row["passed"]) for row in rows] == [
        ("ada/all.py", "average_pool", "True"),
        ("ada/all.py", "relu_forward", "True"),
        ("ben.py", "relu_forward", "False"),
        ("cleo.py", "-", "False"),
        ("dan.py", "-", "False"),
    ]
    assert rows[1]["score"] == "5 of 5" and rows[2]["score"] == "0 of 5"
    assert "absolute value" in rows[2]["verdict"] and "no function of an exercise's name" in rows[3]["verdict"]
    assert "SyntaxError" in rows[4]["verdict"]


def test_a_folder_for_one_exercise(tmp_path, capsys):
    (tmp_path / "ada.py").write_text(solution("relu_forward"))
    (tmp_path / "ben.py").write_text("def something(): pass\n")
    assert main(["check", "relu_forward", "--all", str(tmp_path), "--time-limit", "30"]) == 1
    printed = capsys.readouterr().out
    assert "1 of 2 passed" in printed and "defines no function relu_forward; it defines something" in printed


# ---- in LeNet-5


def test_only_what_passed_and_has_a_place_can_train(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(starter("relu_forward"))
    with pytest.raises(ValueError, match="relu_forward is not passed yet"):
        grade(EXERCISES["relu_forward"], path).train()
    with pytest.raises(ValueError, match="conv_shape has no place in LeNet-5; these have: basic_conv"):
        grade(EXERCISES["conv_shape"], EXERCISES["conv_shape"].solution, time_limit=30).train()


def test_a_learners_loop_trains_lenet_as_ours_does(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(solution("relu_backward"))
    picture = tmp_path / "ladder.png"
    given = ["check", "relu_backward", str(path), "--train", "--epochs", "1", "--ladder", str(picture)]
    assert main([*given, "--time-limit", "30"]) == 0
    printed = capsys.readouterr().out
    assert "epoch 1: loss" in printed
    accuracy = float(printed.partition("test accuracy: ")[2].split()[0])
    assert 0.6 < accuracy <= 1
    assert "yours" in printed and picture.read_bytes().startswith(b"\x89PNG")


def pieces(name: str) -> dict:
    source = solution(name)
    return {"function": name, "pieces": [{"file": f"<{name}>", "line": 1, "source": source}]}


def test_the_articles_loops_fit_into_a_layer():
    """A convolution and a pooling made of one-image, one-channel loops are the kernels they stand for."""
    random = np.random.default_rng(2)
    x = random.integers(-4, 5, (2, 6, 8, 3)).astype(np.float32)
    w, b = random.integers(-4, 5, (3, 3, 3, 2)).astype(np.float32), np.array([1, -2], np.float32)
    python = get_ops("python")
    convolve = conv2d_from_basic_conv(compiled(pieces("basic_conv")))
    for stride, out in (((1, 1), (4, 6)), ((2, 2), (2, 3))):
        y, expected = (np.full((2, *out, 2), np.nan, np.float32) for _ in range(2))
        convolve(x, w, b, y, stride, (0, 0))
        python.conv2d_forward(x, w, b, expected, stride, (0, 0))
        np.testing.assert_array_equal(y, expected)
    y, expected = (np.full((2, 3, 4, 3), np.nan, np.float32) for _ in range(2))
    winner, expected_winner = (np.full(y.shape, -7, np.int32) for _ in range(2))
    max_pool2d_from_max_pool(compiled(pieces("max_pool")))(x, y, winner, (2, 2), (2, 2), (0, 0))
    python.max_pool2d_forward(x, expected, expected_winner, (2, 2), (2, 2), (0, 0))
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(winner, expected_winner)


def test_every_operation_can_be_measured():
    for exercise in EXERCISES.values():
        if exercise.operation:
            getattr(get_ops("parallel"), exercise.operation)(*arguments(exercise.operation, get_ops("parallel"), 1))


def test_the_ladder_names_every_rung_once():
    ratios = speeds("relu_forward", get_ops("literal").relu_forward)
    assert set(ratios) == {"python", "literal", "parallel", "tuned", "yours"}
    assert ratios["python"] == 1 and all(ratio > 0 for ratio in ratios.values())


def test_the_ladders_picture():
    figure = plot_ladder({"python": 1, "literal": 190, "yours": 204.4}, "conv2d_forward")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["python", "literal", "yours"]
    assert [patch.get_extents().width > 0 for patch in axes.patches] == [True] * 3
    assert [text.get_text() for text in axes.texts] == ["1", "190", "200"]
    assert axes.get_xscale() == "log"
    with pytest.raises(ValueError, match="at least one rung"):
        plot_ladder({}, "conv2d_forward")
    with pytest.raises(ValueError, match="literal: expected a positive number"):
        plot_ladder({"literal": 0}, "conv2d_forward")
    assert said(12710.0) == "13,000" and said(1.0) == "1" and said(2.345) == "2.3"
