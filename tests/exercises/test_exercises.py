"""Every exercise of every lesson, the engine they share, and the learner's own record."""

import json
import logging
import math
import os
import subprocess
import sys

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.exercises import checks, engine, exercises_of, lessons, messages, progress_file
from hpotutor.exercises.engine import Exercise, WrongAnswer, answer_of, right, wrong
from hpotutor.exercises.probes import RowsProbe
from tests.messages import refused

ALL = [exercise for lesson in lessons() for exercise in exercises_of(lesson)]
by_id = pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)


class Hostile:
    """Raises wherever a check may touch it."""

    def _raise(self, *_):
        raise RuntimeError("hands off")

    __repr__ = __eq__ = __bool__ = __len__ = __iter__ = __getitem__ = __float__ = _raise
    __hash__ = None


NONSENSE = {
    "None": None,
    "NaN": math.nan,
    "infinity": math.inf,
    "string": "the best one",
    "empty string": "",
    "object": object(),
    "empty list": [],
    "empty dict": {},
    "list of None": [None],
    "True": True,
    "negative": -1,
    "wide dict": {1: None, "learning_rate": [float("nan"), "a"], "batch_size": [None]},
    "array": np.zeros((2, 0)),
    "class": dict,
    "function": lambda *_: 1 / 0,
}


@pytest.fixture(autouse=True)
def own_record(tmp_path, monkeypatch):
    """Keep every test's progress file out of the tree."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv(progress_file.VARIABLE, str(path))
    return path


# ── every exercise ───────────────────────────────────────────────────────────────────────────


@by_id
def test_the_stub_is_not_attempted(exercise):
    verdict = exercise.judge(answer_of(exercise.stub))
    assert verdict.status == "not attempted"
    assert str(verdict).startswith("Not attempted yet.")
    assert exercise.label in str(verdict)
    assert exercise.judge(...).status == "not attempted"


@pytest.fixture
def optuna_said():
    """What Optuna logs: its handler keeps the stderr of the first import, which capfd misses."""
    records, logger, handler = [], logging.getLogger("optuna"), logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


@by_id
def test_the_solution_passes(exercise, capfd, optuna_said):
    verdict = exercise.judge(answer_of(exercise.solution_source))
    assert verdict, str(verdict)
    assert verdict.points == exercise.points
    assert exercise.why in verdict.message
    assert capfd.readouterr().err == ""
    assert optuna_said == [], "a graded cell that writes to stderr gets no points"


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        pytest.param(exercise, answer, id=f"{exercise.id}-{number}")
        for exercise in ALL
        for number, answer in enumerate(exercise.wrong_answers, start=1)
    ],
)
def test_a_wrong_answer_is_refused_with_help(exercise, answer, capfd):
    verdict = exercise.judge(answer_of(answer.source))
    assert verdict.status == "not yet", f"{answer.because}: {verdict}"
    assert verdict.error is None, f"the check did not foresee this: {verdict}"
    assert answer.says in verdict.message, f"{answer.because}: {verdict}"
    assert verdict.points == 0
    assert capfd.readouterr().err == ""


@by_id
def test_nonsense_is_refused_kindly(exercise, capfd):
    """All of it in one test: each kind for each exercise would be a thousand."""
    for name, nonsense in NONSENSE.items():
        verdict = exercise.judge(nonsense)
        assert verdict.status == "not yet", name
        assert verdict.error is None, f"{name}: the check did not foresee this: {verdict}"
        text = str(verdict)
        assert len(text) < 500 and "Traceback" not in text and "0x" not in text, name
        assert f"exercises.q{exercise.number}.hint()" in text, name
        assert capfd.readouterr() == ("", ""), name


@by_id
def test_an_answer_that_raises_is_refused_kindly(exercise):
    verdict = exercise.judge(Hostile())
    assert verdict.status == "not yet"
    assert len(str(verdict)) < 500 and "Traceback" not in str(verdict)


@by_id
def test_it_is_well_formed(exercise):
    module = sys.modules[f"hpotutor.exercises.lesson_{exercise.lesson:02d}"]
    assert getattr(module, f"q{exercise.number}") is exercise
    assert exercise.points >= 1
    assert exercise.why.endswith((".", "?", "!"))
    assert all(hint.endswith((".", "?", "!")) for hint in exercise.hints)
    for source in (exercise.stub, exercise.solution_source):
        lines = source.splitlines()
        assert len(lines) <= 25 and max(map(len, lines)) <= 100
        assert "hpotutor.exercises" not in source and "ht.exercises" not in source
    # a hint may come close, and must not be the answer
    last_line = exercise.solution_source.splitlines()[-1]
    assert all(last_line not in hint for hint in exercise.hints)
    assert {wrong.source for wrong in exercise.wrong_answers}.isdisjoint({exercise.solution_source})


@pytest.mark.parametrize("lesson", lessons())
def test_a_lesson_numbers_its_exercises(lesson):
    exercises = exercises_of(lesson)
    assert [exercise.number for exercise in exercises] == list(range(1, len(exercises) + 1))
    assert len(exercises) >= 3
    assert len({exercise.title for exercise in exercises}) == len(exercises)


def test_loading_the_exercises_needs_no_tensorflow():
    code = (
        "import sys, hpotutor as ht\n"
        "for lesson in ht.exercises.lessons(): ht.exercises.exercises_of(lesson)\n"
        "ht.progress()\n"
        "print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


# ── lesson 02: right answers of other shapes ─────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("number", "source"),
    [
        (1, "import numpy as np\nanswer = np.int64(49)"),
        (1, "answer = 49.0"),
        (
            2,
            "from sklearn.model_selection import StratifiedKFold\n"
            "answer = StratifiedKFold(3, shuffle=True)",
        ),
        (
            3,
            "from sklearn.feature_selection import SelectKBest, mutual_info_classif\n"
            "from sklearn.model_selection import GridSearchCV\n"
            "from sklearn.pipeline import make_pipeline\n"
            "from sklearn.preprocessing import MinMaxScaler\n"
            "steps = make_pipeline(SelectKBest(), MinMaxScaler(), ht.KerasClassifier())\n"
            "answer = GridSearchCV(steps, {'selectkbest__k': [3, 'all'], "
            "'kerasclassifier__epochs': [5, 10]})",
        ),
        (
            4,
            "import numpy as np\n"
            "answer = {'learning_rate': np.logspace(-1, -4, 4), 'batch_size': (64, 32, 16)}",
        ),
    ],
)
def test_lesson_02_accepts_equivalent_answers(number, source):
    exercise = exercises_of(2)[number - 1]
    verdict = exercise.judge(answer_of(source))
    assert verdict, str(verdict)


def test_the_budget_has_one_solution():
    q5 = exercises_of(2)[4]
    found = [
        (rate, units, dropout)
        for rate in range(1, 17)
        for units in range(1, 17)
        for dropout in range(1, 17)
        if q5.judge({"learning_rate": rate, "units": units, "dropout": dropout})
    ]
    assert found == [(3, 2, 2)]


# ── the engine ───────────────────────────────────────────────────────────────────────────────


def make(checker=lambda answer: right(), **changes):
    parts = {
        "lesson": 2,
        "number": 9,
        "title": "Made up",
        "question": "What?",
        "points": 2,
        "expects": "a word",
        "checker": checker,
        "hints": ("One.", "Two."),
        "solution_source": "answer = 'yes'",
        "why": "It just does.",
        "wrong_answers": tuple(WrongAnswer(f"answer = {n}", "made up", "word") for n in range(3)),
    }
    return Exercise(**parts | changes)


def test_only_a_verdict_of_right_accepts():
    for outcome in (None, True, "right", right):
        verdict = make(lambda answer, outcome=outcome: outcome).judge("yes")
        assert not verdict and isinstance(verdict.error, TypeError)
    assert make(lambda answer: right("Good.")).judge("yes").message == "Good. It just does."


def test_a_check_that_breaks_is_kind():
    verdict = make(lambda answer: answer["missing"]).judge({})
    assert isinstance(verdict.error, KeyError)
    assert str(verdict) == (
        "Not yet. The check stopped at this answer (KeyError: 'missing'). This should be a word; "
        "it is a dict: `{}`."
    )


def test_an_interrupt_passes_through():
    def interrupted(answer):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(interrupted).judge("yes")


def test_warnings_of_an_answer_stay_silent(capfd):
    def noisy(answer):
        np.float64(1) / np.float64(0)
        return right()

    assert make(noisy).judge("yes")
    assert capfd.readouterr().err == ""


def test_messages_show_themselves():
    exercise = make(lambda answer: wrong("Look at `a < b` & co."))
    page = exercise.judge(1)._repr_html_()
    assert "<code>a &lt; b</code> &amp; co." in page and "<strong>Not yet.</strong>" in page
    solution = exercise.solution()
    assert "```python\nanswer = 'yes'\n```" in solution._repr_markdown_()
    assert solution._repr_html_() is None and "    answer = 'yes'" in repr(solution)
    assert exercise._repr_markdown_().startswith("### Exercise 2.9 · Made up (2 points)")


def test_a_badly_declared_exercise_is_refused():
    with refused("3 problems"):
        make(hints=("",) * 4, wrong_answers=(), why="")


def test_unknown_lessons_are_named():
    with pytest.raises(AttributeError, match="lesson_09"):
        _ = ht.exercises.lesson_99
    with refused("lesson='lesson_99' .*'lesson_02'"):
        exercises_of(99)


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_any_value_can_be_shown(value):
    assert messages.kind(value) and "0x" not in messages.shown(value)
    assert len(messages.shown([value] * 1000)) < 2000


# ── reusable checks ──────────────────────────────────────────────────────────────────────────


def refusal(function, *arguments, **keywords):
    with pytest.raises(engine.NotYet) as caught:
        function(*arguments, **keywords)
    return str(caught.value)


def test_budgets():
    space = ht.SearchSpace(x=ht.uniform(0, 1))
    result = ht.grid_search(
        ht.FunctionObjective(lambda params: params["x"]), space, levels=4, progress=False
    )
    assert checks.search_result(result) is result
    assert checks.within_budget(result, trials=4) is None
    assert "4 trials" in refusal(checks.within_budget, result, trials=3)


def fit(model, data):
    return model.fit(data.x_train, data.y_train)


@pytest.mark.parametrize(
    ("score", "says"),
    [
        (lambda model, data: fit(model, data) and model.evaluate(data.x_val, data.y_val)[1], ""),
        (
            lambda model, data: model.fit(
                data.x_train, data.y_train, validation_data=(data.x_val, data.y_val)
            ).history["val_accuracy"][-1],
            "",
        ),
        (
            lambda model, data: fit(model, data) and model.evaluate(data.x_train)[1],
            "learned from",
        ),
        (lambda model, data: fit(model, data) and model.evaluate(*data.open_test()), "test set"),
        (lambda model, data: model.fit(data.x_val) and model.evaluate(data.x_val), "trains on"),
        (lambda model, data: fit(model, data).history["accuracy"][-1], "never scores"),
        (lambda model, data: model.predict(data.x_val).mean(), "never calls"),
        (
            lambda model, data: (
                model.fit(np.vstack([data.x_train, data.x_val])) and model.evaluate(data.x_val)
            ),
            "trains on",
        ),
    ],
)
def test_a_probe_knows_whose_rows_were_used(score, says):
    probe = RowsProbe()
    checks.call(score, probe.model, probe.data)
    if says:
        assert says in refusal(probe.refuse_misuse)
    else:
        assert probe.refuse_misuse() is None


# ── the record ───────────────────────────────────────────────────────────────────────────────


def state_of(label):
    return ht.progress(2).frame.loc[label]


def test_progress_keeps_what_was_done(own_record):
    q1 = exercises_of(2)[0]
    assert q1.check(...).status == "not attempted"
    q1.judge(48)
    assert not own_record.exists(), "neither a stub nor grading leaves a trace"
    assert not q1.check(48)
    assert state_of("2.1")["state"] == "not yet"
    assert q1.check(49).note == ""
    q1.check(48)
    q1.solution()
    row = state_of("2.1")
    assert (row["state"], row["attempts"], row["solution"]) == ("right", 3, "")
    every = exercises_of(2)
    points = sum(exercise.points for exercise in every)
    assert f"1 of {len(every)} exercises right, 1 of {points} points." in repr(ht.progress(2))
    assert "<table" in ht.progress()._repr_html_()


def test_a_solution_seen_first_is_told():
    q2 = exercises_of(2)[1]
    q2.solution()
    q2.check(answer_of(q2.solution_source))
    assert state_of("2.2")["solution"] == "seen first"


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"exercises": 3}', b"\xff\xfe\x00", b"null"]
)
def test_a_damaged_file_is_set_aside(own_record, damage):
    own_record.write_bytes(damage)
    assert "damaged" in ht.progress(2).remark
    verdict = exercises_of(2)[0].check(49)
    assert verdict and "progress.damaged-1.json" in str(verdict)
    assert own_record.with_name("progress.damaged-1.json").read_bytes() == damage
    assert state_of("2.1")["state"] == "right"
    own_record.write_bytes(damage)
    assert "damaged-2" in exercises_of(2)[0].check(49).note


def test_damaged_entries_cost_only_themselves(own_record):
    good = {"right": True, "attempts": 2, "hints": 1, "solution": False}
    bad = {"lesson_02.q1": 3, "lesson_02.q2": {"right": "yes", "attempts": None}}
    entries = {"lesson_02.q3": good, "another.q1": good} | bad
    own_record.write_text(json.dumps({"version": 1, "exercises": entries}))
    assert exercises_of(2)[0].check(48).note == ""
    assert list(ht.progress(2).frame["state"][:3]) == ["not yet", "not attempted", "right"]
    assert json.loads(own_record.read_text())["exercises"]["another.q1"] == good


def test_points_of_the_capstone_moved_with_it(own_record):
    good = {"right": True, "attempts": 2, "hints": 1, "solution": False}
    own_record.write_text(json.dumps({"version": 1, "exercises": {"lesson_11.q1": good}}))
    for _ in range(2):  # as it was written then, and as it is written now
        assert ht.progress(14).frame.loc["14.1", "state"] == "right"
        exercises_of(2)[0].check(48)


def test_a_folder_that_cannot_be_written_costs_a_remark(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv(progress_file.VARIABLE, str(tmp_path / "file" / "progress.json"))
    verdict = exercises_of(2)[0].check(49)
    assert verdict and "could not be saved" in verdict.note
    assert len(ht.progress(2).frame) == len(exercises_of(2))


def test_by_default_the_file_is_where_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.delenv(progress_file.VARIABLE)
    monkeypatch.chdir(tmp_path)
    exercises_of(2)[0].check(49)
    assert (tmp_path / progress_file.FILE).exists()
    monkeypatch.setenv(progress_file.VARIABLE, str(tmp_path))
    assert progress_file.progress_path() == tmp_path / progress_file.FILE


def test_two_notebooks_lose_nothing(own_record):
    code = (
        "import sys\nfrom hpotutor.exercises.progress_file import record\n"
        "for _ in range(40): record(sys.argv[1], attempt=True)\nrecord('both', attempt=True)"
    )
    names = ["first", "second"]
    running = [
        subprocess.Popen([sys.executable, "-c", code, name], env=os.environ) for name in names
    ]
    assert [process.wait() for process in running] == [0, 0]
    entries = progress_file.read()[0]
    assert [entries[name]["attempts"] for name in [*names, "both"]] == [40, 40, 2]
