"""Exercise 2.3: Nothing leaks."""

from hpotutor.exercises import checks, scikit_checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


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
    lesson=2, number=3, title="Nothing leaks", points=2,
    question="""
    Make a grid search over a pipeline for the breast cancer rows, which come unscaled and have
    30 features. Its steps: a scaler, `SelectKBest`, and an `ht.KerasClassifier`. Its grid turns
    two things or more, each over at least two levels: how many features are kept, and a
    hyperparameter of the network. Do not call `fit`.
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
    why="A step that has seen the test rows of a fold reports a score that new rows will not "
        "give; in a pipeline that cannot happen, and its settings become hyperparameters.",
    wrong_answers=tuple(
        WrongAnswer(f"""
            from scikeras.wrappers import KerasClassifier
            from sklearn.feature_selection import SelectKBest
            from sklearn.linear_model import LogisticRegression
            from sklearn.model_selection import GridSearchCV
            from sklearn.pipeline import Pipeline
            from sklearn.preprocessing import StandardScaler

            scale, select = ("scale", StandardScaler()), ("select", SelectKBest())
            network = ("network", ht.KerasClassifier(units=16))
            {code}
            """, because, says)
        for code, because, says in (
            ('answer = GridSearchCV(Pipeline([select, network]), {"select__k": [5, 15], '
             '"network__units": [8, 16]})',
             "scales outside the pipeline, or not at all", "not scaled"),
            ('answer = GridSearchCV(Pipeline([scale, network]), {"network__units": [8, 16]})',
             "selects no features", "no feature is selected"),
            ('answer = GridSearchCV(Pipeline([scale, select, network]), {"k": [5, 15], '
             '"network__units": [8, 16]})', "leaves out the step's name", "`select__k`"),
            ('answer = GridSearchCV(Pipeline([scale, select, network]), {"select__k": [5, 15]})',
             "tunes nothing of the network", "No hyperparameter of the network"),
            ('answer = GridSearchCV(Pipeline([scale, select, network]), {"select__k": [15, 50], '
             '"network__units": [8, 16]})', "keeps more features than there are", "30 features"),
            ('answer = GridSearchCV(Pipeline([scale, select, ("network", KerasClassifier())]), '
             '{"select__k": [5, 15], "network__epochs": [10, 20]})',
             "takes the wrapper that is not recognized", "unstratified"),
            ('answer = GridSearchCV(Pipeline([scale, select, ("network", '
             'LogisticRegression())]), {"select__k": [5, 15], "network__C": [1, 10]})',
             "tunes something else than a network", "KerasClassifier"),
            ('answer = GridSearchCV(Pipeline([scale, select, network]), {"select__k": [15], '
             '"network__units": [8]})', "searches nothing", "one level"),
            ("answer = Pipeline([scale, select, network])",
             "stops before the search", "put it into"),
        )
    ),
)  # fmt: skip
