"""Exercise 10.5: The bill."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_CASES = ((3600.0, 1, 0.1, 20.0), (1800.0, 64, 0.05, 25.0), (1000.0, 3, 0.07, 31.0))


def _check_bill(answer: object) -> Right:
    what = "`bill(makespan, workers, price, watts)`"
    for makespan, workers, price, watts in _CASES:
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
        if not checks.near(dollars, price * hours, 1e-6):
            wrong(
                f"{workers} workers for {makespan:g} s at {price} an hour cost {price * hours:g}."
            )
        if checks.near(energy, watts * hours):
            wrong("Those are watt hours. A kilowatt hour is 1,000 of them.")
        if not checks.near(energy, watts * hours / 1000, 1e-6):
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
    lesson=10, number=5, title="The bill", points=1,
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
        WrongAnswer(_BILL.format(hours=hours, energy=energy), because, says)
        for hours, energy, because, says in (
            ("makespan / 3600", "watts * hours / 1000", "pays one worker", "All of them"),
            ("makespan * workers", "watts * hours / 1000", "pays by the second", "an hour"),
            ("makespan / 3600 * workers", "watts * hours", "counts watt hours", "kilowatt"),
        )
    ),
)  # fmt: skip
