"""What may be tried: a `SearchSpace` maps names to Optuna distributions.

Begin with `space.py`, which says what a space can do; `distributions.py` makes its entries,
`_definition.py` holds them. A space writes itself in five libraries' dialects (`converters.py`),
moves points to and from the unit cube (`transforms.py`) and prints itself (`formatting.py`).
`_validation.py` tells what is wrong. Leans on nothing but the checks of arguments.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
