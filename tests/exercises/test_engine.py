"""How an exercise is declared, what it says, and what it notes; and how that is shown."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from hpotutor.errors import ArgumentError
from hpotutor.exercises import messages, progress_file
from hpotutor.exercises.engine import (
    Exercise,
    WrongAnswer,
    answer_of,
    is_empty,
    not_attempted,
    right,
    wrong,
)
from hpotutor.exercises.messages import Message, Solution, Verdict, kind, reason, shown
from tests.messages import refused

PARTS = {
    "lesson": 3,
    "number": 2,
    "title": "Made up",
    "question": "\n    What?\n      This.\n",
    "points": 2,
    "expects": "a word",
    "checker": lambda answer: right("Well done.") if answer == "yes" else wrong("Look again."),
    "hints": ("One.", "Two.", "Three."),
    "solution_source": "\n    x = 'yes'\n    answer = x\n    ",
    "why": "It just does.",
    "wrong_answers": tuple(WrongAnswer(f"answer = {n}", "made up", "Look") for n in range(3)),
    "stub": "\n    answer = ...\n",
}


def make(**changes: object) -> Exercise:
    return Exercise(**PARTS | changes)


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(progress_file.VARIABLE, str(tmp_path / "progress.json"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "progress.json"


def noted() -> dict:
    return progress_file.read()[0]


# ── declared ─────────────────────────────────────────────────────────────────────────────────


def test_an_exercise_has_names_and_a_statement() -> None:
    exercise = make()
    assert (exercise.id, exercise.label) == ("lesson_03.q2", "3.2")
    assert repr(exercise) == "### Exercise 3.2 · Made up (2 points)\n\nWhat?\n  This."
    assert exercise.solution_source == "x = 'yes'\nanswer = x" and exercise.stub == "answer = ..."
    longer = make(points=1, challenge=True)
    assert longer.statement.startswith("### Challenge 3.2 · Made up (1 point)\n\n")
    parts = {name: value for name, value in PARTS.items() if name != "stub"}
    assert Exercise(**parts).stub == "answer = ..."
    assert Exercise(**parts).statement.startswith("### Exercise ")


@pytest.mark.parametrize("name", ["title", "question", "expects", "solution_source", "why", "stub"])
def test_each_text_is_needed(name) -> None:
    with refused(f'{name}=.*a text.*{name}="..."', error=ArgumentError):
        make(**{name: ""})


def test_so_many_hints_and_wrong_answers() -> None:
    for count in (0, 4):
        with refused(r"hints=.*1 to 3 texts", error=ArgumentError):
            make(hints=("One.",) * count)
    assert len(make(hints=("One.",)).hints) == 1
    with refused(r"wrong_answers=.*at least 3 of WrongAnswer", error=ArgumentError):
        make(wrong_answers=PARTS["wrong_answers"][:2])


def test_a_source_runs_by_itself() -> None:
    assert answer_of("\n    import sys\n    answer = __name__, ht.__name__\n") == (
        "__exercise__",
        "hpotutor",
    )
    with pytest.raises(NameError):
        answer_of("answer = PARTS")


# ── judged ───────────────────────────────────────────────────────────────────────────────────


def test_a_right_answer_earns_its_points() -> None:
    verdict = make().judge("yes")
    assert (verdict.status, verdict.points, verdict.error) == ("right", 2, None)
    assert verdict.message == "Well done. It just does."
    assert make(checker=lambda answer: right()).judge("yes").message == "It just does."


def test_a_wrong_one_hears_what_to_look_at() -> None:
    verdict = make().judge("no")
    assert (verdict.status, verdict.points, verdict.error) == ("not yet", 0, None)
    assert verdict.message == "Look again. `exercises.q2.hint()` helps."


def test_a_check_may_find_a_part_that_is_missing() -> None:
    verdict = make(checker=lambda answer: not_attempted("Write more for")).judge("yes")
    assert (verdict.status, verdict.points) == ("not attempted", 0)
    assert verdict.message == (
        "Write more for exercise 3.2 and run the cell again. `exercises.q2.hint()` helps."
    )


def nested(levels: int) -> list:
    found: list = [1]
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (..., "Replace the `...` with your answer to exercise 3.2"),
        ([..., 1, (...,)], "There is still a `...` in `answer[0]`, `answer[2][0]`. Replace it for"),
        ({"a": ..., 2: {"b": ...}}, "`answer['a']`, `answer[2]['b']`. Replace it for exercise"),
        ([[[...]]], "There is still a `...` in `answer[0][0][0]`."),
    ],
)
def test_what_is_still_to_be_filled_in_is_named(answer, says) -> None:
    verdict = make().judge(answer)
    assert verdict.status == "not attempted" and says in verdict.message


def test_a_list_that_holds_itself_is_an_answer_like_others() -> None:
    answers: list = [[], {}]
    answers[0].append(answers[0])
    answers[1]["it"] = answers[1]
    for answer in answers:
        verdict = make().judge(answer)
        assert verdict.status == "not yet" and verdict.error is None
    assert make().judge(nested(5)).status == "not yet"


def empty_functions() -> list:
    def dots(): ...

    def passing():
        pass

    def described():
        """Do it."""

    def nothing():
        return None

    return [dots, passing, described, nothing, lambda: ...]


def written_functions() -> list:
    def constant():
        return 3

    def same(a):
        return a

    def calls():
        print()

    def long(a):
        return [a, a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7, a + 8, a + 9, a + 10]

    return [constant, same, calls, long, lambda: True, lambda: [None]]


def test_a_function_without_a_body_is_not_attempted() -> None:
    exercise = make(checker=lambda answer: right())
    for function in empty_functions():
        assert is_empty(function)
        verdict = exercise.judge(function)
        assert verdict.status == "not attempted"
        assert f"`{function.__name__}` has no body yet. Write it for exercise" in verdict.message
    for function in written_functions():
        assert not is_empty(function)
        assert exercise.judge(function)


# ── noted ────────────────────────────────────────────────────────────────────────────────────


def test_each_attempt_is_noted_and_no_stub(record) -> None:
    exercise = make()
    assert exercise.check(...).status == "not attempted" and not record.exists()
    assert exercise.check("no").note == ""
    entry = {"right": False, "attempts": 1, "hints": 0, "solution": False}
    assert noted() == {"lesson_03.q2": entry}
    verdict = exercise.check("yes")
    assert (verdict.status, verdict.points, verdict.note) == ("right", 2, "")
    assert noted() == {"lesson_03.q2": entry | {"right": True, "attempts": 2}}
    exercise.check("no")
    assert noted() == {"lesson_03.q2": entry | {"right": True, "attempts": 3}}


def test_hints_come_one_by_one_and_are_noted() -> None:
    exercise, counts, texts = make(), [], []
    for _ in range(4):
        texts.append(str(exercise.hint()))
        counts.append(noted()["lesson_03.q2"]["hints"])
    assert counts == [1, 2, 3, 3]
    assert texts[0] == "Hint 1 of 3: One."
    assert texts[1] == "Hint 1 of 3: One.\n\nHint 2 of 3: Two."
    last = "\n\nHint 3 of 3: Three.\n\nNo more hints; `exercises.q2.solution()` shows one way"
    assert texts[2] == texts[3] == f"{texts[1]}{last} to do it."
    again = make()  # a new kernel
    again.hint()
    assert noted()["lesson_03.q2"] == {
        "right": False, "attempts": 0, "hints": 3, "solution": False,
    }  # fmt: skip


def test_a_solution_is_noted_when_it_is_seen_first() -> None:
    exercise = make()
    shown = exercise.solution()
    assert (shown.source, shown.message) == (exercise.solution_source, "It just does.")
    assert noted()["lesson_03.q2"]["solution"] is True
    exercise.check("yes")
    assert noted()["lesson_03.q2"]["solution"] is True  # and stays so
    other = make(number=3)
    other.check("yes")
    other.solution()
    assert noted()["lesson_03.q3"]["solution"] is False


def test_what_could_not_be_noted_stands_below_the_verdict(monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(progress_file.VARIABLE, str(tmp_path / "file" / "a.json"))
    verdict = make().check("yes")
    assert verdict and str(verdict) == f"Right. Well done. It just does.\n\n{verdict.note}"
    assert verdict.note.startswith("(Your progress could not be saved in a.json: ")


# ── shown ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make_one", [list, tuple, set])
def test_a_long_collection_is_cut_after_eight(make_one) -> None:
    eight = shown(make_one(range(8)))
    assert "..." not in eight and eight[1:-1] == "0, 1, 2, 3, 4, 5, 6, 7"
    assert shown(make_one(range(9)))[1:-1] == "0, 1, 2, 3, 4, 5, 6, 7, ..."


def test_a_long_dict_is_cut_after_eight() -> None:
    eight = dict.fromkeys(range(8), 0)
    assert shown(eight) == str(eight)
    assert shown(eight | {8: 0}) == str(eight)[:-1] + ", ...}"


class Told:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def test_a_long_text_is_cut_at_eighty() -> None:
    assert shown("a" * 78) == repr("a" * 78)
    assert "..." in shown("a" * 79) and len(shown("a" * 79)) == 80
    assert shown(Told("b" * 80)) == "b" * 80
    assert "..." in shown(Told("b" * 81)) and len(shown(Told("b" * 81))) == 80


def test_what_is_shown_is_the_same_on_every_run() -> None:
    assert shown(Told("<a at 0x7f00AB.1>\n  `b`")) == "<a> 'b'"

    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError

    assert shown(Hostile()).startswith("<Hostile")
    assert "0x" not in shown(Hostile())


def test_an_error_is_told_in_a_line() -> None:
    assert reason(ValueError("a\n  `b` at 0x7f")) == "ValueError: a 'b'"
    assert reason(ValueError()) == "ValueError"
    assert reason(ValueError("c" * 240)) == f"ValueError: {'c' * 240}"
    assert reason(ValueError("c" * 241)) == f"ValueError: {'c' * 240} ..."
    assert reason(ValueError("c" * 239 + " " + "d" * 9)) == f"ValueError: {'c' * 239} ..."

    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert reason(Odd()) == "Odd"


class Callable:
    def __call__(self) -> None:
        pass


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (int, "the class int itself"),
        (math.nan, "NaN"),
        (np.float32("nan"), "NaN"),
        (0.5, "a number"),
        (np.float32(0.5), "a number"),
        (True, "True or False"),
        (np.bool_(False), "True or False"),
        (3, "a whole number"),
        (np.int8(3), "a whole number"),
        ("", "a string"),
        ([], "a list"),
        ((), "a tuple"),
        ({}, "a dict"),
        (set(), "a set"),
        (frozenset(), "a set"),
        (np.zeros(1), "a NumPy array"),
        (lambda: 1, "a function"),
        (Callable(), "something to call"),
        (Told(""), "an object of type Told"),
    ],
)
def test_every_kind_has_its_words(value, words) -> None:
    assert kind(value) == words


def test_a_message_is_a_page() -> None:
    page = Message("Use `a < b`,\nit's so.\n\nThen `c`.")._repr_html_()
    assert page.startswith('<div style="border-left: 4px solid #0072B2; ')
    assert page.endswith(
        "<p>? Use <code>a &lt; b</code>,<br>it's so.</p><p>Then <code>c</code>.</p></div>"
    )


@pytest.mark.parametrize(
    ("status", "heading", "color", "sign"),
    [
        ("right", "Right.", "#009E73", "&#10003;"),
        ("not yet", "Not yet.", "#E69F00", "&#8594;"),
        ("not attempted", "Not attempted yet.", "#767676", "&#9675;"),
    ],
)
def test_a_verdict_is_told_by_words_color_and_sign(status, heading, color, sign) -> None:
    verdict = Verdict(f"It is. {heading}", exercise="a.q1", status=status, note="By the way.")
    assert repr(verdict) == f"{heading} It is. {heading}\n\nBy the way."
    page = verdict._repr_html_()
    assert f"solid {color};" in page
    assert f"<p>{sign} <strong>{heading}</strong> It is. {heading}</p><p>By the way.</p>" in page
    assert bool(verdict) is (status == "right")
    assert (verdict.points, verdict.error) == (0, None)


def test_verdicts_are_equal_whatever_stopped_the_check() -> None:
    one, other = (
        Verdict("It is.", exercise="a.q1", status="not yet", error=error)
        for error in (ValueError(), KeyError())
    )
    assert one == other


def test_a_solution_is_code() -> None:
    solution = Solution("It is so.", source="a = 1\nanswer = a")
    assert str(solution) == ("One way to do it:\n\n    a = 1\n    answer = a\n\nIt is so.")
    assert solution._repr_markdown_() == (
        "One way to do it:\n\n```python\na = 1\nanswer = a\n```\n\nIt is so."
    )
    assert messages.Solution is Solution and solution._repr_html_() is None
