"""What the site's pages are made of; and the built pages in a browser, where the site is built."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import hpotutor
from hpotutor.course.claims import CLAIMS
from tools.site import check, documents, gallery, ledger, reference, solutions, words
from tools.site.lessons import Lesson, filled, index_page, reading_of, scrollable

BUILT = Path(os.environ.get("HPOTUTOR_SITE", "build/site/html"))


@pytest.fixture(scope="module")
def course(root: Path) -> list[Lesson]:
    return [Lesson(path) for path in sorted((root / "notebooks").glob("[0-9]*.ipynb"))]


@pytest.fixture(scope="module")
def glossary(root: Path, course: list[Lesson]) -> list[words.Word]:
    return words.read_words(root / "docs" / "glossary.md", course[0].path)


def test_every_lesson_is_listed_with_its_question_and_minutes(course: list[Lesson]) -> None:
    rows = re.findall(r"^\| \[(\d\d) .+?\]\(.+?\) \| (.+) \| (\d+.*) \|$", index_page(course), re.M)
    assert [number for number, *_ in rows] == [lesson.number for lesson in course]
    assert all(question.strip().endswith(("?", ".")) for _, question, _ in rows)


def test_first_pages_lead_to_lessons_that_are_there(root: Path, course: list[Lesson]) -> None:
    for name in ("index.md", "playground.md"):
        text = filled((root / "docs" / name).read_text("utf-8"), course)
        links = re.findall(r"\(lessons/(\w+)\.ipynb\)", text)
        assert links and set(links) <= {lesson.name for lesson in course}
        assert not re.search(r"\{(lessons|hours|capstone|minutes)", text)
    assert re.search(r"about 1\d hours", text := filled("about {hours} hours", course)), text


def test_first_page_says_how_long_an_evening_takes(root: Path, course: list[Lesson]) -> None:
    text = filled((root / "docs" / "index.md").read_text("utf-8"), course)
    evening = [int(minutes) for minutes in re.findall(r"(\d+) minutes", text)]
    assert len(evening) == 6 and 150 <= sum(evening) <= 220  # "a good three hours"
    assert int(re.findall(r"\d+", course[1].minutes)[0]) > evening[2]  # only a part of lesson 01


def figure(*outputs: Any, source: str = "") -> Any:
    """Return a code cell with a picture and other outputs."""
    picture = nbformat.v4.new_output("display_data", {"image/png": ""})
    return nbformat.v4.new_code_cell(source, outputs=[picture, *outputs])


def test_a_picture_s_text_is_the_nearest_that_says_what_it_shows() -> None:
    reading = nbformat.v4.new_output("execute_result", {"text/html": "<p>Best is &lt;5.</p>"})
    printed = nbformat.v4.new_output("stream", name="stdout", text="a: 1\nb: 2\n")
    below = nbformat.v4.new_markdown_cell
    assert reading_of(figure(reading, printed), below("*Italic.* More.")) == "Best is <5."
    assert reading_of(figure(printed), below("*Italic.* More.")) == "Italic."
    assert reading_of(figure(printed), below("Prose.")) == "a: 1 b: 2"
    assert reading_of(figure(), below("- a column\n\nProse **here**.\n\n## Next")) == "Prose here."
    labels = 'ax.set(xlabel="rate", ylabel="score")\nax.set_title("High is good")'
    code = nbformat.v4.new_code_cell("print()", outputs=[printed])
    assert reading_of(figure(source=labels), code) == "High is good. Score by rate. a: 1 b: 2"
    assert reading_of(figure(source='ax.set_title(f"{n} rates")'), code) == "a: 1 b: 2"
    assert reading_of(figure(source=labels), below("## Next")) == ""


def test_a_picture_without_a_text_stops_the_build(tmp_path: Path) -> None:
    first = nbformat.v4.new_markdown_cell("# Lesson 03 · Random search")
    notebook = nbformat.v4.new_notebook(cells=[first, figure(source="draw()")])
    nbformat.write(notebook, tmp_path / "03_random_search.ipynb")
    with pytest.raises(ValueError, match=r"begins with 'draw\(\)' has no text .*italics"):
        Lesson(tmp_path / "03_random_search.ipynb").page([], has_solutions=False)


def test_pictures_have_texts_and_widgets_a_sentence(
    course: list[Lesson], glossary: list[words.Word]
) -> None:
    for lesson in course:
        page = lesson.page(glossary, has_solutions=True)
        assert page.cells[1:-1] and len(page.cells) == len(lesson.notebook.cells) + 1
        for cell in page.cells:
            kinds = {kind for o in cell.get("outputs", []) for kind in o.get("data", {})}
            if "image/png" in kinds:
                assert len(cell.metadata.mystnb["image"]["alt"]) > 20, cell.source
            assert not {kind for kind in kinds if kind.startswith("application/vnd")}
            shown = [o["data"].get("text/html", "") for o in cell.get("outputs", []) if "data" in o]
            plain = [
                o["data"].get("text/plain", "") for o in cell.get("outputs", []) if "data" in o
            ]
            for text, alone in zip(shown, plain, strict=True):
                assert "run this cell to use its controls" not in str(alone) or "hpt-widget" in text


def test_a_lesson_leads_to_the_words_that_it_explains(
    course: list[Lesson], glossary: list[words.Word]
) -> None:
    terms = {term for word in glossary for term in word.terms}
    assert len(terms) > 40
    for lesson in course:
        page = lesson.page(glossary, has_solutions=False)
        text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
        named = re.findall(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`", text)
        assert set(named) <= terms
    hyphen = words.linked("The **learning-rate range test** is one.", glossary, set())
    assert hyphen.startswith("The **{term}`learning-rate range test <learning rate range test>`**")
    first = course[0].page(glossary, has_solutions=False)
    assert "**{term}`learning curve`**" in "\n".join(cell.source for cell in first.cells)


def test_the_playground_is_a_link_on_the_site_alone(tmp_path: Path) -> None:
    cells = ["# Lesson 03 · Random search", "Try it in the **playground**, a page of the site."]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(c) for c in cells])
    nbformat.write(notebook, tmp_path / "03_random_search.ipynb")
    page = Lesson(tmp_path / "03_random_search.ipynb").page([], has_solutions=False)
    assert "in the [**playground**](../playground.md), a" in page.cells[1].source


@pytest.mark.parametrize("number", ["03", "04"])
def test_a_lesson_names_the_playground_once(root: Path, number: str) -> None:
    (path,) = (root / "notebooks").glob(f"{number}_*.ipynb")
    page = Lesson(path).page([], has_solutions=False)
    told = [cell.source for cell in page.cells if "**playground**" in cell.source]
    assert len(told) == 1 and told[0].count("[**playground**](../playground.md)") == 1


def test_a_lesson_leads_to_the_names_that_it_types(course: list[Lesson]) -> None:
    names = ["random_search", "plots.heat_map", "plots.heat", "genetic_search"]
    note = course[2].page([], has_solutions=False, names=names).cells[-1].source
    assert "[`ht.plots.heat_map`](../reference/plots.heat_map.rst)" in note
    assert "plots.heat`" not in note and "genetic" not in note


def test_sections_are_found_by_the_names_that_pages_give_them(course: list[Lesson]) -> None:
    lesson = course[3]
    place = lesson.types("plots.race")
    assert place is not None
    heading = lesson.heading_above(place)
    assert re.match(r"\d\. \w", heading)
    words = re.sub(r"\W+", "-", heading.partition(" ")[2].lower()).strip("-")
    assert lesson.link_to(place) == f"03_random_search.html#{words}"
    assert lesson.link_to(0) == "03_random_search.html"


def test_figures_are_shown_in_the_reference_with_their_call(course: list[Lesson]) -> None:
    cell = next(i for i, c in enumerate(course[2].notebook.cells) if "heat_map(" in c.source)
    still = gallery.Still("plots.heat_map", b"", "The *best*\ncell", "a\n\nb", course[2], cell)
    page = reference.reference_pages(course, {still.name: still})["plots.heat_map.rst"]
    assert ".. image:: ../gallery_pictures/plots.heat_map.png\n   :alt: The *best* cell\n" in page
    assert "   a\n\n   b" in page and "<../gallery.html#heat-map>" in page
    assert "goes on from the cells" in page and "<../lessons/02_grid_search.html#" in page
    panel = still._replace(name="widgets.cluster")
    page = reference.reference_pages(course, {panel.name: panel})["widgets.cluster.rst"]
    assert "goes on" not in page


def test_a_glossary_may_be_a_document(tmp_path: Path) -> None:
    document = tmp_path / "glossary.md"
    document.write_text("# Words\n\nbatch, batch size\n: The rows of\n  one step. (lesson 01)\n")
    found = words.read_words(document, tmp_path)
    assert found == [words.Word(("batch", "batch size"), "The rows of one step.", "01")]
    page = words.glossary_page(found, {"01": "01_manual_tuning.ipynb"})
    assert "batch\nbatch size\n  The rows of one step. [Lesson 01](lessons/01_m" in page


def test_solutions_stand_behind_a_click_and_nowhere_else(course: list[Lesson]) -> None:
    exercise = "combinations * folds + refit"
    page = solutions.solutions_page("02", "Grid search", "02_grid_search")
    before, _, after = page.partition(exercise)
    assert after and before.count("<details") == before.count("</details>") + 1
    stored = [str(lesson.page([], True)) for lesson in course]
    assert not any(exercise in lesson for lesson in stored)
    assert page.startswith("---\nnosearch: true\n---\n")


def test_reference_has_a_page_for_every_public_name(course: list[Lesson]) -> None:
    pages = reference.reference_pages(course, {})
    for name in set(hpotutor.__all__) - {"__version__", "exercises", *reference.FOLDERS}:
        assert f"{name}.rst" in pages
    for name in gallery.names("plots"):
        assert f"plots.{name}.rst" in pages
    assert "/lessons/04_bayesian_optimization" in pages["bayesian_search.rst"]
    assert all(entry.summary for entry in reference.entries())


def test_gallery_has_a_picture_of_every_figure(course: list[Lesson]) -> None:
    assert gallery.without_picture(course) == []
    assert gallery.without_picture([])  # most are taken from a lesson


def test_ledger_has_every_claim(root: Path, course: list[Lesson]) -> None:
    page = ledger.claims_page(root / "notebooks", {lesson.number: lesson.name for lesson in course})
    numbers = [int(number) for number in re.findall(r"^## (\d+)\.", page, re.M)]
    assert numbers == list(range(1, 16))
    assert page.count("](lessons/") >= 15
    sources = {number for _, articles in CLAIMS.values() for number in articles.split()}
    assert sources <= set(re.findall(r"^- \*\*(\d{3})\*\*", page, re.M))  # each is introduced


def test_documents_lead_to_pages_that_are_there(root: Path) -> None:
    text = "[a](docs/scaling.md#x) [b](notebooks/00_start_here.ipynb) [c](LICENSE) ![d](docs/p.png)"
    shown = documents.relinked(text, "README.md", root, None)
    assert shown == "[a](scaling.md#x) [b](lessons/00_start_here.ipynb) `LICENSE` ![d](p.png)"
    shown = documents.relinked("[c](LICENSE)", "README.md", root, "https://github.com/a/b")
    assert shown == "[c](https://github.com/a/b/blob/main/LICENSE)"


def test_wide_tables_scroll_by_keyboard() -> None:
    assert 'tabindex="0"' in scrollable('<style scoped>x</style><table border="1"></table>')
    assert scrollable("<p>no table</p>") == "<p>no table</p>"


def test_check_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there"></a><a href="b.html#not"></a><a href="c.html">'
        '<script src="https://example.org/x.js"></script><img src="data:x">'
    )
    (tmp_path / "b.html").write_text('<p id="there"><a href="https://example.org/y#z">')
    pages = check.read(tmp_path)
    said = " ".join(check.faults(pages))
    for part in ("#not, and the page", "c.html, which is not", "x.js from elsewhere", "without a"):
        assert part in said
    assert said.count("a.html") == 4
    assert check.external(pages) == ["https://example.org/y"]


# ── the built site ───────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def site(root: Path) -> Path:
    """Return the folder of the built pages; skip where nobody has built them."""
    folder = root / BUILT
    if not (folder / "index.html").exists():
        pytest.skip("The site is not built. Type: python start.py docs --no-browser")
    return folder


@pytest.fixture(scope="module")
def visit(browser: Any, site: Path) -> Iterator[Any]:
    """Return a function that opens a page of the site, and notes what it asks for."""
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))

    def open_page(name: str) -> Any:
        file, _, query = name.partition("?")
        page.goto((site / file).as_uri() + (query and f"?{query}"))
        page.wait_for_load_state()
        return page

    yield open_page
    page.close()
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []


def test_the_site_is_under_60_mb(site: Path) -> None:
    from tools.site.build import size

    assert 1 < size(site) < 60


def test_links_of_the_built_site_hold(site: Path) -> None:
    assert list(check.faults(check.read(site))) == []


def test_search_for_words_of_the_glossary_leads_to_it(visit: Any) -> None:
    page = visit("search.html?q=learning+rate+range+test")
    page.locator("ul.search li a").first.wait_for()
    assert "glossary.html#" in page.locator("ul.search li a").first.get_attribute("href")


@pytest.mark.parametrize("asked", ["One+solution", "Exercise+2.1", "StratifiedKFold"])
def test_search_shows_no_solution(visit: Any, asked: str) -> None:
    page = visit(f"search.html?q={asked}")
    page.wait_for_function("/found|did not match/.test(document.body.innerText)")
    found = page.locator("ul.search li a").evaluate_all("all => all.map(one => one.href)")
    assert not [link for link in found if "/solutions/lesson_" in link]


def test_license_and_citation_are_one_click_away(visit: Any) -> None:
    page = visit("lessons/00_start_here.html")
    page.locator("footer a", has_text="cite").click()
    page.wait_for_url("**/license.html")
    text = page.locator("main").inner_text()
    assert "BSD 3-Clause License" in text and "cff-version" in text


def test_install_leads_to_its_page(visit: Any) -> None:
    page = visit("index.html")
    page.locator(".hpt-actions a", has_text="Install").click()
    page.wait_for_url("**/install.html")


def test_search_finds_regret(visit: Any) -> None:
    page = visit("search.html?q=regret")
    # Results come one after the other; a lesson is among them, or this waits in vain.
    page.locator("#search-results li", has_text=re.compile("lesson", re.I)).first.wait_for()


def test_a_cell_can_be_copied_and_a_figure_is_shown(visit: Any) -> None:
    page = visit("lessons/03_random_search.html")
    assert page.locator("div.cell_input button.copybtn").count() > 10
    figure = page.locator("div.cell_output img").first
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("image => image.naturalWidth") > 300


@pytest.mark.parametrize(
    "name",
    [
        "index", "lessons/index", "lessons/00_start_here", "solutions/lesson_02", "glossary",
        "gallery", "claims", "reference/index", "reference/SearchResult", "instructors", "scaling",
        "playground",
    ],
)  # fmt: skip
def test_axe_finds_nothing_serious(visit: Any, name: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit(f"{name}.html")
    page.set_viewport_size({"width": 390, "height": 844})
    serious = ("serious", "critical")
    faults = [f for f in axe.run(page).response["violations"] if f["impact"] in serious]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in faults] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
