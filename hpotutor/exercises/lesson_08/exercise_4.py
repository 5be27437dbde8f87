"""Exercise 8.4: Finish what was stopped."""

from typing import Any

import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.study.storage import quiet_optuna


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_finish(answer: object) -> Right:
    for done, total in ((3, 8), (8, 8), (9, 8), (2, 6)):
        _finish_one(answer, done, total)
    _finish_one(answer, 3, 8, failing=True)
    return right("It makes up for what is missing, and no more.")


def _finish_one(answer: object, done: int, total: int, *, failing: bool = False) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=done)
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    calls: list[int] = []
    runs: list[int] = []
    optimize = study.optimize

    def counted(*arguments: Any, **keywords: Any) -> None:
        runs.append(len(calls))
        if len(runs) > 50:
            wrong("It never ends. Stop when the study has what it needs.")
        optimize(*arguments, **keywords)

    study.optimize = counted  # type: ignore[method-assign]

    def objective(trial: optuna.Trial) -> float:
        calls.append(trial.number)
        if len(calls) > 50:
            wrong("It never ends. Stop when the study has what it needs.")
        if failing and len(calls) % 2:
            raise optuna.TrialPruned  # not complete either, and Optuna says nothing on stderr
        return trial.suggest_float("x", 0, 1)

    what = "`finish(study, objective, total)`"
    if checks.call(answer, study, objective, total, what=what) is not study:
        wrong("Return the study itself: it holds all that was found.")
    missing = max(0, total - done)
    if failing:
        complete = len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]))
        if complete != total:
            wrong(
                f"Where every other new trial is pruned, your function leaves {complete} complete "
                f"trials of {total}. Count again after each run, until none is missing."
            )
    elif len(calls) != missing:
        wrong(
            f"A study with {done} complete trials and a failed one was to be brought to {total} "
            f"complete ones. Your function trains {len(calls)}; it should train {missing}."
        )


def _finish(count: str) -> str:
    return f"""
import optuna


def finish(study, objective, total):
    complete = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    study.optimize(objective, n_trials={count})
    return study


answer = finish
"""


_UNTIL_DONE = """
import optuna


def finish(study, objective, total):
    def missing():
        return total - len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]))

    while missing() > 0:
        study.optimize(objective, n_trials=missing())
    return study


answer = finish
"""


q4 = Exercise(
    lesson=8, number=4, title="Finish what was stopped", points=2,
    question="""
    Write `finish(study, objective, total)`: it runs an Optuna study until it has `total` complete
    trials, and returns the study. Some may be there already; trials that failed or were pruned do
    not count, also among those that you run; a study that has enough is left alone.
    """,
    expects="a function finish(study, objective, total)",
    checker=_check_finish,
    hints=(
        "`study.trials` holds failed trials too.",
        "`study.get_trials(states=[optuna.trial.TrialState.COMPLETE])` holds the complete ones.",
        "`n_trials` of `study.optimize` is how many *more* to run; not all of them need complete.",
    ),
    stub="def finish(study, objective, total): ...\n\n\nanswer = finish",
    solution_source=_UNTIL_DONE,
    why="With a storage on disk these lines make any search safe to stop.",
    wrong_answers=(
        WrongAnswer(_finish("max(0, total - len(complete))"),
                    "counts once, and new trials may fail", "Count again"),
        WrongAnswer(_finish("total"), "starts again", "it should train 5"),
        WrongAnswer(_finish("max(0, total - len(study.trials))"),
                    "counts the failed one", "trains 4"),
        WrongAnswer(_finish("max(1, total - len(complete))"),
                    "trains one where none is needed", "it should train 0"),
        WrongAnswer(_UNTIL_DONE.replace("missing() > 0", "missing() >= 0"),
                    "goes on when none is missing", "never ends"),
        WrongAnswer(_UNTIL_DONE.replace("return study", "return study.trials"),
                    "returns the trials", "Return the study itself"),
    ),
)  # fmt: skip
