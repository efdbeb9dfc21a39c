"""What a draft of a module must be able to do to be published."""

from collections.abc import Callable
from typing import Any, Protocol

from d3d_tf.hub_export.check_parity import Reference


class Exportable(Protocol):
    """Of a classifier (`draft`), or a detector (`detection.draft`)."""

    @property
    def labels(self) -> list[str]:
        """Class names in order."""

    @property
    def card(self) -> Callable[[dict[str, Any]], str]:
        """Its README of its `module.json`."""

    @property
    def classifies(self) -> bool:
        """Whether its answers are about the labels."""

    @property
    def network(self) -> Any:
        """That is exported."""

    @property
    def num_bytes(self) -> int:
        """Size of the weights."""

    @property
    def ways(self) -> tuple[bool, ...]:
        """Whether it is folded: what is tried, in this order."""

    def module(self, *, fold: bool) -> tuple[Any, dict[str, Any]]:
        """The object to save and its signatures."""

    def reference(self) -> Reference:
        """What the network says of random clips."""

    def differences(
        self, module: Any, reference: Reference
    ) -> dict[str, float]:
        """How far each way into the loaded module is from that."""

    def requests(self) -> dict[str, dict[str, Any]]:
        """Of each signature one to warm up with: TensorProtos by name."""

    def example(self) -> dict[str, Any]:
        """The keywords of `write_example`."""

    def digest(self, frame_rate: float | None) -> str:
        """What makes a module another one."""

    def description(self) -> dict[str, Any]:
        """The entries of `module.json` that are known before it is saved."""
