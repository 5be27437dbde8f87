"""The claims boxes, and the ledger that is computed from them."""

import json

import pytest

import hpotutor as ht
from hpotutor.course.claims import CLAIMS, MIME
from hpotutor.errors import ArgumentError


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
    with pytest.raises(ArgumentError, match=r"boxes=.*claims_box"):
        ht.claims_ledger(tmp_path, boxes={"09": "mine"})


def test_what_is_stored_survives_json(box):
    stored = json.loads(json.dumps(box._repr_mimebundle_()[MIME]))
    assert ht.Claim(**stored[0]) == box.claims[0]


def test_bad_claims():
    with pytest.raises(ArgumentError, match=r"(?s)number=16.*verdict='hold'.*Did you mean 'holds'"):
        ht.Claim(16, "", "", "hold")
