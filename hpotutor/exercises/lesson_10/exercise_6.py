"""Exercise 10.6: Four workers, twenty-five seconds."""

import copy
from functools import partial
from typing import Any

import numpy as np

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, wrong
from hpotutor.tabular.objective import TableObjective
from hpotutor.tabular.simulator import Job, simulate

_WORKERS, _SECONDS, _REPEATS, _NEEDED = 4, 25, 200, 0.55


class _Checked:
    """Hands a learner's jobs to the simulated clock, and looks at each."""

    def __init__(self, scheduler: Any, space: Any) -> None:
        self.scheduler, self.space = scheduler, space
        self._had: dict[str, int] = {}

    def ask(self) -> Job:
        given = checks.call(self.scheduler.ask, what="`ask()`")
        params, epochs = checks.sequence(given, "`params, epochs`, which `ask()` returns", 2)
        params = checks.in_space(self.space, params)
        epochs = checks.whole_number(epochs, "a number of epochs", 1, 27)
        key = str(sorted(params.items()))
        done, self._had[key] = self._had.get(key, 0), epochs
        return Job(params, epochs, done if done < epochs else 0)

    def tell(self, job: Job, value: float) -> None:
        tell = partial(self.scheduler.tell)  # one that does nothing is no stub
        what = "`tell(params, epochs, score)`"
        checks.call(tell, job.params, job.epochs, value, what=what, may_be_none=True)


def _check_scheduler(answer: object) -> Right:
    table = TableObjective("digits", epochs=27, quiet=True)
    shares = table.ranks()
    start = partial(answer) if isinstance(answer, type) else answer  # a class makes schedulers

    def one(seed: int) -> float:
        """Return the share of settings that are better than the one chosen."""
        space = copy.deepcopy(table.space)
        scheduler = checks.call(start, space, seed, what="`start(space, seed)`")
        for method in ("ask", "tell"):
            if not callable(getattr(scheduler, method, None)):
                wrong(f"What `start` returns has no method `{method}`.")
        objective = TableObjective(table.table, seed=seed, epochs=27, quiet=True)
        frame = simulate(
            _Checked(scheduler, table.space), objective, workers=_WORKERS, seconds=_SECONDS,
            stragglers=0.5, seed=seed,
        )  # fmt: skip
        ended = frame.dropna(subset="value")
        if ended.empty:
            wrong(f"With seed {seed} no training ended well within {_SECONDS} s.")
        full = ended[ended["epochs"] == ended["epochs"].max()]
        return shares[int(full.loc[full["value"].idxmax(), "configuration"])]

    def outcome(ranks: list[float]) -> challenge.Outcome:
        return challenge.Outcome(np.array(ranks), np.zeros(len(ranks)), planned=_REPEATS)

    look = "Are all four workers busy, and do only the best of a rung go on?"
    found = challenge.replay_until_clear(one, outcome, repeats=_REPEATS, needed=_NEEDED)
    challenge.expect_draws(found)
    return challenge.verdict(found, needed=_NEEDED, look_at=look)


_SCHEDULER = """
import numpy as np

class Scheduler:
    rungs = {rungs}

    def __init__(self, space, seed):
        self.space, self.rng = space, np.random.default_rng(seed)
        self.scores = {{epochs: [] for epochs in self.rungs}}  # (score, params)
        self.promoted = []  # (params, epochs)

    def ask(self):
        for low, high in list(zip(self.rungs, self.rungs[1:]))[::-1]:
            ranked = sorted(self.scores[low], key=lambda one: {key})
            for score, params in ranked[: len(ranked) // {eta}]:
                if np.isfinite(score) and (params, high) not in self.promoted:
                    self.promoted.append((params, high))
                    return params, high
        return self.space.sample(self.rng), self.rungs[0]

    def tell(self, params, epochs, score):
        self.scores[epochs].append((score, params))

answer = lambda space, seed: Scheduler(space, seed)
"""
_ASHA = {
    "rungs": "[1, 3, 9, 27]",
    "key": "-one[0]",
    "eta": "3",
}

q6 = Exercise(
    lesson=10, number=6, title="Four workers, twenty-five seconds", points=4, challenge=True,
    question="""
    Write `start(space, seed)`: it returns an object with two methods. `ask()` returns
    `params, epochs` for a worker that is free; `tell(params, epochs, score)` is called when a
    training ends, with its validation accuracy (-inf if it diverged).
    `space.sample(rng)` draws a setting. `epochs`, from 1 to 27, counts from the start: a setting
    that has had 3 and comes back with 9 trains 6 more.

    Your object leads 4 simulated workers on the digits table, stragglers included, with 200 seeds.
    After 25 seconds no training begins; those that run are finished, and count. What it chose is
    the best of its longest trainings. At least 55% of the choices must be among the table's best
    5%.
    """,
    expects="a function start(space, seed); what it returns has the methods ask and tell",
    checker=_check_scheduler,
    hints=(
        "A class with `__init__(self, space, seed)`, `ask` and `tell` keeps a list of scores for "
        "each of the rungs 1, 3, 9 and 27; `start` returns one of it.",
        "In `ask`, look from the highest rung down for somebody to promote, as in exercise 10.4.",
        "If there is nobody, return a new draw for the lowest rung.",
    ),
    stub="def start(space, seed): ...\n\n\nanswer = start",
    solution_source=_SCHEDULER.format(**_ASHA),
    why="This is asynchronous halving, whole: Li et al. ran it on 500 workers.",
    wrong_answers=tuple(
        WrongAnswer(_SCHEDULER.format(**{**_ASHA, **part}), because, says)
        for part, because, says in (
            ({"rungs": "[27]"}, "trains all in full", "Only"),
            ({"key": "one[0]"}, "promotes the worst", "Only"),
            ({"rungs": "[1, 3]"}, "stops after 3 epochs", "Only"),
        )
    ),
)  # fmt: skip
