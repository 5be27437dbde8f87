"""start.py: its checks one by one, and real set-ups of a tiny project that needs no network."""

from __future__ import annotations

import ast
import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock

import psutil
import pytest

# A build back end in a few lines: the set-ups below are real but for what they install.
BACKEND = """
import os, time, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    while os.path.exists("hold"):
        open("held", "w").close()
        time.sleep(0.05)
    info = "tiny-1.0.dist-info/"
    extras = "".join("Provides-Extra: %s\\n" % name for name in ("cpu", "lab", "test"))
    needs = open("needs").read() if os.path.exists("needs") else ""
    with zipfile.ZipFile(os.path.join(folder, "tiny-1.0-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("tiny.pth", os.getcwd())
        head = "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n"
        wheel.writestr(info + "METADATA", head + extras + needs)
        tags = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(info + "WHEEL", tags)
        wheel.writestr(info + "RECORD", "")
    return "tiny-1.0-py3-none-any.whl"
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
# Stands for pytest and for hpotutor: shows how it was called, returns what it is told to.
COMMAND = """
import json, os, sys
called = {"prefix": sys.prefix, "arguments": sys.argv[1:], "path": os.environ["PATH"]}
print("CALLED", json.dumps(called))
sys.exit(int(os.environ.get("EXIT_CODE", "0")))
"""
# Stands for the venv module where a test is not about it: copies an environment made before.
VENV = """
import shutil, sys
if __name__ == "__main__":
    left_out = shutil.ignore_patterns("hpotutor.stamp", "pip.log")
    shutil.copytree({template!r}, sys.argv[-1], symlinks=True, ignore=left_out, dirs_exist_ok=True)
"""
FRESH = ["Creating", "Installing;", "The environment is ready.", "Running the tests."]


@pytest.fixture(scope="session")
def script(root: Path) -> Path:
    return root / "start.py"


@pytest.fixture
def start(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return start.py as a module whose project is an empty folder."""
    spec = importlib.util.spec_from_file_location("start_under_test", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(module, "STAMP", str(tmp_path / ".venv" / "hpotutor.stamp"))
    return module


def make_project(folder: Path, script: Path) -> Path:
    folder.mkdir(exist_ok=True)
    shutil.copy(script, folder)
    files = {"backend.py": BACKEND, "pyproject.toml": PYPROJECT, "constraints.txt": ""}
    for name, text in {**files, "pytest.py": COMMAND, "hpotutor.py": COMMAND}.items():
        (folder / name).write_text(text)
    return folder


def environment(**variables: str) -> dict[str, str]:
    """Return an environment in which pip knows no index, but what is said."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHONPATH"))}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", **variables}


def run(project: Path, *arguments: str, **variables: str) -> SimpleNamespace:
    """Return what a start in a project said and did."""
    command = [sys.executable, str(project / "start.py"), *arguments]
    done = subprocess.run(command, env=environment(**variables), capture_output=True, text=True)
    prefix = "hpotutor: "
    lines = done.stdout.splitlines()
    called = [ast.literal_eval(line[7:]) for line in lines if line.startswith("CALLED ")]
    return SimpleNamespace(
        code=done.returncode,
        errors=done.stderr,
        steps=[line.removeprefix(prefix) for line in lines if line.startswith(prefix)],
        called=called[0] if called else None,
    )


def said(steps: list[str], beginnings: list[str]) -> bool:
    """Return whether the steps are these, each told by how it begins."""
    return len(steps) == len(beginnings) and all(map(str.startswith, steps, beginnings))


def begin(project: Path, **variables: str) -> subprocess.Popen:
    """Start a set-up that holds inside pip, in a process group of its own."""
    (project / "hold").touch()
    process = subprocess.Popen(
        [sys.executable, str(project / "start.py"), "test"],
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A background job inherits an ignored Ctrl-C; a learner's terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (project / "held").exists():
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    return process


# -- a set-up that succeeds ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def ready(script: Path, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Return a tiny project after its first start, and what that start said."""
    project = make_project(tmp_path_factory.mktemp("ready") / "a project", script)
    return SimpleNamespace(project=project, first=run(project, "test", "-k", "two words"))


@pytest.fixture(scope="module")
def quick(ready: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return variables with which creating an environment takes no time."""
    folder = tmp_path_factory.mktemp("quick")
    template = str(ready.project / ".venv")
    (folder / "venv.py").write_text(VENV.format(template=template))
    return {"PYTHONPATH": str(folder)}


def test_first_start_installs_and_hands_over(ready: SimpleNamespace) -> None:
    assert said(ready.first.steps, FRESH), ready.first
    assert "550 MB" in ready.first.steps[1]
    venv = ready.project / ".venv"
    assert Path(ready.first.called["prefix"]) == venv
    assert ready.first.called["arguments"] == ["-k", "two words"]
    assert ready.first.called["path"].startswith(str(venv))
    assert ready.first.code == 0


def test_second_start_goes_straight_on(ready: SimpleNamespace) -> None:
    log = (ready.project / ".venv" / "pip.log").stat()
    second = run(ready.project, "test")
    assert said(second.steps, ["Running the tests."])
    assert second.called["arguments"] == []
    assert (ready.project / ".venv" / "pip.log").stat().st_mtime_ns == log.st_mtime_ns


def test_exit_code_is_the_commands(ready: SimpleNamespace) -> None:
    assert run(ready.project, "test", EXIT_CODE="5").code == 5


def test_a_lessons_number_opens_it(ready: SimpleNamespace) -> None:
    assert run(ready.project, "04").called["arguments"] == ["lab", "04"]


@pytest.mark.parametrize("named", [[], ["lab"]])
def test_lab_is_the_default_and_gets_its_arguments(
    ready: SimpleNamespace, named: list[str]
) -> None:
    given = ["--no-browser", "--port", "9999"]
    arguments = run(ready.project, *named, *given).called["arguments"]
    assert arguments == ["lab", *given]


def test_docs_adds_what_the_site_needs_once(ready: SimpleNamespace) -> None:
    script = ready.project / "tools" / "site" / "build.py"
    script.parent.mkdir(parents=True)
    script.write_text(COMMAND)
    first = run(ready.project, "docs", "--no-browser")
    assert said(first.steps, ["Installing what the site", "Building the site"]), first
    assert first.called["arguments"] == ["--no-browser"]
    assert Path(first.called["prefix"]) == ready.project / ".venv"
    assert said(run(ready.project, "docs").steps, ["Building the site"])


def test_changed_versions_are_installed(ready: SimpleNamespace) -> None:
    (ready.project / "constraints.txt").write_text("# changed\n")
    changed = run(ready.project, "test")
    expected = ["The course has changed", "Installing;", "The environment is ready.", "Running"]
    assert said(changed.steps, expected), changed


def test_moved_project_gets_a_new_environment(
    ready: SimpleNamespace, quick: dict[str, str], tmp_path: Path
) -> None:
    moved = shutil.copytree(ready.project, tmp_path / "moved", symlinks=True)
    again = run(moved, "test", **quick)
    assert said(again.steps, ["The environment is of another Python or folder", *FRESH]), again
    assert Path(again.called["prefix"]) == moved / ".venv"


# -- a set-up that was stopped -------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="POSIX process groups")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_stopped_set_up_is_repaired(
    script: Path, quick: dict[str, str], tmp_path: Path, name: str
) -> None:
    project = make_project(tmp_path / "project", script)
    process = begin(project, **quick)
    (project / ".venv" / "left-over").touch()
    os.killpg(process.pid, getattr(signal, name))
    output = process.communicate()[0]
    assert process.returncode != 0
    assert "Traceback" not in output
    assert ("Stopped. Start again" in output) == (name == "SIGINT")
    (project / "hold").unlink()
    again = run(project, "test", **quick)
    assert said(again.steps, ["An earlier set-up did not finish", *FRESH]), again
    assert again.code == 0
    assert not (project / ".venv" / "left-over").exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_ended_set_up_takes_pip_along(
    script: Path, quick: dict[str, str], tmp_path: Path, name: str
) -> None:
    project = make_project(tmp_path / "project", script)
    process = begin(project, **quick)
    started = psutil.Process(process.pid).children(recursive=True)
    assert any("pip" in child.cmdline() for child in started)
    process.send_signal(getattr(signal, name))  # to it alone
    (project / "hold").unlink()
    output = process.communicate()[0]
    assert process.returncode == 130
    assert "Stopped. Start again to go on." in output and "Traceback" not in output
    assert psutil.wait_procs(started, timeout=20)[1] == []
    assert (project / ".venv" / "hpotutor.stamp").read_text() == "installing\n"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_under_nohup_the_set_up_goes_on(
    script: Path, quick: dict[str, str], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project", script)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as its child inherits it
    try:
        process = begin(project, **quick)
    finally:
        signal.signal(signal.SIGHUP, before)
    process.send_signal(signal.SIGHUP)
    (project / "hold").unlink()
    assert "The environment is ready." in process.communicate()[0]
    assert process.returncode == 0


def test_windows_ends_the_lessons_with_their_start(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not Windows itself: what it is asked, against its documented structure."""

    class Basic(ctypes.Structure):  # JOBOBJECT_BASIC_LIMIT_INFORMATION
        _fields_ = [
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", ctypes.c_uint32),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", ctypes.c_uint32),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", ctypes.c_uint32),
            ("SchedulingClass", ctypes.c_uint32),
        ]

    class Extended(ctypes.Structure):  # JOBOBJECT_EXTENDED_LIMIT_INFORMATION
        _fields_ = [
            ("BasicLimitInformation", Basic),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("Memory", ctypes.c_size_t * 4),
        ]

    asked = MagicMock()
    asked.CreateJobObjectW.return_value = 7
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: asked, raising=False)
    start.end_with_this(SimpleNamespace(_handle=9))
    job, kind, limits, size = asked.SetInformationJobObject.call_args[0]
    assert (job.value, kind, size) == (7, 9, ctypes.sizeof(Extended))
    told = Extended.from_buffer_copy(limits)
    assert told.BasicLimitInformation.LimitFlags == 0x2000 | 0x1000
    assert sum(limits) == 0x30  # and nothing else is set
    assigned = [handle.value for handle in asked.AssignProcessToJobObject.call_args[0]]
    assert assigned == [7, 9]


@pytest.mark.skipif(os.name == "nt", reason="POSIX process groups")
def test_second_start_waits_for_the_first(
    script: Path, quick: dict[str, str], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project", script)
    first = begin(project, **quick)
    command = [sys.executable, str(project / "start.py"), "test"]
    second = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    waiting = second.stdout.readline()
    (project / "hold").unlink()
    assert waiting == "hpotutor: Another start is setting up; waiting for it.\n"
    assert first.wait() == 0
    rest = second.communicate()[0]
    assert second.returncode == 0
    assert "Creating" not in rest and "Installing" not in rest


# -- errors --------------------------------------------------------------------------------------


def test_no_network(script: Path, quick: dict[str, str], tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", script)
    (project / "needs").write_text("Requires-Dist: hpotutor-needs-this\n")
    closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1", "PIP_NO_INDEX": "0"}
    failed = run(project, "test", **closed, **quick)
    assert failed.code == 1
    assert failed.errors.startswith("hpotutor: The package index could not be reached.")
    assert "start again" in failed.errors
    assert failed.called is None
    assert (project / ".venv" / "hpotutor.stamp").read_text() == "installing\n"


@pytest.mark.parametrize(
    ("version", "word"), [((2, 7, 18), "old"), ((3, 10, 13), "old"), ((3, 14, 0), "new")]
)
@pytest.mark.parametrize("other", [True, False])
def test_unfit_python(
    start: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple,
    word: str,
    other: bool,
) -> None:
    monkeypatch.setattr(start, "python_runs", lambda command: other)
    with pytest.raises(start.StartError) as caught:
        start.check_python(version)
    message = str(caught.value)
    assert f"Python {version[0]}.{version[1]} is too {word}" in message
    assert ("type: python3.13 start.py" if other else "Install one") in message


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 13, 9)])
def test_fit_python(start: ModuleType, version: tuple) -> None:
    start.check_python(version)


def test_old_pythons_can_read_it(script: Path) -> None:
    text = script.read_text()
    newer = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.AsyncFunctionDef, ast.YieldFrom)
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, newer), ast.unparse(node)
        assert not (isinstance(node, ast.Raise) and node.cause), ast.unparse(node)
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            assert not node.returns and not any(a.annotation for a in arguments), node.name
            assert not node.args.kwonlyargs and not node.args.posonlyargs, node.name
    assert text.isascii()


def only_error(start: ModuleType, capsys: pytest.CaptureFixture) -> str:
    """Return the message with which ``start.py test`` ends, of some lines and no traceback."""
    (Path(start.ROOT) / "pyproject.toml").touch()
    (Path(start.ROOT) / "constraints.txt").touch()
    assert start.main(["test"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("hpotutor: ") and message.count("\n") == 1
    return message


def test_venv_module_is_missing(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(start, "python_runs", lambda command: False)
    message = only_error(start, capsys)
    assert f"sudo apt install python3.{sys.version_info.minor}-venv" in message
    assert not os.path.exists(start.VENV)


def test_disk_is_too_full(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(
        start.shutil, "disk_usage", lambda path: SimpleNamespace(free=(start.DISK_MB - 1) * 10**6)
    )
    message = only_error(start, capsys)
    assert f"needs about {start.DISK_MB} MB here and {start.DISK_MB - 1} MB are free" in message
    assert not os.path.exists(start.VENV)


def test_folder_is_read_only(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(start.os, "makedirs", refuse)
    monkeypatch.setattr(start, "check_disk", lambda: None)
    message = only_error(start, capsys)
    assert "cannot write here" in message and "into a folder of yours" in message


def test_foreign_environment_is_left_alone(
    start: ModuleType, capsys: pytest.CaptureFixture
) -> None:
    foreign = Path(start.VENV) / "pyvenv.cfg"
    foreign.parent.mkdir()
    foreign.write_text("mine")
    assert "was not made by start.py" in only_error(start, capsys)
    assert foreign.read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="to make a link is a privilege on Windows")
def test_what_a_link_leads_to_is_left_alone(
    start: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    theirs = tmp_path / "another" / ".venv"
    theirs.mkdir(parents=True)
    (theirs / "hpotutor.stamp").write_text("0" * 16 + " digest\n")
    (theirs / "pyvenv.cfg").write_text("in use")
    Path(start.VENV).symlink_to(theirs, target_is_directory=True)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    assert start.main(["test"]) == 1
    assert f"a link to {theirs}" in capsys.readouterr().err
    assert sorted(path.name for path in theirs.iterdir()) == ["hpotutor.stamp", "pyvenv.cfg"]
    assert start.read_stamp() == "0" * 16 + " digest"


def test_start_without_the_project(start: ModuleType, capsys: pytest.CaptureFixture) -> None:
    assert start.main(["test"]) == 1
    assert "the whole project" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("OSError: [Errno 28] No space left on device", "TMPDIR"),
        ("Max retries exceeded (Caused by SSLError(CERTIFICATE_VERIFY_FAILED", "global.cert"),
        ("NameResolutionError: Failed to resolve\nNo matching distribution found", "HTTPS_PROXY"),
        ("ERROR: No matching distribution found for tensorflow-cpu>=2.20", "64-bit"),
        ("PermissionError: [WinError 5] Access is denied: x.pyd", "Close programs"),
        ("this system does not have Windows Long Path support enabled", "long paths"),
        ("fine\nERROR: something new\nfine", "ERROR: something new"),
    ],
)
def test_failed_installs_are_explained(start: ModuleType, output: str, remedy: str) -> None:
    assert remedy in start.explain(output)


def test_environment_of_a_removed_python_is_made_anew(
    start: ModuleType, capsys: pytest.CaptureFixture
) -> None:
    Path(start.VENV).mkdir()
    assert start.outlived(start.place() + " digest")  # there is no Python in it
    assert start.outlived("0" * 16 + " digest")
    assert capsys.readouterr().out.count("another Python or folder") == 2


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--help"], 0), (["-h"], 0), (["tset"], 2)], ids=str
)
def test_usage(
    start: ModuleType, capsys: pytest.CaptureFixture, arguments: list[str], code: int
) -> None:
    assert start.main(arguments) == code
    shown = capsys.readouterr().out
    assert "start.py [lab]" in shown and "start.py test" in shown
