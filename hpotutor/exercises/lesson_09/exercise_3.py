"""Exercise 9.3: One task for each row."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_split(answer: object) -> Right:
    what = "`split(n, seed)`"
    first = _parts(answer, 100, 0, what)
    if first != _parts(answer, 100, 0, what):
        wrong("The same seed gives other rows the second time: a seal that moves is no seal.")
    if first == _parts(answer, 100, 1, what):
        wrong("Another seed gives the same rows. Shuffle with `np.random.default_rng(seed)`.")
    for n in (10, 101):
        _parts(answer, n, 3, what)
    trained = [frozenset(_parts(answer, 100, seed, what)[0]) for seed in range(_SEEDS)]
    if len(set(trained)) < _SEEDS:
        wrong(f"Among {_SEEDS} seeds some give the same rows. Shuffle: every order is possible.")
    # A shuffled part of 100 rows is made of some 20 stretches of neighbors, a rolled one of 1 or 2.
    if any(sum(row + 1 not in rows for row in rows) < 5 for rows in trained):
        wrong("The rows that train stand side by side: moved along by the seed, and not shuffled.")
    return right("Four parts, no row in two of them, and each with one task.")


_SEEDS = 12


def _parts(answer: object, n: int, seed: int, what: str) -> list[list[int]]:
    result = checks.call(answer, n, seed, what=what)
    parts = [
        [
            checks.whole_number(row, "a row number", 0, n - 1)
            for row in checks.sequence(part, "rows", ordered=False)
        ]
        for part in checks.sequence(result, "train, stop, choose, judge: four lists", length=4)
    ]
    every = [row for part in parts for row in part]
    if len(set(every)) < len(every):
        wrong("A row stands in two parts: it would choose and judge, or train and stop.")
    if len(every) < n:
        wrong(f"Of {n} rows {n - len(every)} are in no part.")
    others = max(map(len, parts[1:]))
    if len(parts[0]) < others or (len(parts[0]) == others and n >= 100):  # 10 rows: rounding
        wrong("The training part should be the largest.")
    return parts


_SPLIT = """
import numpy as np


def split(n, seed):
    rows = {rows}
    a, b, c = {cuts}
    return {parts}


answer = split
"""
_SHUFFLED = "np.random.default_rng(seed).permutation(n)"
_CUTS, _FOUR = "n * 4 // 10, n * 6 // 10, n * 8 // 10", "rows[:a], rows[a:b], rows[b:c], rows[c:]"


def _split(rows: str = _SHUFFLED, cuts: str = _CUTS, parts: str = _FOUR) -> str:
    return _SPLIT.format(rows=rows, cuts=cuts, parts=parts)


q3 = Exercise(
    lesson=9, number=3, title="One task for each row", points=2,
    question="""
    Write `split(n, seed)`. It returns four arrays of row numbers from 0 to n - 1: rows that train,
    rows that stop the training, rows that choose the setting, rows that judge it. Each row has one
    task, all rows are used, the training part is the largest, and the rows are shuffled by the
    seed.
    """,
    expects="a function split(n, seed) that returns four arrays of row numbers",
    checker=_check_split,
    hints=(
        "`np.random.default_rng(seed).permutation(n)` shuffles the numbers from 0 to n - 1.",
        "Cut it at three places: `rows[:a], rows[a:b], rows[b:c], rows[c:]`.",
    ),
    stub="def split(n, seed): ...\n\n\nanswer = split",
    solution_source=_split(),
    why="Stopping, choosing and judging are three looks; rows that serve two of them flatter you.",
    wrong_answers=(
        WrongAnswer(_split(parts="rows[:a], rows[a:c], rows[a:c], rows[c:]"),
                    "stops and chooses by the same rows", "two parts"),
        WrongAnswer(_split(rows="np.arange(n)"), "does not shuffle", "Another seed"),
        WrongAnswer(_split(rows="np.random.default_rng().permutation(n)"),
                    "ignores the seed", "moves"),
        WrongAnswer(_split(parts="rows[:a], rows[a:b], rows[b:c], rows[c:-1]"),
                    "loses a row", "in no part"),
        WrongAnswer(_split(rows="np.roll(np.arange(n), seed)"),
                    "moves the rows along and does not shuffle", "side by side"),
        WrongAnswer(_split(rows="np.random.default_rng(seed % 4).permutation(n)"),
                    "has a few orders only", "same rows"),
        WrongAnswer(_split(cuts="n // 4, n // 2, 3 * n // 4"),
                    "makes four equal parts", "should be the largest"),
    ),
)  # fmt: skip
