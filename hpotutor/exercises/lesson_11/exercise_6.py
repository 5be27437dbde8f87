"""Exercise 11.6: At the edge?"""

import numpy as np
import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.study.storage import quiet_optuna

_LOG = optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)
_LINEAR = optuna.distributions.FloatDistribution(0.1, 0.5)
# Where the ten best lie on the range's own scale from 0 to 1, from the tenth to the first; then the
# eleventh. One more or one less of them, and the median is elsewhere.
_JUST_LOW = (0.02, 0.15, 0.01, 0.30, 0.03, 0.20, 0.05, 0.40, 0.04, 0.13), 0.60
_NOT_QUITE = (0.15, 0.02, 0.30, 0.01, 0.20, 0.03, 0.40, 0.08, 0.13, 0.04), 0.05
_MIDDLE = (0.15, 0.95, 0.30, 0.85, 0.40, 0.70, 0.45, 0.60, 0.50, 0.55), 0.50
_CASES = tuple(
    (name, distribution, *places, expected)
    for name, distribution in (("rate", _LOG), ("dropout", _LINEAR))
    for places, expected in (
        (_JUST_LOW, "low"),
        ((tuple(1 - place for place in _JUST_LOW[0]), 1 - _JUST_LOW[1]), "high"),
        (_NOT_QUITE, ""),
        (_MIDDLE, ""),
    )
)


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_edge(answer: object) -> Right:
    what = "a function `edge(study, name, low, high, log)`"
    function = checks.function(answer, what)
    for name, distribution, good, eleventh, expected in _CASES:
        study = _study(name, distribution, [*good[::-1], eleventh])
        bounds = distribution.low, distribution.high, distribution.log
        got = checks.call(function, study, name, *bounds, what=what)
        side = checks.expect(got, str, 'a string: "low", "high" or ""').strip().lower()
        if side not in ("low", "high", ""):
            wrong(f'`{side}` is none of `"low"`, `"high"` and `""`.')
        if side == expected:
            continue
        values = sorted(t.params[name] for t in _best(study))
        wrong(
            f"`{name}` was searched from {bounds[0]:g} to {bounds[1]:g}, "
            f"{'log' if bounds[2] else 'linear'} scale; the ten best trials lie between "
            f"{values[0]:.3g} and {values[-1]:.3g}, with the median {np.median(values):.3g}. "
            f'The answer is `"{expected}"`; yours is `"{side}"`.'
        )
    return right("On the range's own scale, over the best trials, and only those that finished.")


def _best(study: optuna.Study) -> list:
    complete = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    return sorted(complete, key=lambda trial: trial.value or 0.0, reverse=True)[:10]


def _study(
    name: str, distribution: optuna.distributions.FloatDistribution, best: list[float]
) -> optuna.Study:
    """Return a study whose best trials lie where it is said, among others and unfinished ones."""
    study = optuna.create_study(direction="maximize")
    others = [(place, 0.5 - place / 10) for place in np.linspace(0, 1, 20)]
    complete = [(place, 0.9 - rank / 100) for rank, place in enumerate(best)] + others
    states = optuna.trial.TrialState
    trials = [(*one, states.COMPLETE) for one in complete]
    trials += [(0.5, 0.88, states.PRUNED), (0.5, None, states.FAIL)] * 5  # one late, and a crash
    for number in np.random.default_rng(0).permutation(len(trials)):
        place, value, state = trials[number]
        study.add_trial(
            optuna.trial.create_trial(
                params={name: _on_scale(distribution, float(place))},
                distributions={name: distribution},
                value=value,
                state=state,
            )
        )
    return study


def _on_scale(distribution: optuna.distributions.FloatDistribution, place: float) -> float:
    low, high = distribution.low, distribution.high
    if distribution.log:
        return float(np.clip(low * (high / low) ** place, low, high))
    return low + place * (high - low)


_EDGE = """
import numpy as np
import optuna


def edge(study, name, low, high, log):
    done = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    best = sorted(done, key=lambda trial: trial.value)[-10:]
    middle = np.median([trial.params[name] for trial in best])
    if log:
        middle, low, high = np.log([middle, low, high])
    place = (middle - low) / (high - low)
    return "low" if place < 0.1 else "high" if place > 0.9 else ""


answer = edge
"""

q6 = Exercise(
    lesson=11, number=6, title="At the edge?", points=2,
    question="""
    Write `edge(study, name, low, high, log)`: it takes the ten complete trials of highest value of
    an Optuna study and the median of their hyperparameter `name`. It returns `"low"` if that lies
    in the lowest tenth of the range from `low` to `high`, `"high"` if in the highest tenth, and
    `""` otherwise; on a log scale if `log` is true. Trials that were pruned or have failed do not
    count.
    """,
    expects='a function that returns "low", "high" or ""',
    checker=_check_edge,
    hints=(
        "`study.get_trials(states=[optuna.trial.TrialState.COMPLETE])` leaves the others out.",
        "On a log scale, take the logarithm of the values and of both ends.",
        "`(median - low) / (high - low)` is the place in the range, from 0 to 1.",
    ),
    stub="def edge(study, name, low, high, log): ...\n\n\nanswer = edge",
    solution_source=_EDGE,
    why="A best value at the end of a range says that the range was too narrow. The search cannot.",
    wrong_answers=tuple(
        WrongAnswer(_EDGE.replace(old, new), because, says)
        for old, new, because, says in (
            ("if log:", "if False:", "forgets the log scale", "log scale"),
            ("[-10:]", "[:10]", "takes the worst", "the ten best"),
            ("[-10:]", "", "takes all trials", "the ten best"),
            ("np.median([trial.params[name] for trial in best])", "best[-1].params[name]",
             "looks at the best one only", "the ten best"),
            ("study.get_trials(states=[optuna.trial.TrialState.COMPLETE])", "study.trials",
             "asks trials without a value", "stopped"),
            ("study.get_trials(states=[optuna.trial.TrialState.COMPLETE])",
             "[t for t in study.trials if t.value]", "counts trials that were pruned",
             "the ten best"),
            ('"low" if place < 0.1 else "high"', '"high" if place < 0.1 else "low"',
             "swaps the ends", "yours is"),
        )
    ),
)  # fmt: skip
