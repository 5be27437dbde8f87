"""`ht.report`: what stands on the page, how it is saved, and what is refused."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.metrics import roc_auc_score

import hpotutor as ht
from hpotutor.analysis.statistics import mean_interval, paired_verdict, verdict
from hpotutor.errors import HpoTutorError
from tests.messages import refused

SCORES = {"chosen": [0.95, 0.94, 0.96], "default": [0.90, 0.91, 0.90]}


@pytest.fixture(scope="module")
def parts():
    """Return what a report is made of, from a real search of two trials."""
    data = ht.load("iris")
    space = ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1), units=ht.integers(4, 16))
    objective = ht.TrainObjective(data, epochs=2, engine="fused")
    result = ht.random_search(objective, space, trials=2, progress=False)
    return {
        "data": data,
        "space": space,
        "result": result,
        "method": "random search, seed 0",
        "validation": SCORES,
        "review": ht.review(space, trials=2),
        "log": "runs/iris.log",
        "before": "3 settings by hand",
    }


def opened(parts):
    """Return the parts with a data set whose seal is broken."""
    data = ht.load("iris")
    data.open_test()
    return parts | {"data": data, "test": SCORES}


class Outline(HTMLParser):
    """The tags of a page, checked for being closed in order."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in ("meta", "circle", "path") or tag == "svg":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


# ── what it says ─────────────────────────────────────────────────────────────────────────────


def test_everything_a_report_needs_is_there(parts):
    page = str(ht.report("Does tuning help?", **opened(parts)))
    for needed in (
        "Does tuning help?",
        "90 rows train, 30 validate, 30 test (opened once)",
        "learning_rate=ht.loguniform(1e-4, 0.1)",
        "random search, seed 0",
        "2 trials, 4 epochs of training; 0 without a value",
        "0.950 (0.925 to 0.975)",
        "Means over 3 seeds",
        "runs/iris.log",
        "before: 3 settings by hand",
        "engine fused",
        f"fingerprint {parts['data'].fingerprint}",
        f"hpotutor {ht.__version__}",
        "2 trials for 2 hyperparameters.",
    ):
        assert needed in page, needed


def test_a_sealed_test_set_gives_no_answer(parts):
    page = str(ht.report("Does tuning help?", **parts))
    assert "still sealed" in page and "(sealed)" in page and "test rows (" not in page


def test_the_three_answers(parts):
    many = opened(parts)
    # 30 rows show next to nothing; rows are drawn, so pretend that there were more.
    few = str(ht.report("?", **many))
    assert "show no difference" in few
    many["data"]._test = tuple(np.repeat(part, 200, axis=0) for part in many["data"]._test)
    assert "is better than the default" in str(ht.report("?", **many))
    swapped = dict(zip(("chosen", "default"), reversed(SCORES.values()), strict=True))
    assert "is worse than the default" in str(ht.report("?", **many | {"test": swapped}))


def test_an_accuracy_ends_at_one(parts):
    near = {"chosen": [1.0, 1.0, 0.97], "default": [0.9, 0.9, 0.9]}
    page = str(ht.report("?", **parts | {"validation": near}))
    assert "0.990 (0.947 to 1.000)" in page


def test_several_searches_count_together(parts):
    page = str(ht.report("?", **parts | {"result": [parts["result"]] * 2}))
    assert "4 trials in 2 searches, 8 epochs" in page


def test_a_second_opening_is_told(parts):
    again = opened(parts)
    again["data"].open_test(again=True)
    assert "opened 2 times" in str(ht.report("?", **again))


# ── how it shows itself ──────────────────────────────────────────────────────────────────────


def test_the_page_is_sound_and_needs_no_network(parts):
    page = ht.report("Is a < b & c?", **opened(parts))
    text = page.fill("page.html")
    outline = Outline(text)
    assert outline.open == []
    assert outline.tags.count("h1") == 1 and "main" in outline.tags
    assert ("lang", "en") in outline.attributes and ("role", "img") in outline.attributes
    assert "Is a &lt; b &amp; c?" in text and "a < b" not in text
    assert not {"script", "link", "img", "iframe"} & set(outline.tags)
    assert not re.search(r"(?:src|href|url)\s*[=(]", text)
    scopes = [value for name, value in outline.attributes if name == "scope"]
    assert scopes.count("col") == 3 and scopes.count("row") >= 10
    inside = Outline(page._repr_html_())
    assert inside.open == [] and inside.tags[0] == "h3" and "svg" not in inside.tags


def test_markdown_has_the_same_numbers(parts):
    page = ht.report("Is a | b?", **opened(parts))
    numbers = re.findall(r"0\.\d{3} \(", str(page))
    assert len(numbers) >= 4
    assert re.findall(r"0\.\d{3} \(", page._repr_markdown_()) == numbers


# ── saving ───────────────────────────────────────────────────────────────────────────────────


def test_saving_never_overwrites(parts, tmp_path):
    page, other = ht.report("One?", **parts), ht.report("Two?", **parts)
    first = page.save(tmp_path / "runs" / "iris" / "report.html")
    assert first.name == "report.html" and "One?" in first.read_text(encoding="utf-8")
    assert page.save(first) == first, "the same page needs no second file"
    second = other.save(first)
    assert second.name == "report-2.html"
    assert "One?" in first.read_text(encoding="utf-8")
    assert other.save(first) == second
    assert other.save(first, replace=True) == first
    assert "Two?" in first.read_text(encoding="utf-8")
    assert sorted(p.name for p in first.parent.iterdir()) == ["report-2.html", "report.html"]
    (tmp_path / "a.HTML").mkdir()  # a folder of that name stays, too
    assert page.save(tmp_path / "a.HTML").name == "a-2.HTML"


@pytest.mark.parametrize("path", ["report.pdf", "", None, 3])
def test_other_names_are_refused(parts, path):
    with refused(f"path={path!r} .*ends in .html"):
        ht.report("?", **parts).save(path)


def test_a_folder_that_cannot_be_made(parts, tmp_path):
    (tmp_path / "runs").write_text("a file")
    with refused("could not be written.*Type another name, for instance save", error=HpoTutorError):
        ht.report("?", **parts).save(tmp_path / "runs" / "report.html")


# ── bad input ────────────────────────────────────────────────────────────────────────────────


def test_bad_arguments_are_named_together():
    told = [
        f"{name}="
        for name in ("question", "data", "space", "result", "method", "validation", "review")
    ]
    with refused("7 problems", *told):
        ht.report("", data=1, space=2, result=[], method=None, validation={}, review="fine")


@pytest.mark.parametrize(
    "scores",
    [
        {"chosen": [0.9, 0.8]},
        {"chosen": [0.9], "default": [0.8]},
        {"chosen": [0.9, 0.8], "default": [0.8]},
        {"chosen": [90, 80], "default": [80, 70]},
        {"chosen": [0.9, float("nan")], "default": [0.8, 0.7]},
        {"chosen": ["a", "b"], "default": [0.8, 0.7]},
        [0.9, 0.8],
    ],
)
def test_bad_scores_are_refused(parts, scores):
    with refused("validation="):
        ht.report("?", **parts | {"validation": scores})


def test_test_scores_need_an_open_seal(parts):
    with refused("test has scores, but the seal of this data is unbroken.*leave test out"):
        ht.report("?", **parts | {"test": SCORES})


# ── the verdict ──────────────────────────────────────────────────────────────────────────────


def test_the_interval_of_a_mean_covers():
    rng = np.random.default_rng(0)
    hits = [
        low <= 0.5 <= high
        for low, high in (mean_interval(rng.normal(0.5, 0.1, 5))[1:] for _ in range(2000))
    ]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


def test_equal_settings_are_rarely_told_apart():
    rng = np.random.default_rng(0)
    words = []
    for _ in range(1000):
        truth = rng.normal(0.85, 0.005, (2, 8))
        seen = rng.binomial(300, truth) / 300
        words.append(verdict(*seen, rows=300).word)
    assert words.count("no difference shown") >= 950


def test_rows_widen_the_interval():
    few, many = (verdict(*SCORES.values(), rows=n) for n in (100, 10_000))
    assert few.word == "no difference shown" and many.word == "better"
    assert verdict(SCORES["default"], SCORES["chosen"], 10_000).word == "worse"


def test_bad_scores_of_a_verdict():
    with refused("2 problems", "rows=0", "Type for instance"):
        verdict([0.9], [0.8, 0.7], rows=0)


def test_the_same_rows_narrow_the_interval():
    """Two settings that fail on the same rows are told apart sooner than independent ones."""
    y = np.arange(300) % 2
    default = np.where(np.arange(300) < 60, 1 - y, y)
    chosen = np.where(np.arange(300) < 48, 1 - y, y)

    def score(truth, said):
        return float((truth == said).mean())

    paired = paired_verdict(score, y, [chosen] * 3, [default] * 3)
    alone = verdict([0.84] * 3, [0.80] * 3, rows=300)
    assert paired.difference == pytest.approx(alone.difference)
    assert (paired.word, alone.word) == ("better", "no difference shown")
    errors = paired_verdict(lambda *both: 1 - score(*both), y, [chosen] * 3, [default] * 3,
                            direction="minimize")  # fmt: skip
    assert errors.word == "better" and errors.high < 0


def test_a_paired_interval_covers():
    """Rows are drawn anew; the true difference is in the interval 95 times of 100."""
    rng, hits = np.random.default_rng(0), []
    for _ in range(200):
        wrong = rng.random((3, 400))
        y = np.zeros(400)
        both = np.where(wrong[0] < 0.1, 1, 0)
        said = [np.maximum(both, wrong[n] < share) for n, share in ((1, 0.02), (2, 0.08))]
        found = paired_verdict(lambda t, s: float((t == s).mean()), y, [said[0]] * 2, [said[1]] * 2)
        hits.append(found.low <= 0.9 * 0.06 <= found.high)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.05)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_draw_without_a_class_is_left_out():
    y = np.r_[np.zeros(30), 1].astype(int)
    said = [np.linspace(0, 1, 31)] * 2
    assert np.isfinite(paired_verdict(roc_auc_score, y, said, said)[:3]).all()


def test_scores_of_a_regression_are_reported_in_their_unit(parts):
    amounts = ht.load(load_diabetes(as_frame=True).frame, target="target")
    objective = ht.TrainObjective(amounts, epochs=1, engine="fused")
    result = ht.random_search(objective, parts["space"], trials=1, progress=False)
    scores = {"chosen": [-53.1, -54.2], "default": [-60.5, -61.7]}
    regression = parts | {"data": amounts, "result": result, "validation": scores}
    amounts.open_test()
    page = ht.report("?", **regression, test=scores)
    text = str(page)
    assert "neg_root_mean_squared_error differs by +7.45" in text and "for seeds alone" in text
    assert "The chosen setting is better than the default." in text
    assert "-53.65 (" in text and "an error with a minus before it, higher is better" in text
    assert "neg_root_mean_squared_error from -61.7 to -53.1" in page.fill("page.html")


def test_what_cannot_be_trained_again_needs_scores(parts):
    objective = ht.FunctionObjective(lambda params: 0.5)
    result = ht.random_search(objective, parts["space"], trials=1, progress=False)
    with refused("Give the scores"):
        ht.report("?", **parts | {"result": result, "validation": None})
    with refused("test=data.open_test"):
        ht.report("?", **opened(parts) | {"test": (1, 2, 3)})
