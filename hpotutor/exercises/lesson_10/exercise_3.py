"""Exercise 10.3: Who is dead?"""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_dead(answer: object) -> Right:
    what = "`dead(trials, now, grace)`"
    trials = [
        {"number": 10, "state": "COMPLETE", "heartbeat": 10.0},
        {"number": 11, "state": "RUNNING", "heartbeat": 95.0},
        {"number": 12, "state": "RUNNING", "heartbeat": 20.0},
        {"number": 13, "state": "FAIL", "heartbeat": 5.0},
        {"number": 14, "state": "RUNNING", "heartbeat": 69.0},
        {"number": 15, "state": "PRUNED", "heartbeat": 7.0},
    ]
    cases: tuple[tuple[float, float, list[int]], ...] = (
        (100.0, 30.0, [12, 14]),
        (100.0, 60.0, [12]),
        (100.0, 31.0, [12]),
        (96.0, 90.0, []),
    )
    for now, grace, expected in cases:
        got = checks.call(answer, trials, now, grace, what=what)
        listed = list(checks.expect(got, (list, tuple, set, np.ndarray), "a list of numbers"))
        numbers = sorted(checks.whole_number(number, "a trial's number") for number in listed)
        if numbers and max(numbers) < 10:
            wrong("These are places in the list. A trial's own number stands under `number`.")
        if {10, 13, 15} & set(numbers):
            wrong("A trial that has ended, well or badly, sends no heartbeat and is not dead.")
        if 11 in numbers:
            wrong("Trial 11 was heard 5 seconds ago. It is slow, perhaps, and alive.")
        if 14 in numbers and grace == 31:
            wrong(
                "Trial 14 has been silent for 31 s, which is the grace itself: dead is who has "
                "been silent for *more*."
            )
        if numbers != expected:
            wrong(
                f"At {now:g} s with a grace of {grace:g} s the dead ones are {expected}; yours are "
                f"{numbers}. Compare the time since the last heartbeat with the grace."
            )
    return right("Running, and silent for longer than the grace.")


_DEAD = """
def dead(trials, now, grace):
    return [t["number"] for t in trials if {rule}]


answer = dead
"""
_RULE = 't["state"] == "RUNNING" and now - t["heartbeat"] > grace'

q3 = Exercise(
    lesson=10, number=3, title="Who is dead?", points=1,
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
    solution_source=_DEAD.format(rule=_RULE),
    why="Nobody can ask a dead process. So the living ones look for silence.",
    wrong_answers=tuple(
        WrongAnswer(_DEAD.format(rule=rule), because, says)
        for rule, because, says in (
            ('now - t["heartbeat"] > grace', "ignores the state", "has ended"),
            ('t["state"] == "RUNNING"', "ignores the heartbeat", "alive"),
            ('t["state"] == "RUNNING" and now - t["heartbeat"] < grace', "swaps", "alive"),
            ('t["state"] == "RUNNING" and t["heartbeat"] < grace', "forgets now", "Compare"),
            ('t["state"] == "RUNNING" and now - t["heartbeat"] >= grace',
             "takes as long for longer", "for *more*"),
        )
    )
    + (
        WrongAnswer(_DEAD.format(rule=_RULE).replace('t["number"]', "k").replace(
                        "for t in trials", "for k, t in enumerate(trials)"),
                    "returns places in the list", "places in the list"),
    ),
)  # fmt: skip
