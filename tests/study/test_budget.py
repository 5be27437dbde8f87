"""What a search may spend: used up exactly, never exceeded, counted across resumes, told before."""

from __future__ import annotations

import pytest

import hpotutor as ht
from hpotutor.errors import StopSearch
from hpotutor.study import _budget, recorder

SPACE = ht.SearchSpace(x=ht.uniform(0, 1))


class Clock:
    """A clock that goes only when it is told to."""

    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    own = Clock()
    for module in (_budget, recorder):
        monkeypatch.setattr(module, "time", own)
    return own


class Work(ht.FunctionObjective):
    """Takes a number of seconds of a clock, and says so."""

    batches = True

    def __init__(self, clock=None, seconds=0.0, epochs=None, status="complete"):
        super().__init__(len, epochs=epochs)
        self.clock, self.seconds, self.status, self.asked = clock, seconds, status, []

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        self.asked.append(params["x"])
        if self.clock is not None:
            self.clock.now += self.seconds
        spent = self.epochs_of(params, epochs)
        told = {"status": self.status, "seconds": self.seconds, "epochs": spent}
        reason = "" if self.status == "complete" else f"at {params['x']}"
        return ht.Evaluation(dict(params), params["x"], reason=reason, **told)


def points(count):
    return [{"x": n / 100} for n in range(1, count + 1)]


def run(objective, count=9, *, batch=False, **budget):
    budget.setdefault("progress", False)
    with ht.Recorder(objective, SPACE, method="mine", library="mine", **budget) as found:
        if batch:
            found.prefetch(points(count))
        for params in points(count):
            found.evaluate(params)
    return found


# ── trials, epochs ───────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(("allowed", "trials"), [(7, 1), (8, 2), (9, 2), (4, 1), (3, 0)])
def test_epochs_that_fit_are_used_to_the_last(allowed, trials, batch):
    objective = Work(epochs=4)
    found = run(objective, max_epochs=allowed, batch=batch)
    assert len(objective.asked) == len(found.evaluations) == trials
    assert found.spent_epochs == 4 * trials
    told = f"the budget of {allowed} epochs leaves no room for another trial"
    assert found.stopped == told


@pytest.mark.parametrize("batch", [False, True])
def test_trials_are_used_to_the_last(batch):
    objective = Work()
    found = run(objective, trials=3, batch=batch)
    assert len(objective.asked) == 3 and found.stopped == "the budget of 3 trials is spent"
    assert len(run(Work(), 3, trials=3).evaluations) == 3


def test_without_a_limit_all_is_tried():
    found = run(Work(epochs=4), 30, batch=True)
    assert len(found.evaluations) == 30 and found.stopped == ""


def test_a_question_that_was_answered_costs_no_epochs():
    with ht.Recorder(
        Work(epochs=4), SPACE, method="mine", library="mine", max_epochs=4, progress=False
    ) as found:
        for _ in range(3):
            found.evaluate({"x": 0.5})
    assert [e.epochs for e in found.evaluations] == [4, 0, 0] and found.stopped == ""
    assert [e.repeated for e in found.evaluations] == [False, True, True]
    assert [e.seconds for e in found.evaluations] == [0.0] * 3


# ── seconds ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(("seconds", "trials"), [(5.0, 2), (4.0, 3), (10.0, 1), (11.0, 1)])
def test_nothing_begins_when_the_seconds_are_over(clock, seconds, trials, batch):
    objective = Work(clock, seconds)
    found = run(objective, max_seconds=10, batch=batch)
    assert len(objective.asked) == len(found.evaluations) == trials
    assert found.stopped == "the budget of 10 seconds is spent"


def test_a_batch_does_not_begin_when_the_seconds_are_over(clock):
    objective = Work(clock, 5.0)
    with ht.Recorder(
        objective, SPACE, method="mine", library="mine", max_seconds=10, progress=False
    ) as found:
        found.prefetch(points(2))
        found.prefetch(points(4))  # two of which wait
        assert len(objective.asked) == 2
        for params in points(2):  # waiting answers are still given
            found.evaluate(params)
    assert len(found.evaluations) == 2


def test_time_before_the_search_does_not_count(clock):
    with_time = ht.Recorder(
        Work(clock, 4.0), SPACE, method="mine", library="mine", max_seconds=10, progress=False
    )
    clock.now += 60
    with with_time as found:
        for params in points(9):
            found.evaluate(params)
    assert len(found.evaluations) == 3


def test_the_seconds_of_the_log_count_and_its_answers_take_none(clock, tmp_path):
    log = tmp_path / "x.log"
    run(Work(clock, 4.0), 2, log=log)
    objective = Work(clock, 4.0)
    found = run(objective, max_seconds=8, log=log)
    assert objective.asked == [] and len(found.evaluations) == 2
    assert found.stopped == "the budget of 8 seconds is spent"
    assert len(run(objective, max_seconds=8.5, log=log).evaluations) == 3
    assert len(objective.asked) == 1


# ── failures ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("most", "trials"), [(1, 1), (2, 2), (3, 3), (None, 9)])
def test_failures_in_a_row_end_a_search(most, trials):
    found = run(Work(status="failed"), max_failures=most)
    assert len(found.evaluations) == trials
    if most:
        told = f"{most} trials failed in a row, the last one with: at {most / 100}"
        assert found.stopped == told


def test_three_failures_are_allowed_by_default_and_divergence_is_none():
    assert len(run(Work(status="failed")).evaluations) == 3
    assert len(run(Work(status="diverged")).evaluations) == 9


def test_a_success_between_failures_begins_the_count_anew():
    statuses = iter("failed complete failed failed complete failed failed failed complete".split())

    class Mixed(Work):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            self.status = next(statuses)
            return super().evaluate(params, epochs, on_epoch=on_epoch)

    assert len(run(Mixed()).evaluations) == 8


# ── several at once, elsewhere ───────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("budget", "running", "room"),
    [
        ({}, 100, True),
        ({"trials": 3}, 2, True),
        ({"trials": 3}, 3, False),
        ({"max_epochs": 12}, 2, True),
        ({"max_epochs": 12}, 3, False),
        ({"max_epochs": 11}, 2, False),
        ({"max_epochs": 12, "trials": 2}, 2, False),
        ({"max_seconds": 10}, 2, True),
    ],
)
def test_those_on_their_way_count_before_they_are_back(budget, running, room, clock):
    with ht.Recorder(
        Work(epochs=4), SPACE, method="mine", library="mine", progress=False, **budget
    ) as found:
        away = [(params, None) for params in points(running)]
        assert found.has_room(away, {"x": 0.9}, None) is room


def test_nothing_starts_beside_others_after_the_time_or_after_failures(clock):
    settings = {"method": "mine", "library": "mine", "progress": False}
    with ht.Recorder(Work(), SPACE, max_seconds=10, **settings) as timed:
        clock.now += 9.5
        assert timed.has_room([], {"x": 0.9}, None)
        clock.now += 0.5
        assert not timed.has_room([], {"x": 0.9}, None)
    with ht.Recorder(Work(), SPACE, max_failures=1, **settings) as failing:
        assert failing.has_room([], {"x": 0.9}, None)
        failing.accept({"x": 0.1}, None, ht.Evaluation({"x": 0.1}, 0.0, status="failed"))
        assert not failing.has_room([], {"x": 0.9}, None)


def test_what_was_trained_elsewhere_counts_and_the_end_is_told():
    with ht.Recorder(
        Work(epochs=4), SPACE, method="mine", library="mine", max_epochs=10, progress=False
    ) as found:
        for params in points(2):
            found.accept(params, None, ht.Evaluation(params, 0.5, epochs=3))
            assert found.spent_epochs == 3 * len(found.evaluations)
        found.finish({"x": 0.9}, 4)  # fits
        assert found.stopped == ""
        with pytest.raises(StopSearch):
            found.finish({"x": 0.9}, 5)
    assert found.stopped == "the budget of 10 epochs leaves no room for another trial"


# ── the estimate ─────────────────────────────────────────────────────────────────────────────
def estimate(capsys, each=None, epochs=None, log=None, **budget):
    class Priced(Work):
        def seconds_for(self, epochs):
            assert epochs is None  # of full length
            return each

    settings = {"method": "mine", "library": "mine", "log": log}
    with ht.Recorder(Priced(epochs=epochs), SPACE, progress=True, **settings, **budget) as found:
        told = capsys.readouterr().out
        found.stopped = "as a test"
    return told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "trials without a limit."),
        ({"each": 5.0}, "trials without a limit."),
        ({"trials": 1200}, "1,200 trials."),
        ({"trials": 4, "epochs": 300}, "4 trials, up to 1,200 epochs."),
        ({"trials": 4, "epochs": 3, "max_epochs": 2000},
         "4 trials, up to 12 epochs, at most 2,000 epochs in all."),
        ({"planned": (10, 40), "epochs": 20, "trials": 99}, "10 trials, up to 40 epochs."),
        ({"planned": (10, 40), "epochs": 20, "each": 60},
         "10 trials, up to 40 epochs, about 2 min."),
        ({"trials": 10, "each": 3.0}, "10 trials, about 30 s."),
        ({"trials": 1, "each": 89.0}, "1 trials, about 89 s."),
        ({"trials": 1, "each": 90.0}, "1 trials, about 2 min."),
        ({"trials": 1, "each": 5399.0}, "1 trials, about 90 min."),
        ({"trials": 1, "each": 5400.0}, "1 trials, about 1.5 h."),
        ({"trials": 2, "max_seconds": 60}, "2 trials, at most 60 s."),
    ],
)  # fmt: skip
def test_the_cost_is_told_in_the_units_that_a_person_would_use(given, told, capsys):
    assert estimate(capsys, **given) == f"Mine search: {told}\n"


@pytest.mark.parametrize(("trials", "about"), [(8, "6 s"), (2, "0 s"), (1, "0 s")])
def test_the_cost_is_what_the_log_does_not_hold(trials, about, capsys, tmp_path):
    log = tmp_path / "x.log"
    run(Work(), 2, log=log)
    told = estimate(capsys, each=1.0, trials=trials, log=log)
    assert told == f"Mine search: {trials} trials, about {about}. The log holds 2 already.\n"


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(("each", "trials"), [(2, 3), (3, 2), (6, 1), (7, 0)])
def test_the_epochs_that_a_search_asks_for_are_those_that_count(each, trials, batch):
    objective = Work(epochs=4)
    with ht.Recorder(
        objective, SPACE, method="mine", library="mine", max_epochs=6, progress=False
    ) as found:
        if batch:
            found.prefetch(points(9), each)
        for params in points(9):
            found.evaluate(params, each)
    assert len(objective.asked) == trials and found.spent_epochs == trials * each


def test_the_cost_is_asked_of_an_objective_with_parameters_left_out(capsys):
    class Chosen(Work):
        """Trains for as many epochs as the setting says."""

        def epochs_of(self, params, epochs):
            return params.get("epochs", 7)

    run(Chosen(), trials=3, progress=True)
    assert "3 trials, up to 21 epochs" in capsys.readouterr().out


def test_a_recorder_says_what_it_will_cost_unless_it_is_told_not_to(capsys):
    with ht.Recorder(Work(), SPACE, method="mine", library="mine", trials=2) as found:
        found.evaluate({"x": 0.5})
    assert capsys.readouterr().out.startswith("Mine search: 2 trials")


def test_a_search_that_ends_one_trial_early_says_so(capsys):
    given = {"method": "mine", "library": "mine", "trials": 3, "progress": True}
    with ht.Recorder(Work(), SPACE, **given) as found:
        for x in (0.1, 0.2):
            found.evaluate({"x": x})
        raise KeyboardInterrupt
    assert "Stopped: interrupted" in capsys.readouterr().out
