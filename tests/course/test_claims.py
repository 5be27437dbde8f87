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


def test_the_box_is_a_table(box):
    frame = box.to_frame()
    assert frame.columns.tolist() == ["claim", "published", "measured here", "verdict"]
    assert frame.iloc[1].tolist() == [
        "8. {} ({})".format(*CLAIMS[8]),
        "none given",
        "+0.02",
        "Does not hold.",
    ]
    shown = box._repr_mimebundle_()
    lines = shown["text/plain"].splitlines()
    assert len(lines) == 3 and lines[2].split()[0] == "8."  # no column of an index
    assert 'border="' not in shown["text/html"] and "<th></th>" not in shown["text/html"]
    assert shown["text/html"].count("<tr") == 3
    assert shown["text/html"].count("vertical-align:top") == 12  # each cell of it


def test_nothing_in_a_box_is_cut_short_and_each_number_has_a_line():
    because = "It is " + "very " * 60 + "so; and (once more) so."
    claim = ht.Claim(3, "none; (none)", {"a; (b": ABOVE, "c": (-0.1, -0.2, 0.0)}, because=because)
    shown = ht.claims_box(claim)._repr_mimebundle_()
    for kind in ("text/html", "text/plain"):
        assert because in shown[kind]
    html = shown["text/html"]
    assert "0.6 (0.55 … 0.65) a; (b;<br>-0.1 (-0.2 … 0) c" in html
    assert html.count("<br>") == 1


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
    others = [{"output_type": "stream", "text": ""}, {"data": {"image/png": ""}}]
    text = json.dumps({"cells": [{"cell_type": "code", "outputs": [*others, output]}]})
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


def test_a_ledger_without_measurements_is_open(tmp_path):
    ledger = ht.claims_ledger(tmp_path)
    assert ledger["number"].tolist() == list(CLAIMS) == [n + 1 for n in ledger.index]
    assert ledger["claim"].tolist() == [words for words, _ in CLAIMS.values()]
    assert set(ledger["verdict"]) == {"open"}
    rest = ledger[["lesson", "published", "measured", "because"]]
    assert rest.eq("").all(axis=None)


def test_a_line_of_the_ledger_says_all(tmp_path):
    claim = ht.Claim(2, "0.9 (a study)", {"on digits": ABOVE}, because="It is so.", null=0.5)
    for lesson in ("12", "03", "07"):
        stored(tmp_path, f"{lesson}_a", *(ht.Claim(n, "", "", "holds") for n in CLAIMS), claim)
    ledger = ht.claims_ledger(tmp_path)
    line = {"number": 2, "claim": CLAIMS[2][0], "lesson": "03", "published": "0.9 (a study)"}
    line |= {"measured": claim.measured, "verdict": "holds", "because": "It is so."}
    assert ledger[ledger["because"] != ""].iloc[0].to_dict() == line
    assert list(ledger.columns) == list(line)
    assert ledger.index.tolist() == list(range(48))
    for number in CLAIMS:  # lessons in their order within each claim
        lessons = ledger["lesson"][ledger["number"] == number].tolist()
        assert lessons == sorted(lessons) and set(lessons) == {"03", "07", "12"}


def test_by_default_it_reads_the_courses_own_lessons():
    assert len(ht.claims_ledger()) > len(CLAIMS)


@pytest.mark.parametrize("folder", ["no such folder", 3, __file__])
def test_what_is_no_folder_is_refused(folder):
    with refused(r"folder=.*a folder of executed lessons"):
        ht.claims_ledger(folder)


def test_a_box_of_another_kind_is_refused(tmp_path):
    with refused(r"boxes=.*claims_box"):
        ht.claims_ledger(tmp_path, boxes=["09"])
    with refused(r"claims=.*ht\.Claim"):
        ht.claims_box(ht.Claim(3, "", "", "open"), "holds")
    with refused(r"boxes=.*claims_box"):
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
    assert ht.judge((0.1, 0.1, 0.1)) == "holds"  # a value may be its own end


@pytest.mark.parametrize(
    "one",
    [0.5, (0.5, 0.6), (0.5, 0.6, 0.7), (0.8, 0.6, 0.7), (1, None, 2), "0.5", (1, 0, "2")],
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
    for one in (ABOVE, BELOW):
        assert ht.Claim(3, "", {"on digits": one}, "partly", null=0.5).verdict == "partly"
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
