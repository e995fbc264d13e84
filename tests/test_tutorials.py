"""The notebooks as they are committed: the same text as their sources, outputs of the code as it stands, and clean.

That they run is what ``make tutorials`` shows; these tests run none of them.
"""

import ast
import importlib
import json
import re
import sys
from functools import reduce
from pathlib import Path

import jupytext
import pytest

from loopnet import article
from loopnet.exercises import EXERCISES
from loopnet.kernels.textbook import TEXTBOOK

FOLDER = Path(__file__).parents[1] / "tutorials"
SOURCES = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
LARGEST = 2**20
NOISE = (
    r"Warning\b", r"\bit/s\b", r"\d%\|", "Traceback", "compiling the loops", r"\x1b\[", "site-packages",
    r"(?<![\w.:/])/(home|root|usr|opt|tmp|mnt|work|Users|private)/", r"\b[A-Z]:\\",
)  # fmt: skip

sys.path.insert(0, str(FOLDER))  # where the notebooks find their helpers
build = importlib.import_module("build")
lesson = importlib.import_module("lesson")
sys.path.remove(str(FOLDER))


def notebook_of(source):
    return json.loads(source.with_suffix(".ipynb").read_text(encoding="utf-8"))


def text(lines):
    return lines if isinstance(lines, str) else "".join(lines)


def cells_of(notebook):
    return [(cell["cell_type"], text(cell["source"])) for cell in notebook["cells"]]


def outputs_of(notebook):
    return [output for cell in notebook["cells"] for output in cell.get("outputs", ())]


def drift(source, notebook):
    """In words, what the source has and the notebook has not."""
    written = [(cell.cell_type, cell.source) for cell in jupytext.read(source, fmt="py:percent").cells]
    if written != cells_of(notebook):
        return f"{source.name}: the notebook has other cells; run python tutorials/build.py {source.name[:2]}"
    if notebook["metadata"]["loopnet"]["made_from"] != build.fingerprint(source):
        return f"{source.name} has changed since its outputs were made; run python tutorials/build.py {source.name[:2]}"
    return ""


every = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


def test_there_are_ten():
    assert [source.name[:2] for source in SOURCES] == [f"{number:02}" for number in range(1, 11)]
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == {source.stem for source in SOURCES}


@every
def test_source_and_notebook_say_the_same(source):
    assert not drift(source, notebook_of(source))


@pytest.mark.parametrize("change", ["a word in the text", "a letter in the code", "only the outputs are older"])
def test_drift_is_noticed(change, tmp_path):
    notebook, copy = notebook_of(SOURCES[0]), tmp_path / SOURCES[0].name
    written = SOURCES[0].read_text(encoding="utf-8")
    copy.write_text(written, encoding="utf-8")
    assert not drift(copy, notebook)
    if change.startswith("only"):
        notebook["metadata"]["loopnet"]["made_from"] = "0" * 64
    else:
        old, new = ("you can", "you cannot") if "text" in change else ("import numpy as np", "import numpy as n")
        copy.write_text(written.replace(old, new, 1), encoding="utf-8")
    assert SOURCES[0].name in drift(copy, notebook)


@every
def test_the_loops_shown_are_those_of_the_package(source):
    for output in outputs_of(notebook_of(source)):
        shown = output.get("metadata", {}).get("loopnet", {})
        if "source" in shown:
            module, name = shown["source"].split(":")
            if "cuda" in module:
                pytest.importorskip("numba.cuda")
            function = reduce(getattr, name.split("."), importlib.import_module(module))
            function = getattr(function, "kernel", function)  # behind a launcher
            _, now = lesson.written(function, shown["docstring"])
            assert text(output["data"]["text/plain"]) == now, shown["source"]


def test_every_early_notebook_shows_a_loop():
    shown = {
        source.stem[:2]: [o["metadata"]["loopnet"]["source"] for o in outputs_of(notebook_of(source))
                          if "source" in o.get("metadata", {}).get("loopnet", {})]
        for source in SOURCES
    }  # fmt: skip
    assert "loopnet.article:basic_conv" in shown["02"] and "loopnet.article:max_pool" in shown["03"]
    assert {"loopnet.kernels.conv2d:conv2d_backward_weights", "loopnet.kernels.conv2d:conv2d_backward_input"} <= set(
        shown["05"]
    )


@every
def test_no_loop_of_the_package_is_written_anew(source):
    names = {*TEXTBOOK, *vars(article)}
    defined = {node.name for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.FunctionDef)}
    assert not defined & names


@every
def test_outputs_are_complete_and_clean(source):
    notebook = notebook_of(source)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for output in outputs_of(notebook):
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr", text(output["text"])
        said = text(output.get("text", "")) + text(output.get("data", {}).get("text/plain", ""))
        for pattern in NOISE:
            assert not re.search(pattern, said), f"{pattern}: {said[:200]}"


def test_every_loop_that_is_broken_on_purpose_is_wrong_somewhere():
    outputs = outputs_of(notebook_of(FOLDER / "05_backprop_through_the_loops.py"))
    shares = re.findall(r"(\d+)% of the pixels are wrong", "".join(text(output.get("text", "")) for output in outputs))
    assert len(shares) == 6 and all(int(share) > 0 for share in shares)


@pytest.mark.parametrize(
    "said",
    ["UserWarning: x", "5%|###", "at /home/me/x.py", "in /tmp/a", r"C:\Users", "compiling the loops for this machine"],
)
def test_noise_is_noticed(said):
    assert any(re.search(pattern, said) for pattern in NOISE)


@every
def test_every_picture_is_described_in_words(source):
    notebook = notebook_of(source)
    pictures = [output for output in outputs_of(notebook) if "image/png" in output.get("data", {})]
    assert len(pictures) >= 3
    for output in pictures:
        assert len(output["metadata"]["image/png"]["alt"]) > 25
    assert not any("text/html" in output.get("data", {}) for output in outputs_of(notebook))


@every
def test_small_enough(source):
    assert source.with_suffix(".ipynb").stat().st_size < LARGEST


@every
def test_opens_with_a_promise_and_ends_with_exercises(source):
    words = "\n".join(text for kind, text in cells_of(notebook_of(source)) if kind == "markdown")
    number = int(source.name[:2])
    assert words.startswith(f"# {number} · ")
    assert "After this notebook you can" in words.split("## ")[0]
    assert "## Exercises" in words and "## Write it yourself" in words.replace("the loop yourself", "it yourself")


@every
def test_names_all_exercises_of_its_subject_and_none_that_is_not_there(source):
    words = "\n".join(text for _, text in cells_of(notebook_of(source)))
    named = set(re.findall(r'(?:check|starter)\("(\w+)"', words))
    for row in re.findall(r"^\| (`.*?`) \|", words.partition("## Write")[2], re.MULTILINE):
        named |= set(re.findall(r"`(\w+)`", row))
    expected = {name for name, exercise in EXERCISES.items() if exercise.tutorial == int(source.name[:2])}
    assert expected <= named <= set(EXERCISES)


@pytest.mark.parametrize("page", [*SOURCES, FOLDER / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    if page.suffix == ".py":
        words = "\n".join(text for kind, text in cells_of(notebook_of(page)) if kind == "markdown")
    else:
        words = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(\s*([^)\s]+)\s*\)", words) + re.findall(r'src="([^"]+)"', words):
        if not target.startswith(("http", "#")):
            assert (FOLDER / target).exists(), target


def test_the_readme_lists_all():
    words = (FOLDER / "README.md").read_text(encoding="utf-8")
    for source in SOURCES:
        assert f"({source.stem}.ipynb)" in words and f"pictures/{source.name[:2]}.png" in words
