"""Exercise 1.4: Twelve trials by hand."""

from typing import Any

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_FEWEST, _MOST = 6, 12


def _check_session(answer: object) -> Right:
    from hpotutor.search.manual import ManualSession
    from hpotutor.study.result import SearchResult

    if isinstance(answer, SearchResult):
        wrong("This is the session's result. Hand in the session: it also knows your guesses.")
    session = checks.expect(answer, ManualSession, "a session that `ht.manual_search(...)` opened")
    trials = session.result().evaluations
    if not trials:
        wrong("Nothing has been tried in this session. Call `session.try_(...)` first.")
    checks.within_budget(session.result(), trials=_MOST)
    if len(trials) < _FEWEST:
        wrong(f"{len(trials)} trials say little. Use at least {_FEWEST} of your {_MOST}.")
    blind = [n for n, guess in enumerate(session.guesses, 1) if guess is None]
    if blind:
        wrong(
            f"Trial {blind[0]} has no guess. Write `guess=` with each trial: where you are far "
            "off, you have just learned something."
        )
    for number, guess in enumerate(session.guesses, 1):
        if not 0 <= checks.number(guess, f"the guess of trial {number}, an accuracy") <= 1:
            wrong(f"Trial {number} has the guess {guess:g}. An accuracy lies between 0 and 1.")
    params = [trial.params for trial in trials]
    if any(set(tried) != {"learning_rate", "batch_size", "units"} for tried in params):
        wrong("Name all three knobs in every trial, so that the log says what was trained.")
    _refuse_poor_moves(params, [trial.value for trial in trials])
    return right(f"{len(trials)} trials, each guessed before it was seen, best one bracketed.")


def _refuse_poor_moves(params: list[dict[str, Any]], values: list[float]) -> None:
    """Refuse a search that repeats itself, stays in a corner, or moves one knob at a time."""
    if any(tried == other for n, tried in enumerate(params) for other in params[:n]):
        wrong("A setting stands in this log twice. From the same seed it gives the same value.")
    rates = sorted(tried["learning_rate"] for tried in params)
    if rates[-1] / rates[0] < 99:
        wrong(
            f"These learning rates reach from {rates[0]:.3g} to {rates[-1]:.3g}. Begin coarse: "
            "cover at least a factor of 100 before you refine."
        )
    if len({tried["batch_size"] for tried in params}) < 2:
        wrong("The batch size was never turned, and its best value is tied to the learning rate.")
    steps = zip(params, params[1:], strict=False)
    if not any(sum(a[name] != b[name] for name in a) >= 2 for a, b in steps):
        wrong(
            "Each trial moves one knob. Move two together at least once: the map above shows what "
            "one at a time cannot reach."
        )
    finished = [
        (value, tried) for value, tried in zip(values, params, strict=True) if value == value
    ]
    if not finished:
        wrong("No trial has a value: all diverged or failed. Begin with a lower learning rate.")
    best = max(finished, key=lambda pair: pair[0])[1]["learning_rate"]
    if best in (rates[0], rates[-1]):
        end = "lowest" if best == rates[0] else "highest"
        wrong(
            f"The best trial has the {end} learning rate that you tried, {best:.3g}. Look beyond "
            "it before you call it the best."
        )


q4 = Exercise(
    lesson=1, number=4, title="Twelve trials by hand", points=4, challenge=True,
    question="""
    Find the best setting you can for the digits in 6 to 12 trials, over `learning_rate` (0.001 to
    3), `batch_size` (16, 64 or 256) and `units` (8 to 128), with the optimizer `"sgd"`. Open a
    session with `ht.manual_search`, and name all three knobs and a `guess=` in every trial. Cover
    the learning rates coarsely first, at least a factor of 100; use two batch sizes or more; move
    two knobs together at least once; try no setting twice; and do not stop while your best learning
    rate is the lowest or the highest you tried.
    Hand in the session. It is judged by how you searched, not by the last digit of the accuracy.
    """,
    expects="a session that `ht.manual_search(...)` opened",
    checker=_check_session,
    hints=(
        "Start with batch size 64, 64 units and learning rates 0.01, 0.1 and 1.",
        "With four times the batch size, try four times the learning rate.",
        "`challenge` alone in a cell shows your log; is there a trial on either side of the best?",
    ),
    stub="""
    objective = ht.TrainObjective(
        ht.load("digits"), engine="fused", epochs=10, defaults={"optimizer": "sgd"}
    )
    space = ht.SearchSpace(
        learning_rate=ht.loguniform(0.001, 3.0),
        batch_size=ht.choice(16, 64, 256),
        units=ht.integers(8, 128),
    )
    session = ht.manual_search(objective, space)
    # session.try_(guess=0.9, learning_rate=0.1, batch_size=64, units=64)
    answer = ...  # the session, when you are done
    """,
    solution_source="""
    objective = ht.TrainObjective(
        ht.load("digits"), engine="fused", epochs=10, defaults={"optimizer": "sgd"}
    )
    space = ht.SearchSpace(
        learning_rate=ht.loguniform(0.001, 3.0),
        batch_size=ht.choice(16, 64, 256),
        units=ht.integers(8, 128),
    )
    session = ht.manual_search(objective, space)
    session.try_(guess=0.70, learning_rate=0.01, batch_size=64, units=64)
    session.try_(guess=0.93, learning_rate=0.1, batch_size=64, units=64)
    session.try_(guess=0.95, learning_rate=1.0, batch_size=64, units=64)
    session.try_(guess=0.30, learning_rate=3.0, batch_size=64, units=64)
    session.try_(guess=0.96, learning_rate=0.3, batch_size=16, units=128)
    session.try_(guess=0.96, learning_rate=0.5, batch_size=64, units=128)
    answer = session
    """,
    why="Coarse before fine, several knobs together, a bracket around the best, a log with "
        "guesses: that is manual search at its best, and it is what the coming lessons automate.",
    wrong_answers=tuple(
        WrongAnswer(f"""
            import math

            space = ht.SearchSpace(
                learning_rate=ht.loguniform(0.001, 3.0),
                batch_size=ht.choice(16, 64, 256),
                units=ht.integers(8, 128),
            )

            def stand_in(params):
                return 0.97 - (math.log10(params["learning_rate"]) + {peak}) ** 2 / 20

            session = ht.manual_search(ht.FunctionObjective(stand_in), space)
            for rate, size, units in {moves}:
                session.try_(guess={guess}, learning_rate=rate, batch_size=size, units=units)
            answer = {handed_in}
            """, because, says)
        for peak, moves, guess, handed_in, because, says in (
            (0.5, [(0.01, 64, 64), (0.1, 64, 64), (1.0, 64, 64)], 0.9, "session",
             "gives up early", "at least 6"),
            (0.5, [(0.001 * 1.6**n, 64, 64) for n in range(14)], 0.9, "session",
             "tries until it looks good", "budget is 12"),
            (0.5, [(0.01, 64, 64), (0.1, 16, 64), (1.0, 64, 64), (0.3, 16, 64)]
             + [(0.5, 64, 32), (0.2, 64, 32)], None, "session",
             "looks before guessing", "has no guess"),
            (0.5, [(0.01, 64, 64), (0.1, 16, 64), (1.0, 64, 64), (0.3, 16, 64)]
             + [(0.5, 64, 32), (0.2, 64, 32)], 90, "session",
             "guesses in percent", "between 0 and 1"),
            (0.5, [(0.1, 64, 64), (0.2, 16, 64), (0.3, 64, 64), (0.4, 16, 64)]
             + [(0.5, 64, 32), (0.6, 64, 32)], 0.9, "session",
             "refines before looking around", "Begin coarse"),
            (0.5, [(0.01, 64, 64), (0.1, 64, 64), (1.0, 64, 64), (0.3, 64, 64)]
             + [(0.3, 16, 64), (0.3, 16, 32)], 0.9, "session",
             "turns one knob at a time", "moves one knob"),
            (-0.5, [(0.01, 64, 64), (0.1, 16, 64), (1.0, 64, 64), (0.3, 16, 64)]
             + [(0.5, 64, 32), (3.0, 64, 32)], 0.9, "session",
             "stops on the edge of what was tried", "Look beyond"),
            (0.5, [(0.01, 64, 64), (0.1, 64, 64), (0.1, 64, 64), (0.3, 16, 64)]
             + [(1.0, 64, 32), (0.5, 64, 32)], 0.9, "session",
             "repeats a setting, hoping for another value", "twice"),
            (0.5, [(0.01, 64, 64), (0.1, 64, 64)], 0.9, "session.result().best_params",
             "hands in the setting alone", "a session that"),
        )
    ),
)  # fmt: skip
