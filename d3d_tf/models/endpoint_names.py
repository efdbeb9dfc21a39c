"""Endpoints by the short names of D3D's figure 3."""

from d3d_tf.errors import UsageError


def full_name(key: str, endpoint: str, endpoints: tuple[str, ...]) -> str:
    """The endpoint of that name, or with it between underscores, as in `3a`.

    Args:
      key: of the recipe, for the message.
      endpoint: as it was given.
      endpoints: of the network.

    Raises:
      UsageError: there is none.
    """
    found = [e for e in endpoints if endpoint in (e, *e.split("_"))]
    if len(found) != 1:
        raise UsageError(
            f"{key} must be among {', '.join(endpoints)}, or the "
            f"part of a name such as 3a; got {endpoint!r}."
        )
    return found[0]
