"""Intervals and verdicts, against what a book of statistics gives, and at their boundaries."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from hpotutor.analysis.statistics import (
    Estimate,
    Verdict,
    accuracy_margin,
    check_scores,
    mean_interval,
    paired_verdict,
    summarize,
    verdict,
    win_share,
)
from hpotutor.errors import Problems
from tests.messages import refused

EVEN = np.arange(400) % 2


def accuracy(truth, said):
    return float((truth == said).mean())


def half(found):
    """Return half the length of an interval that has its value in the middle."""
    assert found[0] - found[1] == pytest.approx(found[2] - found[0])
    return found[2] - found[0]


# ── one mean, and the margin of the rows ─────────────────────────────────────────────────────
@pytest.mark.parametrize(("confidence", "quantile"), [(0.95, 4.302653), (0.9, 2.919986)])
def test_a_mean_has_the_interval_of_the_t_table(confidence, quantile):
    found = mean_interval([0.8, 0.9, 0.7], confidence)
    assert found.value == pytest.approx(0.8)
    assert half(found) == pytest.approx(quantile * 0.1 / math.sqrt(3), rel=1e-6)
    known = stats.t.interval(confidence, 2, 0.8, 0.1 / math.sqrt(3))
    assert found[1:] == pytest.approx(known)


def test_two_scores_are_enough_and_whole_numbers_may_be_scores():
    assert half(mean_interval([0, 1])) == pytest.approx(12.706205 * 0.5, rel=1e-6)
    assert mean_interval([3, 3]) == (3, 3, 3)
    short = np.array([0.8, 0.9, 0.7], "float16")  # as networks report them
    assert mean_interval(short) == mean_interval(short.tolist())


def test_an_estimate_is_printed_with_three_digits():
    assert str(Estimate(0.123456, 0.1, 1234.5)) == "0.123 (0.1 … 1.23e+03)"


def test_the_margin_of_the_rows_at_the_ends():
    assert accuracy_margin(0.9, 100) == pytest.approx(1.96 * math.sqrt(2 * 0.9 * 0.1 / 100))
    one_wrong_of_two_hundred = 1.96 * math.sqrt(2 * 0.995 * 0.005 / 100)
    for near in (1, 0.999, 0.996, 0, 0.001):
        assert accuracy_margin(near, 100) == pytest.approx(one_wrong_of_two_hundred)
    assert accuracy_margin(1, 1) == pytest.approx(1.96 * math.sqrt(0.5))


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("low", "high", "up", "down"),
    [
        (0.0, 0.2, "no difference shown", "no difference shown"),
        (-0.2, 0.0, "no difference shown", "no difference shown"),
        (-0.1, 0.1, "no difference shown", "no difference shown"),
        (1e-9, 0.2, "better", "worse"),
        (-0.2, -1e-9, "worse", "better"),
    ],
)
def test_a_difference_is_shown_where_the_interval_leaves_zero_out(low, high, up, down):
    middle = (low + high) / 2
    assert Verdict(middle, low, high, "maximize").word == up == Verdict(middle, low, high).word
    assert Verdict(middle, low, high, "minimize").word == down


def test_a_verdict_is_printed_with_signs():
    assert str(Verdict(-0.1234, -0.2, -0.05)) == "worse: -0.123 (-0.200 … -0.050)"


def test_seeds_that_agree_leave_the_rows():
    found = verdict([0.6, 0.6], [0.4, 0.4], rows=100)
    assert found.difference == pytest.approx(0.2)
    assert half(found) == pytest.approx(1.96 * math.sqrt(2 * 0.5 * 0.5 / 100))
    assert found.direction == "maximize" and found.word == "better"


def test_seeds_and_rows_add_as_independent_chance():
    found = verdict([0.9, 0.8], [0.7, 0.7], rows=100)
    seeds = 12.706205 * 0.05
    rows = 1.96 * math.sqrt(2 * 0.775 * 0.225 / 100)
    assert half(found) == pytest.approx(math.sqrt(seeds**2 + rows**2), rel=1e-6)


def test_scores_are_compared_seed_by_seed():
    """What a seed does to both settings is no chance of the difference."""
    found = verdict([0.5, 0.9], [0.4, 0.8], rows=10**9)
    assert half(found) == pytest.approx(0, abs=1e-4)


def test_one_row_is_judged_and_none_is_not():
    assert verdict([1, 1], [0, 0], rows=np.int64(1)).word == "no difference shown"
    for rows in (0, 1.5, "3"):
        with refused(r"rows=.* from 1 up.*rows=len\(y_test\)"):
            verdict([1, 1], [0, 0], rows=rows)


# ── settings compared on the same rows ───────────────────────────────────────────────────────
def test_the_rows_of_a_pair_are_the_bootstrap_of_their_difference():
    said = np.where(np.arange(400) < 40, 1 - EVEN, EVEN)
    found = paired_verdict(accuracy, EVEN, [EVEN] * 2, [said] * 2)
    assert found.difference == pytest.approx(0.1)
    assert half(found) == pytest.approx(1.96 * math.sqrt(0.1 * 0.9 / 400), rel=0.1)
    assert found.word == "better" and found.direction == "maximize"


@pytest.mark.parametrize("row", [0, 3])
def test_every_row_may_be_drawn_or_not(row):
    y = np.zeros(4)
    said = np.zeros(4)
    said[row] = 1
    found = paired_verdict(accuracy, y, [y] * 2, [said] * 2)
    assert half(found) == pytest.approx(1.96 * math.sqrt(0.25 * 0.75 / 4), rel=0.15)


def test_both_settings_are_judged_on_the_same_draws():
    said = np.where(np.random.default_rng(0).random(400) < 0.3, 1 - EVEN, EVEN)
    found = paired_verdict(accuracy, EVEN, [said] * 2, [said] * 2)
    assert found[:3] == (0, 0, 0) and found.word == "no difference shown"


def test_seeds_count_in_a_pair_too():
    said = [np.where(np.arange(400) < wrong, 1 - EVEN, EVEN) for wrong in (40, 80)]
    found = paired_verdict(accuracy, EVEN, [EVEN] * 2, said)
    assert found.difference == pytest.approx(0.15)
    lost = np.repeat([1, 0.5, 0], [40, 40, 320])  # in a row, by the mean of the seeds
    rows = math.sqrt(half(found) ** 2 - (12.706205 * 0.05) ** 2)
    assert rows == pytest.approx(1.96 * lost.std() / math.sqrt(400), rel=0.15)


def test_a_seed_gives_the_same_verdict_and_another_one_another():
    rng = np.random.default_rng(1)
    said = np.where(rng.random(400) < 0.2, 1 - EVEN, EVEN)
    call = (accuracy, EVEN, [EVEN] * 2, [said] * 2)
    assert paired_verdict(*call) == paired_verdict(*call) == paired_verdict(*call, seed=0)
    assert paired_verdict(*call, seed=1) != paired_verdict(*call)


def test_where_no_draw_can_be_scored_nothing_is_shown():
    y = np.arange(300)

    def whole(truth, said):
        if len(set(truth)) < 300:
            raise ValueError("every row is needed")
        return float(said[0])

    found = paired_verdict(whole, y, [np.ones(300)] * 2, [np.zeros(300)] * 2)
    assert found == (1, -math.inf, math.inf, "maximize")
    assert found.word == "no difference shown"


def test_a_score_that_breaks_is_told():
    def broken(truth, said):
        raise TypeError("no such score")

    with pytest.raises(TypeError, match="no such score"):
        paired_verdict(broken, EVEN, [EVEN] * 2, [EVEN] * 2)


# ── scores that are given ────────────────────────────────────────────────────────────────────
def wrong(scores, **options):
    """Return what is said of scores, empty if they are fine."""
    problems = Problems("call")
    check_scores(problems, "scores", scores, **options)
    return "\n".join(problems.lines)


def both(chosen, default=(0.5, 0.5)):
    return {"chosen": chosen, "default": default}


@pytest.mark.parametrize(
    "fine", [[0, 1], [0.0, 1.0], np.array([0, 1], np.uint8), np.float32([0, 1]), (1, 0)]
)
def test_shares_from_zero_to_one_are_scores(fine):
    assert wrong(both(fine)) == "" == wrong(both([0.5, 0.5], fine))


@pytest.mark.parametrize(
    "bad", [[0.5, 1.0001], [-0.0001, 0.5], [0.5, math.nan], [[0.5, 0.5]] * 2, [True, True], "ab"]
)
def test_what_is_no_share_is_refused_of_either_setting(bad):
    for scores in (both(bad), both([0.5, 0.5], bad)):
        assert "accuracies from 0 to 1, one a seed" in wrong(scores)


@pytest.mark.parametrize("sign", [-1, 1])
def test_other_scores_are_any_finite_numbers(sign):
    largest = sign * np.finfo(float).max
    assert wrong(both([largest, 2.0], [-7, 7]), shares=False) == ""
    assert "finite numbers" in wrong(both([sign * math.inf, 2.0]), shares=False)
    assert "accuracies" in wrong(both([2.0, 2.0]))


def test_a_score_a_seed_of_both_settings_and_of_two_seeds_at_least():
    assert "two seeds or more" in wrong(both([0.5], [0.5]))
    assert "two seeds or more" in wrong(both([0.5, 0.5], [0.5] * 3))
    assert "two seeds or more" in wrong(both([0.5] * 3, [0.5] * 2))
    assert wrong(both([0.5, 0.5], [0.5, 0.5])) == ""
    for other in ({"chosen": [1, 1]}, both([1, 1]) | {"third": [1, 1]}, [("chosen", [1, 1])], None):
        assert 'a dict with "chosen" and "default"' in wrong(other)


# ── repeats of whole searches ────────────────────────────────────────────────────────────────
def test_the_share_of_wins_counts_every_pair():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 31), rng.integers(2, 11, 17)
    direct = np.mean([(x > y) + (x == y) / 2 for x, y in itertools.product(a, b)])
    assert win_share(a, b).value == pytest.approx(direct)
    assert win_share(np.array([2, 3]), np.array([1])) == (1, 1, 1)
    assert win_share(np.array([1, 1]), np.array([1])) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("swapped", [False, True])
def test_the_interval_of_a_share_is_that_of_its_repeats(swapped):
    coins, line = np.array([0.0, 1.0] * 200), np.array([0.5] * 9)
    pair = (line, coins) if swapped else (coins, line)
    value, low, high = win_share(*pair)
    assert value == 0.5
    assert (low, high) == pytest.approx((0.5 - 0.049, 0.5 + 0.049), abs=0.009)
    _, low, high = win_share(*pair, confidence=0.6827)
    assert (low, high) == pytest.approx((0.475, 0.525), abs=0.004)


def test_the_draws_of_a_share_are_those_of_its_seed():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=80), rng.normal(size=70)
    assert win_share(a, b) == win_share(a, b) == win_share(a, b, seed=0)
    assert win_share(a, b, seed=1)[1:] != win_share(a, b)[1:]


@pytest.mark.parametrize("size", [1, 2, 30])
def test_the_interval_of_a_share_counts_every_pair_of_each_draw(size):
    rng = np.random.default_rng(size)
    a, b = rng.integers(0, 9, size).astype(float), rng.integers(2, 11, 17).astype(float)
    a[0], b[3] = -np.inf, np.inf  # a search that found nothing
    rng, drawn = np.random.default_rng(5), []
    for _ in range(400):
        some, others = rng.choice(a, len(a)), rng.choice(b, len(b))
        drawn.append(np.mean([(x > y) + (x == y) / 2 for x, y in itertools.product(some, others)]))
    assert win_share(a, b, 0.9, seed=5)[1:] == pytest.approx(np.quantile(drawn, [0.05, 0.95]))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9, 60])
def test_the_median_is_numpys_for_any_number_of_repeats(size):
    values = np.random.default_rng(size).normal(size=(size, 2))
    middle, low, high = summarize(values)
    np.testing.assert_allclose(middle, np.median(values, axis=0))
    assert (low <= middle).all() and (middle <= high).all()


@pytest.mark.parametrize(("size", "rows"), [(3, (0, 3)), (4, (1, 3)), (8, (2, 6)), (9, (2, 7))])
def test_the_middle_half_leaves_out_a_quarter_at_each_end(size, rows):
    values = np.sort(np.random.default_rng(0).normal(size=(size, 1)) ** 3, axis=0)
    np.testing.assert_allclose(summarize(values, "iqm")[0], values[slice(*rows)].mean(axis=0))


@pytest.mark.parametrize(("confidence", "z"), [(0.95, 1.96), (0.6827, 1.0)])
def test_the_interval_of_a_median_is_that_of_its_ranks(confidence, z):
    """Of n values in order, the median's interval runs n/2 -+ z sqrt(n)/2 ranks."""
    _, low, high = summarize(np.arange(400.0)[:, None], confidence=confidence)[:, 0]
    assert (low, high) == pytest.approx((200 - z * 10, 200 + z * 10), abs=3)


def test_repeats_that_have_nothing_yet_are_the_worst():
    values = np.arange(100.0)[:, None].repeat(3, axis=1)
    values[60:, 1] = np.nan  # the median and its interval are finite
    values[25:, 2] = np.nan
    middle, low, high = summarize(values)
    assert middle.tolist() == [49.5, 49.5, math.inf]
    assert low[0] == low[1] < 45 and low[2] == math.inf
    assert high[0] < 62 and high[2] == math.inf
    few = summarize(np.array([[1.0], [2.0], [np.nan]]))[:, 0]
    assert few[0] == 2 and few[2] == math.inf, "what is not in the middle does not count"


def test_the_draws_of_a_summary_are_those_of_its_seed():
    values = np.random.default_rng(0).normal(size=(50, 4))
    np.testing.assert_array_equal(summarize(values), summarize(values, seed=0))
    assert (summarize(values, "iqm", seed=1)[1:] != summarize(values, "iqm")[1:]).any()
