"""What must hold for any space, any sequence of evaluations, any question and any answer."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hpotutor as ht
from hpotutor.errors import HpoTutorError, StopSearch
from hpotutor.objectives.base import Evaluation, Objective
from hpotutor.study import journal
from hpotutor.study.storage import to_evaluation
from tests.small_table import small_table

TABLE = small_table()
DIALECTS = ("scikit-learn", "scipy", "hyperopt", "optuna", "keras_tuner")


def few(examples):
    """Return settings with a bounded number of examples, the same on every run."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@pytest.fixture(autouse=True)
def no_wait_for_the_disk(monkeypatch):
    """Syncing takes most of the time of a search that does nothing."""
    monkeypatch.setattr(journal.os, "fsync", lambda descriptor: None)


# ── spaces ───────────────────────────────────────────────────────────────────────────────────
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-100, 100),
    st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 4)),
    st.text("abc é'\"\\", max_size=4),
)


@st.composite
def floats(draw):
    log = draw(st.booleans())
    low = draw(st.floats(1e-8, 1e3) if log else st.floats(-1e6, 1e6))
    width = draw(st.floats(1e-3, 1e4))
    high = low * (1 + width) if log else low + max(width, abs(low) * 1e-9)
    return (ht.loguniform if log else ht.uniform)(low, high)


@st.composite
def integers(draw):
    if draw(st.booleans()):
        low = draw(st.integers(1, 50))
        return ht.integers(low, low + draw(st.integers(1, 300)), log=True)
    low, step = draw(st.integers(-50, 50)), draw(st.integers(1, 9))
    return ht.integers(low, low + step * draw(st.integers(1, 20)), step=step)


@st.composite
def choices(draw):
    # Python's equality: True == 1 == 1.0 is one value.
    return ht.choice(*draw(st.lists(SCALARS, min_size=1, max_size=4, unique=True)))


@st.composite
def spaces(draw, nested=True):
    """Return a space of one to five hyperparameters, some of which depend on earlier ones."""
    parameters = {}
    for number in range(draw(st.integers(1, 5))):
        made = draw(st.one_of(floats(), integers(), choices()))
        earlier = ht.SearchSpace(parameters) if parameters else {}
        parents = [n for n in earlier if ht.SearchSpace({n: earlier[n]}).size < 50]
        if nested and parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            values = ht.SearchSpace({parent: earlier[parent]}).grid()[parent]
            wanted = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))
            made = ht.when(made, **{parent: wanted})
        parameters[f"p{number}"] = made
    return ht.SearchSpace(parameters)


SEEDS = st.integers(0, 2**32 - 1)


@few(60)
@given(spaces(), st.integers(1, 6))
def test_a_grid_of_scikit_learn_has_as_many_points_as_are_counted(space, levels):
    assert list(space.grid(levels)) == space.names
    branches = space.to_sklearn_grid(levels)
    branches = branches if isinstance(branches, list) else [branches]
    assert sum(math.prod(map(len, b.values())) for b in branches) == space.grid_size(levels)
    for branch in branches:
        assert space.contains({name: values[-1] for name, values in branch.items()})


@few(30)
@given(spaces(), SEEDS)
def test_five_dialects_draw_points_of_the_space(space, seed):
    for dialect in DIALECTS:
        point = space.clean(draw(space, dialect, seed))
        assert space.contains(point), (dialect, point)


def draw(space, dialect, seed):
    """Return a point as one library draws it from its own writing of a space."""
    rng = np.random.RandomState(seed)
    if dialect in ("scikit-learn", "scipy"):
        from sklearn.model_selection import ParameterSampler

        written = space.to_sklearn_grid(2) if dialect == "scikit-learn" else space.to_scipy()
        return next(iter(ParameterSampler(written, 1, random_state=rng)))
    if dialect == "hyperopt":
        from hyperopt.pyll.stochastic import sample

        return sample(space.to_hyperopt(), rng=np.random.default_rng(seed))
    if dialect == "optuna":
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
        return space.suggest(study.ask())
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    space.declare(hp)
    for one in hp.space:
        hp.values[one.name] = one.random_sample(int(rng.randint(2**31)))
    return space.declare(hp)


@pytest.fixture(autouse=True, scope="module")
def quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


# ── recorder ─────────────────────────────────────────────────────────────────────────────────
SPACE = ht.SearchSpace(
    x=ht.integers(0, 5), kind=ht.choice("a", None), y=ht.when(ht.uniform(0, 1), kind="a")
)
ANYTHING = st.one_of(
    st.floats(width=64), st.just(math.nan), st.just(math.inf), st.just("fails"), st.none()
)


class Scripted(Objective):
    """Answers by a table of answers, and counts each question."""

    def __init__(self, answers, cost, deterministic):
        self.answers, self.cost, self.epochs = answers, cost, cost
        self.deterministic = deterministic
        self.asked = Counter()

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        number = (params["x"] + 6 * (params["kind"] is None)) % len(self.answers)
        self.asked[params["x"], params["kind"], params.get("y"), epochs] += 1
        value = self.answers[number]
        if value == "fails":
            raise ValueError("as scripted")
        spent = self.epochs if epochs is None else epochs
        if value is None or not math.isfinite(value):
            return Evaluation(params, math.nan, epochs=spent, status="diverged", reason="inf")
        return Evaluation(params, value, {"value": [value] * 2}, spent, seconds=0.25)

    def describe(self):
        return {"objective": "Scripted"}


POINTS = st.lists(
    st.tuples(SEEDS.map(SPACE.sample), st.one_of(st.none(), st.integers(1, 9))), max_size=12
)


def run(objective, points, path, **budget):
    with ht.Recorder(
        objective, SPACE, method="mine", library="mine", log=path, progress=False, **budget
    ) as recorder:
        for params, epochs in points:
            recorder.evaluate(params, epochs)
    return recorder


def seen(evaluations):
    return [
        (e.params, repr(e.value), e.status, e.reason, e.curve, e.epochs, e.seed)
        for e in evaluations
    ]


@few(50)
@given(
    st.lists(ANYTHING, min_size=1, max_size=12),
    POINTS,
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 12)),
    st.one_of(st.none(), st.integers(1, 60)),
    st.integers(0, 12),
)
def test_any_sequence_of_evaluations(answers, points, deterministic, trials, max_epochs, cut):
    """The log read back is what was recorded; resumed, nothing is asked twice; budgets hold."""
    budget = {"trials": trials, "max_epochs": max_epochs, "max_failures": None}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.log"
        whole = run(Scripted(answers, 5, deterministic), points, None, **budget)
        objective = Scripted(answers, 5, deterministic)
        run(objective, points[:cut], path, **budget)
        resumed = run(objective, points, path, **budget)
        assert seen(resumed.evaluations) == seen(whole.evaluations)
        for question, count in objective.asked.items():
            asked = [(p["x"], p["kind"], p.get("y"), e) for p, e in points].count(question)
            assert count <= (1 if deterministic else asked)
        read = [to_evaluation(trial) for trial in resumed.log.study.trials]
        assert seen(read) == seen(resumed.evaluations)
        nothing = Scripted(answers, 5, deterministic)
        assert seen(run(nothing, points, path, **budget).evaluations) == seen(whole.evaluations)
        assert not nothing.asked
    assert trials is None or len(whole.evaluations) <= trials
    assert max_epochs is None or whole.spent_epochs <= max_epochs
    finite = [e.value for e in whole.evaluations if e.status == "complete"]
    assert whole.best_so_far == max(finite, default=None)
    assert all(math.isfinite(whole.score(e)) for e in whole.evaluations)


@few(40)
@given(st.lists(ANYTHING, min_size=1, max_size=12), POINTS, st.integers(1, 9), st.integers(1, 40))
def test_batches_keep_to_the_budgets_too(answers, points, trials, max_epochs):
    objective = Scripted(answers, 5, True)
    objective.batches = True

    def many(batch, epochs=None, *, on_done=None):
        for index, params in enumerate(batch):
            try:
                answer = objective.evaluate(params, epochs)
            except ValueError as error:
                answer = Evaluation(params, math.nan, status="failed", reason=str(error))
            on_done(index, answer)

    objective.evaluate_many = many
    with ht.Recorder(
        objective, SPACE, method="mine", library="mine", progress=False, trials=trials,
        max_epochs=max_epochs, max_failures=None,
    ) as recorder:  # fmt: skip
        recorder.prefetch([params for params, _ in points])
        assert sum(objective.asked.values()) <= trials
        assert 5 * sum(objective.asked.values()) <= max_epochs
        for params, _ in points:
            recorder.evaluate(params)
    assert len(recorder.evaluations) <= trials and recorder.spent_epochs <= max_epochs
    assert all(count == 1 for count in objective.asked.values())


@few(60)
@given(st.lists(ANYTHING, min_size=1, max_size=12), POINTS)
def test_three_failures_in_a_row_end_a_search(answers, points):
    recorder = run(Scripted(answers, 5, False), points, None)
    statuses = [e.status == "failed" for e in recorder.evaluations]
    rows = [all(statuses[at : at + 3]) for at in range(max(len(statuses) - 2, 0))]
    assert not any(rows[:-1])
    ended = bool(rows and rows[-1] and len(statuses) < len(points))
    assert ended == ("3 trials failed in a row" in recorder.stopped)


def test_a_spent_budget_passes_through_what_catches_errors():
    with pytest.raises(BaseException) as caught:
        raise StopSearch("spent")
    assert not isinstance(caught.value, Exception)


# ── tables ───────────────────────────────────────────────────────────────────────────────────
@st.composite
def questions(draw):
    """Return values between and around a table's levels; a name may be left out."""
    asked = {}
    for axis in TABLE.axes:
        if draw(st.booleans()):
            continue
        if axis.scale == "category":
            asked[axis.name] = draw(st.sampled_from(axis.levels))
        else:
            position = draw(st.floats(-0.49, len(axis.levels) - 0.51))
            asked[axis.name] = float(np.interp(position, range(len(axis.levels)), axis.levels))
    return asked


@few(100)
@given(questions())
def test_the_nearest_configuration_answers(asked):
    met = TABLE.params_at(TABLE.index_of(asked))
    for axis in TABLE.axes:
        value = asked.get(axis.name, axis.default)
        if axis.scale == "category":
            assert met[axis.name] == value
            continue
        scale = math.log if axis.scale == "log" else float
        distance = abs(scale(met[axis.name]) - scale(value))
        assert all(distance <= abs(scale(level) - scale(value)) + 1e-12 for level in axis.levels)


@few(60)
@given(
    questions(), SEEDS, st.integers(1, TABLE.epochs), st.sampled_from(["val_accuracy", "val_loss"])
)
def test_noise_seed_and_mean_agree_with_what_is_stored(asked, seed, epochs, metric):
    index = TABLE.index_of(asked)
    noisy = ht.TableObjective(TABLE, seed=seed, metric=metric, quiet=True)
    again = ht.TableObjective(TABLE, seed=seed, metric=metric, quiet=True)
    met = [noisy.evaluate(asked, epochs) for _ in range(3)]
    assert [e.seed for e in met] == [again.evaluate(asked, epochs).seed for _ in range(3)]
    stored = []
    for run_number in range(TABLE.seeds):
        fixed = ht.TableObjective(TABLE, seed=run_number, noise=False, metric=metric, quiet=True)
        answer = fixed.evaluate(asked, epochs)
        assert answer.epochs == epochs == len(answer.curve["val_loss"])
        assert answer.value == answer.curve[metric][-1]
        assert fixed.evaluate(asked, TABLE.epochs).curve["loss"][:epochs] == answer.curve["loss"]
        stored.append(answer)
    for one in met:
        assert (one.value, one.curve) == (stored[one.seed].value, stored[one.seed].curve)
    mean = ht.TableObjective(TABLE, seed="mean", metric=metric, quiet=True).evaluate(asked, epochs)
    assert mean.value == pytest.approx(np.mean([e.value for e in stored]), rel=1e-3)
    assert mean.seconds == stored[0].seconds > 0
    assert 0 <= noisy.rank(asked) < 1
    assert noisy.index_of(asked) == index


@few(60)
@given(
    st.dictionaries(
        st.sampled_from([*(a.name for a in TABLE.axes), "unit", "epochs", ""]),
        st.one_of(SCALARS, st.just(math.nan), st.lists(st.integers(), max_size=2)),
        max_size=5,
    )
)
def test_any_question_is_answered_or_refused_in_words(asked):
    try:
        answer = ht.TableObjective(TABLE, quiet=True).evaluate(asked)
    except HpoTutorError as error:
        assert "is not allowed" in str(error) or "is not a hyperparameter" in str(error)
    else:
        assert 0 <= answer.value <= 1


# ── checks ───────────────────────────────────────────────────────────────────────────────────
class Strange:
    """An object whose every common use is an error."""

    def _raise(self, *_):
        raise RuntimeError("strange")

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __eq__ = __float__ = __getitem__ = _raise
    __hash__ = None


NONSENSE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        # No number and no word that could be an answer by accident.
        st.sampled_from([math.nan, math.inf, -math.inf, -1e300, 5e-324, 1j, -(10**400)]),
        st.binary(max_size=5),
        st.text("qxz\x00\u202e ", max_size=6),
        st.builds(Strange),
        st.just(np.array([np.nan, 1j])),
        st.just(np.zeros((0, 3))),
        st.just(object),
        st.sampled_from([len, print, Strange, lambda *a, **k: Strange(), lambda: 1 / 0]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("qxz", max_size=2), inner, max_size=3),
        st.tuples(inner, inner),
    ),
    max_leaves=5,
)
EXERCISES = [
    exercise for lesson in ht.exercises.lessons() for exercise in ht.exercises.exercises_of(lesson)
]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_nonsense_is_never_right_and_never_an_error(exercise):
    @few(25)
    @given(NONSENSE)
    def check(answer):
        verdict = exercise.judge(answer)
        assert verdict.status in ("not yet", "not attempted")
        assert verdict.points == 0 and not verdict
        text = str(verdict)
        assert text.startswith(("Not yet.", "Not attempted")) and "Traceback" not in text
        assert verdict._repr_html_()

    check()
