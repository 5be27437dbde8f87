"""The playground in a real browser: its numbers are the table's, and it can be played by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpotutor.tabular import TableObjective, random_history, replay, stored_history
from hpotutor.tabular.table import Table, open_table
from tools.site import playground as made

# Looks a configuration up as a try does, and says what the page would show of it.
_SHOWN = """numbers => numbers.map(number => {
    const table = window.hptPlay.table();
    return {
        score: table.score(number).toFixed(3), rank: table.rank(number), runs: table.runs(number),
        curve: table.curve(number, 2), loss: table.loss(number, 'val_loss'),
        test: table.testScore(number).toFixed(3), found: table.find(table.levelsOf(number)),
    };
})"""


@pytest.fixture(scope="module")
def page(browser: Any, playground: Path) -> Iterator[Any]:
    """Return the open playground; requests and complaints are noted."""
    opened = browser.new_page()
    opened.requests, opened.complaints = [], []
    opened.on("request", lambda request: opened.requests.append(request.url))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("console", lambda line: opened.complaints.append(line.text))
    opened.goto(playground.as_uri())
    opened.wait_for_selector("#hpt-playground[data-ready]")
    yield opened
    opened.close()


def part(page: Any, name: str) -> Any:
    return page.locator(f"[data-hpt={name}]")


def start(page: Any, name: str) -> Table:
    """Begin a new game on a table."""
    part(page, "again").click()
    if page.locator("#hpt-playground").get_attribute("data-ready") != name:
        part(page, "table").select_option(name)
        page.wait_for_selector(f"#hpt-playground[data-ready={name}]")
    return open_table(name)


@pytest.mark.parametrize("name", made.shipped())
def test_every_number_is_the_tables(page: Any, name: str) -> None:
    table = start(page, name)
    numbers = np.random.default_rng(0).choice(len(table), 100, replace=False).tolist()
    means = table.val_correct[:, :, -1].sum(axis=1, dtype=int)
    for number, shown in zip(numbers, page.evaluate(_SHOWN, numbers), strict=True):
        assert shown["found"] == number
        assert shown["score"] == f"{table.val_accuracy[number, :, -1].mean(dtype=float):.3f}"
        assert shown["rank"] == 1 + (means > means[number]).sum()
        assert np.allclose(shown["runs"], table.val_accuracy[number, :, -1])
        assert np.allclose(shown["curve"], table.val_accuracy[number, 2])
        loss = [np.nan if value is None else value for value in shown["loss"]]
        stored = table.val_loss[number].astype(float).mean(axis=0)
        assert np.allclose(loss, stored, rtol=1e-3, equal_nan=True)
        assert shown["test"] == f"{table.test_accuracy[number, :, -1].mean(dtype=float):.3f}"


def test_ten_tries_by_keyboard_are_judged_against_stored_searches(page: Any) -> None:
    table = start(page, "digits")
    assert "10 of 10 tries left" in part(page, "left").inner_text()
    rate = page.locator("input[data-knob=learning_rate]")
    rate.focus()
    page.keyboard.press("Home")
    for attempt in range(10):
        rate.focus()
        if attempt == 9:  # there are nine learning rates
            page.locator("input[data-knob=units]").focus()
            page.keyboard.press("Home")
        elif attempt:
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert part(page, "live").inner_text().startswith(f"Try {attempt + 1} of 10: accuracy")
    tried = [table.index_of({"learning_rate": level}) for level in table.axes[1].levels]
    tried.append(table.index_of({"learning_rate": 1.0, "units": 8}))
    assert part(page, "try").is_disabled()
    scores = table.val_accuracy[:, :, -1].mean(axis=1, dtype=float)
    shown = [line[:5] for line in part(page, "tries").locator("li").all_inner_texts()]
    assert shown == [f"{scores[number]:.3f}" for number in tried]
    best = max(tried, key=lambda number: scores[number])
    objective = TableObjective("digits")
    histories = {
        "random searches": random_history(objective, trials=made.OPPONENT_TRIALS),
        "runs of TPE": stored_history(objective, "tpe"),
    }
    for what, history in histories.items():
        reached = objective.truth.max() - replay(objective, history).regret[:, 9]
        beaten = int((reached < scores[best] - 1e-9).sum())
        assert f"You beat {beaten} of 1,000 {what} with 10 trials" in verdict(page)
    game = page.url
    part(page, "live").locator("button").press("Enter")
    assert (focused(page), page.url) == ("end-title", game)
    assert not part(page, "test").is_visible()
    part(page, "open").focus()
    page.keyboard.press("Enter")
    test = table.test_accuracy[best, :, -1].mean(dtype=float)
    assert f"{test:.3f}" in part(page, "test").inner_text()
    assert not part(page, "open").is_visible()
    assert focused(page) == "test"  # and not nowhere, since the button is gone
    # The curves are those of the setting that is judged.
    assert part(page, "which").inner_text().startswith(f"Try {tried.index(best) + 1}:")


def focused(page: Any) -> str:
    """Return which part of the page has the keyboard."""
    return page.evaluate("document.activeElement.dataset.hpt || document.activeElement.tagName")


def verdict(page: Any) -> str:
    return part(page, "verdict").inner_text()


def test_the_address_holds_the_game(page: Any, browser: Any) -> None:
    start(page, "digits")
    part(page, "try").click()
    page.locator("input[type=radio][data-knob=activation]").nth(1).check()
    part(page, "try").click()
    part(page, "try").click()  # the same again costs nothing
    assert "costs nothing" in part(page, "live").inner_text()
    other = browser.new_page()
    other.goto(page.url)
    other.wait_for_selector("#hpt-playground[data-ready]")
    assert part(other, "tries").inner_text() == part(page, "tries").inner_text()
    assert "8 of 10 tries left" in part(other, "left").inner_text()
    assert "A shared game" in (said := part(other, "live").inner_text())
    assert "2 tries, 8 left" in said
    other.close()


def test_starting_over_leaves_the_game_one_step_back(page: Any) -> None:
    start(page, "digits")
    part(page, "try").click()
    tried = part(page, "tries").inner_text()
    part(page, "again").click()
    page.wait_for_function("document.querySelector('[data-hpt=history]').hidden")
    assert "Back brings the game of before" in part(page, "live").inner_text()
    page.go_back()
    page.wait_for_function("!document.querySelector('[data-hpt=history]').hidden")
    assert part(page, "tries").inner_text() == tried


@pytest.mark.parametrize(
    ("write", "button", "said"),
    [("resolve", "Copied", "is copied"), ("reject", "Copy the address", "#table=")],
)
def test_the_link_s_button_says_that_it_worked(
    page: Any, write: str, button: str, said: str
) -> None:
    page.evaluate(
        "write => Object.defineProperty(navigator, 'clipboard',"
        " { configurable: true, value: { writeText: () => Promise[write]() } })",
        write,
    )
    part(page, "share").click()
    page.wait_for_function(
        "text => document.querySelector('[data-hpt=shared]').textContent.includes(text)", arg=said
    )
    assert part(page, "share").inner_text() == button


def test_the_map_uncovers_where_one_has_looked(page: Any) -> None:
    start(page, "digits")
    part(page, "across").select_option(label="learning rate")
    part(page, "down").select_option(label="units")
    cell = page.locator("[data-hpt=map] button[data-cell='4,2']")
    assert cell.inner_text() == "?"
    cell.click()
    part(page, "try").click()
    table = open_table("digits")
    number = table.index_of({"learning_rate": 0.01, "units": 32})
    score = table.val_accuracy[number, :, -1].mean(dtype=float)
    assert cell.inner_text() == f"{score:.3f}".removeprefix("0")
    assert f"{score:.3f}" in cell.get_attribute("aria-label")


def test_the_map_begins_with_knobs_that_every_setting_has(page: Any) -> None:
    start(page, "signals")
    page.locator("input[data-knob=architecture]").nth(1).check()
    part(page, "try-map").click()
    assert part(page, "map").locator("button.seen").count() == 1
    score = part(page, "score").inner_text()
    assert part(page, "map-said").inner_text().startswith(f"Try 1: {score}, rank ")


def test_the_map_says_what_a_cell_would_switch_and_that_it_did(page: Any) -> None:
    start(page, "signals")
    page.locator("input[data-knob=architecture]").nth(1).check()
    part(page, "down").select_option(label="units")
    assert "have no units, since architecture is conv" in part(page, "map-note").inner_text()
    page.locator("[data-hpt=map] button[data-cell='4,2']").click()
    for place in ("live", "map-said"):
        assert part(page, place).inner_text().endswith("knobs set; architecture is now dense.")
    assert "have no" not in part(page, "map-note").inner_text()
    page.locator("[data-hpt=map] button[data-cell='4,1']").click()
    assert part(page, "live").inner_text().endswith(": knobs set.")


def test_a_map_that_is_too_wide_says_so(page: Any) -> None:
    wide = page.viewport_size
    assert not part(page, "map-hint").is_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    part(page, "map-hint").wait_for()
    page.set_viewport_size(wide)


def test_names_of_the_data_fit_into_their_list() -> None:
    assert all(len(made.SHORT[name]) <= 24 for name in made.shipped())


def test_nothing_leaves_the_machine_and_nothing_is_complained_of(page: Any) -> None:
    assert [url for url in page.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert page.complaints == []


@pytest.mark.parametrize("width", [390, 1200])
def test_axe_finds_nothing_and_a_phone_is_wide_enough(page: Any, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.set_viewport_size({"width": width, "height": 900})
    faults = [f for f in axe.run(page).response["violations"] if f["impact"] != "minor"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in faults] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", made.shipped())
def test_a_table_fits_into_a_small_script(playground: Path, name: str) -> None:
    script = playground.parent / "_static" / f"playground-{name}.js"
    assert script.stat().st_size < made.LARGEST


def test_a_knob_may_depend_on_another() -> None:
    positions = np.array([[0, 255], [1, 0], [1, 1], [2, 255]], "u1")
    there = positions[:, 1] != 255
    assert made.condition(positions, there, 1) == {"knob": 0, "levels": [1]}
    with pytest.raises(ValueError, match="no single knob"):
        made.condition(np.array([[0, 0], [0, 255]], "u1"), np.array([True, False]), 1)


def test_a_knob_that_is_switched_off_does_not_count(page: Any) -> None:
    """Networks of two kinds, of which one has filters and the other has units."""
    levels = np.array([[0, 0, 255], [0, 1, 255], [1, 255, 0], [1, 255, 1], [1, 255, 2]], "u1")
    kinds = [("architecture", 2), ("units", 2), ("filters", 3)]
    whens = [None, {"knob": 0, "levels": [0]}, {"knob": 0, "levels": [1]}]
    axes = [
        {"name": name, "levels": list(range(count)), "when": when}
        for (name, count), when in zip(kinds, whens, strict=True)
    ]
    for knob, when in ((1, whens[1]), (2, whens[2])):
        assert made.condition(levels, levels[:, knob] != 255, knob) == when
    runs = np.arange(20, dtype="<u2").reshape(10, 2)  # five settings, two runs, two epochs
    curve = made.packed(made.planes(runs[:5]))
    data = {
        "axes": axes, "shape": [5, 2, 2], "rows": {"validation": 20, "test": 20},
        "levels": made.packed(levels.T), "valCorrect": made.packed(made.planes(runs)),
        "testCorrect": curve, "loss": curve, "val_loss": curve, "opponents": [],
    }  # fmt: skip
    asked = [[0, 1, 0], [0, 1, 2], [1, 0, 2], [1, 1, 2]]
    found = page.evaluate(
        """async ([data, asked]) => {
            const table = await window.hptUnpack(data);
            return asked.map(levels => [table.find(levels), table.score(table.find(levels))]);
        }""",
        [data, asked],
    )
    sums = runs[:, 1].reshape(5, 2).sum(axis=1)
    assert [number for number, _ in found] == [1, 1, 4, 4]
    assert [score for _, score in found] == [sums[n] / 40 for n in (1, 1, 4, 4)]


def test_names_in_the_page_and_in_the_script_agree(root: Path) -> None:
    folder = root / "docs" / "_static" / "playground"
    page = (folder / "page.html").read_text(encoding="utf-8")
    asked = re.findall(r'(?:find|part)\("([\w-]+)"\)', (folder / "game.js").read_text("utf-8"))
    assert set(asked) <= set(re.findall(r'data-hpt="([\w-]+)"', page))
