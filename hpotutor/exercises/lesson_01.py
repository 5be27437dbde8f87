"""Lesson 01, manual tuning: when to stop, what a batch size changes, and a search by hand."""

from __future__ import annotations

from typing import Any

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown

# ── 1.1 ──────────────────────────────────────────────────────────────────────────────────────

# Validation losses, patience, and what (stopped, best) must be; epochs count from 1.
_RUNS = (
    ([0.9, 0.5, 0.4, 0.45, 0.5, 0.6, 0.7], 2, (5, 3)),
    ([0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.3], 2, (6, 4)),
    ([0.9, 0.8, 0.7, 0.6], 2, (4, 4)),
    ([0.5, 0.5, 0.5, 0.5], 3, (4, 1)),
    ([0.9, 0.5, 0.6, 0.7, 0.4, 0.3], 3, (6, 6)),
)


def _check_stopping(answer: object) -> Right:
    for losses, patience, expected in _RUNS:
        value = checks.call(
            answer, list(losses), patience, what="a function stop(losses, patience)"
        )
        pair = checks.sequence(value, "two epochs, (stopped, best)", length=2)
        got = tuple(checks.whole_number(epoch, "an epoch") for epoch in pair)
        if got == expected:
            continue
        asked = f"`stop({losses}, patience={patience})` gives {got}. "
        if got == (expected[0] - 1, expected[1] - 1):
            wrong(asked + "Epochs count from 1 here; a list's places count from 0.")
        if got == expected[::-1]:
            wrong(asked + "First the epoch at which training stops, then the best one.")
        if losses == [0.5] * 4:
            wrong(asked + "An epoch that only equals the best loss has not improved it.")
        if got[0] > len(losses):
            wrong(asked + "Training ends with the last epoch, if nothing stopped it before.")
        if expected[0] == len(losses) and got[0] < expected[0]:
            wrong(
                asked + f"Training goes on unless {patience} epochs in a row have brought no new "
                "lowest loss; after an improvement the count starts again."
            )
        if got[1] != expected[1] and got[0] == expected[0]:
            wrong(asked + "It stops rightly, but the best epoch is the one of the lowest loss.")
        wrong(
            asked + f"The best loss up to there is epoch {expected[1]}'s. After how many epochs "
            "without a better one does training stop?"
        )
    return right("It stops where Keras's `EarlyStopping` does.")


q1 = Exercise(
    lesson=1,
    number=1,
    title="Write early stopping",
    points=2,
    question="""
    Write `stop(losses, patience)`: given the validation losses of all epochs, return two epochs,
    counted from 1: the one after which early stopping ends the training, and the best one up to
    there. It ends when `patience` epochs in a row have not brought a loss below the lowest so far,
    or with the last epoch. With losses `[0.9, 0.5, 0.4, 0.45, 0.5, 0.6, 0.7]` and patience 2 it
    returns `(5, 3)`.
    """,
    expects="a function stop(losses, patience)",
    checker=_check_stopping,
    hints=(
        "Go through the losses and remember the lowest one and the epoch it came from.",
        "Stop as soon as `epoch - best == patience`.",
        "`for epoch, loss in enumerate(losses, start=1):` counts from 1.",
    ),
    stub="""
    def stop(losses, patience):
        ...

    answer = stop
    """,
    solution_source="""
    def stop(losses, patience):
        lowest, best = float("inf"), 0
        for epoch, loss in enumerate(losses, start=1):
            if loss < lowest:
                lowest, best = loss, epoch
            if epoch - best == patience:
                break
        return epoch, best

    answer = stop
    """,
    why=(
        "Patience is a hyperparameter too: it buys the chance of a late improvement with epochs, "
        "and the rows that decide when to stop are no longer neutral judges of the result."
    ),
    wrong_answers=tuple(
        WrongAnswer(
            "import numpy as np\n\ndef stop(losses, patience):\n" + body + "\nanswer = stop",
            because=because,
            says=says,
        )
        for body, because, says in (
            (
                "    best = int(np.argmin(losses)) + 1\n"
                "    return min(best + patience, len(losses)), best",
                "looks at losses that training never reaches",
                "After how many epochs",
            ),
            (
                "    best = 0\n"
                "    for epoch, loss in enumerate(losses):\n"
                "        if loss < losses[best]: best = epoch\n"
                "        if epoch - best == patience: break\n"
                "    return epoch, best",
                "counts from 0",
                "count from 1",
            ),
            (
                "    bad = 0\n"
                "    for epoch, loss in enumerate(losses, 1):\n"
                "        if loss > min(losses[:epoch]): bad += 1\n"
                "        if bad == patience: break\n"
                "    return epoch, int(np.argmin(losses[:epoch])) + 1",
                "counts bad epochs that are not in a row",
                "gives (5, 4)",
            ),
            (
                "    lowest, best = 9, 0\n"
                "    for epoch, loss in enumerate(losses, 1):\n"
                "        if loss <= lowest: lowest, best = loss, epoch\n"
                "        if epoch - best == patience: break\n"
                "    return epoch, best",
                "takes an equal loss for an improvement",
                "only equals",
            ),
            (
                "    lowest, best = 9, 0\n"
                "    for epoch, loss in enumerate(losses, 1):\n"
                "        if loss < lowest: lowest, best = loss, epoch\n"
                "        if epoch - best == patience: break\n"
                "    return best, epoch",
                "returns them the other way round",
                "First the epoch at which",
            ),
        )
    ),
)

# ── 1.2 ──────────────────────────────────────────────────────────────────────────────────────

_STEPS = {16: 68 * 20, 32: 34 * 20, 256: 5 * 20}


def _check_steps(answer: object) -> Right:
    counts = checks.mapping(answer, "a dict from batch size to number of steps", names=_STEPS)
    steps = {size: checks.whole_number(counts[size], "a number of steps") for size in _STEPS}
    per_epoch = {size: count // 20 for size, count in _STEPS.items()}
    if steps == per_epoch:
        wrong("These are the steps of one epoch. The network trains for 20.")
    if all(steps[size] in (1077 // size * 20, 1077 * 20 // size) for size in _STEPS):
        wrong(
            "Rows are left over at the end of each epoch. Keras does not drop them: they make one "
            "more batch, a smaller one."
        )
    if len(set(steps.values())) == 1:
        wrong("These are all equal. The batch size decides how many batches make an epoch.")
    for size, count in _STEPS.items():
        if steps[size] != count:
            few = "few" if steps[size] < count else "many"
            wrong(
                f"{steps[size]:,} steps are too {few} for a batch size of {size}: how many batches "
                "do 1,077 rows make, the last and smaller one included?"
            )
    return right("68, 34 and 5 steps an epoch.")


q2 = Exercise(
    lesson=1,
    number=2,
    title="Count the steps",
    points=1,
    question="""
    The digits have 1,077 training rows. A network trains on them for 20 epochs: how many times are
    its weights moved with a batch size of 16, of 32, and of 256? An epoch's last batch
    holds the rows that are left over.
    """,
    expects="a dict from batch size to number of steps",
    checker=_check_steps,
    hints=(
        "Each batch moves the weights once.",
        "1,077 rows in batches of 256 are 4 full batches, and one of the 53 rows left over.",
        "`math.ceil(rows / batch_size)` is the number of steps in one epoch.",
    ),
    stub="answer = {16: ..., 32: ..., 256: ...}",
    solution_source="""
    import math

    answer = {size: math.ceil(1077 / size) * 20 for size in (16, 32, 256)}
    """,
    why=(
        "At equal epochs, 16 rows a batch make nearly 14 times as many steps as 256: compare batch "
        "sizes at one learning rate, and you compare a long training with a short one."
    ),
    wrong_answers=(
        WrongAnswer("answer = {16: 68, 32: 34, 256: 5}", because="one epoch", says="of one epoch"),
        WrongAnswer(
            "answer = {16: 1340, 32: 660, 256: 80}",
            because="drops the rows that are left over",
            says="left over",
        ),
        WrongAnswer(
            "answer = {16: 1346, 32: 673, 256: 84}",
            because="divides all rows of all epochs at once",
            says="left over",
        ),
        WrongAnswer("answer = {16: 20, 32: 20, 256: 20}", because="a step an epoch", says="equal"),
        WrongAnswer(
            "answer = {16: 320, 32: 640, 256: 5120}",
            because="multiplies the batch size by the epochs",
            says="too few",
        ),
    ),
)

# ── 1.3 ──────────────────────────────────────────────────────────────────────────────────────

_RATES, _SIZES = (0.01, 0.1, 1.0), (16, 64, 256)
_MAP = {0.01: (0.93, 0.85, 0.60), 0.1: (0.96, 0.94, 0.88), 1.0: (0.70, 0.97, 0.95)}


def _check_walk(answer: object) -> Right:
    names = ("learning_rate", "batch_size", "missed")
    end = checks.mapping(answer, "a dict with the learning rate, the batch size and what is missed",
                         names=names)  # fmt: skip
    values = {name: checks.number(end[name], f"a number for `{name}`") for name in names}
    rate, size = values["learning_rate"], values["batch_size"]
    if rate not in _RATES or size not in _SIZES:
        wrong(f"The map has no learning rate {shown(rate)} with batch size {shown(size)}.")
    if (rate, size) == (1.0, 64):
        wrong(
            "That is the best cell of the map, but this walk does not get there: it never leaves "
            "the first column while it looks for a learning rate."
        )
    if (rate, size) == (0.01, 16):
        wrong("Batch size 16 is best in the row of 0.01, but the learning rate is turned first.")
    if (rate, size) != (0.1, 16):
        wrong(
            "Stay in the column of batch size 16 and take its best learning rate. Then stay in "
            "that row and take its best batch size."
        )
    missed = values["missed"]
    if not checks.near(abs(missed), 0.01, share=0.001):
        wrong(
            "The end of the walk is right. What is missed is the best value of the whole map minus "
            f"the value there; you wrote {shown(missed)}."
        )
    return right("In its row and in its column it is the best, so neither knob alone gets away.")


q3 = Exercise(
    lesson=1,
    number=3,
    title="A walk that gets stuck",
    points=2,
    question="""
    Validation accuracies of nine settings:

    | learning rate | batch size 16 | batch size 64 | batch size 256 |
    |---|---|---|---|
    | 0.01 | 0.93 | 0.85 | 0.60 |
    | 0.1 | 0.96 | 0.94 | 0.88 |
    | 1.0 | 0.70 | 0.97 | 0.95 |

    Start at learning rate 0.01 and batch size 16. Turn the learning rate first and keep its best
    value; then turn the batch size and keep its best. Where do you end, and by how much do you
    miss the best cell of the map?
    """,
    expects="a dict with the learning rate, the batch size and what is missed",
    checker=_check_walk,
    hints=(
        "The first turn moves you up and down in the column of batch size 16.",
        "The second turn moves you along the row of the learning rate that you have found.",
        "Compare the value where you end with the largest of the nine.",
    ),
    stub='answer = {"learning_rate": ..., "batch_size": ..., "missed": ...}',
    solution_source="""
    column = {0.01: 0.93, 0.1: 0.96, 1.0: 0.70}
    rate = max(column, key=column.get)
    row = {16: 0.96, 64: 0.94, 256: 0.88}
    size = max(row, key=row.get)
    answer = {"learning_rate": rate, "batch_size": size, "missed": 0.97 - row[size]}
    """,
    why=(
        "A knob's best value depends on where the others stand. A search that moves several at "
        "once can cross such a map diagonally; one knob at a time cannot."
    ),
    wrong_answers=tuple(
        WrongAnswer(
            f"answer = {{'learning_rate': {rate}, 'batch_size': {size}, 'missed': {missed}}}",
            because=because,
            says=says,
        )
        for rate, size, missed, because, says in (
            (1.0, 64, 0.0, "takes the best cell at a glance", "does not get there"),
            (0.01, 16, 0.04, "turns the batch size first, and stops there", "turned first"),
            (0.1, 64, 0.03, "takes the middle", "Stay in the column"),
            (0.1, 16, 0.03, "compares with the start", "The end of the walk is right"),
            (0.1, 32, 0.01, "invents a level", "no learning rate"),
        )
    ),
)

# ── 1.4 ──────────────────────────────────────────────────────────────────────────────────────

_FEWEST, _MOST = 6, 12


def _check_session(answer: object) -> Right:
    from hpotutor.result import SearchResult
    from hpotutor.search.manual import ManualSession

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
    lesson=1,
    number=4,
    title="Twelve trials by hand",
    points=4,
    challenge=True,
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
    why=(
        "Coarse before fine, several knobs together, a bracket around the best, a log with "
        "guesses: that is manual search at its best, and it is what the coming lessons automate."
    ),
    wrong_answers=tuple(
        WrongAnswer(
            f"""
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
            """,
            because=because,
            says=says,
        )
        for peak, moves, guess, handed_in, because, says in (
            (
                0.5,
                [(0.01, 64, 64), (0.1, 64, 64), (1.0, 64, 64)],
                0.9,
                "session",
                "gives up early",
                "at least 6",
            ),
            (
                0.5,
                [(0.001 * 1.6**n, 64, 64) for n in range(14)],
                0.9,
                "session",
                "tries until it looks good",
                "budget is 12",
            ),
            (
                0.5,
                [(0.01, 64, 64), (0.1, 16, 64), (1.0, 64, 64), (0.3, 16, 64)]
                + [(0.5, 64, 32), (0.2, 64, 32)],
                None,
                "session",
                "looks before guessing",
                "has no guess",
            ),
            (
                0.5,
                [(0.1, 64, 64), (0.2, 16, 64), (0.3, 64, 64), (0.4, 16, 64)]
                + [(0.5, 64, 32), (0.6, 64, 32)],
                0.9,
                "session",
                "refines before looking around",
                "Begin coarse",
            ),
            (
                0.5,
                [(0.01, 64, 64), (0.1, 64, 64), (1.0, 64, 64), (0.3, 64, 64)]
                + [(0.3, 16, 64), (0.3, 16, 32)],
                0.9,
                "session",
                "turns one knob at a time",
                "moves one knob",
            ),
            (
                -0.5,
                [(0.01, 64, 64), (0.1, 16, 64), (1.0, 64, 64), (0.3, 16, 64)]
                + [(0.5, 64, 32), (3.0, 64, 32)],
                0.9,
                "session",
                "stops on the edge of what was tried",
                "Look beyond",
            ),
            (
                0.5,
                [(0.01, 64, 64), (0.1, 64, 64), (0.1, 64, 64), (0.3, 16, 64)]
                + [(1.0, 64, 32), (0.5, 64, 32)],
                0.9,
                "session",
                "repeats a setting, hoping for another value",
                "twice",
            ),
            (
                0.5,
                [(0.01, 64, 64), (0.1, 64, 64)],
                0.9,
                "session.result().best_params",
                "hands in the setting alone",
                "a session that",
            ),
        )
    ),
)
