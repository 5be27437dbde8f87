"""Searches in which trials fail: all of them, some of them, and until when to go on."""

import math
import pickle

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import HpoTutorError
from tests.messages import refused
from tests.search_cases import CASES

SPACE = ht.SearchSpace(x=ht.uniform(0, 1), n=ht.integers(1, 100))


def search(function, trials=6, **more):
    more = {"progress": False, **more}
    return ht.random_search(ht.FunctionObjective(function), SPACE, trials=trials, **more)


def failing(params):
    raise ValueError("too deep") if params["n"] % 2 else KeyError("x")


def half(params):
    return params["x"] if params["n"] % 2 else failing(params)


# ── nothing succeeded ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("progress", [True, False])
def test_reasons_are_counted_and_the_result_is_attached(progress, capsys):
    with pytest.raises(ht.SearchFailed) as caught:
        search(failing, max_failures=None, progress=progress)
    error = caught.value
    assert isinstance(error, HpoTutorError) and len(error.result) == 6
    odd = sum(e.params["n"] % 2 for e in error.result.evaluations)
    assert 0 < odd < 6
    counted = [f"{odd}x ValueError: too deep", f"{6 - odd}x KeyError: 'x'"]
    assert all(one in str(error) for one in ["random_search: 6 of 6 trials failed: ", *counted])
    assert "the trials are in this error's result" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_diverged_everywhere_is_no_success_in_any_search(case):
    space = SPACE if case.method != "grid" else ht.SearchSpace(n=ht.integers(1, 9))
    objective = ht.FunctionObjective(lambda params, epochs: math.nan, epochs=2)
    with pytest.raises(ht.SearchFailed, match=r"trials diverged: \d+x the objective returned nan"):
        case.search(objective, space, 8 if "startup" not in str(case) else 4)


def test_a_short_search_that_failed_within_its_budget_raises():
    with pytest.raises(ht.SearchFailed, match=r"1 of 1 trials failed"):
        search(failing, max_epochs=1, trials=1)
    data = ht.load("iris")

    def build(n_features, n_classes, **_):
        raise RuntimeError("no such layer")

    with pytest.raises(ht.SearchFailed, match=r"2 of 2 trials failed: 2x .*no such layer"):
        ht.random_search(
            ht.TrainObjective(data, epochs=1, build=build), SPACE, trials=2, progress=False
        )


def test_an_interrupted_search_and_one_without_a_trial_return():
    def interrupted(params):
        raise KeyboardInterrupt

    def later(params, asked=[]):  # noqa: B006
        asked.append(params)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return failing(params)

    assert len(search(interrupted)) == 0
    stopped = search(later)
    assert (len(stopped), stopped.stopped[:11]) == (1, "interrupted")
    assert "1 failed" in repr(stopped)
    assert len(search(half, max_seconds=1e-9)) == 0


def test_a_log_that_answers_with_failures_says_so(tmp_path):
    path = tmp_path / "x.log"
    for told in ("the trials are in", "x.log answers for them; to try them anew, give another"):
        with pytest.raises(ht.SearchFailed, match=told):
            search(failing, log=path)
    assert "3 of 3 trials failed" in ht.SearchResult.from_log(path).failures()


def test_a_comparison_goes_on():
    """A short search of a table may meet nothing but what diverges."""

    def unlucky(objective, space, *, trials, seed):
        result = ht.random_search(objective, space, trials=trials, seed=seed, progress=False)
        raise ht.SearchFailed("3 of 3 trials diverged", result)

    compared = ht.compare({"unlucky": unlucky}, ht.TableObjective(quiet=True), trials=3, repeats=2)
    assert compared.replays["unlucky"].trials.shape == (2, 3)


# ── some succeeded ───────────────────────────────────────────────────────────────────────────
def test_partial_failure_is_in_the_representation():
    result = search(half, trials=20, max_failures=None)
    lost = sum(e.status == "failed" for e in result.evaluations)
    assert 0 < lost < 20
    assert repr(result).startswith(f"SearchResult(20 trials, {lost} failed, 0 epochs, best ")
    page = result._repr_html_()
    assert f"<p>20 trials, {lost} failed, 0 epochs. {lost} of 20 trials failed: {lost}x Key" in page
    nan = search(lambda p: math.nan if p["n"] % 2 else p["x"])
    assert " diverged, " in repr(nan) and "the objective returned nan" in nan._repr_html_()
    fine = search(lambda p: p["x"])
    assert repr(fine).startswith("SearchResult(6 trials, 0 epochs, best") and not fine.failures()


def test_repeated_questions_are_said_to_be_repeated(tmp_path):
    space = ht.SearchSpace(k=ht.choice("a", "b", "c"))
    call = {"trials": 9, "library": "optuna", "progress": False, "log": tmp_path / "x.log"}
    objective = ht.FunctionObjective(lambda params: ord(params["k"]))
    result = ht.random_search(objective, space, **call)
    repeated = [e.repeated for e in result.evaluations]
    assert sum(repeated) == 9 - len({e.params["k"] for e in result.evaluations})
    told = f"9 trials, {sum(repeated)} of them repeated"
    assert told in repr(result) and told in result._repr_html_()
    again = ht.random_search(objective, space, **call)
    read = ht.SearchResult.from_log(tmp_path / "x.log")
    assert (
        [e.repeated for e in again.evaluations]
        == repeated
        == [e.repeated for e in read.evaluations]
    )
    noisy = ht.FunctionObjective(lambda params: 1.0, deterministic=False)
    assert "repeated" not in repr(ht.random_search(noisy, space, trials=9, progress=False))


# ── until when to go on ──────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("case", CASES, ids=str)
def test_how_many_failures_in_a_row_end_a_search_is_the_callers(case):
    asked = []

    def late(params, epochs):
        asked.append(params)
        if len(asked) < 6:
            raise RuntimeError("cannot be built")
        return params["x"]

    def run(**more):
        asked.clear()
        space = ht.SearchSpace(x=SPACE["x"], n=ht.integers(1, 8), m=ht.integers(1, 8))
        return case.search(ht.FunctionObjective(late, epochs=1), space, 8, **more)

    epochs = {"epochs": 3} if case.method == "hyperband" else {}
    with pytest.raises(ht.SearchFailed, match=r"4 of 4 .*type max_failures=None"):
        run(max_failures=np.int64(4), **epochs)
    assert run(max_failures=None, **epochs).best_value >= 0


@pytest.mark.parametrize("value", [0, -1, 2.5, True, "3"])
def test_what_is_no_count_of_failures_is_refused(value):
    with refused(r"max_failures=.*a whole number from 1 up"):
        search(half, max_failures=value)
