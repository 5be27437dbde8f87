"""The recorder: budgets, batches, estimates, interrupts, and what the library is told."""

import math
import time

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError

SPACE = ht.SearchSpace(x=ht.uniform(0, 1), n=ht.integers(1, 100))


def recorder(objective=None, **settings):
    objective = objective or ht.FunctionObjective(lambda params: params["x"])
    settings.setdefault("progress", False)
    return ht.Recorder(objective, SPACE, method="mine", library="mine", **settings)


class Counting(ht.FunctionObjective):
    """Counts what it is asked, one by one and in batches."""

    batches = True

    def __init__(self, function=lambda params: params["x"], **settings):
        super().__init__(function, **settings)
        self.asked, self.sizes = [], []

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        self.asked.append(params)
        return super().evaluate(params, epochs, on_epoch=on_epoch)

    def evaluate_many(self, batch, epochs=None, *, on_done=None):
        self.sizes.append(len(batch))
        return super().evaluate_many(batch, epochs, on_done=on_done)


def points(*xs):
    return [{"x": x, "n": 1} for x in xs]


def test_the_same_point_is_asked_once_and_counts_as_a_trial():
    objective = Counting(epochs=3)
    with recorder(objective, trials=3) as rec:
        evaluations = [rec.evaluate({"x": 0.5, "n": 7.0}) for _ in range(3)]
    assert objective.asked == [{"x": 0.5, "n": 7}]
    assert [e.epochs for e in evaluations] == [3, 0, 0]
    assert rec.result().cost[:2] == (3, 3)
    assert len(rec.result().study.trials) == 3


def test_a_noisy_objective_is_asked_again():
    objective = Counting(deterministic=False)
    with recorder(objective, trials=3) as rec:
        rec.prefetch(points(0.5, 0.5))
        for _ in range(3):
            rec.evaluate({"x": 0.5, "n": 1})
    assert len(objective.asked) == 3
    assert objective.sizes == [2]


def test_the_same_point_with_other_epochs_is_another_question():
    objective = Counting()
    with recorder(objective) as rec:
        rec.evaluate({"x": 0.5, "n": 1}, 1)
        rec.evaluate({"x": 0.5, "n": 1}, 2)
    assert len(objective.asked) == 2


def test_a_batch_is_trained_at_once_and_each_point_once():
    objective = Counting()
    with recorder(objective, trials=5) as rec:
        rec.evaluate({"x": 0.1, "n": 1})
        rec.prefetch(points(0.1, 0.2, 0.2, 0.3, 0.4, 0.5))
        for params in points(0.1, 0.2, 0.2, 0.3):
            rec.evaluate(params)
    # 0.1 is known, 0.2 comes twice, and four trials are left.
    assert objective.sizes == [2]
    assert [p["x"] for p in objective.asked] == [0.1, 0.2, 0.3]
    assert [e.value for e in rec.evaluations] == [0.1, 0.1, 0.2, 0.2, 0.3]


def test_a_resumed_batch_is_not_trained_again(tmp_path):
    path = tmp_path / "x.log"
    for _ in range(2):
        objective = Counting()
        with recorder(objective, log=path) as rec:
            rec.prefetch(points(0.2, 0.2, 0.3))
            for params in points(0.2, 0.2, 0.3):
                rec.evaluate(params)
    assert objective.asked == []
    assert [e.value for e in rec.evaluations] == [0.2, 0.2, 0.3]


def test_a_batch_keeps_within_the_epochs():
    objective = Counting(epochs=4)
    with recorder(objective, max_epochs=11) as rec:
        batch = points(0.1, 0.2, 0.3, 0.4)
        rec.prefetch(batch)
        for params in batch:
            rec.evaluate(params)
    assert objective.sizes == [2]
    assert rec.spent_epochs == 8
    assert rec.stopped == "the budget of 11 epochs leaves no room for another trial"


def test_a_batch_ends_when_the_time_is_over():
    def slow(params):
        time.sleep(0.05)
        return params["x"]

    objective = Counting(slow)
    with recorder(objective, max_seconds=0.12) as rec:
        batch = points(*(n / 100 for n in range(50)))
        rec.prefetch(batch)
        for params in batch:
            rec.evaluate(params)
    assert 1 <= len(objective.asked) == len(rec.evaluations) < 50
    assert rec.stopped == "the budget of 0.12 seconds is spent"


def test_seconds_in_the_log_count(tmp_path):
    def slow(params):
        time.sleep(0.05)
        return params["x"]

    objective = Counting(slow)
    for allowed in (0.01, 0.02):
        with recorder(objective, max_seconds=allowed, log=tmp_path / "x.log") as rec:
            for params in points(0.1, 0.2):
                rec.evaluate(params)
        assert len(rec.evaluations) == 1
    assert len(objective.asked) == 1


def test_an_interrupted_batch_keeps_what_is_finished():
    def interrupted(params):
        if params["x"] == 0.3:
            raise KeyboardInterrupt
        return params["x"]

    with recorder(Counting(interrupted)) as rec:
        rec.prefetch(points(0.1, 0.2, 0.3, 0.4))
    assert rec.result().best_value == 0.2
    assert len(rec.evaluations) == 2


def test_the_score_is_finite_and_higher_is_better():
    values = {0.1: 5.0, 0.2: math.nan, 0.3: 7.0, 0.4: math.inf}
    objective = ht.FunctionObjective(lambda params: values[params["x"]], direction="minimize")
    with recorder(objective) as rec:
        scores = [rec.score(rec.evaluate(params)) for params in points(0.1, 0.2, 0.3, 0.4)]
    assert scores == [-5.0, -5.0, -7.0, -7.0]


def test_a_build_that_raises_outside_the_fit_is_recorded():
    class Raises(ht.FunctionObjective):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            raise MemoryError("too large")

    with recorder(Raises(len), trials=9) as rec:
        for params in points(*(n / 10 for n in range(9))):
            rec.evaluate(params)
    assert [e.status for e in rec.evaluations] == ["failed"] * 3
    assert "3 trials failed in a row, the last one with: MemoryError: too large" in rec.stopped


def test_two_failures_are_not_three():
    failing = {0.1, 0.2, 0.4, 0.5}

    def function(params):
        if params["x"] in failing:
            raise RuntimeError
        return params["x"]

    with recorder(ht.FunctionObjective(function), trials=6) as rec:
        for params in points(0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
            rec.evaluate(params)
    assert len(rec.evaluations) == 6


def test_a_stopped_trial_is_told_again_when_resumed(tmp_path):
    objective = Counting(lambda params, epochs: params["x"] * epochs, epochs=5)
    told = [[], []]
    for heard in told:

        def on_epoch(epoch, value, heard=heard):
            heard.append((epoch, value))
            return epoch == 3

        with recorder(objective, log=tmp_path / "x.log") as rec:
            evaluation = rec.evaluate({"x": 0.5, "n": 1}, on_epoch=on_epoch)
        assert (evaluation.status, evaluation.epochs, evaluation.value) == ("pruned", 3, 1.5)
    assert told[0] == told[1] == [(1, 0.5), (2, 1.0), (3, 1.5)]
    assert len(objective.asked) == 1


def test_the_estimate_is_one_line_before_the_start(capsys):
    class Priced(ht.FunctionObjective):
        def seconds_for(self, epochs):
            return 30.0

    objective = Priced(lambda params: params["x"], epochs=20)
    with recorder(objective, trials=30, max_epochs=500, max_seconds=3600, progress=True):
        assert capsys.readouterr().out == (
            "Mine search: 30 trials, up to 600 epochs, at most 500 epochs in all, about 15 min, "
            "at most 60 min.\n"
        )


def test_the_estimate_names_what_the_log_holds(tmp_path, capsys):
    for _ in range(2):
        with recorder(trials=4, progress=True, log=tmp_path / "x.log") as rec:
            for params in points(0.1, 0.2):
                rec.evaluate(params)
    assert "The log holds 2 already." in capsys.readouterr().out


def test_a_bar_shows_the_best_so_far(monkeypatch):
    shown = []

    class Bar:
        n = 0

        def __init__(self, total, **settings):
            shown.append(total)

        def update(self, by):
            self.n += by
            shown.append(self.n)

        def set_postfix_str(self, text, refresh):
            shown.append(text)

        def close(self):
            shown.append("closed")

    monkeypatch.setattr("hpotutor.study.recorder.tqdm", Bar)
    with recorder(Counting(), trials=3, progress=True) as rec:
        rec.prefetch(points(0.25, 0.75))
        for params in points(0.25, 0.75):
            rec.evaluate(params)
    assert shown[0] == 3
    assert [step for step in shown[1:] if isinstance(step, int)] == [1, 2, 2, 2]
    assert shown[-2:] == ["best 0.75", "closed"]


def test_unknown_points_are_refused():
    with pytest.raises(ArgumentError, match="Did you mean 'x'"), recorder() as rec:
        rec.evaluate({"xx": 1})


def test_three_kinds_of_budget_are_checked_together():
    with pytest.raises(ArgumentError) as caught:
        recorder(trials=0, max_epochs=1.5, max_seconds=-1)
    assert [name in str(caught.value) for name in ("trials=0", "max_epochs=1.5", "max_seconds=-1")]


@pytest.mark.parametrize("value", [None, "0.9"])
def test_an_objective_that_returns_no_number_stops_with_the_reason(value):
    with pytest.raises(ht.SearchFailed, match="3 of 3 trials failed: 3x the obj") as caught:
        ht.random_search(
            ht.FunctionObjective(lambda params: value), SPACE, trials=10, progress=False
        )
    result = caught.value.result
    assert len(result) == 3
    assert "must return a number" in result.stopped
    with pytest.raises(ht.HpoTutorError, match="must return a number"):
        result.best_params  # noqa: B018


def test_an_objective_that_returns_nan_is_recorded_and_has_no_best():
    with pytest.raises(ht.SearchFailed, match="5 of 5 trials diverged: 5x the obj") as caught:
        ht.random_search(
            ht.FunctionObjective(lambda params: math.nan), SPACE, trials=5, progress=False
        )
    result = caught.value.result
    assert [e.status for e in result.evaluations] == ["diverged"] * 5
    with pytest.raises(ht.HpoTutorError, match="the objective returned nan"):
        result.best_params  # noqa: B018


def test_a_small_space_ends_the_search_and_says_so():
    small = ht.SearchSpace(n=ht.choice(1, 2, 3))
    result = ht.random_search(
        ht.FunctionObjective(lambda params: params["n"]), small, trials=9, progress=False
    )
    assert len(result) == 3
    assert result.stopped == "scikit-learn has no further point to try"


def test_numbers_of_numpy_are_taken_and_logged_as_plain_ones(tmp_path):
    path = tmp_path / "x.log"
    numpy = {"seed": np.int64(0), "trials": np.int64(5), "max_epochs": np.int32(40)}
    plain = {"seed": 0, "trials": 5, "max_epochs": 40}
    more = {"options": {"levels": np.int64(3), "share": np.float64(0.5)}}
    objective = Counting(lambda params, epochs: params["x"], epochs=3)
    with recorder(objective, log=path, max_seconds=np.float64(60), **numpy, **more) as rec:
        rec.prefetch(points(0.1, 0.2), np.int64(2))
        for params in points(0.1, 0.2, 0.3):
            rec.evaluate(params, np.int64(2))
        rec.accept(points(0.4)[0], np.int64(2), ht.Evaluation(points(0.4)[0], 0.4, epochs=2))
    assert type(rec.trials) is int and (len(rec.evaluations), rec.spent_epochs) == (4, 8)
    asked = len(objective.asked)
    with recorder(objective, log=path, **plain, options={"levels": 3, "share": 0.5}) as again:
        for params in points(0.1, 0.2, 0.3, 0.4, 0.5):
            again.evaluate(params, 2)
    assert len(objective.asked) == asked + 1
    header = again.result().study.user_attrs["hpotutor"]
    assert (header["seed"], header["options"]) == (0, {"levels": 3, "share": 0.5})
    assert {type(trial.user_attrs["budget"]) for trial in again.log.study.trials} == {int}


def test_a_log_in_which_numbers_of_numpy_stand_as_text_still_opens(tmp_path):
    with recorder(log=tmp_path / "x.log", options={"levels": "3"}) as rec:
        rec.evaluate({"x": 0.5, "n": 1})
    with recorder(log=tmp_path / "x.log", options={"levels": np.int64(3)}) as rec:
        assert rec.resumed == 1
    with pytest.raises(ht.errors.LogError, match="options.levels: 3 in the log, 4 in this"):
        recorder(log=tmp_path / "x.log", options={"levels": np.int64(4)})
