"""Stand-ins tell a check which rows an answer used, and how it searched."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from hpotutor.exercises import engine
from hpotutor.exercises.probes import ACCURACIES, TRAINED, UNTRAINED, RowsProbe
from hpotutor.exercises.search_probes import SearchProbe, same_distribution, score_of, trial_probe


def refusal(function, *arguments, **keywords) -> str:
    with pytest.raises(engine.NotYet) as caught:
        function(*arguments, **keywords)
    return str(caught.value)


@pytest.fixture
def probe() -> RowsProbe:
    return RowsProbe()


def fit(probe: RowsProbe, **more: object):
    return probe.model.fit(probe.data.x_train, probe.data.y_train, **more)


def score(probe: RowsProbe, **more: object):
    return probe.model.evaluate(probe.data.x_val, probe.data.y_val, **more)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def test_the_data_have_as_many_rows_as_it_says(probe) -> None:
    data = probe.data
    assert [len(data.y_train), len(data.y_val), data.n_test] == [18, 6, 6]
    other = RowsProbe(ACCURACIES[1])
    assert not set(map(tuple, other.data.x_val)) & set(map(tuple, data.x_val))
    assert (probe.model.accuracy, other.model.accuracy) == ACCURACIES


@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_a_network_measures_what_it_was_told(accuracy) -> None:
    probe = RowsProbe(accuracy)
    before = [UNTRAINED["val_loss"], UNTRAINED["val_accuracy"]]
    assert score(probe) == before
    assert dict(zip(("loss", "accuracy"), before, strict=True)) == score(probe, return_dict=True)
    past = fit(probe, epochs=3, validation_data=(probe.data.x_val, probe.data.y_val)).history
    assert score(probe) == [TRAINED["val_loss"], accuracy]
    ends = {**TRAINED, "val_accuracy": accuracy}
    assert {name: values[-1] for name, values in past.items()} == ends
    for name, values in past.items():  # it ends at its best
        steps = np.diff(values)
        assert len(values) == 3
        assert np.all(steps < 0 if "loss" in name else steps > 0)
    assert list(fit(probe).history) == ["loss", "accuracy"]
    assert len(fit(probe).history["loss"]) == 1


def test_made_up_numbers_look_measured_and_differ() -> None:
    losses = [TRAINED["loss"], TRAINED["val_loss"], UNTRAINED["loss"], UNTRAINED["val_loss"]]
    shares = [TRAINED["accuracy"], UNTRAINED["accuracy"], UNTRAINED["val_accuracy"], *ACCURACIES]
    assert all(0 < share < 1 for share in shares) and min(losses) > 0
    shares += [1 - accuracy for accuracy in ACCURACIES[:1]]
    told = sorted([*losses, *shares])
    assert min(np.diff(told)) > 0.02
    of_six = [UNTRAINED["val_accuracy"], *ACCURACIES]  # rows
    assert [round(6 * accuracy, 9) for accuracy in of_six] == [1, 4, 5]
    past = RowsProbe().model.fit(epochs=5, x=np.zeros((1, 2)), y=[0]).history
    assert 0 < min(past["accuracy"]) and max(past["accuracy"]) < 1


@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_predictions_are_as_right_as_the_accuracy(accuracy) -> None:
    probe = RowsProbe(accuracy)
    untrained = probe.model.predict(probe.data.x_val)
    assert untrained.shape == (6, 1)
    assert np.mean((untrained[:, 0] > 0.5) == probe.data.y_val) == pytest.approx(1 / 6)
    fit(probe)
    chances = probe.model.predict(probe.data.x_val, verbose=0)
    assert np.mean((chances[:, 0] > 0.5) == probe.data.y_val) == pytest.approx(accuracy)
    assert set(chances[:, 0]) == {0.1, 0.9}
    assert probe.model.predict(np.full((2, 2), 9.0)).shape == (2, 1)  # rows of nobody's
    assert probe.model.scored_on == ["validation", "validation", "other"]


def test_epochs_add_up_and_the_rest_is_noted(probe) -> None:
    assert (probe.model.epochs, probe.model.validation_split) == (0, 0.0)
    fit(probe, epochs=np.int64(2), validation_split=0.25, callbacks=[], unknown=1)
    assert (probe.model.epochs, probe.model.validation_split) == (2, 0.25)
    fit(probe)
    assert (probe.model.epochs, probe.model.validation_split) == (3, 0.0)


def misuse(probe: RowsProbe, name: str) -> None:
    data, model = probe.data, probe.model
    x, y = data.x_val, data.y_val
    if name == "test":
        fit(probe)
        model.evaluate(*data._test)
    elif name == "test to train":
        model.fit(*data._test)
        score(probe)
    elif name == "open":
        data.open_test()
        fit(probe)
        score(probe)
    elif name == "no fit":
        score(probe)
    elif name == "train on all":
        model.fit(np.vstack([data.x_train, x]), np.concatenate([data.y_train, y]))
        score(probe)
    elif name == "score on training":
        fit(probe)
        model.evaluate(data.x_train, data.y_train)
        score(probe)
    elif name == "train on others":
        model.fit(x + 1, y)
        score(probe)
    elif name == "score on others":
        fit(probe)
        score(probe)
        model.predict(x + 1)
    elif name == "no score":
        fit(probe)
    elif name == "half to train":
        model.fit(data.x_train[:9], data.y_train[:9])
        score(probe)
    elif name == "half to score":
        fit(probe)
        model.evaluate(x[:5], y[:5])
    elif name == "half in fit":
        fit(probe, validation_data=(x[:5], y[:5]))
    elif name == "no labels":
        fit(probe)
        model.evaluate(x)
    elif name == "turned labels":
        fit(probe)
        model.evaluate(x, y[::-1])
    elif name == "labels of others":
        model.fit(data.x_train, np.roll(data.y_train, 1))
        score(probe)
    elif name == "written":
        fit(probe)
        score(probe)
        x[0] = 3


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("test", "This opens the test set"),
        ("test to train", "This opens the test set"),
        ("open", "This opens the test set"),
        ("no fit", "This never calls `model.fit`"),
        ("train on all", "This trains on the validation rows"),
        ("score on training", "This scores on the rows that the network learned from"),
        ("train on others", "This uses rows that are not in the `data`"),
        ("score on others", "This uses rows that are not in the `data`"),
        ("no score", "This never scores the network"),
        ("half to train", "`model.fit` is given only some of the rows"),
        ("half to score", "`model.evaluate` is given only some of the rows"),
        ("half in fit", "`model.fit` is given only some of the rows"),
        ("no labels", "`model.evaluate` needs the labels of the rows"),
        ("turned labels", "`model.evaluate` needs the labels of the rows"),
        ("labels of others", "`model.fit` needs the labels of the rows"),
        ("written", "This writes into `data`"),
    ],
)
def test_each_misuse_has_its_words(probe, name, says) -> None:
    misuse(probe, name)
    assert refusal(probe.refuse_misuse).startswith(says)


def test_rows_in_another_order_are_all_the_same(probe) -> None:
    data, order = probe.data, np.random.default_rng(0).permutation(18)
    probe.model.fit(data.x_train[order], data.y_train[order][:, None])  # labels as a column
    probe.model.evaluate(data.x_val.astype(float), list(data.y_val))
    weighted = (data.x_val, data.y_val, np.ones(6))
    fit(probe, validation_data=weighted)
    assert probe.refuse_misuse() is None


NOT_IT = [
    ([0.74, 4 / 6], "return the accuracy alone"),
    ({"accuracy": 4 / 6}, "return the accuracy alone"),
    ("high", "one number, the validation accuracy; it is a string"),
    (UNTRAINED["val_accuracy"], "measured before the training"),
    (UNTRAINED["loss"], "measured before the training"),
    (TRAINED["loss"], "This is the loss"),
    (TRAINED["val_loss"], "This is the loss"),
    (TRAINED["accuracy"], "the accuracy on the training rows"),
    (2 / 6, "This is 1 minus the accuracy"),
    (-4 / 6, "The highest number is to win"),
    (0.665, "After 5 epochs the validation accuracy was 0.667; this returns 0.665."),
    (0.5, "this returns 0.5."),
]


def test_what_is_not_the_accuracy_is_told(probe) -> None:
    fit(probe, epochs=5)
    for value, says in NOT_IT:
        assert says in refusal(probe.expect_accuracy, value, epochs=5)


def test_the_accuracy_after_so_many_epochs_is_right(probe) -> None:
    fit(probe, epochs=5)
    assert probe.expect_accuracy(np.float64(4 / 6), epochs=5) is None
    said = refusal(probe.expect_accuracy, 4 / 6, epochs=6)
    assert said == "Train for 6 epochs; here the number of epochs is 5."


# ── searches ─────────────────────────────────────────────────────────────────────────────────


def test_a_search_is_watched() -> None:
    search = SearchProbe()
    assert "never told a score" in refusal(lambda: search.incumbent)
    rates = []
    for _ in range(5):
        params = search.suggest()
        value = search.evaluate(params)
        search.observe(params, value)
        rates.append(params["learning_rate"])
        params["learning_rate"] = 9.0  # its own copy
    assert rates == pytest.approx([0.001, 0.002, 0.003, 0.004, 0.005])
    assert search.asked == rates and search.suggested == [{"learning_rate": r} for r in rates]
    assert search.told == [(rate, score_of(rate)) for rate in rates]
    assert search.incumbent == {"learning_rate": rates[2]}  # the best is not the last
    assert score_of(0.0031) == 0.9 and score_of(0.0131) == pytest.approx(0.5)


def test_who_asks_before_it_tells_is_seen_in_the_rate() -> None:
    search = SearchProbe()
    rates = [search.suggest()["learning_rate"] for _ in range(3)]
    assert rates == pytest.approx([0.001, 0.011, 0.021])


@pytest.mark.parametrize(
    ("params", "value", "says"),
    [
        ([0.1], 0.5, "first the params, a dict; it is a list"),
        ({"learning_rate": 0.1}, "a", "second the score, a number; it is a string"),
        ({"rate": 0.1}, 0.5, "a learning rate; it is None"),
    ],
)
def test_what_is_told_to_a_search_is_looked_at(params, value, says) -> None:
    assert says in refusal(SearchProbe().observe, params, value)
    if "score" not in says:
        told = says.replace("first the params, a dict", "with the params that were suggested")
        assert told in refusal(SearchProbe().evaluate, params)


def test_a_trial_draws_by_its_seed_and_refuses_what_leaves_optuna() -> None:
    rates = [trial_probe(seed).suggest_float("a", 0, 1) for seed in (1, 1, 2)]
    assert rates[0] == rates[1] != rates[2]
    trial = trial_probe(0)
    assert isinstance(trial, optuna.Trial)
    said = refusal(trial.suggest_loguniform, "a", 1, 2)
    assert said.startswith("`suggest_loguniform` is deprecated and leaves with Optuna 6.")
    said = refusal(trial.suggest_uniform, "a", low=1, high=2)
    assert said.startswith("`suggest_uniform` is deprecated")


def test_choices_may_stand_in_any_order() -> None:
    one, other = CategoricalDistribution(["a", 1]), CategoricalDistribution([1, "a"])
    assert same_distribution(one, other)
    assert not same_distribution(one, CategoricalDistribution(["a", 2]))
    assert not same_distribution(one, FloatDistribution(0, 1))
    assert not same_distribution(FloatDistribution(0, 1), one)
    assert same_distribution(FloatDistribution(0, 1), FloatDistribution(0, 1))
    assert not same_distribution(FloatDistribution(0, 1), FloatDistribution(0, 2))
