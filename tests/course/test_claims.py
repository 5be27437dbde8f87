"""The claims boxes, and the ledger that is computed from them."""

import json

import pytest

import hpotutor as ht
from hpotutor.analysis.statistics import Estimate
from hpotutor.course.claims import CLAIMS, MIME
from hpotutor.course.lessons import all_lessons, read_notebook
from tests.messages import refused

ABOVE, BELOW, OPEN = (0.6, 0.55, 0.65), (0.4, 0.35, 0.45), (0.5, 0.45, 0.55)


@pytest.fixture
def box():
    return ht.claims_box(
        ht.Claim(6, "none given", "0.97 ± 0.01 <b>", "holds", "It diverges above 0.1."),
        ht.Claim(8, "none given", "+0.02", "does not hold"),
    )


def test_the_box_shows_the_articles_words_and_escapes_ours(box):
    shown = box._repr_mimebundle_()
    assert CLAIMS[6][0] in shown["text/html"]
    assert "0.97 ± 0.01 &lt;b&gt;" in shown["text/html"]
    assert "Holds. It diverges above 0.1." in shown["text/plain"]


def test_the_ledger_is_computed_from_executed_notebooks(box, tmp_path):
    output = {"output_type": "display_data", "metadata": {}, "data": box._repr_mimebundle_()}
    notebook = {"cells": [{"cell_type": "code", "outputs": [output]}, {"cell_type": "markdown"}]}
    (tmp_path / "01_manual_tuning.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    ledger = ht.claims_ledger(tmp_path)
    assert ledger["number"].tolist() == list(range(1, 16))
    row = ledger.set_index("number").loc[6]
    assert (row["lesson"], row["verdict"]) == ("01", "holds")
    assert ledger.set_index("number").loc[3, "verdict"] == "open"


def stored(folder, name, *claims):
    output = {"output_type": "display_data", "metadata": {}}
    output["data"] = ht.claims_box(*claims)._repr_mimebundle_()
    text = json.dumps({"cells": [{"cell_type": "code", "outputs": [output]}]})
    (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")


def lines(ledger, number):
    rows = ledger[ledger["number"] == number]
    return list(zip(rows["lesson"], rows["verdict"], strict=True))


def test_every_lesson_that_measured_a_claim_has_a_line(tmp_path):
    stored(tmp_path, "01_a", ht.Claim(15, "", "", "holds"), ht.Claim(14, "", "", "open"))
    stored(tmp_path, "09_b", ht.Claim(15, "", "", "open"))
    stored(tmp_path, "14_c", ht.Claim(15, "", "", "partly"))
    ledger = ht.claims_ledger(tmp_path)
    assert lines(ledger, 15) == [("01", "holds"), ("14", "partly")]
    assert lines(ledger, 14) == [("01", "open")]
    # what lesson 09 measured just now replaces what is stored of it
    now = ht.claims_box(*(ht.Claim(n, "", "", "does not hold") for n in (14, 15)))
    ledger = ht.claims_ledger(tmp_path, boxes={"09": now})
    assert lines(ledger, 15) == [("01", "holds"), ("09", "does not hold"), ("14", "partly")]
    assert lines(ledger, 14) == [("09", "does not hold")]


def test_a_box_of_another_kind_is_refused(tmp_path):
    with refused(r"boxes=\{'09': 'mine'\}.*claims_box"):
        ht.claims_ledger(tmp_path, boxes={"09": "mine"})


def test_what_is_stored_survives_json(box):
    stored = json.loads(json.dumps(box._repr_mimebundle_()[MIME]))
    assert ht.Claim(**stored[0]) == box.claims[0]


def test_bad_claims():
    with refused(r"(?s)number=16.*verdict='hold'.*Did you mean 'holds'"):
        ht.Claim(16, "", "", "hold")


@pytest.mark.parametrize(
    ("intervals", "verdict"),
    [
        ([ABOVE], "holds"),
        ([ABOVE, ABOVE], "holds"),
        ([OPEN], "open"),
        ([OPEN, OPEN], "open"),
        ([ABOVE, OPEN], "partly"),
        ([ABOVE, BELOW], "partly"),
        ([ABOVE, OPEN, BELOW], "partly"),
        ([BELOW], "does not hold"),
        ([BELOW, OPEN], "does not hold"),
    ],
)
def test_a_verdict_is_what_the_intervals_say_of_both_sides(intervals, verdict):
    assert ht.judge(*intervals, null=0.5) == verdict
    assert ht.judge(*reversed(intervals), null=0.5) == verdict
    claim = ht.Claim(3, "", {f"on table {k}": one for k, one in enumerate(intervals)}, null=0.5)
    assert claim.verdict == verdict


def test_an_interval_that_ends_at_no_difference_shows_none():
    assert ht.judge((0.1, 0.0, 0.2)) == ht.judge((-0.1, -0.2, 0.0)) == "open"


@pytest.mark.parametrize(
    "one", [0.5, (0.5, 0.6), (0.5, 0.6, 0.7), (1, None, 2), "0.5", (1, 0, "2")]
)
def test_what_is_no_interval_is_refused(one):
    with refused(r"intervals=.*\(value, low, high\).*ht\.judge\("):
        ht.judge(ABOVE, one)
    with refused(r"intervals=.*\(value, low, high\), at least one"):
        ht.Claim(3, "", {"on digits": one})


def test_no_interval_no_verdict():
    with refused("at least one"):
        ht.judge()
    with refused("verdict='' .*Allowed: 'holds'"):
        ht.Claim(3, "", "no interval")


def test_measured_is_written_from_the_intervals():
    claim = ht.Claim(3, "", {"on digits": Estimate(0.6, 0.575, 0.62), "on wine": OPEN}, null=0.5)
    assert claim.measured == "0.6 (0.575 … 0.62) on digits; 0.5 (0.45 … 0.55) on wine"
    stored = json.loads(json.dumps(ht.claims_box(claim)._repr_mimebundle_()[MIME]))
    assert ht.Claim(**stored[0]) == claim


def test_a_verdict_may_be_weaker_than_its_intervals_and_never_stronger():
    assert ht.Claim(3, "", {"on digits": ABOVE}, "partly", null=0.5).verdict == "partly"
    for one, verdict in ((OPEN, "partly"), (OPEN, "holds"), (BELOW, "holds"), (ABOVE, "open")):
        with refused(f"verdict='{verdict}': the intervals say"):
            ht.Claim(3, "", {"on digits": one}, verdict, null=0.5)


def stored_claims():
    for path in all_lessons().values():
        for cell in read_notebook(path)["cells"]:
            for output in cell.get("outputs", []):
                for claim in output.get("data", {}).get(MIME, []):
                    if claim.get("intervals"):
                        yield pytest.param(claim, id=f"{path.stem[:2]}, claim {claim['number']}")


@pytest.mark.parametrize("claim", list(stored_claims()))
def test_no_stored_verdict_contradicts_its_numbers(claim):
    assert ht.Claim(**claim).verdict == claim["verdict"]  # a contradiction would be refused
    because = claim["because"]
    assert because[0].isupper() and because[-1] == "." and ". " not in because, "one whole sentence"


def test_a_claim_of_the_literature_is_shown_and_not_in_the_ledger(tmp_path):
    words = "Rates grow with the batch (Goyal 2017)"
    shown = ht.claims_box(ht.Claim(words, "linear", {"of it": BELOW}, null=0.5))
    assert shown.to_frame()["claim"].tolist() == [words]
    stored(tmp_path, "13_a", *shown.claims)
    assert claims_numbers(ht.claims_ledger(tmp_path)) == list(range(1, 16))
    assert claims_numbers(ht.claims_ledger(tmp_path, boxes={"13": shown})) == list(range(1, 16))


def claims_numbers(ledger):
    return ledger["number"].tolist()
