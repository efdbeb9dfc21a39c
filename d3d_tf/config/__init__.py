"""What an experiment is, from a name, a file or `--set`.

A recipe is a tree of frozen pydantic dataclasses, which check themselves: an
impossible one cannot be made. It is read from `d3d_tf.recipes` or a YAML file,
changed through `override` or `dataclasses.replace`, hashed by `digest`, and
saved in every run folder.
"""

from d3d_tf.config.data import (
    DataRecipe,
    FlowRecipe,
    ToyRecipe,
    data_as_saved,
)
from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.config.expand import ExpandRecipe
from d3d_tf.config.explain import ExplainRecipe
from d3d_tf.config.features import FeaturesRecipe
from d3d_tf.config.files import (
    from_dict,
    load,
    override,
    parse_settings,
    to_yaml,
)
from d3d_tf.config.flow_identity import (
    differences,
    flow_identity,
    require_same_flow,
    same_keys,
)
from d3d_tf.config.network import (
    ExportRecipe,
    FinetuneRecipe,
    TermRecipe,
)
from d3d_tf.config.persons import PersonsRecipe
from d3d_tf.config.probe import ProbeRecipe
from d3d_tf.config.recipe import Recipe, digest, to_dict
from d3d_tf.config.teacher_module import TeacherModuleRecipe
from d3d_tf.config.training import DistillRecipe, TrainRecipe, anywhere
from d3d_tf.config.views import SPACINGS, ClipRecipe, EvaluationRecipe
from d3d_tf.models.network_recipe import NetworkRecipe

__all__ = [
    "SPACINGS",
    "ClipRecipe",
    "DataRecipe",
    "DetectorRecipe",
    "DistillRecipe",
    "EvaluationRecipe",
    "ExpandRecipe",
    "ExplainRecipe",
    "FeaturesRecipe",
    "ExportRecipe",
    "FinetuneRecipe",
    "FlowRecipe",
    "NetworkRecipe",
    "PersonsRecipe",
    "ProbeRecipe",
    "Recipe",
    "TeacherModuleRecipe",
    "TermRecipe",
    "ToyRecipe",
    "TrainRecipe",
    "anywhere",
    "data_as_saved",
    "differences",
    "digest",
    "flow_identity",
    "from_dict",
    "load",
    "override",
    "parse_settings",
    "require_same_flow",
    "same_keys",
    "to_dict",
    "to_yaml",
]
