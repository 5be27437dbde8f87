"""Exercise 11.2: First the default."""

import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.study.storage import quiet_optuna

_DEFAULTS = ({"rate": 0.001, "filters": 16}, {"rate": 0.02, "filters": 8})


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_start(answer: object) -> Right:
    what = "a function `start(study, default)`"
    function = checks.function(answer, what)
    for default in _DEFAULTS:
        study = optuna.create_study(direction="maximize")
        checks.call(function, study, default, what=what, may_be_none=True)
        if any(trial.state.is_finished() for trial in study.trials):
            wrong(
                "This puts a trial into the study as if it had been trained. Its score is made up; "
                "the study should train it."
            )
        if not study.trials:
            wrong("After `start(study, default)` no trial waits in the study.")
        trial = study.ask()
        got = _suggested(trial)
        if got != default:
            wrong(f"The first trial gets {got}, and the default is {default}.")
        study.tell(trial, 0.5)
        checks.call(function, study, default, what=what, may_be_none=True)
        if len(study.trials) > 1:
            wrong(
                "A script that goes on after a break calls `start` again, and then the default is "
                "trained a second time. `enqueue_trial` has an argument for that."
            )
    return right("Trial 0 is what you had, and a second start does not repeat it.")


def _suggested(trial: optuna.Trial) -> dict:
    return {
        "rate": trial.suggest_float("rate", 1e-4, 1e-1, log=True),
        "filters": trial.suggest_int("filters", 8, 32, step=8),
    }


_START = "def start(study, default):\n    {body}\n\n\nanswer = start"

q2 = Exercise(
    lesson=11, number=2, title="First the default", points=1,
    question="""
    Write `start(study, default)`: the dict `default` becomes the setting of the study's first
    trial, to be trained like any other. A script that goes on after a break calls `start` again:
    then nothing shall be added.
    """,
    expects="a function `start(study, default)`",
    checker=_check_start,
    hints=("A study has a queue of settings to try.", "`skip_if_exists`."),
    stub="def start(study, default): ...\n\n\nanswer = start",
    solution_source=_START.format(body="study.enqueue_trial(default, skip_if_exists=True)"),
    why="Then every search, however short, tells what it has gained.",
    wrong_answers=tuple(
        WrongAnswer(_START.format(body=body), because, says)
        for body, because, says in (
            ("study.enqueue_trial(default)", "forgets the second start", "a second time"),
            ("study.enqueue_trial({**default, 'filters': 32}, skip_if_exists=True)",
             "improves the default by hand", "The first trial gets"),
            ("study.enqueue_trial({'rate': default['rate']}, skip_if_exists=True)",
             "gives a part of it", "The first trial gets"),
            ("study.set_user_attr('default', default)", "only writes it down", "no trial waits"),
            ("import optuna\n"
             "    space = {'rate': optuna.distributions.FloatDistribution(1e-4, 0.1, log=True),\n"
             "             'filters': optuna.distributions.IntDistribution(8, 32, step=8)}\n"
             "    study.add_trial(optuna.trial.create_trial(\n"
             "        params=default, distributions=space, value=0.5))",
             "adds a result that nobody measured", "made up"),
        )
    ),
)  # fmt: skip
