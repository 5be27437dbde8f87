"""Exercise 7.1: What generations cost."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_cost(answer: object) -> Right:
    trained = checks.whole_number(answer, "a number of trainings", low=0)
    if trained == 12 * 6:
        wrong("The elite of each generation has its scores already. Who has to be trained?")
    if trained == 12 * 5:
        wrong("Count the generations again, and ask who of each has not been trained yet.")
    if trained == 9 * 6:
        wrong("In the first generation nobody has a score yet.")
    if trained == 9 * 5:
        wrong("These are the children. The first generation was trained too.")
    if trained != 57:
        wrong("Add up the first generation, and the new ones of each later generation.")
    return right("12 founders, and 9 children in each of 5 generations.")


q1 = Exercise(
    lesson=7, number=1, title="What generations cost", points=1,
    question="""
    A genetic algorithm has a population of 12 and an elite of 3. After the first generation come
    5 more. How many networks does it train?
    """,
    expects="a whole number of trainings",
    checker=_check_cost,
    hints=(
        "Who has no score yet in the first generation, and who in the second?",
        "An elite keeps its scores: each later generation trains the population minus the elite.",
    ),
    solution_source="""
    population, elite, later = 12, 3, 5
    answer = population + later * (population - elite)
    """,
    why="Trainings are the bill, so compare methods by trainings and never by generations.",
    wrong_answers=(
        WrongAnswer("answer = 72", "trains the elite again", "scores already"),
        WrongAnswer("answer = 60", "counts 5 whole generations", "generations again"),
        WrongAnswer("answer = 45", "forgets the founders", "first generation"),
        WrongAnswer("answer = 54", "has an elite from the start", "nobody"),
    ),
)  # fmt: skip
