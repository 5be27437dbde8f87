"""Change the code in one place, run the tests that touch it, and tell which change none notices.

    python tools/mutants.py hpotutor/study hpotutor/space/space.py --sample 40

Needs the extra ``mutants``. A run says beforehand what it will cost, can be stopped (Ctrl+C) and
goes on where it was; a change that survived is tried again once its tests or its module have
changed. What survives stands in the report with its line, its diff and the tests that touched it;
it wants a test that states what a user relies on, or, if no user can tell the difference, an
entry with the reason in ``mutants_equivalent.toml``.

The changes are mutmut's (see ``mutations.py``): its list of operators has what matters here, among
it arguments that are dropped, at 60 to 100 changes for 100 lines. cosmic-ray has every pair of
operators instead (eleven for one ``+``), no dropped argument, and a process for each change: with
TensorFlow that is 5 seconds before the first test begins. mutmut's own runner forks and is quick,
but leaves out properties, decorated functions, and what a class or module says outside of
functions, wraps every function (doctests and signatures then differ), and cannot draw a sample. So
the runner is this file: a process that has imported the heavy libraries and has not yet used them
is forked for each change, and its child runs pytest in a copy of the project.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import gc
import hashlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))

from mutations import Mutant, modules_of, mutants_of, sample
from scipy.stats import binomtest
from tqdm import tqdm

WORK = Path("build", "mutants")  # from the project's folder: copies, and what was found so far
PYTEST = ["-q", "--doctest-modules", "--import-mode=importlib", "-p", "no:cacheprovider"]
PYTEST += ["-o", "addopts="]
PATIENCE = 6  # times what the tests take without a change, then the change counts as noticed
CONTROL = 3.0  # seconds of a module's quickest tests, run together without a change first
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


# In the child ---------------------------------------------------------------------------------


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


# The process that is forked --------------------------------------------------------------------


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
            import traceback

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
                        if isinstance(name, Mutant):  # as old as it was: its bytecode holds
                            shutil.copy2(self.settings.root / name.module, copy / name.module)
                        yield name, answer
                time.sleep(0.02)
        finally:
            for _, child in running.values():
                child.end = 0.0
                child.result()


def _hash(root: Path, files: Iterable[str]) -> str:
    texts = b"\0".join((root / file).read_bytes() for file in sorted(set(files)))
    return hashlib.sha1(texts).hexdigest()[:12]


def tests_of(lab: Lab, files: list[str], settings: Settings) -> dict[str, dict[str, Any]]:
    """Return each test of some files, with its seconds and lines; run those that are new."""
    root, package = settings.root, settings.package
    code = _hash(
        root, (each.relative_to(root).as_posix() for each in (root / package).rglob("*.py"))
    )
    stored, new = {}, []
    for file in files:
        place = lab.work / "tests" / f"{file.replace('/', '.')}-{_hash(root, [file])}-{code}.json"
        if place.exists():
            stored[file] = json.loads(place.read_text(encoding="utf-8"))
        else:
            new.append((file, place))
    (lab.work / "tests").mkdir(exist_ok=True)
    jobs = [(each, 900.0, lambda copy, file=each[0]: look_at(copy, package, file)) for each in new]
    with tqdm(total=len(new), desc="tests as they are", disable=not new) as bar:
        for (file, place), tests in lab.run(jobs):
            if "outcome" in tests and isinstance(tests["outcome"], str):
                bar.write(f"{file} is left out: {tests['by']}. See {lab.work}/copy-*.log.")
                stored[file] = {}
                continue
            place.write_text(json.dumps(tests), encoding="utf-8")
            stored[file] = tests
            bar.update()
    every = {name: test for file in files for name, test in stored[file].items()}
    failing = [name for name, test in every.items() if test["outcome"] == "failed"]
    if failing:
        print(f"Fail without a change, and are left out: {', '.join(failing)}.")
    return {name: test for name, test in every.items() if test["outcome"] == "passed"}


def touching(mutant: Mutant, tests: dict[str, dict[str, Any]], slow: float) -> list[str]:
    """Return the tests that touch a change, quickest first; slow ones only if there is no other."""

    def within(first: int, last: int) -> list[str]:
        return [
            name
            for name, test in tests.items()
            if any(first <= line <= last for line in test["lines"].get(mutant.module, ()))
        ]

    (first, last), (top, bottom) = mutant.span, mutant.body
    found = [] if mutant.runs_on_import else within(first, last)
    # the first line is the def, which runs on import: in a test that happens to import first
    found = found or within(top + (mutant.function != "" and top < bottom), bottom)
    found.sort(key=lambda name: tests[name]["seconds"])
    return [name for name in found if tests[name]["seconds"] <= slow] or found[:3]


def within_seconds(names: list[str], tests: dict[str, dict[str, Any]], most: float) -> list[str]:
    """Return the first of some tests, as many as take that long together."""
    chosen, spent = [], 0.0
    for name in names:
        spent += tests[name]["seconds"]
        if chosen and spent > most:
            break
        chosen.append(name)
    return chosen


# The whole run ---------------------------------------------------------------------------------


class Record:
    """What was found so far, a line a change, in a file that a later run goes on with."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / WORK / "found.jsonl"
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        self.found = {entry["key"]: entry for entry in map(json.loads, lines)}

    def holds(self, mutant: Mutant, of: tuple[str, str]) -> bool:
        """Whether it was tried as it is now; one that survived, with the tests as they are now."""
        entry = self.found.get(mutant.key, {"of": ["", ""], "outcome": ""})
        return entry["of"][0] == of[0] and (
            entry["outcome"] == "noticed" or entry["of"][1] == of[1]
        )

    def add(self, mutant: Mutant, of: tuple[str, str], answer: dict[str, Any]) -> None:
        """Note an answer at once."""
        entry = {"key": mutant.key, "module": mutant.module, "of": of, **answer}
        self.found[mutant.key] = entry
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def try_all(lab: Lab, mutants: list[Mutant], record: Record, seconds: float, slow: float) -> None:
    """Try each change that was not tried yet."""
    settings = lab.settings
    jobs, cost, controls = [], 0.0, defaultdict(set)
    every: dict[str, Any] = {}
    files = {module: settings.test_files(module) for module in {m.module for m in mutants}}
    every = tests_of(lab, list(dict.fromkeys(f for some in files.values() for f in some)), settings)
    todo = []
    for mutant in mutants:
        own = {name: t for name, t in every.items() if name.split("::")[0] in files[mutant.module]}
        names = touching(mutant, own, slow)
        chosen = within_seconds(names, own, seconds)
        of = (
            _hash(settings.root, [mutant.module]),
            _hash(settings.root, (name.split("::")[0] for name in chosen)),
        )
        if record.holds(mutant, of):
            continue
        if not chosen:
            record.add(mutant, of, {"outcome": "untouched", "touching": 0, "ran": []})
            continue
        todo.append((mutant, of, names, chosen))
        controls[mutant.module].update(chosen)
    for module, chosen in controls.items():
        ordered = within_seconds(sorted(chosen, key=lambda n: every[n]["seconds"]), every, CONTROL)
        jobs.append((module, 900.0, lambda copy, some=ordered: run_unchanged(copy, some)))
        cost += sum(every[name]["seconds"] for name in ordered)
    cost += sum(1 + sum(every[name]["seconds"] for name in chosen) for *_, chosen in todo)
    if todo:
        minutes = cost / 60 / len(lab.copies)
        print(f"{len(mutants)} changes, {len(todo)} of them to try: {minutes:.0f} min at most.")
    flaky = {name for _, failed in lab.run(jobs) for name in failed if name in every}
    if flaky:
        print(f"Fail beside others without a change, left out: {', '.join(sorted(flaky))}.")
    jobs, more = [], {}
    for mutant, of, names, chosen in todo:
        chosen = [name for name in chosen if name not in flaky]
        limit = 15 + PATIENCE * sum(every[name]["seconds"] for name in chosen)
        more[mutant] = of, {"touching": len(names), "ran": chosen}
        run = lambda copy, m=mutant, some=chosen: try_out(copy, m, some)  # noqa: E731
        jobs.append((mutant, limit, run))
    with tqdm(total=len(jobs), desc="changes", disable=not jobs) as bar:
        for mutant, answer in lab.run(jobs):
            of, told = more[mutant]
            record.add(mutant, of, {**told, **answer})
            bar.update()


def rows_of(
    settings: Settings, everything: list[Mutant], mutants: list[Mutant], record: Record
) -> tuple[list[dict[str, Any]], list[tuple[Mutant, dict[str, Any]]]]:
    """Return a row of counts for each module, and what survived."""
    rows: dict[str, dict[str, Any]] = {}
    for mutant in everything:
        row = rows.setdefault(mutant.module, {"module": mutant.module, "changes": 0, "tried": 0})
        row["changes"] += 1
    survived = []
    for mutant in mutants:
        row = rows[mutant.module]
        for name in ("noticed", "survived", "untouched", "late"):
            row.setdefault(name, 0)
        row.setdefault("equivalent", [])
        if mutant.key not in record.found:
            continue
        found = record.found[mutant.key]
        row["tried"] += 1
        reason = next((e["reason"] for e in settings.equivalent if is_meant(e, mutant)), "")
        if reason and found["outcome"] != "noticed":
            row["equivalent"].append({"was": mutant.was, "now": mutant.now, "reason": reason})
            continue
        row[found["outcome"]] += 1
        row["late"] += found.get("by") == "the time limit"
        if found["outcome"] != "noticed":
            survived.append((mutant, found))
    return list(rows.values()), sorted(survived, key=lambda each: (each[0].module, each[0].line))


def is_meant(entry: dict[str, str], mutant: Mutant) -> bool:
    """Whether an entry of the equivalent ones is this change."""
    names = ("module", "function", "was", "now")
    return all(entry[name].strip() == getattr(mutant, name) for name in names)


def share_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return which share was noticed, with Wilson's interval of 95%, equivalent ones apart."""
    tried = sum(row["tried"] - len(row.get("equivalent", ())) for row in rows)
    noticed = sum(row.get("noticed", 0) for row in rows)
    if not tried:
        return {"tried": 0, "noticed": 0, "share": None, "interval": None}
    interval = binomtest(noticed, tried).proportion_ci(method="wilson")
    return {
        "tried": tried,
        "noticed": noticed,
        "share": round(noticed / tried, 4),
        "interval": [round(float(end), 4) for end in interval],
    }


def report(rows: list[dict[str, Any]], survived: list[tuple[Mutant, dict[str, Any]]]) -> str:
    """Return the report: a table, then each change that survived."""
    lines = ["module                                   changes tried noticed survived equivalent"]
    for row in rows:
        if row["tried"]:
            lines.append(
                f"{row['module']:40} {row['changes']:7} {row['tried']:5} {row['noticed']:7} "
                f"{row['survived'] + row['untouched']:8} {len(row['equivalent']):10}"
            )
    all_ = share_of(rows)
    if all_["share"] is not None:
        low, high = all_["interval"]
        lines.append(
            f"\nNoticed: {all_['noticed']} of {all_['tried']}, {all_['share']:.1%} "
            f"(between {low:.1%} and {high:.1%}), {sum(r.get('late', 0) for r in rows)} of them "
            "by the time limit."
        )
    for mutant, found in survived:
        ran = found["ran"]
        lines.append(f"\n{mutant.module}:{mutant.line} in {mutant.function or 'the module'}")
        lines.append(mutant.diff())
        told = (
            f"{found['touching']} tests touch it, {len(ran)} ran" if ran else "no test touches it"
        )
        lines.append(f"  {told}{': ' if ran else ''}{', '.join(ran[:4])}")
        lines += ["  ..."] if len(ran) > 4 else []
    return "\n".join(lines)


def store(path: Path, rows: list[dict[str, Any]], seed: int) -> None:
    """Put the rows into the table of all modules; those of other modules stay."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"modules": []}
    table = {row["module"]: row for row in stored["modules"]}
    table.update({row["module"]: row for row in rows if row["tried"]})
    modules = [table[name] for name in sorted(table)]
    folders = sorted({str(Path(name).parent) for name in table})
    shares = {
        each: share_of([row for row in modules if str(Path(row["module"]).parent) == each])
        for each in folders
    }
    told = {"seed": seed, "all": share_of(modules), "folders": shares, "modules": modules}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("modules", nargs="*", help="files or folders of the package; without, the core")
    add("--sample", type=int, metavar="N", help="try so many changes; without, all of them")
    add("--seed", type=int, default=0, help="of the sample")
    add("--jobs", type=int, default=1, metavar="N", help="changes tried at a time (1)")
    add("--seconds", type=float, default=20.0, help="of tests for one change, at most (20)")
    add("--slow", type=float, default=5.0, help="tests that take longer are left out (5)")
    add("--report", type=Path, metavar="FILE", help="write the report there, too")
    add("--store", action="store_true", help="into benchmarks/results/mutants.json")
    add("--at-least", type=float, default=0.0, metavar="PERCENT", help="else end with 1")
    add("--root", type=Path, default=ROOT, help="the project's folder")
    told = parser.parse_args(arguments)
    settings = Settings(told.root.resolve())
    root = settings.root
    modules = list(modules_of(root, told.modules or settings.core))
    everything = [each for module in modules for each in mutants_of(root, module)]
    gone = [
        entry
        for entry in settings.equivalent
        if entry["module"] in modules and not any(is_meant(entry, each) for each in everything)
    ]
    for entry in gone:
        print(f"Listed as equivalent, but no such change: {entry['module']}: {entry['now']}")
    mutants = sample(everything, told.sample, told.seed)
    lab = Lab(settings, told.jobs)
    record = Record(root)
    try:
        try_all(lab, mutants, record, told.seconds, told.slow)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.")
    rows, survived = rows_of(settings, everything, mutants, record)
    text = report(rows, survived)
    print(text)
    if told.report:
        told.report.write_text(text + "\n", encoding="utf-8")
    if told.store:
        store(root / "benchmarks" / "results" / "mutants.json", rows, told.seed)
    share = share_of(rows)["share"]
    return int(bool(gone) or share is None or 100 * share < told.at_least)


if __name__ == "__main__":
    tqdm.monitor_interval = 0  # a thread of its own would be forked
    sys.exit(main())
