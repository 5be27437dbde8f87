"""Keras networks as scikit-learn estimators: SciKeras's, mended for scikit-learn 1.6 to 1.9.

SciKeras 0.13 tells scikit-learn what it is in a way that 1.6 refuses and later versions do not
hear: a classifier is taken for something else, and ``GridSearchCV(cv=3)`` cuts unshuffled folds.
The subclasses here answer in the new way, and let every hyperparameter of the function that
builds the network be tuned under its own name.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scikeras.utils.transformers import ClassifierLabelEncoder
from scikeras.wrappers import BaseWrapper
from scikeras.wrappers import KerasClassifier as _SciKerasClassifier
from scikeras.wrappers import KerasRegressor as _SciKerasRegressor
from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

from hpotutor._tensorflow import keras, seeded
from hpotutor.errors import ArgumentError, DataError, Problems
from hpotutor.models.builders import build_mlp, build_regressor
from hpotutor.models.layers import check_integer

# arguments of a building function that SciKeras fills itself
_FROM_SCIKERAS = frozenset({"meta", "compile_kwargs", "params"})
# arguments that are read off the data unless they are set: attribute of the fitted estimator
_FROM_DATA = {"n_features": "n_features_in_", "n_classes": "n_classes_", "n_outputs": "n_outputs_"}
_PREFIXES = frozenset(BaseWrapper._routing_prefixes) | {"callbacks", "score"}


def _tags(**kind: Any) -> Tags:
    # built from nothing: SciKeras's order of base classes breaks super().__sklearn_tags__()
    return Tags(
        target_tags=TargetTags(required=True, multi_output=True),
        input_tags=InputTags(sparse=True, three_d_array=True),
        **kind,
    )


# scikit-learn 1.6 goes back to the tags of old as soon as one ancestor has `_more_tags` without
# `__sklearn_tags__`, as SciKeras's BaseWrapper does. It keeps what it finds under the ancestor's
# bare name, so a later ancestor of that name with the new method settles the question, and
# SciKeras's own class stays as it is. Later versions only call `__sklearn_tags__`.
_NamesakeOfBaseWrapper: Any = type(
    "BaseWrapper", (), {"__sklearn_tags__": lambda self: _tags(estimator_type=None)}
)


class _PlainNames(BaseWrapper):
    """Take the hyperparameters of the building function under their plain names."""

    _default_model: Callable[..., keras.Model]
    _own_defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(_SciKerasClassifier.__init__).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    } | {"model": None, "verbose": 0, "batch_size": 32}
    _random_state: int | None = None

    def __init__(self, model: Callable | keras.Model | None = None, **parameters: Any) -> None:
        self.model, self.build_fn = model, parameters.get("build_fn")
        self._check_names(parameters)
        super().__init__(**self._defaults() | parameters | {"model": model})

    def set_params(self, **parameters: Any) -> _PlainNames:
        """Set parameters by name, the network's hyperparameters among them.

        Parameters
        ----------
        **parameters
            New values. With a new ``model``, hyperparameters that it does not know go, and those
            left at the old one's default take the new one's.

        Returns
        -------
        self

        Raises
        ------
        ArgumentError
            With all the names that are not known.
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
        defaults = self._defaults()
        shown = []
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
            problems = Problems(type(self).__name__)
            allowed = "a function that returns a Keras model, a Keras model, or None"
            problems.add("model", model, allowed, "model=create_model")
            problems.raise_if_any()
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
        problems = Problems(type(self).__name__)
        problems.unknown(unknown, [*sorted(known), *sorted(mine - known - {"build_fn"})])
        problems.raise_if_any()

    def _check_model_param(self) -> Callable[..., keras.Model]:
        """Return the building function with what the data tell it filled in."""
        wanted = [name for name in self._known() if name in _FROM_DATA and name not in vars(self)]
        if "n_classes" in wanted and not (isinstance(self.n_classes_, int) and self.n_classes_ > 1):
            raise DataError(f"y holds {self.n_classes_} class, and a classifier needs 2 or more.")
        told = {name: getattr(self, _FROM_DATA[name]) for name in wanted}
        return functools.partial(self._function(), **told)

    def _fit_keras_model(self, *args: Any, **kwargs: Any) -> None:
        # values with which Keras would train nothing, or with another size of its own
        problems = Problems(type(self).__name__)
        check_integer(problems, "epochs", self.epochs, low=1, example=20)
        if self.batch_size not in (None, -1):
            check_integer(problems, "batch_size", self.batch_size, low=1, example=32)
        problems.raise_if_any()
        with seeded(self._seed):
            super()._fit_keras_model(*args, **kwargs)

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


def _signed(cls: Any) -> Any:
    """Put the default network's hyperparameters into the signature of a class.

    A notebook completes and shows them, and scikit-learn prints those that differ from it.
    """

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


@_signed
class KerasClassifier(_PlainNames, _SciKerasClassifier, _NamesakeOfBaseWrapper):
    """A Keras network as a scikit-learn classifier.

    Parameters
    ----------
    model : callable, keras.Model or None, default None
        A function that returns a Keras model, compiled or not. Its arguments become parameters
        of the estimator, under their own names and with their own defaults; ``n_features`` and
        ``n_classes`` are read off the data. None takes ``build_mlp``.
    **parameters
        The function's hyperparameters, and SciKeras's own: ``epochs`` (default 1), ``batch_size``
        (32; -1 for all rows), ``verbose`` (0), ``random_state`` (None), ``callbacks`` (None),
        ``class_weight`` (None; ``{label: weight}`` or "balanced"), ``validation_split`` (0),
        ``shuffle`` (True), ``warm_start`` (False), and, for a model that comes uncompiled,
        ``optimizer``, ``loss`` and ``metrics``.

    Attributes
    ----------
    model_ : keras.Model
        The trained network.
    history_ : dict
        Name of a loss or metric to its values, one an epoch.
    classes_ : ndarray of shape (n_classes,)
        The labels in the order of ``predict_proba``'s columns.

    Raises
    ------
    ArgumentError
        With all the parameter names that are not known.
    DataError
        From ``fit``, if y holds fewer than 2 classes.

    Notes
    -----
    https://adriangb.com/scikeras/stable/

    Examples
    --------
    >>> from sklearn.base import is_classifier
    >>> estimator = KerasClassifier(units=32, learning_rate=0.01, epochs=20)
    >>> is_classifier(estimator)
    True
    >>> estimator
    KerasClassifier(epochs=20, units=32, learning_rate=0.01)
    """

    _default_model = staticmethod(build_mlp)

    def __sklearn_tags__(self) -> Tags:
        kind = ClassifierTags(poor_score=True, multi_label=True)
        return _tags(estimator_type="classifier", classifier_tags=kind)

    def fit(self, X, y, sample_weight=None, **kwargs) -> KerasClassifier:
        """Train the network from its start.

        Parameters
        ----------
        X : array-like of shape (rows, n_features)
        y : array-like of shape (rows,)
            Labels: integers or strings, two of them or more.
        sample_weight : array-like of shape (rows,) or None, default None
        **kwargs
            Passed to Keras's ``fit``.

        Returns
        -------
        self
        """
        return super().fit(X, y, sample_weight=_copy(sample_weight), **kwargs)

    def partial_fit(self, X, y, classes=None, sample_weight=None, **kwargs) -> KerasClassifier:
        """Train for one more epoch, from where the network stands.

        Parameters
        ----------
        X, y, sample_weight, **kwargs
            As in ``fit``.
        classes : array-like of shape (n_classes,) or None, default None
            All labels that will ever come; for the first call, if its y lacks some.

        Returns
        -------
        self
        """
        classes = None if classes is None else np.asarray(classes)
        weight = _copy(sample_weight)
        return super().partial_fit(X, y, classes=classes, sample_weight=weight, **kwargs)

    def predict_proba(self, X, **kwargs) -> np.ndarray:
        """Return the probability of each class, shape (rows, n_classes), rows summing to 1.

        Parameters
        ----------
        X : array-like of shape (rows, n_features)
        **kwargs
            Passed to Keras's ``predict``.

        Returns
        -------
        ndarray of shape (rows, n_classes)
        """
        probabilities = super().predict_proba(X, **kwargs)
        # SciKeras squeezes: a single row would lose its axis
        return np.atleast_2d(probabilities)

    def _initialize(self, X, y=None):
        X, y = super()._initialize(X, y)
        if self._function() is build_mlp and self.target_type_ not in ("binary", "multiclass"):
            raise DataError(
                f"y of shape {np.shape(y)} holds {self.target_type_} targets, and build_mlp wants "
                "one column of labels. For one-hot rows type y.argmax(axis=1)."
            )
        loss = getattr(self.model_, "loss", None) if self.model_.compiled else None
        one_hot = getattr(loss, "name", loss) == "categorical_crossentropy"
        if one_hot and self.target_type_ == "binary":
            raise ArgumentError(
                f"{type(self).__name__}: the model is compiled with loss="
                "'categorical_crossentropy', and y holds 2 labels. Compile it with "
                "'sparse_categorical_crossentropy', or with one sigmoid output and "
                "'binary_crossentropy'."
            )
        if one_hot and self.target_type_ == "multiclass":
            # SciKeras looks at its own `loss` only, not at the one the model came compiled with
            encoder = ClassifierLabelEncoder("categorical_crossentropy", [self.classes_])
            self.target_encoder_ = encoder.fit(y)
        return X, y


@_signed
class KerasRegressor(_PlainNames, _SciKerasRegressor, _NamesakeOfBaseWrapper):
    """A Keras network as a scikit-learn regressor.

    Parameters
    ----------
    model : callable, keras.Model or None, default None
        As for ``KerasClassifier``; ``n_features`` and ``n_outputs`` are read off the data. None
        takes ``build_mlp``'s network with a linear output, trained on squared error.
    **parameters
        As for ``KerasClassifier``, without ``class_weight``.

    Attributes
    ----------
    model_, history_
        As for ``KerasClassifier``.

    Raises
    ------
    ArgumentError
        With all the parameter names that are not known.

    Examples
    --------
    >>> KerasRegressor(units=8).get_params()["units"]
    8
    """

    _default_model = staticmethod(build_regressor)
    _own_defaults = {n: d for n, d in _PlainNames._own_defaults.items() if n != "class_weight"}

    def __sklearn_tags__(self) -> Tags:
        return _tags(estimator_type="regressor", regressor_tags=RegressorTags(poor_score=True))


def _copy(sample_weight):
    # SciKeras multiplies class weights into the caller's own array
    return None if sample_weight is None else np.array(sample_weight, dtype="float64")
