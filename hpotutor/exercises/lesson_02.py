"""Lesson 02, grid search: what a grid costs, how to write one, and two ways to be misled by it."""

from __future__ import annotations

import math

import numpy as np
from sklearn.model_selection import ParameterGrid

from hpotutor.exercises import challenge, checks, scikit_checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import kind, shown
from hpotutor.objective import Objective
from hpotutor.table_objective import TableObjective

# ── 2.1 ──────────────────────────────────────────────────────────────────────────────────────


def _check_fits(answer: object) -> Right:
    fits = checks.whole_number(answer, "the number of trainings, a whole number")
    remarks = {
        8: "8 levels stand in the grid, but every level meets every level of the others.",
        16: "16 is how many combinations there are. How often is each of them trained?",
        17: "16 combinations and one more. How often does `cv=3` train each combination?",
        24: "The numbers of levels multiply; 2 + 2 + 2 + 2 adds them.",
        25: "The numbers of levels multiply; 2 + 2 + 2 + 2 adds them.",
        48: "48 is the cross-validation. What does `refit=True`, the default, do after it?",
        51: "The refit trains on all rows at once, so it is one training and not one per fold.",
        64: "Each combination is trained once per fold; the refit is for the best one only.",
    }
    if fits in remarks:
        wrong(remarks[fits])
    if fits != 49:
        few = "few" if fits < 49 else "many"
        wrong(f"{fits:,} is too {few}. Count combinations, then folds, then what comes at the end.")
    return right("16 combinations, 3 folds each, and one refit of the best on all rows.")


q1 = Exercise(
    lesson=2,
    number=1,
    title="Count the trainings",
    points=1,
    question="""
    This grid searches the breast cancer network with `GridSearchCV(network, param_grid, cv=3)`
    and leaves every other argument at its default:

    ```python
    param_grid = {
        "optimizer": ["adam", "rmsprop"],
        "initializer": ["uniform", "normal"],
        "batch_size": [10, 20],
        "epochs": [50, 100],
    }
    ```

    How many times is a network trained from scratch before `fit` returns?
    """,
    expects="the number of trainings, a whole number",
    checker=_check_fits,
    hints=(
        "Every level meets every level of the other hyperparameters.",
        "`cv=3` trains each combination three times, each time without another third of the rows.",
        "`refit=True` is the default: at the end, the best combination is trained once more.",
    ),
    solution_source="""
    combinations = 2 * 2 * 2 * 2
    folds = 3
    refit = 1
    answer = combinations * folds + refit
    """,
    why=(
        "One more hyperparameter with two levels would nearly double it, whether or not that "
        "hyperparameter matters. Do this sum before you start a grid."
    ),
    wrong_answers=(
        WrongAnswer("answer = 2 * 2 * 2 * 2", because="forgets the folds", says="combinations"),
        WrongAnswer("answer = 16 * 3", because="forgets the refit", says="refit"),
        WrongAnswer("answer = (2 + 2 + 2 + 2) * 3", because="adds the levels", says="multiply"),
        WrongAnswer("answer = (16 + 1) * 3", because="refits in every fold", says="all rows"),
        WrongAnswer("answer = 100", because="guesses", says="too many"),
    ),
)

# ── 2.2 ──────────────────────────────────────────────────────────────────────────────────────


def _check_folds(answer: object) -> Right:
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
    lesson=2,
    number=2,
    title="Accuracy 0.0",
    points=2,
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
    why=(
        "A score that is too bad to be true deserves the same suspicion as one that is too good: "
        "look at what was trained on and what was tested, before you look at the network."
    ),
    wrong_answers=(
        WrongAnswer("answer = 3", because="does what led to the 0.0", says="bare number"),
        WrongAnswer(
            "from sklearn.model_selection import KFold\nanswer = KFold(3)",
            because="spells out the trap instead of leaving it",
            says="one class",
        ),
        WrongAnswer(
            "from sklearn.model_selection import KFold\n"
            "answer = KFold(3, shuffle=True, random_state=0)",
            because="shuffles, and leaves the shares to chance",
            says="labels",
        ),
        WrongAnswer(
            "from sklearn.model_selection import StratifiedKFold\nanswer = StratifiedKFold()",
            because="takes the default of 5 folds",
            says="cuts 5",
        ),
        WrongAnswer(
            "from sklearn.model_selection import StratifiedKFold\nanswer = StratifiedKFold",
            because="gives the class for an object",
            says="parentheses",
        ),
        WrongAnswer(
            "from sklearn.model_selection import StratifiedShuffleSplit\n"
            "answer = StratifiedShuffleSplit(3, random_state=0)",
            because="draws test sets that overlap",
            says="exactly one fold",
        ),
    ),
)

# ── 2.3 ──────────────────────────────────────────────────────────────────────────────────────


def _check_pipeline(answer: object) -> Right:
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline

    if isinstance(answer, Pipeline):
        wrong("The pipeline is there; now put it into `GridSearchCV(pipeline, param_grid)`.")
    search = checks.expect(answer, GridSearchCV, "a `GridSearchCV(pipeline, param_grid)`")
    pipeline = checks.expect(search.estimator, Pipeline, "a search whose estimator is a `Pipeline`")
    selector = scikit_checks.selector_name(pipeline)
    scikit_checks.network_last(pipeline)
    scikit_checks.pipeline_names(search, selector)
    scikit_checks.scaled_inside(search, selector)
    return right("Scaler and selection are fitted anew in every fold, on its training rows only.")


q3 = Exercise(
    lesson=2,
    number=3,
    title="Nothing leaks",
    points=2,
    question="""
    Make a grid search over a pipeline for the breast cancer rows, which come unscaled and have
    30 features. Its steps: a scaler, `SelectKBest`, and an `ht.KerasClassifier`. Its grid: at
    least how many features are kept, and one hyperparameter of the network. Do not call `fit`.
    """,
    expects="a `GridSearchCV(pipeline, param_grid)`",
    checker=_check_pipeline,
    hints=(
        "Whatever learns from rows, the scaler too, belongs inside what is cross-validated.",
        "`Pipeline([(name, step), ...])`: the names are yours, the network comes last.",
        'In the grid a hyperparameter carries its step\'s name: `"select__k"`.',
    ),
    solution_source="""
    from sklearn.feature_selection import SelectKBest
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = Pipeline([
        ("scale", StandardScaler()),
        ("select", SelectKBest()),
        ("network", ht.KerasClassifier(units=16, epochs=20)),
    ])
    param_grid = {"select__k": [5, 15, 30], "network__learning_rate": [1e-3, 1e-2]}
    answer = GridSearchCV(pipeline, param_grid, cv=3)
    """,
    why=(
        "A step that has seen the test rows of a fold reports a score that new rows will not "
        "give; in a pipeline that cannot happen, and its settings become hyperparameters."
    ),
    wrong_answers=tuple(
        WrongAnswer(
            f"""
            from scikeras.wrappers import KerasClassifier
            from sklearn.feature_selection import SelectKBest
            from sklearn.linear_model import LogisticRegression
            from sklearn.model_selection import GridSearchCV
            from sklearn.pipeline import Pipeline
            from sklearn.preprocessing import StandardScaler

            scale, select = ("scale", StandardScaler()), ("select", SelectKBest())
            network = ("network", ht.KerasClassifier(units=16))
            {code}
            """,
            because=because,
            says=says,
        )
        for code, because, says in (
            (
                'answer = GridSearchCV(Pipeline([select, network]), {"select__k": [5], '
                '"network__units": [8, 16]})',
                "scales outside the pipeline, or not at all",
                "not scaled",
            ),
            (
                'answer = GridSearchCV(Pipeline([scale, network]), {"network__units": [8, 16]})',
                "selects no features",
                "no feature is selected",
            ),
            (
                'answer = GridSearchCV(Pipeline([scale, select, network]), {"k": [5, 15], '
                '"network__units": [8, 16]})',
                "leaves out the step's name",
                "`select__k`",
            ),
            (
                'answer = GridSearchCV(Pipeline([scale, select, network]), {"select__k": [5]})',
                "tunes nothing of the network",
                "No hyperparameter of the network",
            ),
            (
                'answer = GridSearchCV(Pipeline([scale, select, network]), {"select__k": [50], '
                '"network__units": [8, 16]})',
                "keeps more features than there are",
                "30 features",
            ),
            (
                'answer = GridSearchCV(Pipeline([scale, select, ("network", KerasClassifier())]), '
                '{"select__k": [5], "network__epochs": [10, 20]})',
                "takes the wrapper that is not recognized",
                "unstratified",
            ),
            (
                'answer = GridSearchCV(Pipeline([scale, select, ("network", '
                'LogisticRegression())]), {"select__k": [5], "network__C": [1, 10]})',
                "tunes something else than a network",
                "KerasClassifier",
            ),
            (
                "answer = Pipeline([scale, select, network])",
                "stops before the search",
                "put it into",
            ),
        )
    ),
)

# ── 2.4 ──────────────────────────────────────────────────────────────────────────────────────


def _check_levels(answer: object) -> Right:
    grid = checks.param_grid(answer, names=("learning_rate", "batch_size"))
    rates = [checks.number(rate, "a learning rate") for rate in grid["learning_rate"]]
    if min(rates) <= 0:
        wrong(
            "A learning rate of 0 or less moves no weight downhill. If you wrote exponents, "
            "write the rates themselves: `1e-4`, not `-4`."
        )
    if len(rates) != 4:
        wrong(f"4 learning rates are asked for, and there are {len(rates)}.")
    if not (checks.near(min(rates), 1e-4) and checks.near(max(rates), 1e-1)):
        wrong(
            "The learning rates should reach from 0.0001 to 0.1; "
            f"these reach from {min(rates):.3g} to {max(rates):.3g}."
        )
    if not checks.log_spaced(rates):
        top = sum(rate > 0.0101 for rate in rates)
        wrong(
            f"{top} of these 4 learning rates lie above 0.01, in the last of three decades. On a "
            "log scale each is the one before times the same factor."
        )
    sizes = [checks.whole_number(size, "a batch size", low=1) for size in grid["batch_size"]]
    if sorted(sizes) != [16, 32, 64]:
        wrong(f"The batch sizes asked for are 16, 32 and 64; these are {shown(sorted(sizes))}.")
    return right("One learning rate a decade.")


q4 = Exercise(
    lesson=2,
    number=4,
    title="Three decades in four levels",
    points=1,
    question="""
    Write a `param_grid` for `GridSearchCV` with two hyperparameters: `learning_rate`, 4 levels
    from 0.0001 to 0.1, evenly spaced on a log scale, and `batch_size` with 16, 32 and 64.
    """,
    expects="a dict from hyperparameter names to lists of levels",
    checker=_check_levels,
    hints=(
        "On a log scale neighbors have the same ratio, not the same difference.",
        "From 0.0001 to 0.1 are three factors of 10. Four levels have three steps between them.",
        "`np.logspace(-4, -1, 4)` takes exponents of 10 and gives the values.",
    ),
    stub='answer = {"learning_rate": ..., "batch_size": ...}',
    solution_source="""
    answer = {"learning_rate": [1e-4, 1e-3, 1e-2, 1e-1], "batch_size": [16, 32, 64]}
    """,
    why=(
        "Good learning rates differ by factors, so that a grid with equal differences spends "
        "nearly all its trainings in one decade."
    ),
    wrong_answers=(
        WrongAnswer(
            """
            import numpy as np
            answer = {"learning_rate": np.linspace(1e-4, 1e-1, 4), "batch_size": [16, 32, 64]}
            """,
            because="spaces the learning rates on a linear scale",
            says="factor",
        ),
        WrongAnswer(
            'answer = {"learning_rate": [-4, -3, -2, -1], "batch_size": [16, 32, 64]}',
            because="gives exponents for values",
            says="exponents",
        ),
        WrongAnswer(
            'answer = {"learning_rte": [1e-4, 1e-3, 1e-2, 1e-1], "batch_size": [16, 32, 64]}',
            because="misspells a name",
            says="Did you mean 'learning_rate'?",
        ),
        WrongAnswer(
            'answer = {"learning_rate": [1e-4, 1e-3, 1e-2, 1e-1], "batch_size": 16}',
            because="gives one level without a list",
            says="should stand in a list",
        ),
        WrongAnswer(
            'answer = {"learning_rate": [1e-3, 1e-2, 1e-1], "batch_size": [16, 32, 64]}',
            because="takes three decades for three levels",
            says="4 learning rates",
        ),
        WrongAnswer(
            'answer = {"learning_rate": ht.loguniform(1e-4, 1e-1), "batch_size": [16, 32, 64]}',
            because="gives a range to draw from, as random search wants it",
            says="should stand in a list",
        ),
    ),
)

# ── 2.5 ──────────────────────────────────────────────────────────────────────────────────────

_BUDGET, _FOLDS, _OPTIMIZERS = 144, 3, 3


def _check_budget(answer: object) -> Right:
    names = ("learning_rate", "units", "dropout")
    chosen = checks.mapping(answer, "a dict from names to numbers of levels", names)
    levels = {
        name: checks.whole_number(chosen[name], f"the number of levels of `{name}`", low=1)
        for name in names
    }
    for name, count in levels.items():
        if count == 1:
            wrong(f"With 1 level `{name}` is fixed, not searched. Give it at least 2.")
    combinations = math.prod(levels.values()) * _OPTIMIZERS
    trainings = combinations * _FOLDS + 1
    if trainings > _BUDGET:
        refit = " It is the refit that breaks the budget." if trainings == _BUDGET + 1 else ""
        wrong(
            f"{combinations:,} combinations in 3 folds and the refit are {trainings:,} trainings, "
            f"and the budget is {_BUDGET}.{refit}"
        )
    if levels["learning_rate"] <= max(levels["units"], levels["dropout"]):
        wrong(
            "The learning rate should have more levels than the others: lesson 01 found that the "
            "score depends on it most."
        )
    return right(
        f"{combinations} combinations in 3 folds and the refit are {trainings} of {_BUDGET} "
        "trainings."
    )


q5 = Exercise(
    lesson=2,
    number=5,
    title="A grid within a budget",
    points=3,
    challenge=True,
    question="""
    You can afford 144 trainings, and this space:

    ```python
    space = ht.SearchSpace(
        learning_rate=ht.loguniform(1e-4, 1e-1),
        units=ht.integers(8, 128, step=8),
        dropout=ht.uniform(0.0, 0.5),
        optimizer=ht.choice("sgd", "rmsprop", "adam"),
    )
    ```

    All 3 optimizers stay. Choose how many levels `learning_rate`, `units` and `dropout` get, as
    you would pass them in `space.grid(levels=...)`, so that `GridSearchCV` with 3 folds and its
    refit stays within the budget, each gets at least 2, and the learning rate, which matters
    most, gets more than the others.
    """,
    expects="a dict from names to numbers of levels",
    checker=_check_budget,
    hints=(
        "Take off the refit first, then divide by the folds: so many combinations fit.",
        "143 // 3 is 47 combinations, and 3 optimizers take a factor of 3: 15 are left.",
        "Begin with 2 levels each, and see what the learning rate can still have.",
    ),
    stub='answer = {"learning_rate": ..., "units": ..., "dropout": ...}',
    solution_source="""
    space = ht.SearchSpace(
        learning_rate=ht.loguniform(1e-4, 1e-1),
        units=ht.integers(8, 128, step=8),
        dropout=ht.uniform(0.0, 0.5),
        optimizer=ht.choice("sgd", "rmsprop", "adam"),
    )
    answer = {"learning_rate": 3, "units": 2, "dropout": 2}
    assert space.grid_size(answer) * 3 + 1 <= 144
    """,
    why=(
        "144 trainings, and yet only 3 learning rates are tried: four hyperparameters are already "
        "many for a grid. Lesson 03 spends the same budget on 48 different learning rates."
    ),
    wrong_answers=(
        WrongAnswer(
            'answer = {"learning_rate": 4, "units": 2, "dropout": 2}',
            because="forgets the refit",
            says="refit",
        ),
        WrongAnswer(
            'answer = {"learning_rate": 4, "units": 4, "dropout": 3}',
            because="counts combinations, and forgets the folds",
            says="433 trainings",
        ),
        WrongAnswer(
            'answer = {"learning_rate": 7, "units": 2, "dropout": 1}',
            because="fixes a hyperparameter to make room",
            says="fixed, not searched",
        ),
        WrongAnswer(
            'answer = {"learning_rate": 2, "units": 2, "dropout": 3}',
            because="spends the levels where they matter less",
            says="lesson 01",
        ),
        WrongAnswer(
            'answer = {"learning_rate": [1e-4, 1e-2, 1e-1], "units": 2, "dropout": 2}',
            because="gives levels instead of how many",
            says="number of levels",
        ),
        WrongAnswer(
            'answer = {"learning_rate": 3, "units": 2, "dropout": 2, "optimizer": 3}',
            because="counts the levels of a choice, which are all there anyway",
            says="not one of the names",
        ),
    ),
)

# ── 2.6 ──────────────────────────────────────────────────────────────────────────────────────

_POINTS, _NEEDED = 24, 0.8


def _check_grid(answer: object) -> Right:
    space = TableObjective("digits", quiet=True).space
    grid = checks.param_grid(answer, space.names)
    points = math.prod(map(len, grid.values()))
    if points > _POINTS:
        wrong(f"Your grid has {points:,} points, and {_POINTS} trainings are all you have.")
    combinations = [checks.in_space(space, point) for point in ParameterGrid(grid)]

    def search(objective: Objective, seed: int) -> dict:
        scores = [objective.evaluate(point).value for point in combinations]
        return combinations[int(np.argmax(np.nan_to_num(scores)))]

    return challenge.verdict(
        challenge.replays(search, trials=_POINTS),
        needed=_NEEDED,
        look_at="Which hyperparameters did lesson 01 find to matter most, and around which values?",
    )


def _grid(**changed: object) -> str:
    """Return an answer's source: the solution's grid with other levels for some names."""
    levels = {
        "optimizer": ["adam", "rmsprop"],
        "learning_rate": [0.003, 0.01],
        "batch_size": [32],
        "layers": [1, 2],
        "units": [64],
        "activation": ["relu"],
        "dropout": [0.0, 0.2, 0.5],
        **changed,
    }
    lines = [
        f'    "{name}": {str(values).replace(chr(39), chr(34))},' for name, values in levels.items()
    ]
    return "\n".join(["answer = {", *lines, "}"])


q6 = Exercise(
    lesson=2,
    number=6,
    title="A grid that finds the best 5%",
    points=3,
    challenge=True,
    question="""
    The course trained each of 5,184 settings of the digits five times and stored the scores: the
    *table*. To search it trains nothing. `ht.TableObjective("digits").space` shows its seven
    hyperparameters. Write a grid of at most 24 points: a dict with a list of levels for each of
    the seven.

    It is searched 200 times, each time with other seeds, and ends at the setting that scored best
    in it. At least 80% of the searches must end among the best 5% of the table's settings.
    """,
    expects="a dict from the seven names to lists of levels",
    checker=_check_grid,
    hints=(
        "A list of one level is allowed. Which hyperparameters can you fix by what you know?",
        "Take `relu` and wide layers for granted; try more than one optimizer or learning rate.",
        "Adam and RMSprop like learning rates between 0.001 and 0.01 here.",
    ),
    stub="""
    answer = {
        "optimizer": ...,
        "learning_rate": ...,
        "batch_size": ...,
        "layers": ...,
        "units": ...,
        "activation": ...,
        "dropout": ...,
    }
    """,
    solution_source=_grid(),
    why=(
        "A small grid works when you know where to put it. Levels are best spent on what you do "
        "not know yet."
    ),
    wrong_answers=(
        WrongAnswer(_grid(batch_size=[16, 32]), because="has too many points", says="48 points"),
        WrongAnswer(
            _grid(
                optimizer=["sgd", "rmsprop", "adam"],
                learning_rate=[0.3, 1.0],
                layers=[1],
                units=[32, 64],
                dropout=[0.0, 0.2],
            ),
            because="puts the learning rates too high",
            says="of 200 replays",
        ),
        WrongAnswer(
            _grid(
                optimizer=["sgd", "rmsprop", "adam"],
                learning_rate=[0.0001, 0.0003],
                units=[8, 16],
                dropout=[0.2],
            ),
            because="puts the learning rates too low",
            says="of 200 replays",
        ),
        WrongAnswer(_grid(units=[256]), because="leaves the table", says="units"),
        WrongAnswer(
            'answer = {"learning_rate": [0.003, 0.01], "optimizer": ["adam"]}',
            because="forgets hyperparameters",
            says="layers",
        ),
    ),
)
