"""`weights.json`: published checkpoints by name."""

import dataclasses
import functools
import json
from collections.abc import Iterable
from pathlib import Path

from d3d_tf.file_digests import has_digest

_FOLDER = Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Published:
    """A published checkpoint.

    Attributes:
      name: ours.
      address: of the files, without `.index` and the like.
      files: ending: digest of the content, as in `has_digest`, or None where
        nobody states it (an index, whose checksums of all variables are
        checked on reading; PyTorch's files, whose parts have checksums).
      family: the `kind` of `d3d_tf.models.original.Original`.
      stream: `frames` or `flow`.
      num_classes: of the head.
      labels: name of a label map, see `text_lists.label_map`; None: we have
        none.
      licence: SPDX identifier; of the project, where weights have none.
      citation: whom to cite.
      flow: what its authors told about their flow; see `config.flow_identity`.
      acceptance: the authors' own numbers: `source` (where they are printed),
        `run_by_us`, and for a sample clip `sample` (its address),
        `logits_norm`, `logits` (by class), or else `top1`, `top5` in % of the
        validation videos or pictures, and `views`.
      model: the network, where a file leaves it open; None: it does not.
      clip: fields of the recipe's section `clip` with which it was trained, as
        far as they are not the default; None: as its family says.
    """

    name: str
    address: str
    files: dict[str, str | None]
    family: str
    stream: str
    num_classes: int
    labels: str | None
    licence: str
    citation: str
    flow: dict
    acceptance: dict
    model: str | None = None
    clip: dict | None = None

    @property
    def settings(self) -> list[str]:
        """What `--mode=convert` is to know of it."""
        told = {"labels": self.labels, "model": self.model}
        return [f"{key}={value}" for key, value in told.items() if value]


@functools.cache
def catalog() -> dict[str, Published]:
    """All of them, by name."""
    content = json.loads((_FOLDER / "weights.json").read_text())
    return {name: Published(name, **entry) for name, entry in content.items()}


def by_digest(files: Iterable[dict]) -> Published | None:
    """The published checkpoint that has one of these data files, if any.

    Args:
      files: of each its `digest_file`.
    """
    there = list(files)
    for entry in catalog().values():
        told = [digest for digest in entry.files.values() if digest]
        if any(has_digest(file, digest) for file in there for digest in told):
            return entry
    return None
