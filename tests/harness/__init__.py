"""What tests share: known inputs, tiny networks, what all families must hold.

Beside the names below: `family.check_family`, `task.check_task`,
`step.check_step` and `export.check_export`, each called by short tests of every
family, task, trainer and module.
"""

from tests.harness.networks import (
    enlarge_rounding,
    randomize,
    shallow_network,
    softmax,
    tiny_network,
)
from tests.harness.records import (
    Video,
    claim_length,
    flow_codes,
    foreign_record,
    grey_frames,
    made_up_flow,
    moving_texture,
    place_codes,
    write_lossless,
    write_records,
    write_shard,
)
from tests.harness.step import one_device, train_once

__all__ = [
    "Video",
    "claim_length",
    "enlarge_rounding",
    "flow_codes",
    "foreign_record",
    "grey_frames",
    "made_up_flow",
    "moving_texture",
    "one_device",
    "place_codes",
    "randomize",
    "shallow_network",
    "softmax",
    "tiny_network",
    "train_once",
    "write_lossless",
    "write_records",
    "write_shard",
]
