"""Exercise 9.6: Read a report."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_MISSING = {"b", "c", "e"}


def _check_missing(answer: object) -> Right:
    letters = {
        checks.option(letter, tuple("abcde"), "one of the letters a to e")
        for letter in checks.sequence(answer, "a list of letters", ordered=False)
    }
    for letter, why in (("a", "the budget is said: 200 trials"), ("d", "the method is named")):
        if letter in letters:
            wrong(f"Look at ({letter}) again: {why}.")
    if letters != _MISSING:
        left = len(_MISSING - letters)
        wrong(
            f"There {'is one' if left == 1 else f'are {left}'} more that the report does not say."
        )
    return right("No seeds, no space, and the same rows chose and judged.")


q6 = Exercise(
    lesson=9, number=6, title="Read a report", points=1,
    question="""
    *"We tuned our network with random search, 200 trials. The best trial reaches 98.1% on the
    held-out rows that we used to compare trials; the baseline with its default settings reaches
    97.6%."*

    What is missing or wrong? Answer with a list of letters.

    - `"a"`: how many trials were made
    - `"b"`: the space that was searched
    - `"c"`: a score on rows that did not choose
    - `"d"`: the method
    - `"e"`: more than one seed, and an interval
    """,
    expects='a list of letters, such as ["a", "d"]',
    checker=_check_missing,
    hints=(
        "Go through the five one by one, and look for the words in the report.",
        "Which rows chose the best trial, and which rows gave the 98.1%?",
    ),
    solution_source='answer = ["b", "c", "e"]',
    why="The report also compares 200 trials with none: a baseline deserves the budget that you "
        "gave yourself.",
    wrong_answers=(
        WrongAnswer('answer = ["b", "e"]', "trusts the rows that chose", "one more"),
        WrongAnswer('answer = ["c"]', "stops at the first", "2 more"),
        WrongAnswer('answer = ["a", "b", "c", "e"]', "overlooks it", "200 trials"),
    ),
)  # fmt: skip
