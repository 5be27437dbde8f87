"""Exercise 11.4: The lost model."""

import tempfile
from pathlib import Path
from typing import Any

import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.study.storage import quiet_optuna

# The validation accuracies of four trainings; the best epoch is not the last, the best trial
# neither the first nor the last, and the two sessions number their trials on.
_SESSIONS = (((0.2, 0.5, 0.4), (0.3, 0.9, 0.6)), ((0.1, 0.7, 0.65), (0.8, 0.4, 0.2)))


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_objective(answer: object) -> Right:
    what = "a function `mended(trial, train, folder)`"
    function = checks.function(answer, what)
    for _ in range(2):  # each study has a folder of its own
        with tempfile.TemporaryDirectory() as place:
            _ask(function, what, Path(place))
    return right("The best epoch's score, and a file that no later trial writes into.")


def _ask(function: Any, what: str, folder: Path) -> None:
    """Lead a study through two sessions, and look into its folder after each."""
    study, curves = optuna.create_study(direction="maximize"), []
    for session in _SESSIONS:
        for curve in session:
            trial = study.ask()
            trial.suggest_float("rate", 1e-4, 1e-1, log=True)
            value = checks.call(function, trial, _trainer(curve), folder, what=what)
            study.tell(trial, _score(value, curve))
            curves.append(curve)
        _look(folder, study, curves)


def _trainer(curve: tuple[float, ...]) -> Any:
    """Return a training that leaves its best epoch in a file, as a ModelCheckpoint does."""

    def train(trial: Any, file: Any) -> list[float]:
        path = Path(checks.expect(file, (str, Path), "the file for the network, a path"))
        path.write_text(f"network of {max(curve)}")
        return list(curve)

    return train


def _score(value: Any, curve: tuple[float, ...]) -> float:
    if isinstance(value, list | tuple):
        wrong("The objective returns one number, which the study maximizes.")
    score = checks.number(value, "one number, the score of the trial")
    if score == curve[-1]:
        wrong(
            f"A training with the accuracies {curve} returns {score}, that of its last epoch. The "
            "network in the file is the best epoch's: the score should be, too."
        )
    if score != max(curve):
        wrong(f"A training with the accuracies {curve} should count {max(curve)}, not {score:g}.")
    return score


def _look(folder: Path, study: optuna.Study, curves: list) -> None:
    file = folder / f"trial-{study.best_trial.number}.keras"
    there = sorted(path.name for path in folder.iterdir())
    if not there:
        wrong("Nothing lies in `folder`. Give `train` a path in it: `folder / name`.")
    if len(there) == 1 and len(curves) > 1:
        wrong(
            f"After {len(curves)} trials there is one file, `{there[0]}`: each training wrote over "
            "the one before, the best among them."
        )
    if not file.exists():
        wrong(
            f"The best trial is number {study.best_trial.number}, and there is no `{file.name}`; "
            f"there are {', '.join(there)}. `trial.number` is its number, in a resumed study too."
        )
    if file.read_text() != f"network of {study.best_value}":
        wrong(
            f"`{file.name}` holds another trial's network. `trial.number` is its number, in a "
            "resumed study too."
        )


_OBJECTIVE = """
def mended(trial, train, folder):
    scores = train(trial, {file})
    return {score}


answer = mended
"""
_FILE = 'folder / f"trial-{trial.number}.keras"'

q4 = Exercise(
    lesson=11, number=4, title="The lost model", points=2,
    question="""
    This objective loses its best model. Write it mended, as `mended(trial, train, folder)`.

    ```python
    def objective(trial, train, folder):
        scores = train(trial, folder / "model.keras")
        return scores[-1]
    ```

    `train(trial, file)` trains a network with a `ModelCheckpoint`, which leaves the network of its
    best epoch in `file`; it returns the validation accuracies of all epochs. After any number of
    trials the best one's network must lie in `folder` as `trial-7.keras` (if 7 is its number), and
    the study must know the score of just that network.
    """,
    expects="a function `mended(trial, train, folder)` that returns a number",
    checker=_check_objective,
    hints=(
        "What happens to the file when the next trial starts?",
        "What is in the file: the last epoch, or the best?",
    ),
    stub="def mended(trial, train, folder): ...\n\n\nanswer = mended",
    solution_source=_OBJECTIVE.format(file=_FILE, score="max(scores)"),
    why="A best score without its model is a number that you cannot ship.",
    wrong_answers=tuple(
        WrongAnswer(_OBJECTIVE.format(file=file, score=score), because, says)
        for file, score, because, says in (
            ('folder / "model.keras"', "max(scores)", "mends the score only", "wrote over"),
            (_FILE, "scores[-1]", "mends the file only", "last epoch"),
            (_FILE, "min(scores)", "takes accuracies for losses", "should count"),
            (_FILE, "scores", "returns them all", "one number"),
            ('folder / f"trial-{len(list(folder.iterdir())) + 1}.keras"', "max(scores)",
             "counts the files", "in a resumed study"),
            ('folder / "best.keras" if max(train(trial, folder / "new.keras")) > 0.5 '
             'else folder / "new.keras"', "max(scores)", "decides by a threshold", "there is no"),
        )
    ),
)  # fmt: skip
