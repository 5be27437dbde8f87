"""Exercise 5.3: A schedule counts steps."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_RUNS = ((0.1, 1077, 32, 10), (2.0, 100, 7, 6), (0.5, 96, 32, 5))


def _check_schedule(answer: object) -> Right:
    for peak, rows, batch_size, epochs in _RUNS:
        asked = f"`schedule({peak}, {rows}, {batch_size}, {epochs})`"
        what = "a function schedule(peak, rows, batch_size, epochs)"
        value = checks.call(answer, peak, rows, batch_size, epochs, what=what)
        rates = np.array(
            [
                checks.number(rate, "a learning rate", low=0)
                for rate in checks.sequence(value, "one learning rate a step")
            ]
        )
        per_epoch = -(-rows // batch_size)
        _right_length(asked, len(rates), rows, batch_size, epochs)
        warm = rates[:per_epoch]
        if rates.max() > 1.02 * peak:
            wrong(f"{asked} rises to {rates.max():.3g}, above the peak.")
        if rates[0] > 0.5 * peak:
            wrong(f"{asked} starts at {rates[0]:.3g}: the first epoch should lead up to the peak.")
        if np.any(np.diff(warm) <= 0):
            wrong(f"{asked} should rise at every step of the first epoch, {per_epoch} steps.")
        if np.ptp(np.diff(warm)) > 0.01 * peak / per_epoch:
            wrong(f"{asked} should rise in a straight line: by the same amount at every step.")
        if rates[: per_epoch + 1].max() < 0.95 * peak:
            wrong(f"{asked} reaches {rates.max():.3g}; it should be at the peak after one epoch.")
        down = rates[per_epoch:]
        if np.any(np.diff(down) > 1e-9):
            wrong(f"{asked} rises again after the first epoch. Half a cosine only falls.")
        if down[-1] > 0.02 * peak:
            wrong(f"{asked} ends at {down[-1]:.3g}; the last step should be close to 0.")
        _half_cosine(asked, down / peak)
    return right("It counts steps, warms up for an epoch and comes to rest.")


def _half_cosine(asked: str, down: np.ndarray) -> None:
    """Refuse another curve; t may count from the first step or to the last one."""
    expected = (1 + np.cos(np.pi * np.arange(len(down)) / len(down))) / 2
    off = np.abs(down - expected)
    if off.max() > np.pi / len(down):
        at = int(off.argmax())
        wrong(
            f"{at / len(down):.0%} of the way down {asked} stands at {down[at]:.0%} of the peak; "
            f"half a cosine, (1 + cos(π t)) / 2, stands at {expected[at]:.0%}."
        )


def _right_length(asked: str, found: int, rows: int, batch_size: int, epochs: int) -> None:
    if found == epochs:
        wrong(f"{asked} gives {found} rates, one an epoch. Keras asks a schedule at every *step*.")
    per_epoch = -(-rows // batch_size)
    if found == epochs * (rows // batch_size) != epochs * per_epoch:
        wrong(
            f"{asked} gives {found} rates. {rows} rows in batches of {batch_size} leave a "
            "remainder, and it makes a step of its own."
        )
    if found == epochs * (rows // batch_size + 1) != epochs * per_epoch:
        wrong(
            f"{asked} gives {found} rates. {rows} rows fill batches of {batch_size} exactly: there "
            "is no smaller one at the end."
        )
    if found != epochs * per_epoch:
        wrong(f"{asked} gives {found} rates; {epochs} epochs have {epochs * per_epoch} steps.")


_SCHEDULE = """
import numpy as np

def schedule(peak, rows, batch_size, epochs):
    per_epoch = {per_epoch}
    warm = peak * np.arange(1, per_epoch + 1) / per_epoch
    t = np.arange(1, (epochs - 1) * per_epoch + 1) / ((epochs - 1) * per_epoch)
    {body}

answer = schedule
"""


q3 = Exercise(
    lesson=5, number=3, title="A schedule counts steps", points=2,
    question="""
    Write `schedule(peak, rows, batch_size, epochs)`: a list or array with the learning rate of
    every training step. During the first epoch it rises in a straight line to `peak`; from there
    it falls to 0 along half a cosine, `peak * (1 + cos(π t)) / 2`, with t from 0 to 1.
    """,
    expects="a function schedule(peak, rows, batch_size, epochs)",
    checker=_check_schedule,
    hints=(
        "How many steps has an epoch, if the last batch may be smaller than the others?",
        "`-(-rows // batch_size)` rounds up. One epoch of steps warms up, the rest fall.",
        "`np.concatenate([warm, peak * (1 + np.cos(np.pi * t)) / 2])`, with t as long as the rest.",
    ),
    stub="""
    def schedule(peak, rows, batch_size, epochs):
        ...

    answer = schedule
    """,
    solution_source=_SCHEDULE.format(
        per_epoch="-(-rows // batch_size)",
        body="return np.concatenate([warm, peak * (1 + np.cos(np.pi * t)) / 2])",
    ),
    why="A schedule that counts epochs as steps is over after a few batches, without an error; "
        "plot the learning rates before you train with them.",
    wrong_answers=(
        *(
            WrongAnswer(_SCHEDULE.format(per_epoch=per_epoch, body=body), because, says)
            for per_epoch, body, because, says in (
                ("rows // batch_size",
                 "return np.concatenate([warm, peak * (1 + np.cos(np.pi * t)) / 2])",
                 "forgets the smaller last batch", "remainder"),
                ("-(-rows // batch_size)",
                 "t = np.arange(epochs * per_epoch) / (epochs * per_epoch)\n"
                 "    return peak * (1 + np.cos(np.pi * t)) / 2",
                 "leaves out the warm-up", "lead up to the peak"),
                ("-(-rows // batch_size)",
                 "return np.concatenate([warm, peak * (1 + np.cos(2 * np.pi * t)) / 2])",
                 "takes a whole cosine", "rises again"),
                ("-(-rows // batch_size)",
                 "return np.concatenate([warm, peak * np.cos(np.pi * t / 4)])",
                 "does not come down to 0", "close to 0"),
                ("-(-rows // batch_size)", "return np.concatenate([warm, peak * (1 - t)])",
                 "falls in a straight line", "half a cosine"),
                ("rows // batch_size + 1",
                 "return np.concatenate([warm, peak * (1 + np.cos(np.pi * t)) / 2])",
                 "adds a batch where none is left over", "fill batches"),
                ("-(-rows // batch_size)",
                 "return np.concatenate([warm**2 / peak, peak * (1 + np.cos(np.pi * t)) / 2])",
                 "warms up along a curve", "straight line"),
            )
        ),
        WrongAnswer("""
            import numpy as np
            def schedule(peak, rows, batch_size, epochs):
                t = np.arange(epochs) / epochs
                return peak * (1 + np.cos(np.pi * t)) / 2
            answer = schedule
            """, "counts epochs", "every *step*"),
    ),
)  # fmt: skip
