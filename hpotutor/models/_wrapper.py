"""What both estimators share: SciKeras's wrapper, mended for scikit-learn 1.6 to 1.9.

SciKeras 0.13 tells scikit-learn what it is in a way that 1.6 refuses and later versions never hear.
The class here answers in the new way, lets every hyperparameter of the function that builds the
network be tuned under its own name, and looks after what ``fit`` is given.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scikeras.wrappers import BaseWrapper
from scikeras.wrappers import KerasClassifier as _SciKerasClassifier
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import InputTags, Tags, TargetTags, check_array, check_consistent_length
from sklearn.utils.validation import validate_data

from hpotutor._tensorflow import keras, seeded
from hpotutor._validation import check_count, check_number
from hpotutor.errors import ArgumentError, DataError, Problems
from hpotutor.models import _fitting as fitting
from hpotutor.models.layers import made_first

# arguments of a building function that SciKeras fills itself
_FROM_SCIKERAS = frozenset({"meta", "compile_kwargs", "params"})
# arguments that are read off the data unless they are set: attribute of the fitted estimator
_FROM_DATA = {"n_features": "n_features_in_", "n_classes": "n_classes_", "n_outputs": "n_outputs_"}
_SHAPES = frozenset({"input_shape", "image_shape", "sequence_shape"})  # of a row of X
_PREFIXES = frozenset(BaseWrapper._routing_prefixes) | {"callbacks", "score"}


def tags(**kind: Any) -> Tags:
    # built from nothing: SciKeras's order of base classes breaks super().__sklearn_tags__()
    return Tags(
        target_tags=TargetTags(required=True, multi_output=True),
        input_tags=InputTags(sparse=True, three_d_array=True),
        **kind,
    )


# scikit-learn 1.6 goes back to the tags of old as soon as one ancestor has `_more_tags` alone, as
# SciKeras's BaseWrapper does. It keeps what it finds under the ancestor's bare name, so a later
# ancestor of that name with the new method settles the question.
NamesakeOfBaseWrapper: Any = type(
    "BaseWrapper", (), {"__sklearn_tags__": lambda self: tags(estimator_type=None)}
)


class PlainNames(BaseWrapper):
    """Take the hyperparameters of the building function under their plain names."""

    _default_model: Callable[..., keras.Model]
    _own_defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(_SciKerasClassifier.__init__).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    } | {"model": None, "verbose": 0, "batch_size": 32}
    _random_state: int | None = None
    # set by SciKeras
    X_dtype_: np.dtype
    y_dtype_: np.dtype
    loss: Any
    _fit_callbacks: list[keras.callbacks.Callback]

    def __init__(self, model: Callable | keras.Model | None = None, **parameters: Any) -> None:
        self.model, self.build_fn = model, parameters.get("build_fn")
        self._check_names(parameters)
        super().__init__(**self._defaults() | parameters | {"model": model})

    def set_params(self, **parameters: Any) -> PlainNames:
        """Set parameters by name, the network's among them; ``ArgumentError`` names unknown ones.

        With a new ``model``, hyperparameters that it does not know go, and those left at the old
        one's default take the new one's.
        """
        if "model" in parameters:
            old, defaults = self._known().keys(), self._defaults()
            self.model = parameters["model"]
            gone = old - self._known().keys() - self._own_defaults.keys()
            for name, value in self.get_params(deep=False).items():
                if name in gone or (name in old and name in defaults and value is defaults[name]):
                    delattr(self, name)
            self.__dict__.update(self._defaults() | self.__dict__)
        self._check_names(parameters)
        self.__dict__.update(parameters)
        return self

    def __repr__(self) -> str:
        defaults, shown = self._defaults(), []
        for name, value in self.get_params(deep=False).items():
            if name not in defaults or repr(value) != repr(defaults[name]):
                text = getattr(value, "__name__", None) if callable(value) else None
                shown.append(f"{name}={text or repr(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def _function(self) -> Callable[..., keras.Model]:
        """Return the function that builds the network, as the learner gave it."""
        model = self.model if self.model is not None else self.build_fn
        if model is None:
            return getattr(self, "_keras_build_fn", self._default_model)
        if isinstance(model, keras.Model):
            return lambda: model
        if not callable(model):
            allowed = "a function that returns a Keras model, a Keras model, or None"
            problems = Problems(type(self).__name__)
            problems.add("model", model, allowed, "model=create_model").raise_if_any()
        return model

    def _signature(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self._function()).parameters

    def _known(self) -> dict[str, inspect.Parameter]:
        """Return the building function's arguments, without ``**kwargs`` and SciKeras's own."""
        return {
            name: p
            for name, p in self._signature().items()
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and name not in _FROM_SCIKERAS
        }

    def _defaults(self) -> dict[str, Any]:
        """Return the defaults of SciKeras and, before them, those of the building function."""
        return self._own_defaults | {
            name: p.default
            for name, p in self._known().items()
            if p.default is not p.empty and name not in _FROM_DATA
        }

    def _takes_anything(self) -> bool:
        """Return whether names unknown here may still mean something to the function."""
        signature = self._signature()
        return "params" in signature or any(p.kind is p.VAR_KEYWORD for p in signature.values())

    def _check_names(self, names: Mapping[str, Any]) -> None:
        if self._takes_anything():
            return
        known = self._known().keys()
        mine = set(self._own_defaults) | set(self._get_param_names())
        unknown = []
        for name in names:
            prefix, routed, rest = name.partition("__")
            fine = prefix in _PREFIXES and (prefix != "model" or rest in known)
            if not (fine if routed else name in known | mine):
                unknown.append(name)
        offered = [*sorted(known), *sorted(mine - known - {"build_fn"})]
        Problems(type(self).__name__).unknown(unknown, offered).raise_if_any()

    def _check_model_param(self) -> Callable[..., keras.Model]:
        """Return the building function with what the data tell it filled in."""
        given = self.model is not None or self.build_fn is not None
        if given and hasattr(self, "_keras_build_fn"):
            raise ArgumentError(
                f"{type(self).__name__}: a model is given, and then the class cannot implement "
                "``_keras_build_fn``. Leave one of them out."
            )
        wanted = [name for name in self._known() if name in _FROM_DATA and name not in vars(self)]
        if "n_classes" in wanted and not (isinstance(self.n_classes_, int) and self.n_classes_ > 1):
            raise DataError(f"y holds {self.n_classes_} class. Give a classifier 2 or more.")
        told = {name: getattr(self, _FROM_DATA[name]) for name in wanted}
        if "n_features" in told:
            told["n_features"] = math.prod(self.X_shape_[1:])
        # of the shapes, those that the function cannot do without, and has not got
        lacking = {n for n, p in self._known().items() if p.default is p.empty} - vars(self).keys()
        told |= dict.fromkeys(_SHAPES & lacking, self.X_shape_[1:])
        return functools.partial(self._function(), **told)

    def _validate_data(self, X=None, y=None, reset=False, y_numeric=False):
        if reset:
            if y is None:
                raise DataError("An estimator requires y to be passed, but the target y is None.")
            self.__dict__.pop("inputs_", None)
        if hasattr(X, "tocsr"):  # Keras reads columns for rows; one of scipy's is a Mapping, too
            X = X.tocsr()
        if isinstance(X, Mapping):
            X, shapes = fitting.stack_inputs(X, getattr(self, "inputs_", None))
            if reset:
                self.inputs_ = shapes
        elif X is not None:
            # SciKeras does not look at columns' names: a table in another order went unnoticed
            shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
            table = len(shape) == 2  # whose columns scikit-learn counts
            validate_data(self, X, reset=reset, skip_check_array=True, ensure_2d=table)
        return super()._validate_data(X, y, reset=reset, y_numeric=y_numeric)

    def _initialize(self, X, y=None):
        X, y = super()._initialize(X, y)
        # SciKeras refuses later rows in a wider type: float64 after float32, longer strings
        self.X_dtype_ = _widest(self.X_dtype_, "float64")
        if y is not None:
            numbers = "int64" if isinstance(self, _SciKerasClassifier) else "float64"
            self.y_dtype_ = _widest(self.y_dtype_, numbers)
        if type(self).feature_encoder is BaseWrapper.feature_encoder:
            stacked = getattr(self, "inputs_", None)
            columns = getattr(self, "feature_names_in_", ())
            shapes = fitting.inputs_of(self.model_, self.X_shape_, stacked, columns)
            if shapes is not None:
                told = {"shapes": shapes}
                self.feature_encoder_ = FunctionTransformer(fitting.deal_out, kw_args=told)
        return X, y

    def _fit_keras_model(self, X, y, *, epochs: int, **arguments: Any) -> None:
        call = type(self).__name__
        routed = {n[5:]: v for n, v in self.get_params().items() if n.startswith("fit__")}
        given = {"validation_split": self.validation_split, "batch_size": self.batch_size}
        given |= routed | arguments
        # values with which Keras would train nothing, or with another size of its own
        with Problems(call) as problems:
            check_count(problems, "epochs", epochs)
            if given["batch_size"] not in (None, -1):
                check_count(problems, "batch_size", given["batch_size"], example=32)
            split = given["validation_split"] or 0.0
            check_number(problems, "validation_split", split, high=1.0, example=0.2)
            rows: Any = given.get("validation_data")
            listed = isinstance(rows, tuple | list)
            if hasattr(rows, "__array__") or (listed and len(rows) not in (2, 3)):
                allowed = "(X, y) or (X, y, sample_weight)"
                problems.add("validation_data", rows, allowed, "validation_data=(X_val, y_val)")
            if "class_weight" in arguments:  # a classifier has made weights of rows of it
                problems.say("class_weight is for classes. Type sample_weight=, one number a row.")
        if rows is not None:
            arguments["validation_data"] = self._encode(rows)
        elif split and self._labels() is not None:
            fitting.check_split(y, split, self._labels(), call)
        own = self._fit_callbacks
        # SciKeras drops the callbacks that fit is given
        called = [*own, *keras.tree.flatten(arguments.pop("callbacks", None) or []), made_first(y)]
        self._fit_callbacks = fitting.watched(called, bool(split or rows is not None), call)
        try:
            with seeded(self._seed):
                super()._fit_keras_model(X, y, epochs=epochs, **arguments)
        finally:
            self._fit_callbacks = own

    def _encode(self, validation_data: Any) -> Any:
        """Return validation rows as the network wants them; SciKeras passes them on untouched."""
        if not isinstance(validation_data, tuple | list):
            return validation_data
        X, y, *weight = validation_data
        try:
            X, _ = self._validate_data(X)
            y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
            check_consistent_length(X, y, *weight)
            labels = self._labels()
            unknown = sorted({*y.ravel().tolist()} - {*labels}, key=str) if labels else []
            if unknown:
                raise ValueError(f"y holds {unknown}, and training has {labels}.")
            return (self.feature_encoder_.transform(X), self.target_encoder_.transform(y), *weight)
        except ValueError as error:
            told = f"validation_data: {str(error).rstrip('.')}. Give rows like those of the fit."
            raise DataError(f"{type(self).__name__}: {told}") from error

    def _labels(self) -> list | None:
        """Return the labels of a classifier of one column of them, in the order of the network."""
        single = self.target_type_ in ("binary", "multiclass")
        classes = getattr(self, "classes_", None)
        return np.asarray(classes).tolist() if single and classes is not None else None

    def score(self, X, y, sample_weight=None) -> float:
        """Return the accuracy of a classifier, or R squared of a regressor."""
        predicted = self.predict(X)
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        routed = {n[7:]: v for n, v in self.get_params().items() if n.startswith("score__")}
        return self.scorer(y, predicted, sample_weight=sample_weight, **routed)

    @staticmethod
    def _validate_sample_weight(X, y, sample_weight):
        weights = np.asarray(sample_weight, dtype=float)  # scikit-learn does not name the argument
        if not weights.any():
            raise DataError("sample_weight holds only zeros. Give the rows to train on more.")
        if (weights < 0).any():
            raise DataError(f"sample_weight holds {weights.min():g}. Give weights from 0 up.")
        return BaseWrapper._validate_sample_weight(X, y, sample_weight)

    def _get_compile_kwargs(self) -> dict[str, Any]:
        # Keras now makes an instance of a loss's name, which SciKeras can pass no parameters to
        given = self.loss
        try:
            self.loss = keras.tree.map_structure(_loss_class, given)
            return super()._get_compile_kwargs()
        finally:
            self.loss = given

    def _build_keras_model(self) -> keras.Model:
        # SciKeras must not find the seed: its own seeding leaves TensorFlow's op determinism on
        # for the rest of the process, where any later fit without a seed is an error
        self._seed, self._random_state = self._random_state, None
        if not self._takes_anything():
            self._user_params = self._known().keys() & vars(self).keys()
        with seeded(self._seed):
            model = super()._build_keras_model()
            if not isinstance(model, keras.Model):
                raise ArgumentError(
                    f"{type(self).__name__}: the function that builds the model returned "
                    f"{model!r}. Let it end with: return model."
                )
            if not model.built:
                # a Sequential model without Input has no outputs yet, and SciKeras counts them
                model.build((None, *self.X_shape_[1:]))
        fitting.register([*keras.tree.flatten([self.loss, self.metrics]), *model.layers])
        if model.compiled:
            self._check_optimizer_is_used()
        return model

    def _check_optimizer_is_used(self) -> None:
        takes = self._signature()
        if self._takes_anything() or "compile_kwargs" in takes:
            return
        ignored = [name for name in vars(self) if name.startswith("optimizer__")]
        if "optimizer" not in takes and self.optimizer != self._own_defaults["optimizer"]:
            ignored.append("optimizer")
        if ignored:
            raise ArgumentError(
                f"{type(self).__name__}: {', '.join(ignored)} would be ignored, because the "
                "model comes compiled. Give the function that builds it an argument of "
                "that name, as in def create_model(optimizer='adam'), and use it there."
            )


def _loss_class(loss):
    named = isinstance(loss, str) and loss[:1].isupper()
    return getattr(keras.losses, loss, loss) if named else loss


def _widest(dtype, numbers: str):
    """Return the widest type that later rows may have; whole numbers stay apart from others."""
    if dtype.kind in "US":
        return np.dtype(object)
    return np.result_type(dtype, numbers) if dtype.kind in "iuf" else dtype


def signed(cls: Any) -> Any:
    """Put the default network's hyperparameters into a class's signature, for completion."""

    def __init__(self, model=None, **parameters):
        super(cls, self).__init__(model, **parameters)

    itself, model, parameters = inspect.signature(__init__).parameters.values()
    network = inspect.signature(cls._default_model).parameters.values()
    defaults = {p.name: p.default for p in network if p.name not in _FROM_DATA}
    defaults |= {n: d for n, d in cls._own_defaults.items() if n not in {*defaults, "model"}}
    shown = [inspect.Parameter(n, model.KEYWORD_ONLY, default=d) for n, d in defaults.items()]
    cls.__init__ = __init__
    cls.__init__.__signature__ = inspect.Signature([itself, model, *shown, parameters])
    return cls
