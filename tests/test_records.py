"""Recipes build what they say and train through the command; the record table counts every run once."""

import json
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from loopnet.averaging import AveragedWeights
from loopnet.cli import main
from loopnet.layers import RBF, Dropout, RandomDistortion
from loopnet.lenet import lenet5
from loopnet.lenet1998 import lenet5_1998
from loopnet.losses import MaximumAPosteriori
from loopnet.model import Sequential
from loopnet.recipes import BEST, LECUN1998, PLAIN, RECIPES, TIME_MACHINE, Recipe

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))
SHAPE = (32, 32, 1)

# ---- recipes


def test_the_article_is_lenet5_as_it_stands():
    ours, theirs = RECIPES["article"].model(SHAPE, 100, seed=3), lenet5(seed=3)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert ours.optimizer is not None and ours.optimizer.learning_rate == 0.001


def test_lecun1998_has_the_weights_of_lenet5_1998():
    ours, theirs = LECUN1998.model(SHAPE, 100, seed=3), lenet5_1998(seed=3)
    assert [w.size for w in ours.get_weights()] == [w.size for w in theirs.get_weights()]
    assert ours.count_params() == 60000 and isinstance(ours.loss, MaximumAPosteriori)
    x = np.random.default_rng(0).uniform(size=(3, *SHAPE)).astype(np.float32)
    theirs.set_weights([a.reshape(b.shape) for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True)])
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-5, atol=1e-4)


def test_colour_is_the_lenet_of_the_article_on_cifar():
    model = RECIPES["colour"].model((32, 32, 3), 50000)
    assert [layer.count_params() for layer in model.layers] == [456, 0, 2416, 0, 0, 48120, 10164, 850]


@pytest.mark.parametrize("name", RECIPES)
def test_only_the_best_recipe_is_larger_than_lenet5(name):
    """With distorted images a wider network pays; without them none was tried."""
    parameters = RECIPES[name].model(SHAPE, 60000, seed=0).count_params()
    assert parameters <= 61706 or (name, parameters) == ("best", 92334)


def test_the_time_machine_changes_one_choice_at_a_time():
    rows = list(TIME_MACHINE.values())
    assert rows[0] == LECUN1998 and rows[-1] == BEST and PLAIN in rows
    changed = [
        [f.name for f in fields(Recipe) if getattr(a, f.name) != getattr(b, f.name)]
        for a, b in zip(rows, rows[1:], strict=False)
    ]
    # five rows change what only makes sense together, or takes the same time together, and say so in their names
    together = [{"rescaled", "start"}, {"dropout", "distortion"}, {"filters", "units"}, {"epochs", "average"}]
    together.append({"filters", "epochs"})
    assert all(len(names) == 1 or set(names) in together for names in changed)


def test_the_rate_of_one_cycle():
    recipe = Recipe(one_cycle=True, learning_rate=0.5, epochs=10, batch_size=10)
    optimizer = recipe.optimizer(95)  # ten steps an epoch, the last of five images
    rates = []
    for _ in range(101):
        rates.append(optimizer.learning_rate)
        optimizer.iterations += 1
    assert rates[0] == pytest.approx(0.02) and rates[20] == pytest.approx(0.5) and max(rates) == rates[20]
    assert rates[100] == pytest.approx(0, abs=1e-9) and rates[60] == pytest.approx(0.25)


def test_what_a_recipe_adds():
    model = replace(BEST, dropout=0.25, average=0.9).model(SHAPE, 100, seed=0)
    kinds = {type(layer) for layer in model.layers}
    assert {RandomDistortion, Dropout} <= kinds and RBF not in kinds
    callback = replace(BEST, average=0.9).fit()["callbacks"][0]
    assert isinstance(callback, AveragedWeights) and callback.decay == 0.9
    assert PLAIN.fit()["callbacks"] == []


def test_rbf_outputs_need_their_pictures():
    with pytest.raises(ValueError, match="expected 84 units and 10 classes for RBF outputs, given 60 and 10"):
        replace(LECUN1998, units=(60,)).model(SHAPE, 100)


# ---- averaged weights


@pytest.mark.parametrize("backend", ["literal", "tuned"])
def test_averaged_weights_by_hand(backend):
    """One weight, pushed down by a known step each time: the average is of what it was after each."""
    from loopnet.layers import Dense, Input

    model = Sequential([Input((1,)), Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile("sgd", "mse", backend=backend)
    seen = []

    class Watch(AveragedWeights):
        def on_train_batch_end(self, batch, logs):
            super().on_train_batch_end(batch, logs)
            seen.append(float(model.get_weights()[0][0, 0]))

    x, y = np.ones((12, 1), np.float32), np.zeros((12, 1), np.float32)
    model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0, callbacks=[Watch(0.3)])
    average = seen[0]
    for steps, value in enumerate(seen[1:], start=2):
        average += (1 - min(0.3, (steps - 1) / (steps + 9))) * (value - average)
    assert len(seen) == 12 and seen[-1] < seen[0] < 1
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(average, rel=1e-5)


def test_an_average_of_everything_at_once_says_so():
    with pytest.raises(ValueError, match="expected a decay of at least 0 and below 1, given 1"):
        AveragedWeights(1)


# ---- the command


def trained(*options, capsys, out):
    assert main(["train", *options, "--data", "digits", "--epochs", "1", "--out", str(out)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("recipe, said", [("lecun1998", "60,000"), ("best", "RandomDistortion")])
def test_train_by_recipe(recipe, said, capsys, tmp_path):
    text = trained("lenet5", "--recipe", recipe, capsys=capsys, out=tmp_path)
    assert said in text and "0 to validate" in text and "epochs 1, batch size 128, adam" in text
    assert "kept the weights" not in text and "test accuracy: " in text
    assert (tmp_path / "model.safetensors").is_file()


def test_train_the_network_of_1998(capsys, tmp_path):
    text = trained("lenet5_1998", capsys=capsys, out=tmp_path)
    assert "rbf (RBF)" in text and "batch size 16, adam" in text


@pytest.mark.parametrize("options, message", [
    (["--recipe", "worst"], "unknown recipe 'worst'; there are article, lecun1998, sprint, plain, best, colour"),
    (["lenet5_1998", "--recipe", "best"], "a recipe brings its own network, given lenet5_1998; expected lenet5"),
    (["--recipe", "best", "--optimizer", "sgd"], "a recipe trains with adam, given --optimizer sgd"),
])  # fmt: skip
def test_train_says_what_does_not_go_together(options, message, capsys):
    assert main(["train", *options]) == 2
    assert message in capsys.readouterr().err


# ---- the record table

pytest.importorskip("benchmarks", reason="the benchmarks are in a checkout only")
from benchmarks import records  # noqa: E402


@pytest.fixture
def small(monkeypatch):
    """A hundred digits and an epoch, so that a run takes no time; counts how often the data are asked for."""
    from loopnet.datasets import load_for

    def few(data, shape):
        (x, y), (x_test, y_test) = load_for("digits", shape)
        return (x[:100], y[:100]), (x_test[:50], y_test[:50])

    monkeypatch.setattr(records, "load_for", few)
    monkeypatch.setattr(records, "HELD_OUT", 30)
    monkeypatch.setattr(records, "all_recipes", lambda: {"short": Recipe(epochs=1), "tall": Recipe(epochs=2)})


def test_every_run_is_made_once(small, tmp_path):
    said: list[str] = []
    records.run(tmp_path, names=["short"], seeds=[1], report=said.append)
    rows = records.run(tmp_path, seeds=[0, 1], report=said.append)
    assert [(row["recipe"], row["seed"]) for row in rows] == [("short", 1), ("short", 0), ("tall", 0), ("tall", 1)]
    assert len(said) == 4 and said[0].startswith("short, seed 1: test error ")
    assert rows[0]["parameters"] == 61706 and rows[0]["epochs"] == 1 and 0 <= rows[0]["test_error"] <= 100
    assert records.run(tmp_path, seeds=[0, 1], report=said.append) == rows and len(said) == 4


def test_a_validation_leaves_the_test_images_alone(small, tmp_path, monkeypatch):
    tested, evaluate = [], Sequential.evaluate

    def watched(self, x, y, **how):
        tested.append(len(x))
        return evaluate(self, x, y, **how)

    monkeypatch.setattr(Sequential, "evaluate", watched)
    rows = records.run(tmp_path, names=["short"], seeds=[0], validate=True, report=lambda _: None)
    assert tested == [30] and "test_error" not in rows[0] and "validation_error" in rows[0]
    assert records.summary(rows, "mnist", "short") is None


def test_the_same_seed_gives_the_same_record(small, tmp_path):
    errors = [
        records.run(tmp_path / name, names=["tall"], seeds=[4], report=lambda _: None)[0]["test_error"] for name in "ab"
    ]
    assert errors[0] == errors[1]


def logged(folder, runs):
    lines = [
        {"data": "mnist", "recipe": name, "seed": seed, "parameters": 5, "epochs": 2, "seconds": 1.0, "test_error": e}
        for name, errors in runs.items()
        for seed, e in enumerate(errors)
    ]
    folder.mkdir(exist_ok=True)
    (folder / records.LOG).write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_the_table_by_hand(tmp_path):
    logged(tmp_path, {"best": [0.4, 0.5, 0.6], "article": [1.0]})
    row = records.summary(records.read(tmp_path), "mnist", "best")
    assert row is not None and row["mean"] == pytest.approx(0.5) and row["deviation"] == pytest.approx(0.1)
    assert (row["best"], row["worst"], row["seeds"]) == (0.4, 0.6, 3)
    page = records.page(tmp_path)
    assert "| best | 3 | 5 | 2 | 1 | 0.50 ± 0.10 % | 0.40 % | 0.60 % |" in page
    assert "| article | 1 |" in page and "| plain |" not in page


def test_page_and_picture_from_the_log(tmp_path, capsys):
    name = next(name for name in TIME_MACHINE if name == records.step_name(name))
    logged(tmp_path, {"lecun1998": [1.0, 1.1], name: [0.9], "best": [0.4]})
    assert main(["bench", "records", "--page", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {records.LOG, "records.md", "records.png"}
    labels = [text.get_text() for text in records.draw(tmp_path).axes[0].get_yticklabels()]
    assert labels == [list(TIME_MACHINE)[0], *(f"+ {step}" for step in list(TIME_MACHINE)[1:])]
    page = (tmp_path / "records.md").read_text()
    assert f"| {name} | 1 | 5 | 2 | 1 | 0.90 % |" in page and page.count("not run yet") == len(TIME_MACHINE) - 3


def test_nothing_to_show_says_so(tmp_path, capsys):
    assert main(["bench", "records", "--page", "--out", str(tmp_path)]) == 2
    assert "no finished runs" in capsys.readouterr().err


def test_an_unknown_recipe_says_so(capsys, tmp_path):
    assert main(["bench", "records", "--recipe", "worst", "--out", str(tmp_path)]) == 2
    assert "--recipe: unknown worst; there are article, lecun1998, sprint, plain, best, " in capsys.readouterr().err
