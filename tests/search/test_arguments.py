"""What each search takes and refuses, and what it tells the learner to type instead."""

import inspect
import re

import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError, LogError
from tests.messages import refused

LINE = ht.SearchSpace(x=ht.uniform(0, 1))
VALUE = ht.FunctionObjective(lambda params, epochs: params["x"] * epochs, epochs=9)
NEEDED = {
    "random": {"trials": 3},
    "grid": {"levels": 3},
    "bayesian": {"trials": 3, "library": "gp"},
    "genetic": {"trials": 3},
    "hyperband": {"trials": 3},
    "multi_objective": {"trials": 3, "goals": ("value", "seconds")},
}


def call(method, objective=VALUE, space=LINE, **options):
    options = {"progress": False} | NEEDED[method] | options
    return getattr(ht, f"{method}_search")(objective, space, **options)


def signature(method):
    return inspect.signature(getattr(ht, f"{method}_search")).parameters


# ── what there is ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("method", "defaults"),
    [
        ("random", {"library": "scikit-learn", "quasi": False}),
        ("grid", {"library": "scikit-learn", "levels": None, "trials": None}),
        ("bayesian", {"library": "optuna", "startup": None, "xi": 0.01, "kappa": 2.0,
                      "acquisition": "expected_improvement"}),
        ("genetic", {"library": "plain", "population": 10, "elite": 2, "tournament": 3,
                     "crossover": 0.9, "mutation": None, "regularized": False}),
        ("hyperband", {"library": "plain", "trials": None, "epochs": None, "eta": 3,
                       "bracket": None, "sampler": "random"}),
        ("multi_objective", {"goals": ("value", "weights"), "limits": None, "sampler": "nsga2",
                             "population": 10}),
    ],
)  # fmt: skip
def test_defaults_are_those_of_the_text(method, defaults):
    found = {name: one.default for name, one in signature(method).items()}
    shared = {"seed": 0, "log": None, "max_seconds": None, "max_epochs": None, "max_failures": 3}
    shared |= {"start": None, "client": None, "progress": True}
    needed = {"objective", "space", *NEEDED[method]} - {"goals", "levels", "library"}
    if method == "hyperband":
        needed -= {"trials"}
    expected = shared | defaults | dict.fromkeys(needed, inspect.Parameter.empty)
    assert {name: found[name] for name in expected} == expected
    assert set(found) == set(expected)


@pytest.mark.parametrize("method", NEEDED)
def test_its_text_is_whole_and_in_order(method):
    text = getattr(ht, f"{method}_search").__doc__
    parts = re.split(r"^(\w+)\n-+\n", text, flags=re.MULTILINE)
    assert parts[1::2] == ["Parameters", "Returns", "Raises", "Notes", "Examples"]
    names = re.findall(r"^(\w[\w, ]*) : ", parts[2], re.MULTILINE)
    told = [name for line in names for name in line.split(", ")]
    assert sorted(told) == sorted(signature(method)) and told[:2] == ["objective", "space"]
    assert "\n\n\n" not in text


# ── counts and settings ──────────────────────────────────────────────────────────────────────
COUNTS = [
    *[(method, "trials", 1, 30) for method in NEEDED],
    ("bayesian", "startup", 1, 10),
    ("genetic", "population", 2, 10),
    ("genetic", "elite", 0, 2),
    ("genetic", "tournament", 1, 3),
    ("hyperband", "epochs", 1, 27),
    ("hyperband", "eta", 2, 3),
    ("multi_objective", "population", 2, 10),
]


@pytest.mark.parametrize(("method", "name", "low", "example"), COUNTS)
def test_counts_are_whole_numbers_and_the_error_names_one_that_works(method, name, low, example):
    told = f"{name}={{}} is not allowed. Allowed: a whole number from {low} up. "
    told = f"{method}_search: {told}Type for instance {name}={example}."
    for bad in (low - 1, low + 0.5, "9"):
        with pytest.raises(ArgumentError) as caught:
            call(method, **{name: bad})
        assert str(caught.value) == told.format(repr(bad))
    if name != "trials" or method in ("random", "grid"):
        assert len(call(method, **{name: example})) >= 1


@pytest.mark.parametrize("method", ["grid", "hyperband"])
def test_trials_may_be_left_out_where_the_method_knows_how_many(method):
    assert len(call(method, trials=None)) == {"grid": 3, "hyperband": 22}[method]


@pytest.mark.parametrize("method", ["random", "bayesian", "genetic", "multi_objective"])
def test_trials_are_needed_elsewhere(method):
    with refused(r"trials=None.*Type for instance trials=30"):
        call(method, trials=None)


@pytest.mark.parametrize(
    ("method", "options", "told"),
    [
        ("genetic", {"crossover": 1.5}, "a number from 0 to 1. Type for instance crossover=0.9."),
        ("genetic", {"mutation": "1"}, "a number from 0 to 1. Type for instance mutation=0.2."),
        ("genetic", {"population": 3, "elite": 3}, "less than population=3. Type .* elite=2."),
        ("bayesian", {"acquisition": "ei"}, "acquisition='ei'.*'upper_confidence_bound'"),
        ("bayesian", {"xi": -1}, "xi=-1.*a number from 0 up. Type for instance xi=0.01."),
        ("bayesian", {"kappa": "1"}, "kappa='1'.*a number from 0 up. Type for instance kappa=2."),
        ("random", {"quasi": True}, "quasi=True is a sequence of Optuna's. Type library='optuna'"),
        ("random", {"quasi": "yes", "library": "optuna"}, "quasi='yes'.*Allowed: True, False"),
        ("random", {"library": "skopt"}, "library='skopt'.*'hyperopt', 'keras_tuner'"),
        ("hyperband", {"bracket": 5}, "bracket=5.*Allowed: 2, 1, 0"),
        ("hyperband", {"sampler": "gp"}, "sampler='gp'.*Allowed: 'random', 'tpe'"),
        ("multi_objective", {"sampler": "gp"}, "sampler='gp'.*'nsga2', 'tpe', 'random'"),
        ("multi_objective", {"goals": ("value",)}, "two or more of value, weights"),
        ("multi_objective", {"goals": ("value", "value")}, "two or more of"),
        ("multi_objective", {"goals": ("value", "size")}, "two or more of"),
        ("multi_objective", {"goals": ("value", "seconds", "size")}, "two or more of"),
        ("multi_objective", {"goals": {"value", "seconds"}}, "two or more of"),
        ("multi_objective", {"goals": "value"}, r"Type for instance goals=\(\"value\", \"weights"),
        ("multi_objective", {"limits": {"size": 3}}, "a dict from some of"),
        ("multi_objective", {"limits": {"weights": "3"}}, "a dict from some of"),
        ("multi_objective", {"limits": [3]}, r"Type for instance limits={\"weights\": 5_000}"),
        ("multi_objective", {"limits": 0}, "a dict from some of"),
    ],
)
def test_what_is_refused_is_told_alone_with_what_is_allowed(method, options, told):
    with refused(rf"^{method}_search: (?!\d problems).*{told}", error=ArgumentError):
        call(method, **options)


def test_dials_of_another_library_are_not_looked_at(tmp_path):
    """What is refused is refused before a log is begun."""
    assert len(call("bayesian", library="optuna", xi=-1, kappa=None)) == 3
    with refused("2 problems", "xi=-1", "seed=-1"):
        call("bayesian", xi=-1, seed=-1, log=tmp_path / "x.log")
    assert list(tmp_path.iterdir()) == []


def test_counts_that_compare_are_compared_only_where_both_are_counts():
    for options in ({"population": 1, "elite": 3}, {"population": 4, "elite": -1}):
        with pytest.raises(ArgumentError) as caught:
            call("genetic", **options)
        assert "less than" not in str(caught.value)


@pytest.mark.parametrize("method", NEEDED)
def test_what_is_no_objective_no_space_or_no_client_is_refused(method):
    with refused(rf"^{method}_search: 2 problems", "objective=3", "space=4"):
        call(method, 3, 4, **({"epochs": 9} if method == "hyperband" else {}))
    pytest.importorskip("distributed")
    with refused(rf"^{method}_search: client='locl' is not allowed. Did you mean 'local'"):
        call(method, client="locl")


def test_nothing_is_told_twice():
    """A bad count of trials is the method's to tell, not the recorder's too."""
    with pytest.raises(ArgumentError) as caught:
        call("random", trials=0, seed=-1)
    assert str(caught.value).count("trials=0") == 1 and "2 problems" in str(caught.value)


def test_hyperband_tells_what_is_wrong_with_its_brackets():
    plain = ht.FunctionObjective(lambda params: params["x"])
    with refused("the objective has no epochs to deal out. Type epochs=27") as caught:
        call("hyperband", plain)
    assert "problems" not in str(caught.value)
    for bad in ({"eta": 1, "bracket": 1}, {"epochs": 0, "bracket": 1}):
        with pytest.raises(ArgumentError) as caught:
            call("hyperband", **bad)
        assert "bracket" not in str(caught.value)
        with pytest.raises(ArgumentError) as caught:
            call("hyperband", trials=None, library="asha", **bad)
        assert "max_epochs" not in str(caught.value)
    with refused("2 problems", "epochs=0", "eta=1"):
        call("hyperband", epochs=0, eta=1)
    with refused("3 problems", "bracket= is for", "sampler='tpe' is for", "Leave 'epochs' out"):
        space = ht.SearchSpace(epochs=ht.integers(1, 9))
        call("hyperband", space=space, library="scikit-learn", bracket=1, sampler="tpe")


# ── grids ────────────────────────────────────────────────────────────────────────────────────
def test_a_grid_of_a_hundred_thousand_points_is_the_largest():
    """Told beside another problem, so that nobody has to wait for a search of it."""
    for levels, told in ({"a": 100, "b": 1000}, False), ({"a": 101, "b": 1000}, True):
        space = ht.SearchSpace(a=ht.uniform(0, 1), b=ht.uniform(0, 1))
        with pytest.raises(ArgumentError) as caught:
            call("grid", space=space, levels=levels, seed=-1)
        assert ("this grid has 101,000 points, more than 100,000" in str(caught.value)) == told


def test_what_is_wrong_with_a_grid_is_told_with_the_rest():
    with refused("2 problems", "levels=0", "trials=0"):
        call("grid", levels=0, trials=0)
    with refused("space=", r"^grid_search: space"):
        call("grid", space={"x": 1}, library="optuna")
    with refused("y is not a known name. Known: x"):
        call("grid", levels={"y": 3})


# ── what nothing succeeded in says ───────────────────────────────────────────────────────────
def fails(params, epochs):
    raise RuntimeError("no disk")


BROKEN = ht.FunctionObjective(fails, epochs=9)


def failure(method="random", **options):
    with pytest.raises(ht.SearchFailed) as caught:
        call(method, BROKEN, **options)
    return str(caught.value)


def test_what_to_do_depends_on_why_it_ended(tmp_path):
    start = "Nothing succeeded; the trials are in this error's result."
    in_a_row = failure(trials=9)
    assert in_a_row.startswith("random_search: 3 of 3 trials failed: 3x RuntimeError: no disk")
    assert in_a_row.endswith(
        f"{start} Where most of a space cannot be built, type max_failures=None."
    )
    assert failure("genetic", trials=2).endswith(
        f"{start} The search ended as the budget of 2 trials is spent."
    )
    assert failure("grid", levels=2, trials=None).endswith(start)
    log = tmp_path / "x.log"
    assert "answers for them" not in failure(trials=2, log=log)
    again = failure(trials=2, log=log)
    assert f"no disk. {start} " in again
    assert again.endswith(f"{log} answers for them; to try them anew, give another log.")


def test_a_search_that_succeeded_once_returns():
    def half(params, epochs):
        return 1 / 0 if params["x"] != 0.5 else 1.0

    start = [{"x": 0.5}]
    found = call("random", ht.FunctionObjective(half, epochs=9), start=start)
    assert [e.status for e in found.evaluations] == ["complete", "failed", "failed"]
    assert found.best_params == {"x": 0.5}


# ── points to start from ─────────────────────────────────────────────────────────────────────
def test_a_start_with_a_bad_space_is_told_once():
    with pytest.raises(ArgumentError) as caught:
        call("random", space=3, start=[{"x": 0.5}])
    assert "start" not in str(caught.value)


@pytest.mark.parametrize("start", [[], (), None])
def test_no_point_to_start_from_is_fine(start):
    found = call("random", start=start)
    assert [e.params for e in found.evaluations] == [e.params for e in call("random").evaluations]
    assert found.left_out == ""


def test_points_outside_are_told_in_one_line_each_and_printed_only_with_progress(capsys):
    points = ({"x": 2.0}, {"x": 0.5}, {"x": -1})
    quiet = call("random", start=points)
    assert capsys.readouterr().out == ""
    assert quiet.left_out.startswith(
        "2 of the 3 points of start= are not in this space and are left out: {'x': 2.0} ("
    )
    assert "); {'x': -1} (" in quiet.left_out and "\n" not in quiet.left_out
    call("random", start=points, progress=True)
    assert f"{quiet.left_out}\n" in capsys.readouterr().out


def test_a_search_with_a_start_is_another_one(tmp_path):
    log = tmp_path / "x.log"
    call("random", start=[{"x": 0.5}], log=log)
    with pytest.raises(LogError, match=r"options\.start"):
        call("random", log=log)
    call("random", start=[{"x": 0.5}, {"x": 7}], log=log)


# ── what it will cost ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "22 trials, up to 78 epochs."),
        ({"trials": 30}, "30 trials, up to 270 epochs."),
        ({"bracket": 0}, "3 trials, up to 27 epochs."),
        ({"library": "scikit-learn"}, "13 trials, up to 27 epochs."),
        ({"library": "optuna"}, "22 trials, up to 78 epochs."),
        ({"library": "asha"}, "trials without a limit, at most 78 epochs in all."),
        ({"library": "asha", "max_epochs": 20}, "trials without a limit, at most 20 epochs in"),
        ({"library": "asha", "max_seconds": 60}, "trials without a limit, at most 60 s."),
        ({"library": "asha", "trials": 9}, "9 trials, up to 81 epochs."),
        ({"start": [{"x": 0.5}, {"x": 0.25}]}, "24 trials, up to 96 epochs."),
        ({"start": [{"x": 0.5}], "trials": 9}, "9 trials, up to 81 epochs."),
    ],
)
def test_hyperband_says_what_it_will_cost(options, told, capsys):
    objective = ht.FunctionObjective(lambda params, epochs: 1 / 0, epochs=9)
    with pytest.raises(ht.SearchFailed):  # after three trials: what it says beforehand matters
        call("hyperband", objective, **{"trials": None, "progress": True} | options)
    assert f"Hyperband search: {told}" in capsys.readouterr().out


def test_a_grid_says_how_many_points_it_has(capsys):
    for options, told in ({}, "3 trials"), ({"start": [{"x": 0.3}]}, "4 trials"), (
        {"trials": 2, "start": [{"x": 0.3}]}, "2 trials",
    ):  # fmt: skip
        found = call("grid", progress=True, **options)
        assert re.match(rf"Grid search: {told}, ", capsys.readouterr().out)
        assert len(found) == int(told[0])
