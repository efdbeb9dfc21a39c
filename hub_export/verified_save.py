"""Saves a module, reads it back and compares it with its network."""

import shutil
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_hub as hub

from d3d_tf.errors import UserError
from d3d_tf.hub_export.check_parity import REGULARIZATION, outside
from d3d_tf.hub_export.exportable import Exportable
from d3d_tf.hub_export.rounding import TOLERANCE, allowed
from d3d_tf.hub_export.saved_module import without_recompute
from d3d_tf.hub_export.warm_up import write_warm_up
from d3d_tf.models.network import FoldError


def save_verified(
    draft: Exportable, folder: Path
) -> tuple[Any, dict[str, Any]]:
    """Saves a module whose every way in gives what the network gives.

    Where the folded network differs too much, the network itself is saved.

    Returns:
      The module as `hub.load` gives it, and entries of `module.json`.

    Raises:
      UserError: the differences are too large, or a logit has no name.
    """
    reference = draft.reference()
    bound = allowed(reference.sensitivity)
    unfolded = None
    for fold in draft.ways:
        try:
            signatures = _save(draft, folder, fold=fold)
        except FoldError as error:
            unfolded = f"{error}"
            continue
        # Takes seconds, so that whatever compares is given it.
        loaded = hub.load(str(folder))
        differences = draft.differences(loaded, reference)
        wrong = outside(differences, bound)
        if not wrong:
            break
        unfolded = f"folded, it {_gap(differences, wrong)}"
    _require_parity(differences, bound)
    return loaded, {
        "signatures": _outputs(signatures),
        "folded": fold,
        "unfolded_because": unfolded,
        "sensitivity": reference.sensitivity,
        "bound": bound,
        "max_difference": differences,
        "warm_up": write_warm_up(folder, draft.requests()),
    }


def _save(draft: Exportable, folder: Path, *, fold: bool) -> dict[str, Any]:
    """Writes the folder anew; returns the signatures."""
    shutil.rmtree(folder, ignore_errors=True)
    with without_recompute(draft.network):
        module, signatures = draft.module(fold=fold)
        _require_a_name_each(signatures, draft.labels)
        tf.saved_model.save(module, str(folder), signatures=signatures)
    return signatures


def _require_a_name_each(signatures: dict[str, Any], labels: list[str]) -> None:
    function = signatures["serving_default"].get_concrete_function()
    answers = function.structured_outputs.get("probabilities")
    if answers is not None and answers.shape[-1] != len(labels):
        raise UserError(
            f"The network has {answers.shape[-1]} logits, and there are "
            f"{len(labels)} class names. Nothing was published."
        )


def _gap(differences: dict[str, float], ways: list[str]) -> str:
    worst = max(ways, key=differences.__getitem__)
    return f"differs from the network by {differences[worst]:.2g} in {worst}"


def _require_parity(differences: dict[str, float], bound: float) -> None:
    wrong = outside(differences, bound)
    if wrong:
        if wrong == [REGULARIZATION]:
            bound = TOLERANCE
        raise UserError(
            f"The exported module {_gap(differences, wrong)}; at most "
            f"{bound:.2g} is allowed, which rounding may make of this "
            "network. Nothing was published."
        )


def _outputs(signatures: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: sorted(function.get_concrete_function().structured_outputs)
        for name, function in signatures.items()
    }
