"""No answer can change what a check asks next, and one that changes what it is given is told so."""

import inspect

import numpy as np
import pytest

from hpotutor.datasets.dataset import Dataset
from hpotutor.exercises import challenge, exercises_of, lessons
from hpotutor.exercises.engine import NotYet, answer_of

FUNCTIONS = {
    exercise.id: exercise
    for lesson in lessons()
    for exercise in exercises_of(lesson)
    if "def " in exercise.solution_source
    and inspect.isfunction(answer_of(exercise.solution_source))
    and not exercise.challenge  # these share `challenge.replays`, tested below
}


def spoil(value):
    """Write into an argument wherever it can be written to; return whether it is data."""
    if isinstance(value, dict):
        for part in value.values():
            spoil(part)
        value.clear()
    elif isinstance(value, list):
        for part in value:
            spoil(part)
        value.append("spoiled")
    elif isinstance(value, set):
        value.add("spoiled")
    elif isinstance(value, np.ndarray):
        value[...] = 0.123
    elif isinstance(value, Dataset):
        value.x_train[...] = value.x_val[...] = 0
    elif isinstance(value, np.random.Generator):
        value.bit_generator.state = np.random.default_rng(99).bit_generator.state
        return False
    else:
        return False
    return True


def spoiling(solution, found):
    def answer(*arguments, **keywords):
        value = solution(*arguments, **keywords)
        found.extend([spoil(argument) for argument in arguments])
        return value

    return answer


@pytest.mark.parametrize("exercise", FUNCTIONS.values(), ids=FUNCTIONS)
def test_an_answer_cannot_spoil_the_check(exercise):
    solution, found = answer_of(exercise.solution_source), []
    verdict = exercise.judge(spoiling(solution, found))
    assert found, "the function was never called"
    if any(found):
        assert verdict.status == "not yet" and verdict.error is None, str(verdict)
        assert "changes `" in verdict.message or "writes into `data`" in verdict.message
    assert exercise.judge(solution), "what is right is refused from then on"


def test_functions_were_found():
    assert len(FUNCTIONS) >= 20


def search(objective, seed):
    params = objective.space.sample(np.random.default_rng(seed))
    return objective.evaluate(params).params


def test_a_search_cannot_spoil_the_table():
    def spoiling(objective, seed):
        evaluation = objective.evaluate(objective.space.sample(np.random.default_rng(seed)))
        chosen = dict(evaluation.params)
        evaluation.params.clear()
        for values in evaluation.curve.values():
            values[:] = [9.0]
        objective.space["learning_rate"].low = 1e-9
        objective.epochs = 1
        return chosen

    before = challenge.replays(search, trials=1, repeats=4).ranks.tolist()
    assert challenge.replays(spoiling, trials=1, repeats=4).ranks.tolist() == before
    assert challenge.replays(search, trials=1, repeats=4).ranks.tolist() == before


def test_a_search_cannot_set_back_what_it_spent():
    def cheating(objective, seed):
        chosen = [search(objective, seed + n) for n in range(3)][-1]
        objective.spent = 0
        return chosen

    with pytest.raises(NotYet, match="stopped"):
        challenge.replays(cheating, trials=1, repeats=2)


def test_draws_come_from_the_seed():
    with pytest.raises(NotYet, match="no other generator"):
        challenge.replays(lambda objective, seed: search(objective, None), trials=1, repeats=4)


def test_numpy_values_are_values():
    def numpy_search(objective, seed):
        rng = np.random.default_rng(seed)
        params = objective.space.sample(rng)
        params |= {"optimizer": rng.choice(["sgd", "adam"]), "units": rng.choice([32, 64])}
        objective.evaluate(params)
        return params

    assert len(challenge.replays(numpy_search, trials=1, repeats=4).ranks) == 4
