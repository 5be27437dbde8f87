"""One address, written everywhere, taken out again, and refused when it is none."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from IPython.core.interactiveshell import InteractiveShell

from hpotutor.cli import exit_status
from hpotutor.errors import ArgumentError, HpoTutorError
from tools import links
from tools.links import NO_ADDRESS, Address, address_of, project_folder, read_address

PAGE = "https://github.com/someone/tuning-course"
TEXTS = ("pyproject.toml", "CITATION.cff", *links.DOCUMENTS)


def main(words: list[str]) -> int:
    """Run the script as a terminal does, and return its exit status."""
    return exit_status(lambda: links.main(words))


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of all that has links, with no address in it, as the current folder."""
    folder = tmp_path / "project"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "docs").mkdir()
    for name in TEXTS:
        shutil.copy(root / name, folder / name)
    for lesson in ("00_start_here", "02_grid_search"):
        shutil.copy(root / "notebooks" / f"{lesson}.ipynb", folder / "notebooks")
    monkeypatch.chdir(folder)
    assert main(["--none"]) == 0
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_every_file_says_what_the_one_address_says(root: Path, project: Path) -> None:
    for lesson in (root / "notebooks").glob("*.ipynb"):
        shutil.copy(lesson, project / "notebooks")
    address = read_address(root)
    assert main([*([address.name] if address.name else ["--none"])]) == 0
    assert contents(project) == {name: (root / name).read_bytes() for name in contents(project)}


def test_an_address_goes_everywhere_once(project: Path, capsys) -> None:
    before = contents(project)
    assert main(["someone/tuning-course"]) == 0
    after = contents(project)
    told = capsys.readouterr().out
    assert [name for name in after if after[name] == before[name]] == []
    assert f"{len(after)} files changed" in told and PAGE in told
    assert not any(NO_ADDRESS.encode() in text for text in after.values())
    assert read_address(project).name == "someone/tuning-course"
    assert f'repository-code: "{PAGE}"' in after["CITATION.cff"].decode()

    assert main(["someone/tuning-course"]) == 0
    assert main([]) == 0  # what pyproject.toml says
    assert contents(project) == after
    assert capsys.readouterr().out.count("0 files changed") == 2


def test_another_address_replaces_the_first(project: Path) -> None:
    empty = contents(project)
    main(["someone/tuning-course"])
    main(["https://github.com/else-where/hpo.2.git"])
    after = contents(project)
    assert [name for name, text in after.items() if b"someone/" in text] == []
    assert [name for name, text in after.items() if b"else-where/hpo.2" not in text] == []
    main(["--none"])
    assert contents(project) == empty


def test_badges_open_this_lesson_and_cells_keep_their_outputs(project: Path) -> None:
    path = project / "notebooks" / "02_grid_search.ipynb"
    before = json.loads(path.read_text(encoding="utf-8"))
    main(["someone/tuning-course"])
    after = json.loads(path.read_text(encoding="utf-8"))
    title = "".join(after["cells"][0]["source"])
    colab = "https://colab.research.google.com/github/someone/tuning-course/blob/main/notebooks/"
    assert f"({colab}02_grid_search.ipynb)" in title
    assert "/main?urlpath=lab/tree/notebooks/02_grid_search.ipynb)" in title
    changed = [n for n, cell in enumerate(after["cells"]) if cell != before["cells"][n]]
    assert changed == [0, 1]
    for cell, was in zip(after["cells"], before["cells"], strict=True):
        cell["source"] = was["source"]
    assert after == before


def test_no_link_is_broken_while_there_is_no_address(project: Path) -> None:
    for name, content in contents(project).items():
        text = content.decode()
        assert "badge.svg" not in text and "badge_logo" not in text, name
        assert not re.search(r"\]\(https://(colab|mybinder)", text), name
        assert "OWNER/REPO/" not in text and "github.com/OWNER" not in text, name


@pytest.mark.parametrize(
    "wrong",
    ["", "course", "a/b/c", "OWNER/REPO", "some one/x", "-a/b", "a/..", "https://x.org/a/b"],
)
def test_what_is_no_address_is_refused_and_changes_nothing(wrong, project, capsys) -> None:
    before = contents(project)
    # After --, or argparse would take "-a/b" for an option.
    assert main(["--", wrong]) == 1
    said = capsys.readouterr().err
    assert f"address={wrong!r} is not allowed. Allowed: OWNER/REPO" in said
    assert "python tools/links.py someone/course" in said
    assert contents(project) == before


def test_a_missing_place_is_told_and_changes_nothing(project: Path) -> None:
    readme = project / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("<!-- links:", "<!-- "))
    before = contents(project)
    assert main(["someone/course"]) == 1
    assert contents(project) == before


def test_the_errors_say_what_to_put_back(project: Path, capsys) -> None:
    lesson = project / "notebooks" / "00_start_here.ipynb"
    lesson.write_text(lesson.read_text(encoding="utf-8").replace("Where it runs", "Where"))
    main(["someone/course"])
    assert "00_start_here.ipynb has no place for its badges" in capsys.readouterr().err
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    (project / "pyproject.toml").write_text(text.replace("Repository =", "Home ="))
    with pytest.raises(HpoTutorError, match="Put this line there: Repository ="):
        read_address(project)


def test_the_site_is_where_github_shows_it(project: Path) -> None:
    assert Address("Some-One/Course").site == "https://some-one.github.io/Course/"
    assert Address("someone/SomeOne.github.io").site == "https://someone.github.io/"
    main(["someone/tuning-course"])
    assert "https://someone.github.io/tuning-course/" in (project / "README.md").read_text()
    assert f"`git clone {PAGE}`" in (project / "docs" / "index.md").read_text()


def test_it_wants_the_projects_folder(tmp_path: Path, root: Path) -> None:
    with pytest.raises(HpoTutorError, match="start.py"):
        project_folder(tmp_path)
    assert project_folder(root / "notebooks") == root


def test_short_and_long_forms_are_the_same_address() -> None:
    forms = ["a/b", " a/b ", "https://github.com/a/b", "https://github.com/a/b/", "a/b.git"]
    assert {address_of(form) for form in forms} == {Address("a/b")}
    with pytest.raises(ArgumentError):
        address_of("a/")


@pytest.mark.parametrize("on_colab", [True, False])
def test_the_first_cell_installs_only_on_colab(project: Path, monkeypatch, on_colab) -> None:
    main(["someone/tuning-course"])
    lesson = json.loads((project / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8"))
    source = "".join(next(c for c in lesson["cells"] if c["cell_type"] == "code")["source"])
    opening = source[: source.index("\n\n", source.index("%pip"))]
    shell, calls = InteractiveShell(), []
    shell.register_magic_function(calls.append, magic_name="pip")
    versions = {"numpy": "2.1.3", "tensorflow": "2.20.0"}
    monkeypatch.setattr("importlib.metadata.version", versions.__getitem__)
    if on_colab:
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    else:
        monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    shell.run_cell(opening).raise_error()
    expected = f'install --quiet numpy==2.1.3 tensorflow==2.20.0 "hpotutor @ git+{PAGE}@main"'
    assert calls == ([expected] if on_colab else [])
    assert "import dataclasses" in source and "import hpotutor as ht" in source
