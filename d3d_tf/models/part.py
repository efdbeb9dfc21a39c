"""What a network of several parts can start from."""

import dataclasses

from d3d_tf.models.network_recipe import NetworkRecipe


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of a network's trunk that is the trunk of another network.

    Attributes:
      name: the trunk's attribute, itself a `Backbone`.
      network: what the other network must be.
      givers: roles of a run that may be the other network, the best first.
      head: whether the other's head is the network's own, too.
      probed_at: the endpoint at which the part ends and the trunk's `decoder`
        goes on, as in a fine-tuned probe of the other network, which both
        would rather start from; None: no decoder follows.
    """

    name: str
    network: NetworkRecipe
    givers: tuple[str, ...]
    head: bool = False
    probed_at: str | None = None
