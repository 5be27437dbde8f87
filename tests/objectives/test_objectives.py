"""Objectives: what one trial gives, costs and survives."""

import json
import math

import numpy as np
import pytest

import hpotutor as ht
from tests.messages import refused


@pytest.fixture(scope="module")
def iris():
    return ht.load("iris")


def test_function_of_params():
    objective = ht.FunctionObjective(lambda params: params["x"] * 2)
    evaluation = objective.evaluate({"x": 4})
    assert (evaluation.value, evaluation.status, evaluation.epochs) == (8.0, "complete", 0)


@pytest.mark.parametrize(
    ("returned", "status", "reason"),
    [
        (np.inf, "diverged", "inf"),
        (np.float32(0.5), "complete", ""),
        (np.array(1), "complete", ""),
    ],
)
def test_what_a_function_may_return(returned, status, reason):
    evaluation = ht.FunctionObjective(lambda params: returned).evaluate({})
    assert evaluation.status == status
    assert reason in evaluation.reason
    assert math.isfinite(evaluation.value) == (status == "complete")


def test_training_gives_a_curve_and_repeats(iris):
    objective = ht.TrainObjective(iris, epochs=3)
    first, again = (objective.evaluate({"units": 4, "dropout": 0.2}) for _ in range(2))
    assert {len(values) for values in first.curve.values()} == {3}
    assert first.curve == again.curve
    assert first.value == first.curve["val_accuracy"][-1]
    other = ht.TrainObjective(iris, epochs=3, seed=1).evaluate({"units": 4, "dropout": 0.2})
    assert other.curve != first.curve


def test_every_development_row_is_held_out_once(iris):
    objective = ht.TrainObjective(iris, epochs=2, folds=3)
    assert objective.epochs_of({}, None) == 6
    held_out = sum(len(y_val) for _, _, _, y_val in objective.splits())
    assert held_out == len(iris.y_train) + len(iris.y_val)


def test_early_stopping_scores_the_best_epoch(iris):
    objective = ht.TrainObjective(iris, epochs=60, early_stopping=2, metric="val_loss")
    evaluation = objective.evaluate({"learning_rate": 0.3, "units": 32, "layers": 2})
    assert evaluation.epochs < 60
    assert evaluation.value == min(evaluation.curve["val_loss"])
    assert objective.direction == "minimize"


def test_a_search_can_stop_training(iris):
    seen = []

    def on_epoch(epoch, value):
        seen.append((epoch, value))
        return epoch == 2

    evaluation = ht.TrainObjective(iris, epochs=5).evaluate({"units": 4}, on_epoch=on_epoch)
    assert (evaluation.status, evaluation.epochs) == ("pruned", 2)
    assert [value for _, value in seen] == evaluation.curve["val_accuracy"]


def test_a_diverging_network_is_recorded(iris):
    params = {"optimizer": "sgd", "learning_rate": 1e8, "activation": "relu", "layers": 2}
    evaluation = ht.TrainObjective(iris, epochs=10).evaluate(params)
    assert evaluation.status == "diverged"
    assert math.isnan(evaluation.value)
    assert evaluation.epochs < 10


def test_a_model_of_the_learners_own(iris):
    from hpotutor._tensorflow import keras

    traced = []

    class Loss(keras.losses.SparseCategoricalCrossentropy):
        def call(self, y_true, y_pred):
            traced.append(y_pred)
            return super().call(y_true, y_pred)

    def build(n_features, n_classes, units=4, metrics=("accuracy",)):
        model = keras.Sequential([keras.Input((n_features,)), keras.layers.Dense(n_classes)])
        model.compile("adam", Loss(from_logits=True), metrics=list(metrics))
        return model

    objective = ht.TrainObjective(iris, epochs=1, build=build)
    found = objective.evaluate({"units": 3})
    assert (found.status, found.weights) == ("complete", 15)
    assert len(traced) == 2  # one trace of a training's step, and one of the validation's
    without = objective.evaluate({"metrics": ()})  # accuracy comes from predictions
    assert without.value == found.value


@pytest.mark.parametrize("engine", ["keras", "fused"])
def test_numpy_integers_are_integers(iris, engine, tmp_path):
    settings = {"epochs": 2, "folds": 2, "early_stopping": 2, "seed": 5}
    plain = ht.TrainObjective(iris, engine=engine, **settings)
    given = {name: np.int64(number) for name, number in settings.items()}
    objective = ht.TrainObjective(iris, engine=engine, **given)
    assert json.dumps(objective.describe()) == json.dumps(plain.describe())
    asked = {"units": 4, "batch_size": np.int64(16), "epochs": np.int32(1)}
    found, expected = objective.evaluate(asked), plain.evaluate({**asked, "epochs": 1})
    assert (found.status, found.curve) == ("complete", expected.curve)
    if engine == "keras":  # the rest is the same for both, and here a network a fold
        return
    assert type(objective.evaluate(asked, np.int64(1)).epochs) is int
    space = ht.SearchSpace(units=ht.choice(3))
    for asker in (objective, plain):  # the second reads the first's log
        search = {"trials": 1, "log": tmp_path / "search.log", "progress": False}
        assert len(ht.random_search(asker, space, **search)) == 1


def test_numpy_integers_of_a_function(iris):
    plain = ht.FunctionObjective(lambda params, epochs: epochs, epochs=5)
    objective = ht.FunctionObjective(plain.function, epochs=np.int64(5))
    assert json.dumps(objective.describe()) == json.dumps(plain.describe())
    assert type(objective.evaluate({}, np.int64(3)).epochs) is int
    with refused(r"(?s)epochs=np.int64\(0\).*folds=True"):
        ht.TrainObjective(iris, epochs=np.int64(0), folds=True)


def test_folds_cannot_be_pruned(iris):
    objective = ht.TrainObjective(iris, folds=2)
    told = "^TrainObjective: folds are trained one after the other.* Type folds=None, or engine="
    with refused(told):
        objective.evaluate({}, on_epoch=lambda epoch, value: False)


def test_description_tells_what_decides_an_answer(iris):
    first = ht.TrainObjective(iris, epochs=3).describe()
    assert first == ht.TrainObjective(ht.load("iris"), epochs=3).describe()
    assert first != ht.TrainObjective(ht.load("iris", seed=1), epochs=3).describe()


def test_the_stack_is_sent_to_the_device_that_is_asked_for():
    iris = ht.load("iris")
    with refused(r"device='tpu' is not allowed.*'cpu', 'gpu'"):
        ht.TrainObjective(iris, engine="fused", device="tpu")
    with refused("device='gpu' is for engine='fused'.*leave device out"):
        ht.TrainObjective(iris, device="gpu")
    objective = ht.TrainObjective(iris, engine="fused", epochs=1, device="gpu")
    assert objective.describe()["device"] == "gpu"
    assert "device" not in ht.TrainObjective(iris, engine="fused").describe()
    with refused("device='gpu'.*device='cpu'"):  # none is seen here
        objective.evaluate({})
