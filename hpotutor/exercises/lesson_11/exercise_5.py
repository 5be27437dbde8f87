"""Exercise 11.5: What next?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_STEPS = ("widen", "narrow", "stabilize", "train longer", "repeat")
_NEXT = {"A": "widen", "B": "stabilize", "C": "repeat", "D": "train longer", "E": "narrow"}
_READ = {
    "A": "All that is good lies at one end of a range. Where might something better lie?",
    "B": "The study saw what high rates do in the first steps, not what they could do. Warm-up or "
    "clipping lets them train.",
    "C": "The lead is smaller than what a seed alone moves. Nobody knows yet whether it is one.",
    "D": "The best trials are still on their way up when they are cut off.",
    "E": "Good trials fill a small part of the range, none at its ends, and the rest of the budget "
    "goes where nothing was ever good.",
}


def _check_next(answer: object) -> Right:
    steps = checks.mapping(answer, "a dict from each study to its next step", _NEXT)
    chosen = {study: checks.option(step, _STEPS, "a step") for study, step in steps.items()}
    for study in sorted(chosen):
        if chosen[study] != _NEXT[study]:
            wrong(f'Study {study}: "{chosen[study]}" is not the next step. {_READ[study]}')
    return right("Each figure has a reading, and each reading a next step.")


def _steps(**changes: str) -> str:
    return f"answer = {_NEXT | changes}".replace("'", '"')


q5 = Exercise(
    lesson=11, number=5, title="What next?", points=2,
    question="""
    Five studies, each of 60 trials of 30 epochs; the rate was searched from 0.0001 to 0.1, log
    scale. Which is the *next* step of each: `"widen"` the range, `"narrow"` it, `"stabilize"` the
    training, `"train longer"`, or `"repeat"` with more seeds?

    - **A**: the ten best rates lie between 0.06 and 0.1; none of the 60 trials diverged
    - **B**: all 15 trials with a rate above 0.01 went to NaN in their first epoch; the ten best lie
      just below
    - **C**: the best setting scores 0.941, the default 0.936; five seeds of the default range from
      0.930 to 0.944; the best rates lie in the middle
    - **D**: the ten best lie in the middle; nine of them had their best epoch at 29 or 30
    - **E**: the ten best rates lie between 0.002 and 0.008, with best epochs around 20; they beat
      the default by 0.2, and no trial elsewhere comes near them
    """,
    expects="a dict from `\"A\"` to `\"E\"` to steps",
    checker=_check_next,
    hints=(
        "One step fits each; every step is used once.",
        "A range is widened when the best lies at its end *and* training works there.",
    ),
    stub='answer = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ...}',
    solution_source=_steps(),
    why="A round ends with a sentence about the problem, and that sentence plans the next round.",
    wrong_answers=tuple(
        WrongAnswer(_steps(**changes), because, says)
        for changes, because, says in (
            ({"A": "narrow", "E": "widen"}, "narrows around what is good, at an end too",
             "at one end"),
            ({"B": "narrow", "E": "stabilize"}, "takes a crash for a verdict", "first steps"),
            ({"C": "narrow", "E": "repeat"}, "believes a lead of one seed", "a seed alone"),
            ({"D": "repeat", "C": "train longer"}, "trusts scores cut off", "a seed alone"),
            ({"D": "narrow", "E": "train longer"}, "narrows what is not finished", "way up"),
            ({"E": "widen"}, "widens although the ends are poor", "small part"),
        )
    ),
)  # fmt: skip
