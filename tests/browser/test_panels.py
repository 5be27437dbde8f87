"""Every widget in JupyterLab: each control by mouse and by keyboard, watched as a reader would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.browser.notebook import Notebook, Panel, notebook_of

# What a lesson's cell would hold. All controls of these panels are tried out.
CELLS = {
    "bayesian_stepper": "ht.widgets.bayesian_stepper()",
    "bracket_stepper": "ht.widgets.bracket_stepper()",
    "cluster": "ht.widgets.cluster()",
    "front_explorer": "ht.widgets.front_explorer('signals')",
    "generation_stepper": "ht.widgets.generation_stepper()",
    "grid_arithmetic": "ht.widgets.grid_arithmetic(goal='find a grid that sees a quarter')",
    "knob_panel": "ht.widgets.knob_panel('iris', start={'epochs': 4, 'networks': 4, 'layers': 2})",
    # With all seeds on show, the slider of the one seed has nothing to move.
    "method_race": "race = ht.widgets.method_race()\nrace.set(shown='one seed')\nrace",
    "optimizer_race": "ht.widgets.optimizer_race('bumps', optimizers=['sgd', 'adam'])",
    "winners_curse": "ht.widgets.winners_curse()",
    # Only this one draws the slider's next stops ahead, as all do for learners: nobody looks at
    # those pictures here. Which they are is tested without a browser.
    "grid_vs_random": "_browse._REST = rest\nht.widgets.grid_vs_random()",
}
_SET_UP = """import hpotutor as ht
from hpotutor.widgets import _browse
rest, _browse._REST = _browse._REST, 1e6"""

# Buttons to press, by mouse and by keyboard in turn; "Start over" comes last in every panel, by
# keyboard. The knob panel starts over first: what was set above no longer learns anything, and
# one such training looks like another.
BUTTONS = {
    "bayesian_stepper": ["Step", "Step", "Back", "Back", "Try your place", "Try your place"],
    "bracket_stepper": ["Step", "Back", "Start over", "Step", "Back", "Step"],
    "generation_stepper": ["Step", "Step", "Back", "Back"],
    "grid_vs_random": ["Another seed", "Another seed"],
    "knob_panel": ["Start over", "Train with other seeds", "Train with other seeds"],
}
# Boxes, menus and switches that need not change the picture, only the reading: real networks that
# learn nothing look alike, and nothing stops early that still improves.
READING_ONLY = ["knob_panel"]
# Sliders that go to their lower ends, the first one all the way: longer trainings of more and
# deeper networks test nothing more. They are epochs, layers and networks.
LOWERED = {"knob_panel": [1, 2, 5]}


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Any) -> Iterator[Notebook]:
    """Return a notebook with a cell for each widget, of which the first has run."""
    opened = Notebook(browser, lab, "panels", notebook_of([_SET_UP, *CELLS.values()]))
    try:
        opened.run(0)
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize("name", CELLS)
def test_panel_answers_to_mouse_and_keyboard(notebook: Notebook, name: str) -> None:
    notebook.complaints.clear()
    cell = 1 + list(CELLS).index(name)
    notebook.run(cell)
    panel = notebook.panel(cell)
    panel.settle()
    panel.picture(f"{name}_first")
    panel.watch_height()
    use_sliders(panel, LOWERED.get(name, []))
    panel.parts = ["reading"] if name in READING_ONLY else panel.parts
    use_boxes(panel)
    use_menus(panel)
    use_switches(panel)
    heights = panel.heights()
    assert min(heights) >= max(heights) - 1, "the panel's height moved"
    panel.picture(f"{name}_last")
    panel = check_second_run(notebook, cell, panel)
    use_buttons(panel, BUTTONS.get(name, []))
    assert not notebook.complaints


def use_sliders(panel: Panel, lowered: list[int]) -> None:
    for number in range(panel.place.locator(".noUi-target").count()):
        slider = panel.place.locator(".noUi-target").nth(number)
        handle = slider.locator(".noUi-handle")
        name = f"slider {number}"
        at = float(handle.get_attribute("aria-valuenow"))
        low, high = (float(handle.get_attribute(f"aria-value{end}")) for end in ("min", "max"))
        far = 0.1 if number in lowered else 0.3 if at > (low + high) / 2 else 0.7
        size = slider.bounding_box()
        place = {"x": far * size["width"], "y": size["height"] / 2}
        panel.answers(lambda to=slider, at=place: to.click(position=at), f"{name}, by mouse")
        if number == 0:  # the keyboard's own way to a knob is its number box, see `use_boxes`
            panel.answers(lambda to=handle: to.press("ArrowLeft"), f"{name}, by keyboard")
        if number in lowered[:1]:
            panel.answers(lambda to=handle: to.press("Home"), f"{name}, by the Home key")


def use_boxes(panel: Panel) -> None:
    boxes = panel.place.locator("input[type=number]")
    for number in range(boxes.count()):
        box = boxes.nth(number)
        label = panel.place.locator(f"label[for='{box.get_attribute('id')}']").inner_text()
        assert label, f"number box {number} has no label"

        def step(box: Any = box) -> None:
            up = float(box.input_value()) < float(box.get_attribute("max"))
            box.press("ArrowUp" if up else "ArrowDown")
            box.press("Tab")

        panel.answers(step, f"the box {label!r}, by keyboard")


def use_menus(panel: Panel) -> None:
    menus = panel.place.locator("select")
    for number in range(menus.count()):
        menu = menus.nth(number)
        last = menu.locator("option").count() - 1
        other = last if chosen(menu) < last else last - 1
        pick = lambda to=menu, index=other: to.select_option(index=index)  # noqa: E731
        panel.answers(pick, f"menu {number}, by mouse")
        panel.answers(lambda to=menu: choose_by_keys(to), f"menu {number}, by keyboard")


def chosen(menu: Any) -> int:
    return menu.evaluate("menu => menu.selectedIndex")


def choose_by_keys(menu: Any) -> None:
    """Choose the option before or after; once more if the list was not open in time."""
    before = chosen(menu)
    for _ in range(6):
        # JupyterLab takes the arrow keys for itself as long as the list is closed.
        for key in ("Space", "ArrowUp" if before else "ArrowDown", "Enter"):
            menu.press(key)
        for _ in range(100):
            if chosen(menu) != before:
                return
            menu.page.wait_for_timeout(50)
        menu.press("Escape")
    raise AssertionError("the keyboard does not move the menu")


def use_switches(panel: Panel) -> None:
    switches = panel.place.locator(".widget-checkbox")
    for number in range(switches.count()):
        name = switches.nth(number).inner_text().strip()
        box = switches.nth(number).locator("input")
        panel.answers(box.click, f"switch {name!r}, by mouse")
        panel.answers(lambda to=box: to.press("Space"), f"switch {name!r}, by keyboard")


def check_second_run(notebook: Notebook, cell: int, panel: Panel) -> Panel:
    """Run the cell again: what was set is still set."""
    controls = panel.controls()
    notebook.run(cell)
    again = notebook.panel(cell)
    again.settle()
    assert again.controls() == controls
    return again


def use_buttons(panel: Panel, names: list[str]) -> None:
    last = [] if "Start over" in names[:1] else ["Start over"]
    for number, name in enumerate([*names, *last]):
        button = panel.place.get_by_role("button", name=name, exact=True)
        if number % 2 or number == len(names):
            panel.answers(lambda to=button: to.press("Enter"), f"{name!r}, by keyboard")
        else:
            panel.answers(button.click, f"{name!r}, by mouse")


def test_axe_finds_nothing_in_the_panels(notebook: Notebook) -> None:
    for cell in range(1, 1 + len(CELLS)):
        if not notebook.page.locator(".jp-CodeCell").nth(cell).locator("img").count():
            notebook.run(cell)
            notebook.panel(cell).settle()
    assert not barriers(notebook, ".jp-OutputArea-output")


# Whether so many cells are in the page, and all text and all outputs in them.
_SHOWN = """count => {
    const all = [...document.querySelectorAll('.jp-Notebook .jp-Cell')];
    return all.length === count && all.every(cell => cell.querySelector(
        cell.classList.contains('jp-MarkdownCell') ? '.jp-RenderedMarkdown' : '.cm-content'));
}"""


def test_axe_finds_nothing_in_a_lesson(browser: Any, lab: Any, root: Path) -> None:
    lesson = nbformat.read(root / "notebooks" / "02_grid_search.ipynb", as_version=4)
    opened = Notebook(browser, lab, "lesson", lesson)  # its outputs are in the file
    try:
        opened.page.wait_for_function(_SHOWN, arg=len(lesson.cells))
        opened.page.screenshot(path=lab.pictures / "lesson.png")
        # JupyterLab gives a figure of matplotlib no text, and there is no way to set one; the
        # lesson prints each figure's reading below it.
        output = ".jp-OutputArea-output:not(.jp-RenderedImage)"
        assert not barriers(opened, f".jp-RenderedHTMLCommon, {output}")
    finally:
        opened.close()


def barriers(notebook: Notebook, where: str) -> dict[str, list[str]]:
    """Return the serious faults that axe finds and we could mend, with the elements."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(notebook.page, where).response
    assert found["passes"], f"axe saw nothing at {where}"
    serious = {
        fault["id"]: [node["html"] for node in fault["nodes"]]
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    }
    # ipywidgets gives its sliders no name and no way to set one. The labelled number box before
    # each is the same control by another hand.
    unnamed = serious.pop("aria-input-field-name", [])
    assert all("noUi-handle" in node for node in unnamed)
    return serious
