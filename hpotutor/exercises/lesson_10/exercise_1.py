"""Exercise 10.1: How many fit?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_fit(answer: object) -> Right:
    workers = checks.whole_number(answer, "the number of workers, a whole number", 0)
    remarks = {
        8: "There are processors for 8, but not memory. What happens to the last ones?",
        10: "10 workers would need all 6 GB. What does the notebook itself stand on?",
        9: "9 workers alone take 5.4 GB, and there are only 8 processors.",
        6: "6 is careful. One more still fits: 7 workers, the notebook and the system.",
    }
    if workers in remarks:
        wrong(remarks[workers])
    if workers != 7:
        wrong(f"{workers} is not it. Memory that is left, divided by what a worker takes.")
    return right("7 × 0.6 + 1.5 = 5.7 GB; an eighth would need 6.3. Memory sets the limit here.")


q1 = Exercise(
    lesson=10, number=1, title="How many fit?", points=1,
    question="""
    A machine has 8 processors and 6 GB of memory. The system and your notebook take 1.5 GB; a
    worker with TensorFlow takes 0.6 GB on that machine. A machine out of memory kills processes, or
    hardly moves. What is the largest number of workers, one thread each, that is safe and useful?
    """,
    expects="the number of workers, a whole number",
    checker=_check_fit,
    hints=(
        "Two limits: processors and memory. The smaller one counts.",
        "6 - 1.5 GB are left for workers.",
    ),
    solution_source="answer = min(8, int((6 - 1.5) / 0.6))",
    why="Every process loads TensorFlow again; threads would share it, and wait for its locks.",
    wrong_answers=(
        WrongAnswer("answer = 8", "counts processors only", "not memory"),
        WrongAnswer("answer = 10", "forgets the notebook", "the notebook itself"),
        WrongAnswer("answer = 1", "gives up", "divided by"),
    ),
)  # fmt: skip
