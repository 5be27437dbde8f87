"""The recorder: budgets, batches, estimates, interrupts, and what the library is told."""

import math
import time

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError
from tests.messages import refused

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
    with refused("xx is not a known name. Did you mean 'x'"), recorder() as rec:
        rec.evaluate({"xx": 1})


def test_three_kinds_of_budget_are_checked_together():
    with refused("3 problems", "trials=0", r"max_epochs=1\.5", "max_seconds=-1"):
        recorder(trials=0, max_epochs=1.5, max_seconds=-1)


@pytest.mark.parametrize("value", [None, "0.9"])
def test_an_objective_that_returns_no_number_stops_with_the_reason(value):
    with pytest.raises(ht.SearchFailed, match="3 of 3 trials failed: 3x the obj") as caught:
        ht.random_search(
            ht.FunctionObjective(lambda params: value), SPACE, trials=10, progress=False
        )
    result = caught.value.result
    assert len(result) == 3
    assert "must return a number" in result.stopped
    with refused("must return a number", error=ht.HpoTutorError):
        result.best_params  # noqa: B018


def test_an_objective_that_returns_nan_is_recorded_and_has_no_best():
    with pytest.raises(ht.SearchFailed, match="5 of 5 trials diverged: 5x the obj") as caught:
        ht.random_search(
            ht.FunctionObjective(lambda params: math.nan), SPACE, trials=5, progress=False
        )
    result = caught.value.result
    assert [e.status for e in result.evaluations] == ["diverged"] * 5
    with refused("the objective returned nan", error=ht.HpoTutorError):
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
    with refused("options.levels: 3 in the log, 4 in this", error=ht.errors.LogError):
        recorder(log=tmp_path / "x.log", options={"levels": np.int64(4)})


# ── what is told, kept and numbered ──────────────────────────────────────────────────────────
def test_bad_arguments_are_told_together_by_the_search_that_was_typed():
    named = ("objective=", r"ht.TrainObjective\(data\)", "space={}", "seed=-1", "max_failures=0",
             "max_failures=3", "log=3")  # fmt: skip
    with refused("^mine_search: 5 problems.", *named):
        ht.Recorder(len, {}, method="mine", library="mine", seed=-1, max_failures=0, log=3)
    with refused("progress=2 .*Allowed: False, True"):
        recorder(progress=2)
    noted = ht.errors.Problems("other")
    noted.say("Leave something else.")
    with refused(r"(?s)^other: 2 problems.*something else.*seed="):
        recorder(problems=noted, seed=0.5)


def test_what_cannot_be_described_is_refused_with_a_log_alone(tmp_path):
    class Secret(ht.FunctionObjective):
        def describe(self):
            raise ArgumentError("nothing tells what it is")

    with recorder(Secret(len)) as rec:
        assert rec.log.header["objective"] == {"objective": "Secret"}
    with pytest.raises(ArgumentError, match="nothing tells"):
        recorder(Secret(len), log=tmp_path / "x.log")
    assert list(tmp_path.iterdir()) == []


def test_trials_carry_their_budget_their_library_and_their_note(tmp_path):
    settings = {"method": "mine", "progress": False, "log": tmp_path / "x.log"}
    objective = ht.FunctionObjective(lambda params: params["x"])
    with ht.Recorder(objective, SPACE, library="scikit-learn", **settings) as rec:
        rec.evaluate(points(0.1)[0], 7, note={"rung": 2})
        rec.evaluate(points(0.2)[0])
    first, second = (trial.user_attrs for trial in rec.result().study.trials)
    assert (first["budget"], first["rung"], second["budget"]) == (7, 2, None)
    import sklearn

    assert first["library"] == f"scikit-learn {sklearn.__version__}"
    assert "rung" not in second
    with ht.Recorder(Counting(), SPACE, method="mine", library="keras_tuner", seed=4) as rec:
        assert rec._library.startswith("keras_tuner ") and rec.log.header["seed"] == 4
    with recorder() as rec:
        assert rec._library == "mine" and rec.log.header["seed"] == 0


def test_the_objective_is_told_each_trials_number(tmp_path):
    numbers = []

    class Numbered(Counting):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            numbers.append(self.trial)
            return super().evaluate(params, epochs, on_epoch=on_epoch)

        def describe(self):
            return {"objective": "numbered"}

    with recorder(Numbered(), log=tmp_path / "x.log") as rec:
        for params in points(0.1, 0.2, 0.2):
            rec.evaluate(params)
    with recorder(Numbered(), log=tmp_path / "x.log") as rec:
        assert rec.resumed == 3
        for params in points(0.1, 0.2, 0.2, 0.3):
            rec.evaluate(params)
        rec.prefetch(points(0.4))
        rec.accept(points(0.5)[0], None, ht.Evaluation(points(0.5)[0], 0.5))
        rec.evaluate(points(0.6)[0])
    assert numbers == [0, 1, 3, 4, 6]


def test_a_start_has_the_epochs_it_is_given_and_is_kept_apart():
    objective = Counting(lambda params, epochs: params["x"] * epochs, epochs=3)
    with recorder(objective) as rec:
        rec.begin(points(0.2, 0.4), 2)
        rec.evaluate(points(0.5)[0])
    assert objective.sizes == [2] and [e.value for e in rec.started] == [0.4, 0.8]
    assert [e.epochs for e in rec.evaluations] == [2, 2, 3]


def test_what_is_counted_has_a_best_and_spent_epochs():
    for direction, best in (("maximize", 0.7), ("minimize", 0.2)):
        with recorder(Counting(direction=direction)) as rec:
            assert rec.best_so_far is None and rec.spent_epochs == 0
            for params in points(0.5, 0.7, 0.2):
                rec.evaluate(params, 2)
            pruned = ht.Evaluation(points(0.9)[0], 99.0 if best > 0.5 else -99.0, status="pruned")
            rec.accept(points(0.9)[0], 1, pruned)
        assert rec.best_so_far == best


def test_the_bar_counts_to_what_is_planned_and_leaves_nothing_behind(monkeypatch, capsys):
    made = []

    class Bar:
        n = 0

        def __init__(self, **settings):
            made.append(settings)

        def close(self): ...

    monkeypatch.setattr("hpotutor.study.recorder.tqdm", Bar)
    for more in ({"trials": 5}, {"planned": (7, 0)}, {"trials": 5, "planned": (7, 0)}, {}):
        with recorder(progress=True, **more):
            pass
    assert [settings["total"] for settings in made] == [5, 7, 5, None]
    for settings in made:
        assert settings["leave"] is False and settings["unit"] == "trial" and settings["delay"] > 0
    with recorder(trials=5):
        pass
    assert len(made) == 4 and "Stopped" in capsys.readouterr().out


# ── how a search ends ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("raised", "stopped", "told"),
    [
        (KeyboardInterrupt, "interrupted; the trials so far are kept", True),
        (ht.errors.StopSearch("enough"), "enough", True),
        (None, "mine has no further point to try", True),
    ],
)
@pytest.mark.parametrize("progress", [True, False])
def test_an_end_before_the_budget_is_told(raised, stopped, told, progress, capsys):
    with recorder(trials=3, progress=progress) as rec:
        rec.evaluate(points(0.1)[0])
        if raised is not None:
            raise raised
    assert rec.stopped == rec.result().stopped == stopped
    assert rec.interrupted is (raised is KeyboardInterrupt)
    assert (f"Stopped: {stopped}.\n" in capsys.readouterr().out) is (told and progress)


def test_the_end_of_the_budget_is_not_worth_a_line(capsys):
    with recorder(trials=1, progress=True) as rec:
        for params in points(0.1, 0.2):
            rec.evaluate(params)
    assert rec.stopped == "the budget of 1 trials is spent"
    with recorder(trials=1, progress=True) as rec:
        rec.evaluate(points(0.1)[0])
    assert rec.stopped == "" and "Stopped" not in capsys.readouterr().out
    with recorder(progress=True) as rec:  # without a number of trials, any end is one
        rec.evaluate(points(0.1)[0])
    assert rec.stopped == "" and "Stopped" not in capsys.readouterr().out


def test_other_errors_leave_the_search_and_free_its_log(tmp_path):
    with pytest.raises(ZeroDivisionError), recorder(log=tmp_path / "x.log", trials=2) as rec:
        rec.evaluate(points(0.1)[0])
        raise ZeroDivisionError
    assert (rec.stopped, rec.interrupted) == ("", False)
    with recorder(log=tmp_path / "x.log", trials=2) as rec:
        assert rec.resumed == 1


def test_an_interrupt_of_the_estimate_frees_the_log(tmp_path):
    class Slow(ht.FunctionObjective):
        def seconds_for(self, epochs):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorder(Slow(len), trials=2, progress=True, log=tmp_path / "x.log").__enter__()
    recorder(Slow(len), trials=2, log=tmp_path / "x.log").log.close()


# ── what is asked again ──────────────────────────────────────────────────────────────────────
def test_a_pruned_trial_is_no_answer_and_one_that_is_listened_to_is_trained():
    objective = Counting(lambda params, epochs: params["x"] * epochs, epochs=3)
    with recorder(objective) as rec:
        heard = []
        stop = rec.evaluate(points(0.5)[0], on_epoch=lambda epoch, value: True)
        full = rec.evaluate(points(0.5)[0])
        rec.evaluate(points(0.5)[0], on_epoch=lambda *told: bool(heard.append(told)))
        again = rec.evaluate(points(0.5)[0])
    assert (stop.status, stop.epochs, full.status, full.epochs) == ("pruned", 1, "complete", 3)
    assert len(objective.asked) == 3 and len(heard) == 3
    assert (again.repeated, again.epochs, again.seconds, again.value) == (True, 0, 0.0, full.value)


def test_a_stored_trial_without_a_curve_is_told_once_and_one_without_a_value_never(tmp_path):
    log = tmp_path / "x.log"
    with recorder(Counting(), log=log) as rec:
        for params, value, epochs, curve in (
            (points(0.1)[0], 0.5, 4, {}),
            (points(0.2)[0], 0.6, 0, {}),
            (points(0.3)[0], math.nan, 2, {}),
            (points(0.4)[0], 0.9, 3, {"value": [0.1, math.nan, 0.9]}),
        ):
            status = "complete" if math.isfinite(value) else "diverged"
            found = ht.Evaluation(params, value, curve, epochs, status=status)
            rec.accept(params, None, found)
    told = {}
    with recorder(Counting(), log=log) as rec:
        for params in points(0.1, 0.2, 0.3, 0.4):
            heard = told.setdefault(params["x"], [])
            rec.evaluate(params, on_epoch=lambda *one, heard=heard: bool(heard.append(one)))
    assert told == {0.1: [(4, 0.5)], 0.2: [(1, 0.6)], 0.3: [], 0.4: [(1, 0.1)]}


def test_a_question_is_known_whatever_the_order_of_its_names():
    objective = Counting()
    with recorder(objective) as rec:
        rec.evaluate({"x": 0.5, "n": 1})
        assert rec.evaluate({"n": 1, "x": 0.5}).repeated
        rec.prefetch([{"n": 1, "x": 0.5}])
    assert len(objective.asked) == 1 and objective.sizes == []


def test_a_log_gives_back_what_it_holds_in_its_order(tmp_path):
    log = tmp_path / "x.log"
    with recorder(Counting(), log=log) as rec:
        rec.evaluate(points(0.1)[0], 2)
        rec.evaluate(points(0.2)[0])
        rec.evaluate(points(0.1)[0])
    with recorder(Counting(), log=log, trials=9) as rec:
        rec.evaluate(points(0.2)[0])
        found = [(evaluation.value, budget) for evaluation, budget in rec.recall()]
        assert found == [(0.1, 2), (0.1, None)] and len(rec.evaluations) == 3
        assert rec.evaluate(points(0.1)[0], 2).repeated  # nothing waits any more
    objective = Counting()
    with recorder(objective, log=log, trials=2) as rec:
        assert len(list(rec.recall())) == 2
        rec.evaluate(points(0.3)[0])
    assert rec.stopped == "the budget of 2 trials is spent" and objective.asked == []


def test_a_batch_takes_from_the_log_what_it_holds(tmp_path):
    log = tmp_path / "x.log"
    with recorder(Counting(), log=log) as rec:
        rec.evaluate(points(0.1)[0])
    objective = Counting(epochs=2)
    objective.describe = Counting().describe
    with recorder(objective, log=log, trials=3, max_epochs=6) as rec:
        rec.prefetch(points(0.1, 0.2, 0.3, 0.4))
        assert [p["x"] for p in objective.asked] == [0.2, 0.3]
        for params in points(0.1, 0.2, 0.3):
            rec.evaluate(params)
        rec.prefetch(points(0.1, 0.2))  # all answered
    assert objective.sizes == [2] and rec.stopped == ""


@pytest.mark.parametrize(
    ("status", "value", "score"),
    [("complete", 0.5, 0.5), ("pruned", 0.5, 0.5), ("failed", 0.5, 0.0), ("complete", math.inf, 0)],
)
def test_without_a_score_the_first_trial_gets_zero(status, value, score):
    with recorder() as rec:
        assert rec.score(ht.Evaluation({}, value, status=status)) == score
        for worth in (0.4, 0.2, 0.3):
            rec.accept(points(worth)[0], None, ht.Evaluation(points(worth)[0], worth))
        expected = 0.5 if score else 0.2
        assert rec.score(ht.Evaluation({}, value, status=status)) == expected


def test_what_a_search_begins_with_is_trained_once_for_the_epochs_asked():
    objective = Counting(epochs=9)
    with recorder(objective, trials=5) as rec:
        rec.begin([{"x": 0.1}, {"x": 0.2}], 3)
    assert [p["x"] for p in objective.asked] == [0.1, 0.2] and objective.sizes == [2]


def test_an_answer_that_waits_stands_for_one_question_of_a_batch():
    objective = Counting()
    objective.deterministic = False
    with recorder(objective) as rec:
        rec.prefetch([{"x": 0.1}])
        rec.prefetch([{"x": 0.1}] * 3)
    assert objective.sizes == [1, 2]
