"""The processes of :mod:`tools.mutants`: one is forked for each change, and runs pytest.

The process that is forked has imported the heavy libraries and used none of them: no operation of
TensorFlow's, after which a forked process hangs, and nothing of the package itself, so that a
child imports it as it stands, changed in one place, in the child's copy of the project.
"""

from __future__ import annotations

import compileall
import contextlib
import gc
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import time
import tomllib
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mutations import Mutant

ROOT = Path(__file__).resolve().parent.parent
WORK = Path("build", "mutants")  # from the project's folder: copies, and what was found so far
PYTEST = ["-q", "--doctest-modules", "--import-mode=importlib", "-p", "no:cacheprovider"]
PYTEST += ["-o", "addopts="]
IGNORED = shutil.ignore_patterns(".*", "build", "dist", "runs", "__pycache__", "*.egg-info")


class Settings:
    """What ``[tool.hpotutor.mutants]`` in ``pyproject.toml`` says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        told = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        told = told.get("tool", {}).get("hpotutor", {}).get("mutants", {})
        self.package: str = told.get("package", "hpotutor")
        self.core: list[str] = told.get("core", [])
        self.preload: list[str] = told.get("preload", [])
        self.plugins: list[str] = told.get("plugins", [])  # of pytest's
        self.without: list[str] = told.get("without", [])  # tests that are never run
        self.besides: dict[str, list[str]] = told.get("besides", {})  # tests of a folder's users
        listed = root / "tools" / "mutants_equivalent.toml"
        text = listed.read_text(encoding="utf-8") if listed.exists() else ""
        self.equivalent: list[dict[str, str]] = tomllib.loads(text).get("equivalent", [])

    def test_files(self, module: str) -> list[str]:
        """Return the files with a module's tests: its folder's, its own examples, its users'."""
        folder = Path(module).parent.name
        places = [f"tests/{folder}", module, *self.besides.get(folder, [])]
        found = []
        for place in places:
            path = self.root / place
            files = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
            found += [file.relative_to(self.root).as_posix() for file in files if file.is_file()]
        return [file for file in dict.fromkeys(found) if file not in self.without]


class _Chosen:
    """A plugin of pytest's: only these tests, in this order; what failed; what touches a line."""

    def __init__(self, order: list[str] | None, tracer: Any = None) -> None:
        self.order = order
        self.tracer = tracer
        self.tests: dict[str, dict[str, Any]] = {}
        self.by = ""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.order is not None:
            place = {name: n for n, name in enumerate(self.order)}
            items[:] = sorted(
                (item for item in items if item.nodeid in place), key=lambda i: place[i.nodeid]
            )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.tests[nodeid] = {"seconds": _cpu(), "outcome": "passed", "lines": defaultdict(list)}
        if self.tracer is not None:
            self.tracer.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.outcome != "passed":
            self.tests[report.nodeid]["outcome"] = report.outcome
        if report.failed:
            self.by = self.by or report.nodeid

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.tests[nodeid]["seconds"] = _cpu() - self.tests[nodeid]["seconds"]

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.by = self.by or f"importing {report.nodeid}"


def _cpu() -> float:
    """Return the processor's seconds, children's too: a busy machine adds none."""
    return sum(os.times()[:4])


def _run_pytest(copy: Path, files: Iterable[str], plugin: _Chosen, *more: str) -> int:
    import pytest

    os.chdir(copy)
    sys.path[:] = [str(copy), *(p for p in sys.path if p not in ("", str(ROOT)))]
    os.environ["PYTHONPATH"] = str(copy)
    paths = [str(copy / file) for file in files]
    config = ["-c", str(copy / "pyproject.toml"), f"--rootdir={copy}"]
    config += [word for name in Settings(copy).plugins for word in ("-p", name)]
    return int(pytest.main([*paths, *PYTEST, *config, *more], plugins=[plugin]))


def look_at(copy: Path, package: str, file: str) -> dict[str, Any]:
    """Run a file's tests as they are: how long each takes, and which lines it touches."""
    import coverage

    tracer = coverage.Coverage(data_file=None, include=[f"{copy}/{package}/*"], config_file=False)
    tracer.start()
    plugin = _Chosen(None, tracer)
    code = _run_pytest(copy, [file], plugin)
    if code not in (0, 1, 5):  # passed, some failed, the file has none
        raise RuntimeError(f"pytest ended with {code}")
    tracer.stop()
    data = tracer.get_data()
    for path in data.measured_files():
        module = Path(path).relative_to(copy).as_posix()
        for line, tests in data.contexts_by_lineno(path).items():
            for test in tests:
                if test in plugin.tests:
                    plugin.tests[test]["lines"][module].append(line)
    return plugin.tests


def run_unchanged(copy: Path, tests: list[str]) -> list[str]:
    """Run tests of several files together, as they are run for a change; return what failed."""
    plugin = _Chosen(tests)
    _run_pytest(copy, dict.fromkeys(name.split("::")[0] for name in tests), plugin)
    return [name for name, test in plugin.tests.items() if test["outcome"] == "failed"]


def try_out(copy: Path, mutant: Mutant, tests: list[str]) -> dict[str, Any]:
    """Put the change into a copy, and run tests until one fails."""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    (copy / mutant.module).write_text(mutant.source, encoding="utf-8")
    plugin = _Chosen(tests)
    code = _run_pytest(copy, dict.fromkeys(name.split("::")[0] for name in tests), plugin, "-x")
    survived = code == 0
    return {"outcome": "survived" if survived else "noticed", "by": plugin.by or f"exit {code}"}


class Job:
    """A function that runs in a forked child, with a time limit; its answer comes in a file."""

    def __init__(self, place: Path, limit: float, run: Callable[[], Any]) -> None:
        self.answer = place.with_suffix(".json")
        self.answer.unlink(missing_ok=True)
        self.end = time.monotonic() + 4 * limit  # waits for what never comes
        self.pid = os.fork()
        if not self.pid:
            self._be_the_child(place, limit, run)

    def _be_the_child(self, place: Path, limit: float, run: Callable[[], Any]) -> None:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))  # an endless loop
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        log = os.open(place.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(log, stream)
        try:
            text = json.dumps(run())
            partial = self.answer.with_suffix(".part")
            partial.write_text(text, encoding="utf-8")
            partial.replace(self.answer)
        except BaseException:
            traceback.print_exc()
        os._exit(0)

    def result(self) -> Any:
        """Return the answer, None while there is none yet; after the limit, that it was reached."""
        done, status = os.waitpid(self.pid, os.WNOHANG)
        late = not done and time.monotonic() > self.end
        if not done and not late:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # the child, and what its tests left running
        if late:
            os.waitpid(self.pid, 0)
        if self.answer.exists():
            return json.loads(self.answer.read_text(encoding="utf-8"))
        late = late or os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        return {"outcome": "noticed", "by": "the time limit" if late else "the process's end"}


class Lab:
    """Copies of the project, one for each job that runs at a time, and the heavy libraries."""

    def __init__(self, settings: Settings, jobs: int) -> None:
        self.settings = settings
        self.work = settings.root / WORK
        self.copies = [self.work / f"copy-{n}" for n in range(jobs)]
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
        os.environ["HPOTUTOR_SETUP"] = "1"  # as a process of a lesson has it
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # half a second of imports a process
        for name in (*settings.preload, *settings.plugins):
            importlib.import_module(name)
        gc.freeze()  # pytest collects garbage twice, and would look through all that is loaded
        for copy in self.copies:  # bytecode stays, which is most of what an import costs
            shutil.copytree(settings.root, copy, ignore=IGNORED, dirs_exist_ok=True)
            compileall.compile_dir(copy / settings.package, quiet=2)

    def run(self, jobs: Iterable[tuple[Any, float, Callable[[Path], Any]]]) -> Iterator[Any]:
        """Run functions of a copy's folder, several at a time; yield each one's name and answer."""
        running: dict[Path, tuple[Any, Job]] = {}
        todo = iter(jobs)
        try:
            while True:
                for copy in [copy for copy in self.copies if copy not in running]:
                    if (job := next(todo, None)) is not None:
                        name, limit, run = job
                        child = Job(copy, limit, lambda run=run, copy=copy: run(copy))
                        running[copy] = name, child
                if not running:
                    return
                for copy, (name, child) in list(running.items()):
                    if (answer := child.result()) is not None:
                        del running[copy]
                        if changed := getattr(name, "mutant", None):
                            self._restore(copy, changed.module)
                        yield name, answer
                time.sleep(0.02)
        finally:
            for _, child in running.values():
                child.end = 0.0
                child.result()

    def _restore(self, copy: Path, module: str) -> None:
        """Put a module's own code back, as old as it was: its bytecode holds."""
        shutil.copy2(self.settings.root / module, copy / module)
