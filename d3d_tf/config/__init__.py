"""What an experiment is, from a name, a file or `--set`.

A recipe is a plain tree of frozen dataclasses. It is read from `recipes.py` or
a YAML file, changed only through `override`, checked as a whole by `validate`,
hashed by `digest`, and saved in every run folder.
"""

from d3d_tf.config.checks import validate
from d3d_tf.config.files import from_dict, load, override, to_yaml
from d3d_tf.config.flow_identity import (
    differences,
    flow_identity,
    require_same_flow,
    same_keys,
)
from d3d_tf.config.recipe import (
    ClipRecipe,
    DataRecipe,
    DistillRecipe,
    EvaluationRecipe,
    ExportRecipe,
    FinetuneRecipe,
    FlowRecipe,
    NetworkRecipe,
    Recipe,
    ToyRecipe,
    TrainRecipe,
    data_as_saved,
    digest,
    to_dict,
)

__all__ = [
    "ClipRecipe",
    "DataRecipe",
    "DistillRecipe",
    "EvaluationRecipe",
    "ExportRecipe",
    "FinetuneRecipe",
    "FlowRecipe",
    "NetworkRecipe",
    "Recipe",
    "ToyRecipe",
    "TrainRecipe",
    "data_as_saved",
    "differences",
    "digest",
    "flow_identity",
    "from_dict",
    "load",
    "override",
    "require_same_flow",
    "same_keys",
    "to_yaml",
    "to_dict",
    "validate",
]
