"""Optimisers, learning rates and checkpoints, as Keras's listings ask for them."""

import numpy as np
import pytest
from listed import X, Y, compiled

from loopnet import (
    optimizers,
)
from loopnet.callbacks import LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau


@pytest.mark.parametrize("name", ["adadelta", "Adagrad", "adamax", "Nadam"])
def test_an_optimiser_by_name_has_keras_s_defaults(name):
    keras = {
        "adadelta": {"rho": 0.95},
        "adagrad": {"initial_accumulator_value": 0.1},
        "adamax": {"beta_1": 0.9, "beta_2": 0.999},
        "nadam": {"beta_1": 0.9, "beta_2": 0.999},
    }
    model = compiled(optimizer=name)
    model.train_on_batch(X, Y)
    capitals = name.capitalize()
    expected = {"name": capitals, "learning_rate": 0.001, "epsilon": 1e-7, **keras[name.lower()]}
    assert model.optimizer is not None and model.optimizer.get_config() == expected
    by_object = compiled(optimizer=getattr(optimizers, capitals)())
    by_object.train_on_batch(X, Y)
    for ours, theirs in zip(model.get_weights(), by_object.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_checkpoint_after_so_many_batches(tmp_path):
    keep = ModelCheckpoint(tmp_path / "{epoch}-{batch}-{loss:.1f}", save_freq=2)
    compiled().fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=keep)
    assert sorted(path.name[:4] for path in tmp_path.iterdir()) == ["1-2-", "2-1-", "2-3-"]


def test_a_schedule_of_the_epoch_alone():
    model = compiled()
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))])
    assert history.history["learning_rate"] == [0.1, 0.05]


def test_the_learning_rate_falls_on_a_plateau():
    """By hand: better at 0 and 1; two epochs without (2, 3): falls; the count rests (4) and reaches two again at 5."""
    model = compiled()
    callback = ReduceLROnPlateau(monitor="val", factor=0.5, patience=2, min_delta=0.01, cooldown=1, min_lr=0.003)
    callback.model = model
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate([1.0, 0.9, 0.895, 0.95, 0.95, 0.95, 0.95, 0.95]):
        logs = {"val": value}
        callback.on_epoch_end(epoch, logs)
        rates.append(model.optimizer.learning_rate)
    assert rates == pytest.approx([0.01, 0.01, 0.01, 0.005, 0.005, 0.003, 0.003, 0.003])  # as Keras's callback does
    assert logs["learning_rate"] == pytest.approx(0.003)
    with pytest.raises(ValueError, match="expected factor between 0 and 1, given 1.5"):
        ReduceLROnPlateau(factor=1.5)
