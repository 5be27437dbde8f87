"""Studies as Optuna alone makes them: reviewed, reported and drawn with no space made by hand."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import optuna
import pytest
from optuna.samplers import RandomSampler

import hpotutor as ht
from hpotutor.errors import HpoTutorError
from hpotutor.plots import importance_info, learning_curves_info
from tests.messages import refused


@pytest.fixture(autouse=True)
def quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)
    plt.close("all")


def objective(trial: optuna.Trial) -> float:
    """Reports, is pruned, fails and diverges; one knob of two exists only with sgd."""
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-1)
    layers = trial.suggest_int("layers", 1, 3)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", None])
    heavy = trial.suggest_float("momentum", 0.0, 0.9, step=0.1) if optimizer == "sgd" else 0.5
    trial.suggest_int("conv/units", 8, 128, log=True)  # no name of Python's
    if trial.number in (5, 9):
        trial.set_user_attr("reason", "out of memory")
        raise ValueError("out of memory")
    if trial.number == 7:
        return math.nan
    for epoch in range(6):
        worth = 1 - 0.03 * (math.log10(rate) + 1) ** 2 - 0.05 * layers + 0.02 * heavy
        trial.report(worth - 0.3 / (epoch + 1), epoch)
        if trial.number > 12 and trial.should_prune():
            raise optuna.TrialPruned
    return worth - 0.05


def searched(sign: int = 1) -> optuna.Study:
    direction = "maximize" if sign > 0 else "minimize"
    study = optuna.create_study(
        direction=direction, sampler=RandomSampler(seed=0), pruner=optuna.pruners.MedianPruner()
    )
    study.ask()  # its process died: number 0 runs for ever
    study.enqueue_trial({"learning_rate": 1e-3})
    study.optimize(objective, n_trials=30, catch=ValueError)
    return study


@pytest.fixture(scope="module")
def study() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return searched()


def test_the_space_is_read_from_the_trials(study):
    space = ht.SearchResult.from_optuna(study).space
    assert repr(space) == (
        "ht.SearchSpace(\n"
        "    learning_rate=ht.uniform(1e-4, 0.1),\n"
        "    layers=ht.integers(1, 3),\n"
        '    optimizer=ht.choice("sgd", "adam", None),\n'
        '    momentum=ht.when(ht.uniform(0.0, 0.9), optimizer=["sgd"]),\n'
        "    conv/units=ht.integers(8, 128, log=True),\n"
        ")"
    )
    with refused(r"\['conv/units'\] cannot be written"):
        space.show("optuna")


def test_ranges_that_were_changed_are_taken_together():
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    for low, high, top in ((1e-4, 1e-1, 32), (1e-3, 1e0, 40)):
        study.optimize(
            lambda trial, low=low, high=high, top=top: (
                trial.suggest_float("rate", low, high, log=True)
                + trial.suggest_int("units", 8, top, step=8)
                + trial.suggest_int("fixed", 2, 2)
            ),
            n_trials=8,
        )
    result = ht.SearchResult.from_optuna(study)
    assert repr(result.space) == (
        "ht.SearchSpace(\n    rate=ht.loguniform(1e-4, 1.0),\n"
        "    units=ht.integers(8, 40, step=8),\n    fixed=ht.choice(2),\n)"
    )
    shares = result.importances()
    assert set(shares) == {"rate", "units", "fixed"} and shares["units"] > 0.9
    assert optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=0)
    ).keys() == {"fixed"}  # which is what Optuna alone would have told


def test_a_review_tells_what_to_type_in_optuna(study):
    found = ht.review(study)
    assert [finding.check for finding in found] == ["scale", "budget"]
    scale, budget = found
    assert scale.remedy == 'trial.suggest_float("learning_rate", 1e-4, 0.1, log=True)'
    assert budget.remedy == "n_trials=50, or a study of 3, the others fixed in the code"
    assert found.mended["learning_rate"].log and "momentum" in found.mended.conditions
    same = ht.review(ht.SearchResult.from_optuna(study))
    assert [finding.found for finding in same] == [finding.found for finding in found]


def test_a_review_sees_the_best_trials_at_an_edge():
    def crowded(trial):
        optimizer = trial.suggest_categorical("optimizer", ["sgd", "nesterov", "adam"])
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
        return math.log10(rate) + 0.01 * (optimizer == "adam")

    study = optuna.create_study(direction="maximize", sampler=RandomSampler(seed=0))
    study.optimize(crowded, n_trials=40)
    found = {finding.check: finding for finding in ht.review(study)}
    typed = 'trial.suggest_float("learning_rate", 1e-4, 0.1, log=True)'
    assert found["boundary"].remedy == typed
    assert found["nuisance"].remedy == (
        'trial.suggest_float("momentum", 0.0, 0.99), where optimizer is "nesterov"'
    )


def test_figures_count_trials_as_the_study_does(study):
    best = study.best_trial.number
    assert f"came at trial {best} of" in ht.plots.history(study)
    assert f"trial {best} ends best" in ht.plots.learning_curves(study)
    assert ht.SearchResult.from_optuna(study).to_frame()["trial"].tolist() == list(range(1, 31))


def test_curves_are_what_was_reported_pruned_trials_too(study):
    info = learning_curves_info(study)
    reported = {f"trial {t.number}": len(t.intermediate_values) for t in study.trials}
    drawn = info.bands.groupby("setting")["epoch"].max().to_dict()
    assert drawn == {name: count for name, count in reported.items() if count}
    assert min(drawn.values()) == 1 and max(drawn.values()) == 6  # some were pruned


def test_of_a_study_that_minimizes_the_lowest_curve_is_best():
    study = optuna.create_study(direction="minimize")
    for end in (0.5, 0.2, 0.9):
        trial = study.ask()
        for epoch in range(3):
            trial.report(end + 1 / (epoch + 1), epoch)
        study.tell(trial, end)
    assert learning_curves_info(study).lower_is_better
    assert "trial 1 fits" in ht.plots.learning_curves(study)
    assert "trial 1 ends with the lowest reported value" in plt.gca().get_title(loc="left")


def test_an_importance_says_what_it_leaves_out(study):
    table = importance_info(study)
    assert table.attrs["left_out"] == ["momentum"]
    assert set(table["knob"]) == {"learning_rate", "layers", "optimizer", "conv/units"}
    assert "Left out, as not in every trial: momentum." in ht.plots.importance(study)
    assert "momentum" in plt.gca().get_xlabel()


@pytest.mark.parametrize(
    "draw",
    [
        lambda study: ht.plots.parallel_coordinates(study),
        lambda study: ht.plots.validation_curve(study, "learning_rate"),
        lambda study: ht.plots.validation_curve(study, "optimizer"),
        lambda study: ht.plots.validation_curve(study, "momentum"),
        lambda study: ht.plots.heat_map(study, "learning_rate", "layers"),
        lambda study: ht.plots.sensitivity(study),
    ],
    ids=["parallel", "slice", "of names", "of a conditional", "heat map", "sensitivity"],
)
def test_other_figures_draw_a_study(study, draw):
    same = draw(ht.SearchResult.from_optuna(study))
    assert draw(study) == same and same.endswith(".")


def test_a_slice_of_a_random_search_is_points_a_validation_curve_is_a_line():
    def line(knobs):
        study = optuna.create_study(sampler=RandomSampler(seed=0))
        study.optimize(lambda t: sum(t.suggest_float(n, 0, 1) for n in knobs), n_trials=9)
        ht.plots.validation_curve(study, knobs[0])
        return plt.gca().get_lines()[0].get_linestyle()

    assert line(["x", "y"]) == "None" and line(["x"]) == "-"


def test_a_failure_is_told_by_what_the_objective_left(study):
    assert "2x out of memory" in ht.SearchResult.from_optuna(study).failures()


def test_attributes_of_somebody_elses_do_not_pass_for_ours():
    study = optuna.create_study()
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    for name, value in {"status": "done", "curve": [1], "epochs": 7, "seed": "a"}.items():
        trial.set_user_attr(name, value)
    study.tell(trial, 0.5)
    (found,) = ht.SearchResult.from_optuna(study).evaluations
    assert (found.status, found.curve, found.epochs, found.seed) == ("complete", {}, 7, None)


# ── report ───────────────────────────────────────────────────────────────────────────────────
def test_a_report_says_what_a_study_holds_and_that_there_is_no_answer(study, tmp_path):
    page = ht.report(study)
    text = str(page)
    assert "No test row was used: there is no answer yet." in text
    assert "30 trials" in page.done["budget"] and "of them pruned" in page.done["budget"]
    assert page.found["unfinished"] == "1 of the study's trials"
    assert page.found["best so far"].startswith("0.")
    assert "left out, as not in every trial: momentum" in page.found["importances"]
    assert page.table[1] == {"chosen": [], "default": []}
    for shown in (page._repr_html_(), page._repr_markdown_()):
        assert "no answer yet" in shown and "intervals" not in shown
    assert "<svg" not in page.save(tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_report_compares_the_scores_that_it_is_given(study):
    scores = {"chosen": [0.91, 0.92, 0.93], "default": [0.80, 0.82, 0.81]}
    page = ht.report("Does tuning help?", result=study, method="TPE", validation=scores)
    assert page.question == "Does tuning help?" and page.done["method"] == "TPE"
    assert "chosen setting against the default: better" in page.answer
    assert "on validation rows" in str(page) and "value: higher is better" in page.caption
    data = ht.load("iris")
    page = ht.report("Does tuning help?", result=study, data=data, validation=scores)
    assert "test rows are still sealed" in page.answer and "iris" in page.done["data"]
    assert f"on {len(data.y_val)} validation rows" in str(page)


def test_a_report_of_a_study_trains_nothing(study):
    rows = ht.load("iris").open_test()
    with refused("only a search on ht.TrainObjective"):
        ht.report(study, test=rows)


# ── what cannot be read ──────────────────────────────────────────────────────────────────────
CALLS = {
    "review": ht.review,
    "report": ht.report,
    "history": lambda study: ht.plots.history(study),
    "importance": lambda study: ht.plots.importance(study),
    "curves": lambda study: ht.plots.learning_curves(study),
}


@pytest.mark.parametrize("name", CALLS)
def test_several_objectives_are_refused_everywhere(name):
    several = optuna.create_study(directions=["minimize", "maximize"])
    with refused("this study has 2 objectives, and one can be viewed"):
        CALLS[name](several)


@pytest.mark.parametrize("name", CALLS)
def test_a_study_without_a_trial_is_answered_in_words(name):
    with pytest.raises(HpoTutorError, match=r"no rows|no trial|No trial|at least two|loss"):
        CALLS[name](optuna.create_study())


def test_a_study_where_every_trial_failed_is_reviewed_and_not_reported():
    def fails(trial):
        raise ValueError(trial.suggest_float("learning_rate", 0, 1))

    study = optuna.create_study()
    study.optimize(fails, n_trials=4, catch=ValueError)
    assert "scale" in [finding.check for finding in ht.review(study)]
    with pytest.raises(HpoTutorError, match="No trial of this search is complete"):
        ht.report(study)
    with refused("No trial has finished"):
        ht.plots.history(study)
