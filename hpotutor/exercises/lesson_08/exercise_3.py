"""Exercise 8.3: The kernel died."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_LIBRARIES = ("scikit-learn", "Optuna", "Hyperopt", "KerasTuner")
_FILES = {
    "Optuna": "storage",
    "Hyperopt": "trials_save_file",
    "KerasTuner": "directory",
}


def _check_kernel(answer: object) -> Right:
    files = checks.mapping(answer, "a dict from a library to the name of its argument")
    named = {}
    for library, argument in files.items():
        name = checks.option(library, _LIBRARIES, "one of the four libraries")
        named[name] = checks.expect(argument, str, f"the name of an argument of {name}").strip()
    if "scikit-learn" in named:
        wrong("scikit-learn's searches write no file while they run, and memory died.")
    for name, argument in named.items():
        if argument == _FILES[name]:
            continue
        if argument in ("study", "trials", "oracle"):
            wrong(f"For {name} you name what lived in memory. That died with the kernel.")
        wrong(
            f"{name} does not write its trials because of `{argument}`. Section 3 names the "
            "argument, below the table of what was kept."
        )
    missing = [name for name in _FILES if name not in named]
    if missing:
        left = "1 more library" if len(missing) == 1 else f"{len(missing)} more libraries"
        wrong(f"There is a file for {left}. Section 3 names them below its table.")
    return right("Three can continue. KerasTuner writes in any case; the others had to be told.")


_STUB_FILES = """
answer = {{
{rows}
}}
"""


def _kernel(**changes: str | None) -> str:
    files = {name: argument for name, argument in (_FILES | changes).items() if argument}
    rows = "\n".join(f'    "{name}": "{argument}",' for name, argument in files.items())
    return _STUB_FILES.format(rows=rows)


q3 = Exercise(
    lesson=8, number=3, title="The kernel died", points=2,
    question="""
    Four searches ran all night: with "scikit-learn", "Optuna", "Hyperopt" and "KerasTuner". Then
    the kernel *died*, and all its memory with it. Which of the searches can continue, and what
    must have been set before? Answer with a dict: for each library that can continue, the name of
    the argument that names its file, as in `{"Library": "argument"}`.
    """,
    expects="a dict from names of libraries to names of arguments, all strings",
    checker=_check_kernel,
    hints=(
        "What is kept in memory is lost. What is kept in a file is not.",
        "The text below the table of section 3 names the argument of each library that has one.",
    ),
    solution_source=_kernel(),
    why="Before a long search, find out what it leaves behind, and name the file.",
    wrong_answers=(
        WrongAnswer(_kernel(**{"scikit-learn": "cv_results_"}),
                    "takes an attribute in memory for a file", "no file"),
        WrongAnswer(_kernel(Optuna="study"), "died with the kernel", "in memory"),
        WrongAnswer(_kernel(Hyperopt="trials"), "died with the kernel", "in memory"),
        WrongAnswer(_kernel(KerasTuner=None), "forgets one", "1 more library"),
        WrongAnswer(_kernel(KerasTuner="overwrite"), "names another argument", "Section 3"),
    ),
)  # fmt: skip
