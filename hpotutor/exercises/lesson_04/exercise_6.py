"""Exercise 4.6: Mend it."""

from collections.abc import Callable
from typing import Any

import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown
from hpotutor.exercises.probes import ACCURACIES, RowsProbe
from hpotutor.exercises.search_probes import trial_probe
from hpotutor.study.storage import quiet_optuna

_EPOCHS = 5


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_objective(answer: object) -> Right:
    what = "a function `objective(trial, build, data)`"
    function = checks.function(answer, what)
    for seed, accuracy in enumerate(ACCURACIES):
        probe, trial = RowsProbe(accuracy), trial_probe(seed)
        build, built = _builder(probe)
        value = checks.call(function, trial, build, probe.data, what=what)
        _check_declared(trial)
        if not built:
            wrong("This never calls `build(units=..., learning_rate=...)`.")
        if built[-1] != trial.params:
            wrong(
                f"The network was built with `{shown(built[-1])}`, and the trial suggested "
                f"`{shown(trial.params)}`."
            )
        if probe.model.validation_split:
            wrong(
                "`validation_split` cuts a second validation set from the training rows. "
                "`data.x_val` is there already."
            )
        probe.refuse_misuse()
        probe.expect_accuracy(value, _EPOCHS)
    return right("A log scale, the two names of the network, and rows it has not learned from.")


def _builder(probe: RowsProbe) -> tuple[Callable[..., Any], list[dict[str, Any]]]:
    """Return a function that builds the probe's network, and what it was called with."""
    built: list[dict[str, Any]] = []

    def build(*arguments: Any, **params: Any) -> Any:
        if arguments or set(params) != {"units", "learning_rate"}:
            wrong("Call it as `build(units=..., learning_rate=...)`.")
        built.append(params)
        return probe.model

    return build, built


def _check_declared(trial: optuna.Trial) -> None:
    declared = trial.distributions
    checks.mapping(declared, "two hyperparameters that the trial suggests",
                   ("units", "learning_rate"))  # fmt: skip
    rate: Any = declared["learning_rate"]
    if not isinstance(rate, optuna.distributions.FloatDistribution):
        wrong("A learning rate is a number from a range: `trial.suggest_float`.")
    if not (checks.near(rate.low, 1e-4) and checks.near(rate.high, 1e-1)):
        wrong(
            "The learning rate should reach from 1e-4 to 1e-1; this is "
            f"{rate.low:.3g} to {rate.high:.3g}."
        )
    if not rate.log:
        wrong(
            "On a linear scale nine of ten learning rates lie above 0.01. `suggest_float` has a "
            "keyword for the log scale."
        )
    if declared["units"] != optuna.distributions.IntDistribution(32, 512, step=32):
        wrong('As in the article: `trial.suggest_int("units", 32, 512, step=32)`.')


_ARTICLE_003 = """
def objective(trial, build, data):
    units = trial.suggest_int("units", 32, 512, step=32)
    learning_rate = {rate}
    model = build(units=units, learning_rate=learning_rate)
    model.fit(data.x_train, data.y_train, epochs=5{split}, verbose=0)
    _, accuracy = model.evaluate({rows}, verbose=0)
    return accuracy


answer = objective
"""
_LOG_RATE = 'trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)'
_MENDED = {"rate": _LOG_RATE, "split": "", "rows": "data.x_val, data.y_val"}

q6 = Exercise(
    lesson=4, number=6, title="Mend it", points=2,
    question="""
    Write article 003's Optuna objective as it should be. `trial` is an Optuna trial, `data` has
    `x_train`, `y_train`, `x_val` and `y_val`, and `build(units=..., learning_rate=...)` returns a
    compiled Keras network.

    Suggest `units` from 32 to 512 in steps of 32 and `learning_rate` from 1e-4 to 1e-1 on a log
    scale, train for 5 epochs on the training rows, and return the validation accuracy.
    """,
    expects="a function `objective(trial, build, data)`",
    checker=_check_objective,
    hints=(
        "Which rows may the network learn from, and which may score it?",
        "`trial.suggest_float(name, low, high, log=True)` replaces `suggest_loguniform`.",
        "`model.evaluate(data.x_val, data.y_val, verbose=0)` gives loss and accuracy.",
    ),
    stub="""
    def objective(trial, build, data):
        ...


    answer = objective
    """,
    solution_source=_ARTICLE_003.format(**_MENDED),
    why="The objective is the only thing a search believes. An hour of checking it is worth more "
        "than a better sampler.",
    wrong_answers=tuple(
        WrongAnswer(_ARTICLE_003.format(**{**_MENDED, **change}), because, says)
        for change, because, says in (
            ({"rows": "data.x_train, data.y_train"},
             "scores on the training rows, as the article does", "learned from"),
            ({"rows": "*data.open_test()"},
             "scores on the test rows, as article 000 does", "test set"),
            ({"rate": 'trial.suggest_loguniform("learning_rate", 1e-4, 1e-1)'},
             "keeps the deprecated call", "deprecated"),
            ({"rate": 'trial.suggest_float("learning_rate", 1e-4, 1e-1)'},
             "forgets the log scale", "linear scale"),
            ({"split": ", validation_split=0.2"},
             "cuts the validation set twice", "second validation set"),
        )
    )
    + (
        WrongAnswer(_ARTICLE_003.format(**_MENDED).replace("return accuracy", "return -accuracy"),
                    "minimizes, as Hyperopt does", "not minus it"),
        WrongAnswer(_ARTICLE_003.format(**_MENDED).replace("accuracy\n\n\n", "1 - accuracy\n\n\n"),
                    "returns the share of errors", "1 minus the accuracy"),
        WrongAnswer(_ARTICLE_003.format(**_MENDED).replace("epochs=5", "epochs=50"),
                    "trains longer than asked", "number of epochs is 50"),
        WrongAnswer(_ARTICLE_003.format(**_MENDED).replace("return accuracy", "return 0.9"),
                    "writes down what it saw once", "what was measured"),
        WrongAnswer("""
            def objective(trial, build, data):
                units = trial.suggest_int("units", 32, 512, step=32)
                rate = trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
                model = build(units=units, learning_rate=rate)
                _, accuracy = model.evaluate(data.x_val, data.y_val, verbose=0)
                model.fit(data.x_train, data.y_train, epochs=5, verbose=0)
                return accuracy


            answer = objective
            """, "scores before it trains", "before the training"),
        WrongAnswer(_ARTICLE_003.format(**_MENDED).replace("_, accuracy", "accuracy, _"),
                    "takes the loss for the accuracy", "the loss first"),
    ),
)  # fmt: skip
