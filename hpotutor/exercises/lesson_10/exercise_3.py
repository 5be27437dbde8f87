"""Exercise 10.3: Who is dead?"""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


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
    solution_source=_DEAD.format(rule='t["state"] == "RUNNING" and now - t["heartbeat"] > grace'),
    why="Nobody can ask a dead process. So the living ones look for silence.",
    wrong_answers=tuple(
        WrongAnswer(_DEAD.format(rule=rule), because, says)
        for rule, because, says in (
            ('now - t["heartbeat"] > grace', "ignores the state", "has ended"),
            ('t["state"] == "RUNNING"', "ignores the heartbeat", "alive"),
            ('t["state"] == "RUNNING" and now - t["heartbeat"] < grace', "swaps", "alive"),
            ('t["state"] == "RUNNING" and t["heartbeat"] < grace', "forgets now", "Compare"),
        )
    ),
)  # fmt: skip
