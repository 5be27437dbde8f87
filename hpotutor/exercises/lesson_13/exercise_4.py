"""Exercise 13.4: What does the model learn from?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_budget(answer: object) -> Right:
    epochs = checks.whole_number(answer, "a number of epochs: 1, 3, 9 or 27")
    if epochs not in (1, 3, 9, 27):
        wrong(f"Nothing was trained for {epochs} epochs. Choose among 1, 3, 9 and 27.")
    if epochs == 1:
        wrong("There are enough trainings of 1 epoch, and longer ones tell more. Are there enough?")
    if epochs > 3:
        wrong(f"{epochs} epochs tell more, but there are too few such trainings yet.")
    return right(
        "Of 13 trainings of 3 epochs. With four more of 9 epochs it would learn from those."
    )


q4 = Exercise(
    lesson=13, number=4, title="What does the model learn from?", points=1,
    question="""
    A search over 7 hyperparameters has finished 27 trainings of 1 epoch, 13 of 3 epochs, 6 of 9
    epochs and 2 of 27. BOHB's model learns from the longest trainings of which there are at least
    three more than there are hyperparameters. How many epochs have those?
    """,
    expects="a number of epochs: 1, 3, 9 or 27",
    checker=_check_budget,
    hints=(
        "How many trainings are enough for 7 hyperparameters?",
        "Begin with the longest, and go down until there are 10.",
    ),
    solution_source="answer = 3",
    why="The longest trainings tell most. Until there are enough, shorter ones have to do.",
    wrong_answers=(
        WrongAnswer("answer = 1", "takes the most trainings", "longer ones tell more"),
        WrongAnswer("answer = 27", "takes the longest", "too few"),
        WrongAnswer("answer = 9", "takes those with nearly enough", "too few"),
        WrongAnswer("answer = 10", "gives how many are enough", "Choose among"),
    ),
)  # fmt: skip
