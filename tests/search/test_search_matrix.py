"""Each method with each library: real training, valid points, exact budgets, and repeats."""

import contextlib
import inspect
import math
import warnings

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError
from tests.messages import refused, shown
from tests.search_cases import CASES, SEEDLESS, Case, seen

SPACE = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-3, 1e-1),
    units=ht.integers(2, 8, step=2),
    optimizer=ht.choice("sgd", "adam"),
)
CONDITIONAL = ht.SearchSpace(
    layers=ht.integers(1, 3),
    units_2=ht.when(ht.integers(8, 64, step=8), layers=[2, 3]),
    batch_norm=ht.choice(True, False),
    momentum=ht.uniform(0, 1),
)
every = pytest.mark.parametrize("case", CASES, ids=str)
# A loop of each library, and all that end trainings early: what is trained does not depend on how
# a point was found.
TRAINED = {"grid-scikit-learn", "random-optuna", "random-hyperopt", "random-keras_tuner"}
TRAINED |= {"bayesian-gp-startup=3", "genetic-plain-population=4"}
TRAINED |= {str(case) for case in CASES if case.method == "hyperband"}


def score(params, epochs):
    """Smooth, with an optimum inside, and better the longer it trains."""
    near = -abs(math.log10(params.get("learning_rate", 0.01)) + 1.7) - abs(
        params.get("units", 6) - 6
    )
    return near + (params.get("optimizer") == "adam") - 0.5**epochs


def cheap(epochs=4):
    return ht.FunctionObjective(score, epochs=epochs)


@pytest.fixture(scope="module")
def training():
    return ht.TrainObjective(ht.load("iris"), epochs=2, defaults={"batch_size": 64})


@pytest.mark.parametrize("case", [case for case in CASES if str(case) in TRAINED], ids=str)
def test_real_training(case, training):
    trials, eta = (3, {"eta": 2}) if case.method == "hyperband" else (2, {})
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        result = case.search(training, SPACE, trials=trials, **eta)
    assert len(result) == trials
    for evaluation in result.evaluations:
        assert SPACE.contains(evaluation.params)
        assert evaluation.status in ("complete", "pruned")
        assert 1 <= evaluation.epochs <= 2
        assert 0 <= evaluation.value <= 1
        assert evaluation.value == evaluation.curve["val_accuracy"][-1]
    assert result.best_value == max(e.value for e in result.evaluations if e.status == "complete")


def test_real_training_repeats_bit_for_bit(training):
    case = Case("hyperband", "optuna", (("eta", 2),))
    first = case.search(training, SPACE, trials=3, seed=5)
    again = case.search(training, SPACE, trials=3, seed=5)
    assert seen(first) == seen(again)


@every
def test_budget_of_trials_is_exact(case):
    for trials in (1, 7):
        result = case.search(cheap(), SPACE, trials=trials)
        assert len(result) == trials
        assert len(result.study.trials) == trials
    # Plain values: no NumPy scalars, and no integer that is a float.
    for evaluation in result.evaluations:
        assert [type(value) for value in evaluation.params.values()] == [float, int, str]


@every
def test_budget_of_epochs_is_never_exceeded_and_used_up(case):
    result = case.search(
        cheap(), SPACE, trials=1000 if case.method != "grid" else None, max_epochs=15
    )
    spent = sum(e.epochs for e in result.evaluations)
    assert 15 - 4 < spent <= 15
    assert "15 epochs" in result.stopped


@every
def test_same_seed_repeats_and_another_differs(case):
    first = case.search(cheap(), SPACE, trials=7, seed=0)
    assert seen(first) == seen(case.search(cheap(), SPACE, trials=7, seed=0))
    other = case.search(cheap(), SPACE, trials=7, seed=1)
    assert (seen(first) == seen(other)) == (case in SEEDLESS)


def test_the_model_of_keras_tuner_proposes_and_repeats():
    case = Case("bayesian", "keras_tuner", (("startup", 3),))
    first, again = (case.search(cheap(), SPACE, trials=4, seed=2) for _ in range(2))
    assert seen(first) == seen(again)
    assert SPACE.contains(first.evaluations[3].params)
    random = Case("bayesian", "keras_tuner", (("startup", 4),)).search(
        cheap(), SPACE, trials=4, seed=2
    )
    assert seen(first)[:3] == seen(random)[:3] and seen(first)[3] != seen(random)[3]


@every
def test_conditional_spaces(case):
    with (
        refused("has no conditions") if case == Case("grid", "optuna") else contextlib.nullcontext()
    ):
        trials = 8 if case.library == "keras_tuner" else 30
        result = case.search(cheap(), CONDITIONAL, trials=trials, seed=1)
        assert all(CONDITIONAL.contains(e.params) for e in result.evaluations)
        assert {"units_2" in e.params for e in result.evaluations} == {True, False}


class Batches(ht.FunctionObjective):
    """Prefers batches, and notes how large they were."""

    batches = True

    def __init__(self):
        super().__init__(score, epochs=4)
        self.sizes = []

    def evaluate_many(self, batch, epochs=None, *, on_done=None):
        self.sizes.append(len(batch))
        return super().evaluate_many(batch, epochs, on_done=on_done)


@every
def test_batches_change_nothing_but_their_size(case):
    batched = Batches()
    trials = 7
    assert seen(case.search(batched, SPACE, trials=trials)) == seen(
        case.search(cheap(), SPACE, trials=trials)
    )
    if case.method in ("grid", "random"):
        assert batched.sizes == [trials]
    elif case.method == "genetic" or case.library in ("plain", "scikit-learn"):
        assert max(batched.sizes) >= 3
    else:  # each point depends on the ones before, or trials are stopped on the way
        assert batched.sizes == []


@every
def test_an_interrupt_returns_the_result_so_far(case):
    asked = []

    def interrupted(params, epochs):
        asked.append(params)
        if len(asked) == 6:
            raise KeyboardInterrupt
        return score(params, epochs)

    result = case.search(
        ht.FunctionObjective(interrupted, epochs=1),
        SPACE,
        trials=8,
        **({"epochs": 4} if case.method == "hyperband" else {}),
    )
    assert 1 <= len(result) <= 7  # five answers; a repeated point costs none
    assert result.stopped.startswith("interrupted")
    assert result.best_params


@every
def test_failures_and_divergence_rank_last_and_the_search_goes_on(case):
    asked = []

    def fragile(params, epochs):
        if params not in asked:
            asked.append(params)
        if asked.index(params) % 3 == 0:
            raise RuntimeError("out of memory")
        return math.nan if asked.index(params) % 3 == 1 else score(params, epochs)

    result = case.search(ht.FunctionObjective(fragile, epochs=4), SPACE, trials=7)
    assert len(result) == 7
    statuses = {e.status for e in result.evaluations}
    assert {"failed", "diverged"} <= statuses
    reasons = {e.reason for e in result.evaluations if e.status == "failed"}
    assert reasons == {"RuntimeError: out of memory"}


@every
def test_three_failures_in_a_row_stop_it(case):
    def broken(params, epochs):
        raise RuntimeError("no disk")

    with pytest.raises(ht.SearchFailed, match="3 of 3 trials failed: 3x RuntimeError") as caught:
        case.search(ht.FunctionObjective(broken, epochs=4), SPACE, trials=8)
    result = caught.value.result
    assert len(result) == 3
    assert result.stopped == ("3 trials failed in a row, the last one with: RuntimeError: no disk")


@every
def test_an_error_of_the_call_itself_is_raised(case):
    class Refuses(ht.FunctionObjective):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            raise ArgumentError("folds cannot be stopped")

    with pytest.raises(ArgumentError, match="folds cannot be stopped"):
        case.search(Refuses(score, epochs=4), SPACE, trials=3)


@every
def test_nothing_is_printed_or_left_behind(case, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    case.search(cheap(), SPACE, trials=3)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", ["grid", "random", "bayesian", "hyperband", "genetic"])
def test_an_unknown_library_is_named_with_what_there_is(method):
    with refused(r"library='optna'.*Did you mean 'optuna'"):
        Case(method, "optna").search(cheap(), SPACE, trials=3)


@pytest.mark.parametrize("trials", [0, -1, 2.5, "3", True])
@pytest.mark.parametrize("method", ["grid", "random", "bayesian", "hyperband", "genetic"])
def test_trials_that_are_no_count(method, trials):
    with refused(*shown({"trials": trials}), "a whole number from 1 up.*trials=30"):
        Case(method, "optuna").search(cheap(), SPACE, trials=trials)


def test_a_library_that_is_not_installed(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with refused("pip install keras-tuner", error=ht.errors.MissingExtra):
        Case("random", "keras_tuner").search(cheap(), SPACE, trials=3)


def test_all_problems_of_a_call_at_once():
    told = [f"{name}=" for name in ("objective", "trials", "library", "seed", "max_seconds")]
    with refused(*told):
        ht.random_search(None, SPACE, trials=0, library="hyperop", seed=-1, max_seconds=0)


NUMBERS = {
    "grid": {"levels": 3},
    "random": {},
    "bayesian": {"startup": 3, "xi": 0.125, "kappa": 1.5, "library": "gp"},
    "hyperband": {"epochs": 4, "eta": 2, "bracket": 1},
    "genetic": {"population": 4, "elite": 1, "tournament": 2, "crossover": 0.5, "mutation": 0.25},
}


@pytest.mark.parametrize("method", NUMBERS)
def test_numbers_of_numpy_are_those_of_python(method, tmp_path):
    """The second search answers from the first one's log, which another search could not."""
    search, log = getattr(ht, f"{method}_search"), tmp_path / "x.log"
    given = {**NUMBERS[method], "trials": 5, "seed": 1, "max_seconds": 60.5, "max_epochs": 40}
    kinds = {int: np.int64, float: np.float32, str: str}
    numpy = {name: kinds[type(value)](value) for name, value in given.items()}
    first = search(cheap(), SPACE, progress=False, log=log, **given)
    again = search(cheap(), SPACE, progress=False, log=log, **numpy)
    assert seen(first) == seen(again)
    assert len(again) == len(again.study.trials) == 5


def test_levels_of_numpy_for_each_hyperparameter(tmp_path):
    given = {"log": tmp_path / "x.log", "progress": False}
    first = ht.grid_search(cheap(), SPACE, levels={"units": 3}, **given)
    again = ht.grid_search(cheap(), SPACE, levels={"units": np.int32(3)}, **given)
    assert seen(first) == seen(again)


@pytest.mark.parametrize("method", NUMBERS)
def test_help_shows_every_argument(method):
    search = getattr(ht, f"{method}_search")
    arguments = inspect.signature(search).parameters
    shared = {"log": None, "max_seconds": None, "max_epochs": None}
    shared |= {"max_failures": 3, "start": None, "client": None, "progress": True}
    assert list(arguments)[:5] == ["objective", "space", "trials", "seed", "library"]
    assert list(arguments)[-7:] == list(shared)
    for name, default in shared.items():
        assert arguments[name].default is default
        assert arguments[name].kind is inspect.Parameter.KEYWORD_ONLY
    told = search.__doc__.partition("Returns\n-------\n")[0]
    for name in arguments:
        assert f"{name} : " in told or f"{name}, " in told or f", {name} : " in told, name
    assert "MissingExtra" in search.__doc__
    with pytest.raises(TypeError, match=rf"{method}_search\(\) .*'lgo'. Did you mean 'log'"):
        search(cheap(), SPACE, trials=3, lgo="x")
