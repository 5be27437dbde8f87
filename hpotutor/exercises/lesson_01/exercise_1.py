"""Exercise 1.1: Write early stopping."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

# Validation losses, patience, and what (stopped, best) must be; epochs count from 1.
_RUNS = (
    ([0.9, 0.5, 0.4, 0.45, 0.5, 0.6, 0.7], 2, (5, 3)),
    ([0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.3], 2, (6, 4)),
    ([0.9, 0.8, 0.7, 0.6], 2, (4, 4)),
    ([0.5, 0.5, 0.5, 0.5], 3, (4, 1)),
    ([0.9, 0.5, 0.6, 0.7, 0.4, 0.3], 3, (6, 6)),
    ([0.9, 0.4, 0.7, 0.6, 0.5, 0.3], 3, (5, 2)),
    ([0.9, 0.8, 0.85, 0.7], 1, (3, 2)),
    ([14.0, 12.0, 13.0, 12.5, 11.0], 2, (4, 2)),
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
        if losses[1] == 0.4:
            wrong(
                asked + "Compare each loss with the lowest so far; to be below the one before it "
                "is not enough."
            )
        if losses[0] > 10:
            wrong(asked + "A loss can begin at any height: take the first one for the lowest.")
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
    lesson=1, number=1, title="Write early stopping", points=2,
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
    why="Patience is a hyperparameter too: it buys the chance of a late improvement with epochs, "
        "and the rows that decide when to stop are no longer neutral judges of the result.",
    wrong_answers=tuple(
        WrongAnswer("import numpy as np\n\ndef stop(losses, patience):\n" + body
                    + "\nanswer = stop", because, says)
        for body, because, says in (
            ("    best = int(np.argmin(losses)) + 1\n"
             "    return min(best + patience, len(losses)), best",
             "looks at losses that training never reaches", "After how many epochs"),
            ("    best = 0\n"
             "    for epoch, loss in enumerate(losses):\n"
             "        if loss < losses[best]: best = epoch\n"
             "        if epoch - best == patience: break\n"
             "    return epoch, best", "counts from 0", "count from 1"),
            ("    bad = 0\n"
             "    for epoch, loss in enumerate(losses, 1):\n"
             "        if loss > min(losses[:epoch]): bad += 1\n"
             "        if bad == patience: break\n"
             "    return epoch, int(np.argmin(losses[:epoch])) + 1",
             "counts bad epochs that are not in a row", "gives (5, 4)"),
            ("    lowest, best = 9, 0\n"
             "    for epoch, loss in enumerate(losses, 1):\n"
             "        if loss <= lowest: lowest, best = loss, epoch\n"
             "        if epoch - best == patience: break\n"
             "    return epoch, best", "takes an equal loss for an improvement", "only equals"),
            ("    lowest, best = 9, 0\n"
             "    for epoch, loss in enumerate(losses, 1):\n"
             "        if loss < lowest: lowest, best = loss, epoch\n"
             "        if epoch - best == patience: break\n"
             "    return best, epoch",
             "returns them the other way round", "First the epoch at which"),
            ("    best = 1\n"
             "    for epoch in range(2, len(losses) + 1):\n"
             "        if losses[epoch - 1] < losses[epoch - 2]: best = epoch\n"
             "        if epoch - best == patience: break\n"
             "    return epoch, int(np.argmin(losses[:epoch])) + 1",
             "compares with the loss before", "lowest so far"),
            ("    lowest, best = 1, 0\n"
             "    for epoch, loss in enumerate(losses, 1):\n"
             "        if loss < lowest: lowest, best = loss, epoch\n"
             "        if epoch - best == patience: break\n"
             "    return epoch, best", "thinks that no loss is above 1", "any height"),
        )
    ),
)  # fmt: skip
