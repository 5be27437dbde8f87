"""Lesson 10, scaling out: what workers bring, what they cost, and what happens when one dies."""

from __future__ import annotations

import heapq
from functools import partial
from typing import Any

import numpy as np

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.simulate import Job, simulate
from hpotutor.table_objective import TableObjective

# ── 10.1 ─────────────────────────────────────────────────────────────────────────────────────


def _check_fit(answer: object) -> Right:
    workers = checks.whole_number(answer, "the number of workers, a whole number", 0)
    remarks = {
        8: "There are processors for 8, but not memory. What happens to the last ones?",
        10: "10 workers would need all 6 GB. What does the notebook itself stand on?",
        9: "9 workers alone take 5.4 GB, and there are only 8 processors.",
        6: "6 is careful. One more still fits: 7 workers, the notebook and the system.",
    }
    if workers in remarks:
        wrong(remarks[workers])
    if workers != 7:
        wrong(f"{workers} is not it. Memory that is left, divided by what a worker takes.")
    return right("7 × 0.6 + 1.5 = 5.7 GB; an eighth would need 6.3. Memory sets the limit here.")


q1 = Exercise(
    lesson=10,
    number=1,
    title="How many fit?",
    points=1,
    question="""
    A machine has 8 processors and 6 GB of memory. The system and your notebook take 1.5 GB; a
    worker with TensorFlow takes 0.6 GB on that machine. A machine out of memory kills processes, or
    hardly moves. What is the largest number of workers, one thread each, that is safe and useful?
    """,
    expects="the number of workers, a whole number",
    checker=_check_fit,
    hints=(
        "Two limits: processors and memory. The smaller one counts.",
        "6 - 1.5 GB are left for workers.",
    ),
    solution_source="answer = min(8, int((6 - 1.5) / 0.6))",
    why="Every process loads TensorFlow again; threads would share it, and wait for its locks.",
    wrong_answers=(
        WrongAnswer("answer = 8", because="counts processors only", says="not memory"),
        WrongAnswer("answer = 10", because="forgets the notebook", says="the notebook itself"),
        WrongAnswer("answer = 1", because="gives up", says="divided by"),
    ),
)

# ── 10.2 ─────────────────────────────────────────────────────────────────────────────────────


def _end(seconds: list[float], workers: int) -> float:
    free = [0.0] * workers
    for one in seconds:
        heapq.heappush(free, heapq.heappop(free) + one)
    return max(free)


def _check_finish(answer: object) -> Right:
    what = "`finish(seconds, workers)`"
    cases = (
        ([2.0, 2.0, 2.0, 2.0], 1, "One worker does all, one after the other."),
        (
            [3.0, 1.0, 1.0, 1.0],
            2,
            "While one worker needs 3 s, the other does the three short ones.",
        ),
        ([1.0, 1.0, 1.0, 6.0], 2, "The long one comes last, when a worker is free at 1 s."),
        ([2.0, 5.0], 4, "Workers without work do not make the others quicker."),
        (list(np.random.default_rng(0).uniform(1, 9, 40)), 7, "Who is free first takes the next."),
    )
    for seconds, workers, why in cases:
        got = checks.number(checks.call(answer, list(seconds), workers, what=what), "seconds", 0)
        expected = _end(seconds, workers)
        if checks.near(got, expected, 1e-6):
            continue
        listed = seconds if len(seconds) < 9 else f"{len(seconds)} trainings"
        says = f"For {listed} and workers={workers} it is {expected:.3g} s, yours says {got:.3g}."
        if checks.near(got, sum(seconds) / workers, 1e-6):
            says += " The sum divided by the workers would need trainings that can be cut up."
        wrong(f"{says} {why}")
    return right("So a cluster is never quicker than its longest training.")


q2 = Exercise(
    lesson=10,
    number=2,
    title="When is the last one done?",
    points=2,
    question="""
    Write `finish(seconds, workers)`: the trainings of the list `seconds` are handed out in order,
    each to the worker that is free first. After how many seconds have all of them ended?
    """,
    expects="a function finish(seconds, workers) that returns a number",
    checker=_check_finish,
    hints=(
        "Keep a list with the time at which each worker is free, at first all 0.",
        "For each training take the smallest of these times, and put back that time plus its own.",
        "At the end the largest of the times is the answer.",
    ),
    stub="def finish(seconds, workers): ...\n\n\nanswer = finish",
    solution_source="""
    def finish(seconds, workers):
        free = [0.0] * workers
        for one in seconds:
            first = free.index(min(free))
            free[first] += one
        return max(free)


    answer = finish
    """,
    why="This loop, with a method that hands out the trainings, is the simulated clock below.",
    wrong_answers=tuple(
        WrongAnswer(
            f"def finish(seconds, workers):\n    return {code}\n\n\nanswer = finish",
            because=because,
            says=says,
        )
        for code, because, says in (
            ("sum(seconds) / workers", "cuts trainings up", "cut up"),
            ("max(seconds)", "takes a worker for each", "yours says"),
            ("max(sum(seconds[k::workers]) for k in range(workers))", "deals like cards",
             "yours says"),
            ("sum(seconds)", "uses one worker", "yours says"),
        )
    ),
)  # fmt: skip

# ── 10.3 ─────────────────────────────────────────────────────────────────────────────────────


def _check_dead(answer: object) -> Right:
    what = "`dead(trials, now, grace)`"
    trials = [
        {"number": 0, "state": "COMPLETE", "heartbeat": 10.0},
        {"number": 1, "state": "RUNNING", "heartbeat": 95.0},
        {"number": 2, "state": "RUNNING", "heartbeat": 20.0},
        {"number": 3, "state": "FAIL", "heartbeat": 5.0},
        {"number": 4, "state": "RUNNING", "heartbeat": 69.0},
    ]
    for now, grace, expected in ((100.0, 30.0, [2, 4]), (100.0, 60.0, [2]), (96.0, 90.0, [])):
        given = [dict(trial) for trial in trials]
        got = checks.call(answer, given, now, grace, what=what)
        numbers = list(checks.expect(got, (list, tuple, set, np.ndarray), "a list of numbers"))
        for number in numbers:
            checks.whole_number(number, "a trial's number")
        if {0, 3} & set(numbers):
            wrong("A trial that has ended, well or badly, sends no heartbeat and is not dead.")
        if 1 in numbers and expected != [1]:
            wrong("Trial 1 was heard 5 seconds ago. It is slow, perhaps, and alive.")
        if sorted(numbers) != expected:
            wrong(
                f"At {now:g} s with a grace of {grace:g} s the dead ones are {expected}; yours are "
                f"{sorted(numbers)}. Compare the time since the last heartbeat with the grace."
            )
    return right("Running, and silent for longer than the grace.")


_DEAD = """
def dead(trials, now, grace):
    return [t["number"] for t in trials if {rule}]


answer = dead
"""

q3 = Exercise(
    lesson=10,
    number=3,
    title="Who is dead?",
    points=1,
    question="""
    A process that trains writes a heartbeat now and then. Write `dead(trials, now, grace)`: the
    numbers of the trials that are `"RUNNING"` although their last heartbeat is more than `grace`
    seconds before `now`. A trial is a dict such as
    `{"number": 3, "state": "RUNNING", "heartbeat": 61.5}`.
    """,
    expects="a function dead(trials, now, grace) that returns a list of numbers",
    checker=_check_dead,
    hints=(
        "Two conditions: the state, and the time since the last heartbeat.",
        '`now - trial["heartbeat"]` is that time.',
    ),
    stub="def dead(trials, now, grace): ...\n\n\nanswer = dead",
    solution_source=_DEAD.format(rule='t["state"] == "RUNNING" and now - t["heartbeat"] > grace'),
    why="Nobody can ask a dead process. So the living ones look for silence.",
    wrong_answers=tuple(
        WrongAnswer(_DEAD.format(rule=rule), because=because, says=says)
        for rule, because, says in (
            ('now - t["heartbeat"] > grace', "ignores the state", "has ended"),
            ('t["state"] == "RUNNING"', "ignores the heartbeat", "alive"),
            ('t["state"] == "RUNNING" and now - t["heartbeat"] < grace', "swaps", "alive"),
            ('t["state"] == "RUNNING" and t["heartbeat"] < grace', "forgets now", "Compare"),
        )
    ),
)

# ── 10.4 ─────────────────────────────────────────────────────────────────────────────────────


def _check_promote(answer: object) -> Right:
    what = "`promote(scores, promoted)`"
    cases: tuple[tuple[list[float], set[int], set[int]], ...] = (  # who may go up
        ([0.5, 0.9], set(), set()),
        ([0.5, 0.9, 0.7], set(), {1}),
        ([0.5, 0.9, 0.7], {1}, set()),
        ([0.5, 0.9, 0.7, 0.95, 0.1, 0.2], {1}, {3}),
        ([0.5, 0.9, 0.7, 0.95, 0.1, 0.2], {3}, {1}),
        ([0.5, 0.9, 0.7, 0.6, 0.1, 0.2, 0.3, 0.4, 0.0], set(), {1, 2, 3}),
    )
    for scores, promoted, expected in cases:
        got = checks.call(answer, list(scores), set(promoted), what=what)
        got = checks.whole_number(got, "a place in the list, or -1", -1, len(scores) - 1)
        told = f"With scores {scores} and promoted {promoted or '{}'}"
        if not expected and got >= 0:
            if len(scores) < 3:
                wrong(f"{told} nobody goes up: one in 3 of {len(scores)} is none. Return -1.")
            wrong(f"{told} nobody goes up: the best third is up already. Return -1.")
        if expected and got < 0:
            wrong(f"{told} somebody in the best third is still waiting. You return -1.")
        if expected and got not in expected:
            wrong(f"{told} your choice is {got}, which is not among the waiting best third.")
    return right("No rung has to be full: whoever is good enough so far goes up.")


_PROMOTE = """
def promote(scores, promoted):
    order = sorted(range(len(scores)), key=lambda k: {key})
    for k in order[:{count}]:
        if {fresh}:
            return k
    return -1


answer = promote
"""
_RULE = {"key": "-scores[k]", "count": "len(scores) // 3", "fresh": "k not in promoted"}

q4 = Exercise(
    lesson=10,
    number=4,
    title="May somebody go up?",
    points=2,
    question="""
    Write the rule of asynchronous halving for one rung, with eta = 3. `promote(scores, promoted)`
    gets the list of scores that came in so far (higher is better), and the set of places in that
    list that were promoted before. It returns the place of one that belongs to the best third so
    far (`len(scores) // 3` of them) and was not promoted yet, or -1 if there is nobody.
    """,
    expects="a function promote(scores, promoted) that returns a place in the list, or -1",
    checker=_check_promote,
    hints=(
        "Sort the places by their scores, best first.",
        "Look only at the first `len(scores) // 3` of them.",
        "Return the first that is not in `promoted`; after the loop, -1.",
    ),
    stub="def promote(scores, promoted): ...\n\n\nanswer = promote",
    solution_source=_PROMOTE.format(**_RULE),
    why="A promotion may prove hasty as more scores come in. That is the price of not waiting.",
    wrong_answers=tuple(
        WrongAnswer(_PROMOTE.format(**{**_RULE, part: code}), because=because, says=says)
        for part, code, because, says in (
            ("key", "scores[k]", "promotes the worst", "best third"),
            ("count", "max(1, len(scores) // 3)", "never waits for three", "one in 3"),
            ("fresh", "True", "promotes twice", "up already"),
            ("count", "int(len(scores) > 2)", "looks at the best alone", "still waiting"),
        )
    ),
)  # fmt: skip

# ── 10.5 ─────────────────────────────────────────────────────────────────────────────────────


def _check_bill(answer: object) -> Right:
    what = "`bill(makespan, workers, price, watts)`"
    for makespan, workers, price, watts in ((3600.0, 1, 0.1, 20.0), (1800.0, 64, 0.05, 25.0)):
        got = checks.sequence(
            checks.call(answer, makespan, workers, price, watts, what=what),
            "two numbers, dollars and kilowatt hours", 2,
        )  # fmt: skip
        dollars, energy = (checks.number(one, "a number", 0) for one in got)
        hours = makespan / 3600 * workers
        if checks.near(dollars, price * makespan / 3600) and workers > 1:
            wrong("That is the bill of one worker. All of them run until the last one is done.")
        if checks.near(dollars, price * makespan * workers):
            wrong("The price is for an hour, and `makespan` is in seconds.")
        if not checks.near(dollars, price * hours):
            wrong(
                f"{workers} workers for {makespan:g} s at {price} an hour cost {price * hours:g}."
            )
        if checks.near(energy, watts * hours):
            wrong("Those are watt hours. A kilowatt hour is 1,000 of them.")
        if not checks.near(energy, watts * hours / 1000):
            wrong(
                f"{workers} workers for {makespan:g} s at {watts:g} W use {watts * hours / 1000:g} "
                f"kWh; yours says {energy:.3g}."
            )
    return right("Waiting workers are on the bill too.")


_BILL = """
def bill(makespan, workers, price, watts):
    hours = {hours}
    return price * hours, {energy}


answer = bill
"""

q5 = Exercise(
    lesson=10,
    number=5,
    title="The bill",
    points=1,
    question="""
    Write `bill(makespan, workers, price, watts)`: what a search costs in dollars and in kilowatt
    hours. `makespan` is in seconds, from the start to the end of the last training; a worker costs
    `price` dollars an hour and draws `watts` as long as the search lasts, busy or waiting.
    """,
    expects="a function bill(makespan, workers, price, watts) that returns two numbers",
    checker=_check_bill,
    hints=(
        "Count worker hours: seconds / 3600, times workers.",
        "Watts times hours are watt hours; 1,000 of them are a kilowatt hour.",
    ),
    stub="def bill(makespan, workers, price, watts): ...\n\n\nanswer = bill",
    solution_source=_BILL.format(hours="makespan / 3600 * workers", energy="watts * hours / 1000"),
    why="Half the time on twice the workers costs the same. Anything less than half the time saved "
    "costs more.",
    wrong_answers=tuple(
        WrongAnswer(_BILL.format(hours=hours, energy=energy), because=because, says=says)
        for hours, energy, because, says in (
            ("makespan / 3600", "watts * hours / 1000", "pays one worker", "All of them"),
            ("makespan * workers", "watts * hours / 1000", "pays by the second", "an hour"),
            ("makespan / 3600 * workers", "watts * hours", "counts watt hours", "kilowatt"),
        )
    ),
)

# ── 10.6 ─────────────────────────────────────────────────────────────────────────────────────

_WORKERS, _SECONDS, _REPEATS, _NEEDED = 4, 25, 200, 0.55


class _Checked:
    """Hands a learner's jobs to the simulated clock, and looks at each."""

    def __init__(self, scheduler: Any, space: Any) -> None:
        self.scheduler, self.space = scheduler, space
        self._had: dict[str, int] = {}

        self._ask, self._tell = partial(scheduler.ask), partial(self._hear)
        self._ask.__name__, self._tell.__name__ = "ask", "tell"  # for messages

    def ask(self) -> Job:
        given = checks.call(self._ask, what="`ask()`")
        params, epochs = checks.sequence(given, "`params, epochs`, which `ask()` returns", 2)
        params = checks.in_space(self.space, params)
        epochs = checks.whole_number(epochs, "a number of epochs", 1, 27)
        key = str(sorted(params.items()))
        done, self._had[key] = self._had.get(key, 0), epochs
        return Job(params, epochs, done if done < epochs else 0)

    def tell(self, job: Job, value: float) -> None:
        checks.call(self._tell, job.params, job.epochs, value, what="`tell(params, epochs, score)`")

    def _hear(self, *told: Any) -> bool:
        self.scheduler.tell(*told)
        return True  # whatever a learner's method returns, None included, is fine


def _check_scheduler(answer: object) -> Right:
    table = TableObjective("digits", epochs=27, quiet=True)
    shares, chosen = table.ranks(), []
    for seed in range(_REPEATS):
        scheduler = checks.call(answer, table.space, seed, what="`start(space, seed)`")
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
        chosen.append(shares[int(full.loc[full["value"].idxmax(), "configuration"])])
    outcome = challenge.Outcome(np.array(chosen), np.zeros(_REPEATS))
    challenge.expect_draws(outcome)
    look = "Are all four workers busy, and do only the best of a rung go on?"
    return challenge.verdict(outcome, needed=_NEEDED, look_at=look)


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
    lesson=10,
    number=6,
    title="Four workers, twenty-five seconds",
    points=4,
    challenge=True,
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
        WrongAnswer(_SCHEDULER.format(**{**_ASHA, **part}), because=because, says=says)
        for part, because, says in (
            ({"rungs": "[27]"}, "trains all in full", "Only"),
            ({"key": "one[0]"}, "promotes the worst", "Only"),
            ({"rungs": "[1, 3]"}, "stops after 3 epochs", "Only"),
        )
    ),
)
