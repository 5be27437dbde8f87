"""Exercise 10.2: When is the last one done?"""

import heapq

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


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
        got = checks.number(checks.call(answer, seconds, workers, what=what), "seconds", 0)
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
    lesson=10, number=2, title="When is the last one done?", points=2,
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
        WrongAnswer(f"def finish(seconds, workers):\n    return {code}\n\n\nanswer = finish",
                    because, says)
        for code, because, says in (
            ("sum(seconds) / workers", "cuts trainings up", "cut up"),
            ("max(seconds)", "takes a worker for each", "yours says"),
            ("max(sum(seconds[k::workers]) for k in range(workers))",
             "deals like cards", "yours says"),
            ("sum(seconds)", "uses one worker", "yours says"),
        )
    ),
)  # fmt: skip
