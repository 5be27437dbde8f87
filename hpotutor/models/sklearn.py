"""Keras networks as scikit-learn estimators; what the two share is in ``_wrapper.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from scikeras.utils.transformers import ClassifierLabelEncoder
from scikeras.wrappers import KerasClassifier as SciKerasClassifier
from scikeras.wrappers import KerasRegressor as SciKerasRegressor
from sklearn.utils import ClassifierTags, RegressorTags, Tags, compute_sample_weight

from hpotutor.errors import ArgumentError, DataError
from hpotutor.models._wrapper import NamesakeOfBaseWrapper, PlainNames, signed, tags
from hpotutor.models.builders import build_mlp, build_regressor


@signed
class KerasClassifier(PlainNames, SciKerasClassifier, NamesakeOfBaseWrapper):
    """A Keras network as a scikit-learn classifier.

    Parameters
    ----------
    model : callable, keras.Model or None, default None
        A function that returns a Keras model, compiled or not. Its arguments become parameters
        of the estimator, under their own names and with their own defaults; ``n_features``,
        ``n_classes`` and the shape of a row (``input_shape``, ``image_shape``,
        ``sequence_shape``) are read off the data. None takes ``build_mlp``.
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

    ArgumentError: with all the parameter names that are not known, or a ``model`` that is neither
    function nor model; from ``fit``, if a callback waits for a value on validation rows and there
    are none, or for one that training does not report.

    DataError: from ``fit``, if y holds fewer than 2 classes, or ``validation_split`` sets all the
    rows of a class apart.

    Notes
    -----
    Built on SciKeras (https://adriangb.com/scikeras/stable/), and other than it on purpose: unknown
    parameter names (``model__units`` too) and what is no model are refused when the estimator is
    made; without a ``model`` there is a network; later rows may have any numeric type; columns go
    by their names; a compiled network is never given an ``optimizer`` without a word; ``build_fn``,
    the old name of ``model``, is taken without a warning; the function's hyperparameters are
    attributes from the start. Predictions have Keras's float32. Rows of weight 0 are left out, and
    Keras divides the weighted loss by the number of rows: a weight of 2 is a row twice but for the
    scale of the loss. A loss by its class's name becomes an object, which ``loss__...`` is for, and
    a dict of losses names every output, as Keras wants it. The order of SciKeras's base classes
    stays, which scikit-learn's ``check_mixin_order`` and ``check_estimator_tags_renamed`` refuse.
    After the one epoch of the default a network may be no better than chance, which AdaBoost
    refuses: type ``epochs=30``.

    A network of several inputs takes a dict, ``{name of keras.Input: array}``, or one table, whose
    columns go to the inputs by name or else in order, so that a pipeline or a search can cut it.

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
        return tags(estimator_type="classifier", classifier_tags=kind)

    def fit(self, X, y, sample_weight=None, **kwargs) -> KerasClassifier:
        """Train the network from its start; X is (rows, ...), or a dict of several inputs.

        ``y`` holds integers or strings, ``sample_weight`` a weight a row. The rest goes to Keras's
        ``fit``: ``validation_data=(X_val, y_val)`` and ``class_weight=`` hold labels as y does,
        and ``callbacks=`` come after the estimator's own.
        """
        weight = self._weighted(y, sample_weight, kwargs)
        return super().fit(X, y, sample_weight=weight, **kwargs)

    def _weighted(self, y, sample_weight, kwargs: dict[str, Any]):
        """Take ``class_weight`` out of what goes to Keras, which knows numbers only, no labels."""
        if sample_weight is not None:  # SciKeras multiplies class weights into the caller's array
            sample_weight = np.array(sample_weight, dtype="float64")
        given = kwargs.pop("class_weight", None)
        if given is None:
            return sample_weight
        if self.class_weight is not None:
            raise ArgumentError(
                f"KerasClassifier: class_weight={self.class_weight!r} is set, and fit is given "
                f"class_weight={given!r}. Leave one out."
            )
        weight = compute_sample_weight(given, y)
        return weight if sample_weight is None else sample_weight * weight

    def partial_fit(self, X, y, classes=None, sample_weight=None, **kwargs) -> KerasClassifier:
        """Train for one more epoch, from where the network stands; arguments are those of ``fit``.

        ``classes`` holds all labels that will ever come; for the first call, if its y lacks some.
        """
        classes = None if classes is None else np.asarray(classes)
        weight = self._weighted(y, sample_weight, kwargs)
        return super().partial_fit(X, y, classes=classes, sample_weight=weight, **kwargs)

    def predict_proba(self, X, **kwargs) -> np.ndarray:
        """Return the probability of each class, (rows, n_classes); more goes to ``predict``."""
        probabilities = super().predict_proba(X, **kwargs)
        if self.target_type_ == "multiclass" and len(probabilities) != self.n_classes_:
            return probabilities  # as the network says it, whatever it says of several classes
        return np.atleast_2d(probabilities)  # SciKeras squeezes: one row would lose its axis

    def _initialize(self, X, y=None):
        X, y = super()._initialize(X, y)
        if self._function() is build_mlp and self.target_type_ not in ("binary", "multiclass"):
            raise DataError(
                f"y of shape {np.shape(y)} holds {self.target_type_} targets, and build_mlp wants "
                "one column of labels. For one-hot rows, type y.argmax(axis=1)."
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


@signed
class KerasRegressor(PlainNames, SciKerasRegressor, NamesakeOfBaseWrapper):
    """A Keras network as a scikit-learn regressor.

    Parameters, attributes, errors and notes are those of ``KerasClassifier``, ``class_weight``
    excepted; ``n_features`` and ``n_outputs`` are read off the data. Without a ``model`` it takes
    ``build_mlp``'s network with a linear output, trained on squared error.

    Notes
    -----
    Targets are learned as they come. Those far from 0, or from a spread of 1, are learned badly;
    scikit-learn scales them: ``TransformedTargetRegressor(KerasRegressor(...),
    transformer=StandardScaler())``, which predicts and scores in the target's own unit.

    Examples
    --------
    >>> KerasRegressor(units=8).get_params()["units"]
    8
    """

    _default_model = staticmethod(build_regressor)
    _own_defaults = {n: d for n, d in PlainNames._own_defaults.items() if n != "class_weight"}

    def __sklearn_tags__(self) -> Tags:
        return tags(estimator_type="regressor", regressor_tags=RegressorTags(poor_score=True))
