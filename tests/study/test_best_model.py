"""The winner is trained with what it won with, and has its score again."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

import hpotutor as ht
from hpotutor.objectives.scoring import Fit
from hpotutor.study.storage import to_evaluation, to_trial

SPACE = ht.SearchSpace(units=ht.integers(4, 16), learning_rate=ht.loguniform(0.01, 0.3))
QUICK = {"units": 8, "learning_rate": 0.3, "layers": 2}


@pytest.fixture(scope="module")
def iris():
    return ht.load("iris")


def loss_of(model, data):
    return model.evaluate(data.x_val, data.y_val, verbose=0)[0]


@pytest.mark.parametrize("engine", ["keras", "fused"])
def test_the_winner_of_hyperband_has_its_epochs(iris, engine):
    objective = ht.TrainObjective(iris, epochs=2, metric="val_loss", engine=engine)
    result = ht.hyperband_search(objective, SPACE, epochs=4, eta=2, bracket=1, progress=False)
    assert result.best_evaluation.epochs == 4
    assert loss_of(result.best_model(), iris) == pytest.approx(result.best_value, abs=1e-6)


@pytest.mark.parametrize("engine", ["keras", "fused"])
@pytest.mark.parametrize("how", [{"early_stopping": 2}, {"score": "best"}])
def test_the_winner_has_the_weights_of_its_best_epoch(iris, engine, how):
    objective = ht.TrainObjective(iris, epochs=15, metric="val_loss", engine=engine, **how)
    evaluation = objective.evaluate(QUICK)
    assert evaluation.value != evaluation.curve["val_loss"][-1]  # or the test says nothing
    model = objective.retrain(evaluation)
    assert loss_of(model, iris) == pytest.approx(evaluation.value, abs=1e-6)


@pytest.mark.parametrize("engine", ["keras", "fused"])
def test_a_score_of_scikit_learn_is_had_again(iris, engine):
    scored = {"metric": "balanced_accuracy", "early_stopping": 2, "class_weight": "balanced"}
    objective = ht.TrainObjective(iris, epochs=9, engine=engine, **scored)
    evaluation = objective.evaluate(QUICK)
    said = objective.retrain(evaluation).predict(iris.x_val, verbose=0).argmax(axis=1)
    assert balanced_accuracy_score(iris.y_val, said) == pytest.approx(evaluation.value, abs=1e-6)


def test_callbacks_that_shape_the_training_are_there_again(iris):
    def slower(trial, params):
        return [keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch))]

    objective = ht.TrainObjective(iris, epochs=4, metric="val_loss", callbacks=slower)
    result = ht.random_search(objective, SPACE, trials=1, progress=False)
    assert loss_of(result.best_model(), iris) == pytest.approx(result.best_value, abs=1e-6)


@pytest.mark.parametrize("engine", ["keras", "fused"])
def test_with_folds_the_winner_learns_from_the_rows_of_all(iris, engine):
    objective = ht.TrainObjective(iris, epochs=2, folds=2, engine=engine)
    evaluation = ht.Evaluation(QUICK, 0.9, {"loss": [1.0] * 3}, epochs=6)
    model = objective.retrain(evaluation)
    rest, y = iris._rest, np.concatenate([iris.y_train, iris.y_val])
    x = StandardScaler().fit_transform(np.asarray(rest)).astype("float32")
    if engine == "fused":
        (trained,) = ht.fused.train_many(
            x, y, None, None, [QUICK], n_classes=3, epochs=3, keep_weights=True
        )
        own = trained.to_keras()
    else:
        keras.utils.set_random_seed(0)
        own = ht.build_mlp(4, 3, seed=0, **QUICK)
        own.fit(x, y, epochs=3, verbose=0)
    for found, expected in zip(model.get_weights(), own.get_weights(), strict=True):
        assert np.allclose(found, expected, atol=1e-5)


def test_folds_that_stopped_early_tell_how_long_to_train(iris, monkeypatch):
    objective = ht.TrainObjective(iris, epochs=9, folds=3, early_stopping=1, metric="val_loss")
    losses = ([3, 1, 2], [3, 2, 1, 0.5, 0.9], [1, 2])
    evaluation = objective._evaluation({}, [Fit({"loss": v, "val_loss": v}) for v in losses])
    assert evaluation.best_epoch == 2  # of epochs 2, 4 and 1
    assert to_evaluation(to_trial(evaluation, {})) == evaluation
    asked = []
    monkeypatch.setattr(ht.TrainObjective, "_trained", lambda *one: asked.append(one) or [None])
    objective.retrain(evaluation)
    objective.retrain(ht.Evaluation({}, 0.5, evaluation.curve))  # of an older log: best in the mean
    assert [epochs for _, _, epochs, *_ in asked] == [2, 4]
    assert {one.early_stopping for one, *_ in asked} == {None}
