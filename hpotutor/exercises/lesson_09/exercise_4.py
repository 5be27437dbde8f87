"""Exercise 9.4: Judge the recipe."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_nested(answer: object) -> Right:
    what = "`nested_score(inner, sealed)`"
    for settings, folds, seed in ((6, 3, 0), (8, 5, 1)):
        rng = np.random.default_rng(seed)
        inner, sealed = rng.uniform(0.6, 1.0, (2, settings, folds))
        got = checks.number(checks.call(answer, inner, sealed, what=what), "a score")
        everyone = np.arange(folds)
        expected = sealed[inner.argmax(axis=0), everyone].mean()
        if np.isclose(got, expected):
            continue
        if np.isclose(got, sealed.max(axis=0).mean()):
            wrong("You choose by the sealed folds: whoever chooses by them cannot judge by them.")
        if np.isclose(got, sealed[inner.mean(axis=1).argmax()].mean()):
            wrong(
                "You choose one setting for all folds. Its mean inner score has seen rows that "
                "are sealed in another fold: let each fold choose for itself."
            )
        if np.isclose(got, sealed.mean(axis=1).max()):
            wrong("That is one search on the outer folds: the same folds choose and judge.")
        if np.isclose(got, inner.max(axis=0).mean()):
            wrong("That is how the chosen settings did in the inner search, which chose them.")
        wrong(
            f"With {settings} settings and {folds} folds your score is {got:.4f}; it should be "
            f"{expected:.4f}. For each fold: choose a setting by `inner`, read it in `sealed`."
        )
    return right("Each fold chooses without its sealed rows, and is judged on them.")


def _nested(expression: str) -> str:
    body = f"def nested_score(inner, sealed):\n    return {expression}"
    return f"import numpy as np\n\n\n{body}\n\n\nanswer = nested_score"


q4 = Exercise(
    lesson=9, number=4, title="Judge the recipe", points=2,
    question="""
    Two NumPy arrays have a row for each setting and a column for each outer fold.
    `inner[s, f]` is the mean accuracy of setting s in the inner search of fold f.
    `sealed[s, f]` is the accuracy of setting s on the sealed rows of fold f. Write
    `nested_score(inner, sealed)`, which returns the score of nested cross-validation.
    """,
    expects="a function nested_score(inner, sealed) that returns a number",
    checker=_check_nested,
    hints=(
        "Each outer fold chooses on its own: by which of the two arrays?",
        "`inner.argmax(axis=0)` is the chosen setting of every fold.",
        "Read the chosen setting of fold f in column f of `sealed`, and take the mean.",
    ),
    stub="def nested_score(inner, sealed): ...\n\n\nanswer = nested_score",
    solution_source=_nested("np.mean([sealed[s, f] for f, s in enumerate(inner.argmax(axis=0))])"),
    why="The score belongs to the recipe: search, then train. No single setting has it.",
    wrong_answers=(
        WrongAnswer(_nested("sealed.max(axis=0).mean()"), "chooses by sealed rows", "sealed"),
        WrongAnswer(_nested("sealed[inner.mean(axis=1).argmax()].mean()"),
                    "chooses one setting for all folds", "for itself"),
        WrongAnswer(_nested("sealed.mean(axis=1).max()"), "does not nest", "the same folds"),
        WrongAnswer(_nested("inner.max(axis=0).mean()"), "reports what chose", "inner search"),
    ),
)  # fmt: skip
