from .claims import Claim as Claim
from .claims import claims_box as claims_box
from .claims import claims_ledger as claims_ledger
from .doctor import check as check
from .lessons import all_lessons as all_lessons
from .lessons import find_lesson as find_lesson
from .nbgrader import assign as assign
from .nbgrader import grade as grade
