"""Exercise 10.3: Who is dead?"""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

# State and last heartbeat of each trial.
_TRIALS = (
    ("COMPLETE", 10.0),
    ("RUNNING", 95.0),
    ("RUNNING", 20.0),
    ("FAIL", 5.0),
    ("RUNNING", 69.0),
    ("PRUNED", 7.0),
)
# Now, the grace, and the places of those that are dead.
_CASES = (
    (100.0, 30.0, (2, 4)),
    (100.0, 60.0, (2,)),
    (100.0, 31.0, (2,)),
    (96.0, 90.0, ()),
    (130.0, 50.0, (2, 4)),
)


def _check_dead(answer: object) -> Right:
    what = "`dead(trials, now, grace)`"
    for case, (now, grace, places) in enumerate(_CASES, start=1):
        first = 10 * case  # the numbers are no places in the list
        trials = [
            {"number": first + place, "state": state, "heartbeat": heartbeat}
            for place, (state, heartbeat) in enumerate(_TRIALS)
        ]
        got = checks.call(answer, trials, now, grace, what=what)
        listed = list(checks.expect(got, (list, tuple, set, np.ndarray), "a list of numbers"))
        numbers = sorted(checks.whole_number(number, "a trial's number") for number in listed)
        if numbers and max(numbers) < len(_TRIALS):
            wrong("These are places in the list. A trial's own number stands under `number`.")
        if {first, first + 3, first + 5} & set(numbers):
            wrong("A trial that has ended, well or badly, sends no heartbeat and is not dead.")
        if first + 1 in numbers:
            wrong(
                f"Trial {first + 1} was heard {now - 95:g} seconds ago, with a grace of {grace:g} "
                "s. It is slow, perhaps, and alive."
            )
        if first + 4 in numbers and grace == 31:
            wrong(
                f"Trial {first + 4} has been silent for 31 s, which is the grace itself: dead is "
                "who has been silent for *more*."
            )
        expected = [first + place for place in places]
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
