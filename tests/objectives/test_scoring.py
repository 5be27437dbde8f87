"""What a training gave, by hand: scores of the last and the best epoch, and means over folds."""

import numpy as np
import pytest

from hpotutor.objectives.scoring import Fit, Split, mean_curve

ROWS = [np.zeros((2, 3)), np.zeros(2), np.ones((1, 3)), np.ones(1), np.full(1, 7.0)]


def test_rows_unpack_into_four_and_know_their_unit():
    split = Split(*ROWS)
    assert all(one is two for one, two in zip(split, ROWS[:4], strict=True))
    assert (split.weight, split.center, split.spread, split.scaled) == (None, 0.0, 1.0, False)
    outputs = [[0.5]]
    assert split.in_own_unit(outputs) is outputs
    for center, spread, expected in ((3.0, 1.0, 3.5), (0.0, 4.0, 2.0), (3.0, 4.0, 5.0)):
        amounts = Split(*ROWS, center=center, spread=spread)
        assert amounts.scaled
        assert amounts.in_own_unit(np.float32([[0.5]])).tolist() == [[expected]]
    exact = Split(*ROWS, center=1e9, spread=1.0)  # where single precision is 64 wide
    assert exact.in_own_unit(np.float32([0.5])).tolist() == [1e9 + 0.5]


@pytest.mark.parametrize(
    ("direction", "best", "score"),
    [("maximize", False, 0.5), ("maximize", True, 0.75), ("minimize", True, 0.25)],
)
def test_the_last_or_the_best_epoch_is_scored(direction, best, score):
    fit = Fit({"loss": [3.0, 2.0, 1.0], "score": [0.25, 0.75, 0.5]})
    assert fit.score("score", direction, best=best) == score and fit.epochs == 3
    fit.last = 0.0  # what was scored at the end alone
    assert fit.score("other", direction, best=best) == 0.0


def test_a_training_that_did_not_begin_has_no_epochs():
    fit = Fit()
    assert (fit.epochs, fit.status, fit.reason, fit.seconds) == (0, "complete", "", 0.0)
    assert (fit.model, fit.last, fit.prediction) == (None, None, None)


def test_a_fold_that_stopped_early_keeps_its_last_value():
    curves = [
        {"loss": [4.0, 2.0, 1.0], "f1": []},
        {"loss": [2.0], "f1": [0.5, 1.0]},
        {"loss": []},
    ]
    assert mean_curve(curves) == {"loss": [3.0, 2.0, 1.5], "f1": [0.5, 1.0, 1.0]}
    assert mean_curve([]) == {} == mean_curve([{}])
    assert type(mean_curve(curves)["loss"]) is list
