"""Change the code in one place, run the tests that touch it, and tell which change none notices.

    python tools/mutants.py hpotutor/study hpotutor/space/space.py --sample 40

Needs the extra ``mutants``. A run says beforehand what it will cost, can be stopped (Ctrl+C) and
goes on where it was; a change that survived is tried again once its tests or its module have
changed. What survives stands in the report with its line, its diff and the tests that touched it;
it wants a test that states what a user relies on, or, if no user can tell the difference, an
entry with the reason in ``mutants_equivalent.toml``.

The changes are mutmut's (see ``mutations.py``): its list of operators has what matters here, among
it arguments that are dropped, about 100 changes for 100 lines. cosmic-ray has every pair of
operators instead (eleven for one ``+``), no dropped argument, and a process for each change: with
TensorFlow that is 5 seconds before the first test begins. mutmut's own runner forks and is quick,
but leaves out properties, decorated functions, and what a class or module says outside of
functions, wraps every function (doctests and signatures then differ), and cannot draw a sample. So
the runner is our own (see ``mutation_runs.py``): a process that has imported the heavy libraries
is forked for each change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mutation_runs import ROOT, WORK, Lab, Settings, look_at, run_unchanged, try_out
from mutations import Mutant, modules_of, mutants_of, sample
from scipy.stats import binomtest
from tqdm import tqdm

Tests = dict[str, dict[str, Any]]  # by name: seconds, outcome, the lines touched in each module
PATIENCE = 6  # times what the tests take without a change, then the change counts as noticed
CONTROL = 3.0  # seconds of a module's quickest tests, run together without a change first


def _hash(root: Path, files: Iterable[str]) -> str:
    texts = b"\0".join((root / file).read_bytes() for file in sorted(set(files)))
    return hashlib.sha1(texts).hexdigest()[:12]


def tests_of(lab: Lab, files: list[str]) -> Tests:
    """Return each test of some files, with its seconds and lines.

    A file's tests are run if it is new, or if a module that they touch has changed.
    """
    root, package = lab.settings.root, lab.settings.package
    (lab.work / "tests").mkdir(exist_ok=True)
    places = {
        file: lab.work / "tests" / f"{file.replace('/', '.')}-{_hash(root, [file])}.json"
        for file in files
    }
    stored = {file: Measured.read(root, place) for file, place in places.items()}
    new = [file for file, measured in stored.items() if measured is None]
    jobs = [(file, 900.0, lambda copy, file=file: look_at(copy, package, file)) for file in new]
    with tqdm(total=len(new), desc="tests as they are", disable=not new) as bar:
        for file, tests in lab.run(jobs):
            bar.update()
            if isinstance(tests.get("outcome"), str):
                bar.write(f"{file} is left out: {tests['by']}. See {lab.work}/copy-*.log.")
            else:
                stored[file] = Measured.write(root, places[file], tests)
    every = {name: test for tests in stored.values() for name, test in (tests or {}).items()}
    failing = [name for name, test in every.items() if test["outcome"] == "failed"]
    if failing:
        print(f"Fail without a change, and are left out: {', '.join(failing)}.")
    return {name: test for name, test in every.items() if test["outcome"] == "passed"}


class Measured:
    """A file's tests as they were run, kept beside what the modules were that they touch."""

    @staticmethod
    def read(root: Path, place: Path) -> Tests | None:
        """Return the tests, None if there are none that hold."""
        if not place.exists():
            return None
        kept = json.loads(place.read_text(encoding="utf-8"))
        there = all((root / module).exists() for module in kept["modules"])
        same = there and all(_hash(root, [m]) == was for m, was in kept["modules"].items())
        return kept["tests"] if same else None

    @staticmethod
    def write(root: Path, place: Path, tests: Tests) -> Tests:
        """Keep the tests, and return them."""
        touched = {module for test in tests.values() for module in test["lines"]}
        modules = {module: _hash(root, [module]) for module in sorted(touched)}
        place.write_text(json.dumps({"modules": modules, "tests": tests}), encoding="utf-8")
        return tests


def by_line(tests: Tests) -> dict[str, dict[int, list[str]]]:
    """Return, for each module and line, the tests that touch it."""
    table: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, test in tests.items():
        for module, lines in test["lines"].items():
            for line in lines:
                table[module][line].append(name)
    return table


def touching(
    mutant: Mutant, lines: dict[int, list[str]], seconds: Callable[[str], float], own: list[str]
) -> tuple[list[str], bool]:
    """Return the tests that touch a change, and whether they do.

    Those of the module's own test files come first, of each the quickest. Where none is known to
    touch the lines (a process that a test starts is not seen) they are those of the function.
    """

    def within(first: int, last: int) -> list[str]:
        return list({n: 0 for line in range(first, last + 1) for n in lines.get(line, ())})

    (first, last), (top, bottom) = mutant.span, mutant.body
    found = [] if mutant.runs_on_import else within(first, last)
    reached = bool(found) or mutant.runs_on_import
    # the first line is the def, which runs on import: in a test that happens to import first
    found = found or within(top + (mutant.function != "" and top < bottom), bottom)
    return sorted(found, key=lambda n: (n.split("::")[0] not in own, seconds(n))), reached


def within_seconds(
    names: list[str], tests: Tests, most: float, slow: float = math.inf
) -> list[str]:
    """Return the first of some tests, as many as take that long together.

    Slow ones are left out unless there is no other.
    """
    chosen, spent = [], 0.0
    for name in [name for name in names if tests[name]["seconds"] <= slow] or names[:1]:
        spent += tests[name]["seconds"]
        if chosen and spent > most:
            break
        chosen.append(name)
    return chosen


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


class Trial(NamedTuple):
    """A change that is to be tried."""

    mutant: Mutant
    of: tuple[str, str]  # the module and the tests as they are now
    touching: int  # so many tests
    tests: list[str]

    def told(self) -> dict[str, Any]:
        """Return what the record says beside the outcome."""
        return {"touching": self.touching, "ran": self.tests}


def plan(
    settings: Settings, mutants: list[Mutant], tests: Tests, record: Record, limits: list[float]
) -> list[Trial]:
    """Return what is to be tried; note what no test touches."""
    trials = []
    lines = by_line(tests)
    own = {each.module: settings.test_files(each.module) for each in mutants}
    for mutant in mutants:
        at = lines.get(mutant.module, {})
        names, reached = touching(mutant, at, lambda n: tests[n]["seconds"], own[mutant.module])
        chosen = within_seconds(names, tests, *limits)
        files = [name.split("::")[0] for name in chosen]
        of = _hash(settings.root, [mutant.module]), _hash(settings.root, files)
        if chosen and not record.holds(mutant, of):
            trials.append(Trial(mutant, of, len(names) * reached, chosen))
        elif not chosen:
            record.add(mutant, of, {"outcome": "untouched", "touching": 0, "ran": []})
    return trials


def failing_together(lab: Lab, trials: list[Trial], tests: Tests) -> set[str]:
    """Return the tests that fail beside those of other files, though nothing is changed."""
    chosen = defaultdict(set)
    for trial in trials:
        chosen[trial.mutant.module].update(trial.tests)
    jobs = []
    for module, names in chosen.items():
        quick = within_seconds(sorted(names, key=lambda n: tests[n]["seconds"]), tests, CONTROL)
        jobs.append((module, 900.0, lambda copy, some=quick: run_unchanged(copy, some)))
    return {name for _, failed in lab.run(jobs) for name in failed if name in tests}


def try_all(lab: Lab, mutants: list[Mutant], record: Record, limits: list[float]) -> None:
    """Try each change that was not tried yet; limits are of seconds for a change, for a test."""
    files = [f for module in {m.module for m in mutants} for f in lab.settings.test_files(module)]
    tests = tests_of(lab, sorted(set(files)))
    trials = plan(lab.settings, mutants, tests, record, limits)
    seconds = sum(1 + sum(tests[name]["seconds"] for name in each.tests) for each in trials)
    minutes = seconds / 60 / len(lab.copies)
    print(f"{len(mutants)} changes, {len(trials)} of them to try: {minutes:.0f} min at most.")
    flaky = failing_together(lab, trials, tests)
    if flaky:
        print(f"Fail beside others without a change, left out: {', '.join(sorted(flaky))}.")
    jobs = []
    for trial in trials:
        trial.tests[:] = [name for name in trial.tests if name not in flaky]
        limit = 15 + PATIENCE * sum(tests[name]["seconds"] for name in trial.tests)
        run = lambda copy, each=trial: try_out(copy, each.mutant, each.tests)  # noqa: E731
        jobs.append((trial, limit, run))
    with tqdm(total=len(jobs), desc="changes", disable=not jobs) as bar:
        for trial, answer in lab.run(jobs):
            record.add(trial.mutant, trial.of, {**trial.told(), **answer})
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
        touch = f"{found['touching'] or 'no'} tests touch it, {len(ran)} "
        told = touch + ("ran: " if found["touching"] else "of its function ran: ")
        lines.append(f"  {told}{', '.join(ran[:4])}" if ran else "  no test touches it")
        lines += ["  ..."] if len(ran) > 4 else []
    return "\n".join(lines)


def store(path: Path, rows: list[dict[str, Any]], seed: int) -> None:
    """Put the rows into the table of all modules; those of other modules stay."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"modules": []}
    table = {row["module"]: row for row in stored["modules"]}
    table.update({row["module"]: {**row, "seed": seed} for row in rows if row["tried"]})
    modules = [table[name] for name in sorted(table)]
    folders = sorted({str(Path(name).parent) for name in table})
    shares = {
        each: share_of([row for row in modules if str(Path(row["module"]).parent) == each])
        for each in folders
    }
    told = {"all": share_of(modules), "folders": shares, "modules": modules}
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
    add(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="changes at a time (1); 0 only tells what was found",
    )
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
    record = Record(root)
    try:
        if told.jobs:
            lab = Lab(settings, told.jobs)
            try_all(lab, mutants, record, [told.seconds, told.slow])
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
