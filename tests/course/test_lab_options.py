"""`hpotutor lab` brings a copy up to date, then is JupyterLab: here something stands in for it."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from hpotutor import cli
from hpotutor.course import workspace as copies
from hpotutor.course import workspace as lab


@pytest.fixture
def opened(monkeypatch, tmp_path) -> list:
    calls: list = []

    def open_lab(folder, arguments):
        calls.append((str(folder), arguments))
        sys.exit(7)

    monkeypatch.setattr(lab, "open_lab", open_lab)
    monkeypatch.setattr(copies, "default_folder", lambda: tmp_path / "default")
    return calls


@pytest.mark.parametrize(
    ("typed", "folder", "passed"),
    [
        ([], "default", []),
        (["mine"], "mine", []),
        (
            ["03", "--no-browser"],
            "default",
            ["--LabApp.default_url=/lab/tree/03_random_search.ipynb", "--no-browser"],
        ),
        (["--port", "9000"], "default", ["--port", "9000"]),
        (["mine", "--no-browser", "--port", "9"], "mine", ["--no-browser", "--port", "9"]),
    ],
)
def test_options_reach_jupyterlab(opened, monkeypatch, tmp_path, capsys, typed, folder, passed):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["lab", *typed])
    assert ended.value.code == 7
    (call,) = opened
    assert call[0].endswith(folder) and call[1] == passed
    assert (tmp_path / folder / "00_start_here.ipynb").exists()
    said = capsys.readouterr().out
    assert "added 00_start_here.ipynb" in said and "Your lessons are in" in said


def test_a_lesson_that_is_not_there_is_no_folder(opened, capsys):
    assert cli.main(["lab", "77"]) == 1
    assert "77" in capsys.readouterr().err and opened == []


def test_it_can_stop_after_copying(opened, tmp_path):
    assert cli.main(["lab", str(tmp_path / "x"), "--copy-only"]) == 0
    assert opened == []
    assert "(00_start_here.ipynb)" in (tmp_path / "x" / "index.md").read_text(encoding="utf-8")


def test_only_lab_takes_foreign_options(capsys):
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--port", "9000"])
    assert "unrecognized arguments: --port 9000" in capsys.readouterr().err


def test_jupyterlab_listens_here_only_unless_it_is_told_otherwise(tmp_path):
    options = lab.lab_arguments(tmp_path, ["--port", "9"], "index.md")
    assert f"--ServerApp.root_dir={tmp_path.resolve()}" in options
    assert "--ServerApp.ip=127.0.0.1" in options
    assert "--LabApp.default_url=/lab/tree/index.md" in options
    for given in ("--ip=0.0.0.0", "--ServerApp.ip=0.0.0.0"):  # Jupyter refuses to be told twice
        assert [o for o in lab.lab_arguments(tmp_path, [given]) if "ip=" in o] == [given]
    page = "--LabApp.default_url=/lab/tree/03_random_search.ipynb"
    assert [o for o in lab.lab_arguments(tmp_path, [page]) if "default_url" in o] == [page]


def test_the_layout_is_the_folders_own(tmp_path, monkeypatch):
    pytest.importorskip("jupyterlab")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "theirs")
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(tmp_path / "theirs"))
    lab.lay_out(tmp_path)
    assert list(tmp_path.iterdir()) == []  # they have said where
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0] == "theirs"
    monkeypatch.delenv("JUPYTERLAB_WORKSPACES_DIR")
    lab.lay_out(tmp_path)
    (layout,) = (tmp_path / ".hpotutor_lab").iterdir()
    layout.write_text("moved by its owner")
    monkeypatch.delenv("JUPYTERLAB_WORKSPACES_DIR")
    lab.lay_out(tmp_path)
    assert layout.read_text() == "moved by its owner"


def test_a_missing_jupyterlab_is_a_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["lab", str(tmp_path)]) == 1
    assert f'{sys.executable} -m pip install "jupyterlab>=4.2"' in capsys.readouterr().err


def test_the_first_layout_is_the_courses(tmp_path, monkeypatch):
    pytest.importorskip("jupyterlab")
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTERLAB_WORKSPACES_DIR"):
        monkeypatch.setenv(name, "")  # to be put back
        monkeypatch.delenv(name)
    lab.lay_out(tmp_path)
    ours = Path(copies.__file__).parent / "jupyter"
    assert os.environ["JUPYTER_CONFIG_PATH"] == str(ours)  # for JupyterLab's defaults
    assert (ours / "labconfig" / "default_setting_overrides.json").is_file()
    assert os.environ["JUPYTERLAB_WORKSPACES_DIR"] == str(tmp_path / ".hpotutor_lab")
    (layout,) = (tmp_path / ".hpotutor_lab").iterdir()
    shipped = json.loads((ours / "workspace.json").read_text(encoding="utf-8"))
    assert json.loads(layout.read_text(encoding="utf-8"))["data"] == shipped["data"]


def test_a_folder_that_may_only_be_read_opens_all_the_same(tmp_path, monkeypatch):
    pytest.importorskip("jupyterlab")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", "")
    monkeypatch.delenv("JUPYTERLAB_WORKSPACES_DIR")
    (tmp_path / "folder").write_text("a file, so that nothing can be put there")
    lab.lay_out(tmp_path / "folder")
    assert lab.write_page(tmp_path / "folder") == ""


@pytest.mark.parametrize(("user", "given"), [(0, True), (1000, False), (None, False)])
def test_only_root_is_let_in_as_root(tmp_path, monkeypatch, user, given):
    if user is None:  # Windows
        monkeypatch.delattr(os, "geteuid", raising=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    assert ("--allow-root" in lab.lab_arguments(tmp_path)) is given
    assert "--LabApp.default_url=/lab/tree/" in lab.lab_arguments(tmp_path)  # and no page


@pytest.fixture
def started(monkeypatch, tmp_path) -> list[list[str]]:
    """Return what JupyterLab is started with; settings of this process are put back."""
    pytest.importorskip("jupyterlab.labapp")
    calls: list[list[str]] = []
    monkeypatch.setattr("jupyterlab.labapp.main", calls.append)
    monkeypatch.setattr(lab, "all_lessons", lambda: {"00_a": tmp_path / "00_a.ipynb"})
    cells = [{"cell_type": "markdown", "source": ["# Lesson 00 · Beginnings\n", "Text."]}]
    cells += [{"cell_type": "markdown", "source": "# Lesson 01 · Another"}]
    (tmp_path / "00_a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTERLAB_WORKSPACES_DIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return calls


@pytest.fixture
def hang_up():
    """Put back what a closed terminal does."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


posix = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no closed terminals on Windows")


def test_jupyterlab_opens_on_the_page_of_all_lessons(started, tmp_path, monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP", raising=False)  # as on Windows
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    lab.open_lab("mine", ["--port", "9"])
    assert started == [lab.lab_arguments(tmp_path / "mine", ["--port", "9"], "index.md")]
    assert os.environ["JUPYTERLAB_WORKSPACES_DIR"] == str(tmp_path / "mine" / ".hpotutor_lab")
    text = (tmp_path / "mine" / "index.md").read_text(encoding="utf-8")
    assert "[00 · Beginnings](00_a.ipynb)" in text and "Another" not in text


@posix
@pytest.mark.parametrize(
    ("before", "kept"), [(signal.SIG_DFL, False), (signal.SIG_IGN, True)], ids=["usual", "nohup"]
)
def test_a_closed_terminal_ends_it_in_good_order(
    started, hang_up, tmp_path, monkeypatch, before, kept
):
    signal.signal(signal.SIGHUP, before)
    lab.open_lab(tmp_path)
    assert len(started) == 1
    does = signal.getsignal(signal.SIGHUP)
    assert (does == before) is kept
    if not kept:
        raised: list[int] = []
        monkeypatch.setattr(signal, "raise_signal", raised.append)
        does(signal.SIGHUP, None)
        assert raised == [signal.SIGTERM]
