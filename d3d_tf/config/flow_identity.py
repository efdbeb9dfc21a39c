"""What makes two flow fields comparable, and what tells them apart."""

from d3d_tf.config.data import DataRecipe, FlowRecipe
from d3d_tf.config.recipe import to_dict
from d3d_tf.errors import UserError

CODEC = "png-uint8-zero128-range127"  # Contract, section 3; see `schema`.


def flow_identity(flow: FlowRecipe, data: DataRecipe, library: str) -> dict:
    """All that the stored flow of a video depends on but the video.

    Saved with records, checkpoints, results and exports; `digest` of it is the
    `flow_recipe` there.

    Args:
      flow: algorithm, parameters, saturation.
      data: the size and rate of the frames that flow was computed on.
      library: what computed it, with its version.

    Returns:
      Nothing where there is no flow.
    """
    if flow.algorithm == "none":
        return {}
    return {
        "flow": to_dict(flow),
        "short_side": data.short_side,
        "frame_rate": data.frame_rate,
        "codec": CODEC,
        "library": library,
    }


def require_same_flow(
    ours: dict, theirs: dict, *, ours_name: str, theirs_name: str, allow: bool
) -> dict | None:
    """Refuses to mix flows; the mismatch, if there is one and it is allowed.

    Returns:
      None if the identities are equal; else both of them, to be written down.

    Raises:
      UserError: they differ and `allow` is false.
    """
    found = differences(ours, theirs)
    if not found:
        return None
    if not allow:
        text = "; ".join(
            f"{key}: {mine!r} in {ours_name}, {other!r} in {theirs_name}"
            for key, mine, other in found
        )
        raise UserError(
            f"The flow of {theirs_name} was made another way than that of "
            f"{ours_name} ({text}). A network knows only the flow it was "
            "trained on: prepare the records with the same recipe, or accept "
            "the difference with --allow_flow_mismatch; it is written down."
        )
    return {ours_name: ours, theirs_name: theirs}


def same_keys(flow: dict, partial: dict) -> dict:
    """What an identity says about the keys of another, partial one."""
    return {
        key: same_keys(flow[key], value)
        if isinstance(value, dict)
        else flow[key]
        for key, value in partial.items()
        if key in flow
    }


def differences(
    old: dict, new: dict, prefix: str = ""
) -> list[tuple[str, object, object]]:
    """(dotted key, old value, new value) wherever two nested dicts differ."""
    found: list[tuple[str, object, object]] = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, f"{prefix}{key}.")
        elif before != after:
            found.append((f"{prefix}{key}", before, after))
    return found
