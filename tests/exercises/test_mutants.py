"""Near misses made by a machine: each solution changed in one place is refused by its check.

A comparison is turned or moved by its end, ``+`` becomes ``-`` and ``and`` becomes ``or``, a number
is off by one (a fraction by a tenth), a ``not`` or a sign is missing, an argument is dropped. What
a check accepts all the same must do the same as the solution: it gives the same answer, or stands
in `EQUIVALENT` with the reason.

Challenges are judged by what a search reaches or how it went, so that a change which keeps to that
is right. Of them only those changes are tried that take the seed away.
"""

import ast
import signal
import time

import numpy as np
import pytest

from hpotutor.exercises import exercises_of, lessons
from hpotutor.exercises.engine import answer_of

ALL = {exercise.id: exercise for lesson in lessons() for exercise in exercises_of(lesson)}
# A mutant that takes so many times longer than the solution never ends. Of this process's own time.
SLOWER, SECONDS, SECONDS_OF_A_CHALLENGE = 8, 2.0, 60.0

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}

# What is accepted though it was changed: why it is as right, and where.
_REASONS = {
    "How much is printed while a network trains decides nothing.": {
        "lesson_00.q4": (
            "2: 0 -> -1",
            "2: 0 -> 1",
            "2: model.fit(data.x_train, data.y_train, epochs=5, verbose=0) "
            "-> model.fit(data.x_train, data.y_train, epochs=5)",
            "3: 0 -> -1",
            "3: 0 -> 1",
            "3: model.evaluate(data.x_val, data.y_val, verbose=0) "
            "-> model.evaluate(data.x_val, data.y_val)",
        ),
        "lesson_04.q6": (
            "5: 0 -> -1",
            "5: 0 -> 1",
            "5: model.fit(data.x_train, data.y_train, epochs=5, verbose=0) "
            "-> model.fit(data.x_train, data.y_train, epochs=5)",
            "6: 0 -> -1",
            "6: 0 -> 1",
            "6: model.evaluate(data.x_val, data.y_val, verbose=0) "
            "-> model.evaluate(data.x_val, data.y_val)",
        ),
    },
    "The first loss is below infinity, so that the start of `best` is never used.": {
        "lesson_01.q1": ("2: 0 -> -1", "2: 0 -> 1"),
    },
    "The question asks for a level or more of the network's, and leaves levels, width, epochs and "
    "folds to the learner.": {
        "lesson_02.q3": (
            "9: 16 -> 15",
            "9: 16 -> 17",
            "9: 20 -> 19",
            "9: 20 -> 21",
            "9: ht.KerasClassifier(units=16, epochs=20) -> ht.KerasClassifier(epochs=20)",
            "9: ht.KerasClassifier(units=16, epochs=20) -> ht.KerasClassifier(units=16)",
            "11: 0.001 -> 0.0011",
            "11: 0.01 -> 0.011",
            "11: 5 -> 4",
            "11: 5 -> 6",
            "11: 15 -> 14",
            "11: 15 -> 16",
            "11: 30 -> 29",
            "12: 3 -> 2",
            "12: 3 -> 4",
            "12: GridSearchCV(pipeline, param_grid, cv=3) -> GridSearchCV(pipeline, param_grid)",
        ),
    },
    "Optuna cuts the upper end down to the last step below it, and says so.": {
        "lesson_04.q6": ("2: 512 -> 513",),
        "lesson_08.q1": ("4: 128 -> 129",),
    },
    "Any range that holds the good rates within two decades, as wide as the other, will do.": {
        "lesson_05.q4": ("2: 0.03 -> 0.033", "3: 0.0005 -> 0.00055"),
    },
    "The question does not say whether one individual can be drawn twice.": {
        "lesson_07.q2": (
            "4: False -> True",
            "4: rng.choice(len(scores), tournament, replace=False) "
            "-> rng.choice(len(scores), tournament)",
        ),
    },
    "Both parents have the same chance, whichever side of the coin is whose.": {
        "lesson_07.q3": (
            "4: rng.random(len(mother)) < 0.5 -> rng.random(len(mother)) > 0.5",
            "4: rng.random(len(mother)) < 0.5 -> rng.random(len(mother)) <= 0.5",
        ),
    },
    "A draw that is exactly the rate has a chance of 1 in 2**53.": {
        "lesson_07.q4": ("4: rng.random(len(genes)) < rate -> rng.random(len(genes)) <= rate",),
    },
    "Where the rows are cut is the learner's choice, as long as the training part is largest.": {
        "lesson_09.q3": (
            "6: 4 -> 5",
            "6: 6 -> 5",
            "6: 6 -> 7",
            "6: 8 -> 7",
            "6: 8 -> 9",
            "6: 10 -> 9",
            "6: 10 -> 11",
        ),
    },
    "A strip without height or width adds nothing to an area.": {
        "lesson_12.q2": (
            "5: accuracy > best -> accuracy >= best",
            "5: size < largest -> size <= largest",
        ),
    },
    "A median that lies just on the border between two tenths belongs to both.": {
        "lesson_11.q6": (
            "12: place < 0.1 -> place <= 0.1",
            "12: place > 0.9 -> place >= 0.9",
        ),
    },
    "A simulated power is known to about a hundredth, and the check leaves that room.": {
        "lesson_09.q5": (
            "8: 0 -> 1",
            "8: 20000 -> 19999",
            "8: 20000 -> 20001",
            "8: np.random.default_rng(0) -> np.random.default_rng()",
            "10: 0.05 -> 0.055",
        ),
    },
    "A test with two sides does not ask which of the two is higher.": {
        "lesson_09.q5": (
            "9: 0 -> -1",
            "9: 0 -> 1",
            "9: scores[0] += effect -> scores[0] -= effect",
        ),
    },
    "A simulated share is never on the border, and one training has no p value.": {
        "lesson_09.q5": (
            "10: stats.ttest_ind(*scores, axis=1).pvalue < 0.05 "
            "-> stats.ttest_ind(*scores, axis=1).pvalue <= 0.05",
            "14: 2 -> 1",
            "15: power(n, difference / std) < 0.8 -> power(n, difference / std) <= 0.8",
        ),
    },
    "The question fixes no range for the learning rate, and the check lets the ends of the "
    "units be near those of the colleague's.": {
        "lesson_14.q1": ("4: 0.0001 -> 0.00011", "4: 0.1 -> 0.11", "5: 8 -> 9", "5: 1024 -> 1023"),
    },
}
EQUIVALENT = {
    (name, change): reason
    for reason, places in _REASONS.items()
    for name, listed in places.items()
    for change in listed
}


def changes(node):
    """Return functions that change a node in place, each in another way."""

    def setting(name, value):
        return lambda own: setattr(own, name, value)

    match node:
        case ast.Compare(ops=[op]):
            return [setting("ops", [new()]) for new in COMPARISONS.get(type(op), ())]
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in OPERATORS:
            return [setting("op", OPERATORS[type(op)]())]
        case ast.BoolOp(op=op):
            return [setting("op", ast.Or() if isinstance(op, ast.And) else ast.And())]
        case ast.UnaryOp(op=ast.USub()):
            return [setting("op", ast.UAdd())]
        case ast.UnaryOp(op=ast.Not()):
            return [lambda own: setattr(own, "operand", ast.UnaryOp(ast.Not(), own.operand))]
        case ast.Constant(value=bool(value)):
            return [setting("value", not value)]
        case ast.Constant(value=int(value)):
            return [setting("value", value + 1), setting("value", value - 1)]
        case ast.Constant(value=float(value)):
            return [setting("value", round(value * 1.1, 9) or 0.1)]
        case ast.Call(args=args, keywords=keywords):
            return [lambda own, k=k: own.args.pop(k) for k in range(len(args))] + [
                lambda own, k=k: own.keywords.pop(k) for k in range(len(keywords))
            ]
    return []


def mutants(source):
    """Yield what was changed, and the changed source, in the order of the tree."""
    for place, node in enumerate(ast.walk(ast.parse(source))):
        for change in changes(node):
            tree = ast.parse(source)
            own = list(ast.walk(tree))[place]
            before = ast.unparse(own)
            change(own)
            yield f"{own.lineno}: {before} -> {ast.unparse(own)}", ast.unparse(tree)


class NeverEnds(BaseException):
    """A mutant took too long."""


def patience(exercise):
    """Return how many seconds a mutant gets, and the solution."""
    for _ in range(2):
        start = time.process_time()
        solution = answer_of(exercise.solution_source)
        exercise.judge(solution)
        took = time.process_time() - start
        if SLOWER * took < SECONDS:
            return SECONDS, solution
    return SLOWER * took, solution  # of the second time: the first one imported what it needs


def outcome(exercise, source, solution, seconds):
    """Return "refused", "same answer" or "accepted"."""

    def stop(*_):
        raise NeverEnds

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        answer = answer_of(source)
        if not callable(solution) and same(answer, solution):
            return "same answer"
        verdict = exercise.judge(answer)
    except NeverEnds:
        return "refused"
    except Exception:  # the cell itself stops, before anything is handed in
        return "refused"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return "accepted" if verdict else "refused"


def same(one, other):
    try:
        np.testing.assert_equal(one, other)
    except Exception:
        return False
    return True


def accepted(exercise):
    """Return which changes of an exercise's solution its check accepts."""
    seconds, solution = patience(exercise)
    return {
        (exercise.id, change)
        for change, source in mutants(exercise.solution_source)
        if outcome(exercise, source, solution, seconds) == "accepted"
    }


needs_timer = pytest.mark.skipif(not hasattr(signal, "SIGVTALRM"), reason="no timer on Windows")
QUICK = [one for one in ALL.values() if not one.challenge]


@needs_timer
@pytest.mark.parametrize("exercise", QUICK, ids=lambda exercise: exercise.id)
def test_a_changed_solution_is_refused(exercise):
    known = {key for key in EQUIVALENT if key[0] == exercise.id}
    found = accepted(exercise)
    assert found - known == set(), "accepted, though not the same"
    assert known - found == set(), "listed, and no longer accepted"


def test_mutants_are_many():
    made = [change for one in QUICK for change, _ in mutants(one.solution_source)]
    assert len(made) > 300
    source = "if not a < 1 and -b:\n    f(2.0, c=True)"
    assert {change for change, _ in mutants(source)} == {
        "1: not a < 1 and -b -> not a < 1 or -b",
        "1: not a < 1 -> not not a < 1",
        "1: -b -> +b",
        "2: f(2.0, c=True) -> f(c=True)",
        "2: f(2.0, c=True) -> f(2.0)",
        "1: a < 1 -> a <= 1",
        "1: a < 1 -> a > 1",
        "2: 2.0 -> 2.2",
        "2: True -> False",
        "1: 1 -> 2",
        "1: 1 -> 0",
    }


CHALLENGES = [one for one in ALL.values() if one.challenge and "seed)" in one.solution_source]


@needs_timer
@pytest.mark.parametrize("exercise", CHALLENGES, ids=lambda exercise: exercise.id)
def test_a_challenge_needs_its_seed(exercise):
    solution, tried = answer_of(exercise.solution_source), 0
    for change, source in mutants(exercise.solution_source):
        before, _, after = change.partition(" -> ")
        if "seed" in before and "seed" not in after and before.count("(") == 1:
            tried += 1
            found = outcome(exercise, source, solution, SECONDS_OF_A_CHALLENGE)
            assert found == "refused", change
    assert tried
