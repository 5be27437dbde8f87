"""Exercise 2.2: Accuracy 0.0."""

from typing import Any

import numpy as np

from hpotutor.exercises import scikit_checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import kind, shown


def _check_folds(answer: Any) -> Right:
    what = "a splitter from `sklearn.model_selection`, such as `KFold(3)`"
    if isinstance(answer, int) and not isinstance(answer, bool):
        wrong(
            "A bare number leaves the choice to scikit-learn, which stratifies only for what it "
            "recognizes as a classifier: that is how the 0.0 came about. Name the splitter."
        )
    if isinstance(answer, type) or not hasattr(answer, "split") or isinstance(answer, str):
        parentheses = " Add parentheses to make one of it." if isinstance(answer, type) else ""
        wrong(f"This should be {what}; it is {kind(answer)}: `{shown(answer)}`.{parentheses}")
    if type(answer).__name__ == "KFold":
        if not answer.shuffle:
            wrong(
                "`KFold` cuts the rows in the order they stand in. On iris each test fold is then "
                "one class, which no network of that fold has seen in training: accuracy 0.0."
            )
        wrong(
            "Shuffling ends the 0.0, but leaves to chance how many flowers of a class a fold "
            "gets. Which splitter looks at the labels?"
        )
    # The second set is uneven, so that equal shares cannot come about by equal counts.
    for counts in ((50, 50, 50), (90, 45, 15)):
        scikit_checks.equal_shares(answer, np.repeat([0, 1, 2], counts))
    return right("Every test fold holds a third of each class.")


q2 = Exercise(
    lesson=2, number=2, title="Accuracy 0.0", points=2,
    question="""
    Iris is sorted: 50 flowers of the first class, 50 of the second, 50 of the third. A friend's
    `GridSearchCV(wrapper, param_grid, cv=3)` reports a best accuracy of exactly 0.0, for a
    wrapper that scikit-learn does not recognize as a classifier.

    Make the splitter that the friend should pass as `cv`, so that each of 3 folds holds the same
    share of every class, whatever the wrapper is taken for.
    """,
    expects="a splitter from `sklearn.model_selection`",
    checker=_check_folds,
    hints=(
        "Which flowers does the first network train on, and on which is it tested?",
        "For anything but a classifier `cv=3` means `KFold(3)`: three blocks, in order.",
        "Folds that keep the share of each class are called stratified.",
    ),
    solution_source="""
    from sklearn.model_selection import StratifiedKFold

    answer = StratifiedKFold(n_splits=3)
    """,
    why="A score that is too bad to be true deserves the same suspicion as one that is too good: "
        "look at what was trained on and what was tested, before you look at the network.",
    wrong_answers=(
        WrongAnswer("answer = 3", "does what led to the 0.0", "bare number"),
        WrongAnswer("from sklearn.model_selection import KFold\nanswer = KFold(3)",
                    "spells out the trap instead of leaving it", "one class"),
        WrongAnswer("from sklearn.model_selection import KFold\n"
                    "answer = KFold(3, shuffle=True, random_state=0)",
                    "shuffles, and leaves the shares to chance", "labels"),
        WrongAnswer("from sklearn.model_selection import StratifiedKFold\n"
                    "answer = StratifiedKFold()",
                    "takes the default of 5 folds", "cuts 5"),
        WrongAnswer("from sklearn.model_selection import StratifiedKFold\nanswer = StratifiedKFold",
                    "gives the class for an object", "parentheses"),
        WrongAnswer("from sklearn.model_selection import StratifiedShuffleSplit\n"
                    "answer = StratifiedShuffleSplit(3, random_state=0)",
                    "draws test sets that overlap", "exactly one fold"),
    ),
)  # fmt: skip
