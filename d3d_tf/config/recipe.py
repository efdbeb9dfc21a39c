"""What an experiment is: a tree of frozen sections; imports nothing heavy."""

import dataclasses
import hashlib
import json
import math
from typing import Annotated

from annotated_types import Ge
from pydantic import model_validator

from d3d_tf.config.data import DataRecipe, FlowRecipe, ToyRecipe
from d3d_tf.config.detector import DetectorRecipe
from d3d_tf.config.expand import ExpandRecipe
from d3d_tf.config.explain import ExplainRecipe
from d3d_tf.config.feature_rules import require_features
from d3d_tf.config.features import FeaturesRecipe
from d3d_tf.config.frame_sampling import FrameSamplingRecipe
from d3d_tf.config.network import (
    AnyNetwork,
    ExportRecipe,
    FinetuneRecipe,
)
from d3d_tf.config.persons import PersonsRecipe
from d3d_tf.config.probe import ProbeRecipe
from d3d_tf.config.teacher_module import TeacherModuleRecipe
from d3d_tf.config.training import DistillRecipe, TrainRecipe
from d3d_tf.config.views import ClipRecipe, EvaluationRecipe
from d3d_tf.models import DEFAULT, recipe_class
from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.sections import Later, OneOf, Text, Whole, kept, require, section
from d3d_tf.tasks import DETECTION, TASKS, YOUTUBE8M


@section
class Recipe:
    """A named experiment."""

    name: Text
    seed: Annotated[Whole, Ge(0)] = 0
    toy: ToyRecipe | None = None
    data: DataRecipe = DataRecipe()
    flow: FlowRecipe = FlowRecipe()
    clip: ClipRecipe = ClipRecipe()
    evaluation: EvaluationRecipe = EvaluationRecipe()
    network: AnyNetwork = recipe_class(DEFAULT)()
    train: TrainRecipe = TrainRecipe()
    distill: DistillRecipe = DistillRecipe()
    export: ExportRecipe = ExportRecipe()
    finetune: FinetuneRecipe = FinetuneRecipe()
    task: Annotated[str, OneOf(*TASKS), Later()] = "classification"
    """What the labels are, and all that follows from it."""
    teacher: Annotated[AnyNetwork | None, Later()] = None
    """The network that the student learns from; None: as `network`. In a file
    or with `--set`, fields that are not named are those of `network`."""
    probe: Annotated[ProbeRecipe, Later()] = ProbeRecipe()
    expand: Annotated[ExpandRecipe, Later()] = ExpandRecipe()
    explain: Annotated[ExplainRecipe, Later()] = ExplainRecipe()
    teacher_module: Annotated[TeacherModuleRecipe, Later()] = (
        TeacherModuleRecipe()
    )
    detector: Annotated[DetectorRecipe, Later()] = DetectorRecipe()
    persons: Annotated[PersonsRecipe, Later()] = PersonsRecipe()
    fewer_frames: Annotated[FrameSamplingRecipe, Later()] = (
        FrameSamplingRecipe()
    )
    """Of videos of features: the frames that baseline and student see. The
    teacher sees all."""
    records: Annotated[str, OneOf("videos", "features"), Later()] = "videos"
    """What `--mode=prepare` makes: records of frames and flow, or features of
    one picture, or clip, per second, in the form of YouTube-8M."""
    features: Annotated[FeaturesRecipe, Later()] = FeaturesRecipe()

    @property
    def shown_short_side(self) -> int:
        """Pixels of the short side of the videos that crops are cut from."""
        return self.evaluation.scaled_short_side or self.data.short_side

    @property
    def of_features(self) -> bool:
        """Whether its networks look at features of frames, not at pixels."""
        return self.task == YOUTUBE8M

    def frames_of(self, role: str) -> FrameSamplingRecipe:
        """The frames of a video of features that a network sees."""
        return FrameSamplingRecipe() if role == "teacher" else self.fewer_frames

    def network_of(self, role: str) -> NetworkRecipe:
        """The network that has a role, such as `teacher`."""
        return (role == "teacher" and self.teacher) or self.network

    @model_validator(mode="after")
    def _check_networks(self):
        network = self.network
        require(
            self.teacher is None or self.distill.teacher_stream == "flow",
            self,
            "teacher",
            "left out with distill.teacher_stream=rgb: that teacher is the RGB "
            "baseline, which is of `network`",
        )
        known = network.endpoints
        maps = self.export.kind == "feature_map"
        require(
            self.export.endpoint in (known if maps else (None,)),
            self,
            "export.endpoint",
            f"one of {', '.join(known)} with export.kind=feature_map, and not "
            "given otherwise",
        )
        theirs = (self.teacher or network).endpoints
        shared = [name for name in known if name in theirs]
        if hasattr(network, "branches"):
            shared.append("branches")
        require(
            all(t.where in ("logits", *shared) for t in self.distill.terms),
            self,
            "distill.terms",
            "of logits or of endpoints that teacher and student have "
            f"({', '.join(shared)})",
        )
        return self

    @model_validator(mode="after")
    def _check_detector(self):
        if self.task == DETECTION:
            known = self.network.endpoints
            require(
                self.detector.endpoint in known,
                self,
                "detector.endpoint",
                f"one of {', '.join(known)}",
            )
            require(
                not (self.detector.rpn and self.persons.frozen)
                or self.persons.checkpoint is not None,
                self,
                "persons.checkpoint",
                "given with persons.frozen=true: an RPN that does not learn "
                "must come from somewhere",
            )
            require(
                not self.train.held_out,
                self,
                "train.held_out",
                "0 with task=detection",
            )
            views = self.evaluation
            require(
                views.clips * views.crops == 1,
                self,
                "evaluation.clips",
                "1, with one crop, with task=detection: whole frames are seen",
            )
            require(
                not views.precise_batch_norm,
                self,
                "evaluation.precise_batch_norm",
                "0 with task=detection",
            )
        return self

    @model_validator(mode="after")
    def _check_features(self):
        require_features(self)
        return self

    @model_validator(mode="after")
    def _check_parallel(self):
        settled = self.evaluation.precise_batch_norm
        require(
            not (self.distill.parallel and settled),
            self,
            "evaluation.precise_batch_norm",
            "0 with distill.parallel=true",
        )
        return self

    @model_validator(mode="after")
    def _check_extraction(self):
        require(
            (self.records == "features") == bool(self.features.extractor),
            self,
            "features.extractor",
            "given with ~records=features and only then",
        )
        return self

    @model_validator(mode="after")
    def _check_groups(self):
        passes = self.train.accumulate
        factors = {
            "network.batch_norm_clips": getattr(
                self.network, "batch_norm_clips", 0
            ),
            "train.accumulate": passes,
        }
        factors = {name: n for name, n in factors.items() if n > 1}
        require(
            self.train.batch_size % math.prod(factors.values()) == 0,
            self,
            "train.batch_size",
            "a multiple of "
            + " times ".join(f"{name} ({n})" for name, n in factors.items()),
        )
        synchronized = any(
            getattr(network, "synchronized_batch_norm", False)
            for network in (self.network, self.teacher)
        )
        require(
            passes == 1 or not (synchronized or self.distill.parallel),
            self,
            "train.accumulate",
            "1 with synchronized_batch_norm or distill.parallel",
        )
        return self

    @model_validator(mode="after")
    def _check_optimizer(self):
        models = [self.network.model, (self.teacher or self.network).model]
        require(
            self.train.groups == "one"
            or all(model.startswith(("tsn_", "tsm_")) for model in models),
            self,
            "train.groups",
            "one with networks other than TSN and TSM",
        )
        return self

    @model_validator(mode="after")
    def _check_sizes(self):
        if self.data.short_side and self.clip.size:
            require(
                self.clip.size <= self.data.short_side,
                self,
                "clip.size",
                f"at most data.short_side ({self.data.short_side})",
            )
        side = self.evaluation.crop_size or self.clip.size
        shown = self.shown_short_side
        if side and shown:
            require(
                side <= shown,
                self,
                "evaluation.crop_size",
                f"at most the short side of the videos ({shown}); 0 takes "
                f"clip.size ({self.clip.size})",
            )
        if self.toy and not self.of_features:
            require(
                self.clip.frames <= self.toy.num_frames,
                self,
                "clip.frames",
                f"at most toy.num_frames ({self.toy.num_frames})",
            )
            require(
                self.clip.span <= self.toy.num_frames,
                self,
                "clip.stride",
                f"so small that clip.frames ({self.clip.frames}) fit into "
                f"toy.num_frames ({self.toy.num_frames})",
            )
            require(
                self.data.short_side == self.toy.size,
                self,
                "data.short_side",
                f"toy.size ({self.toy.size})",
            )
            require(
                not self.clip.flip,
                self,
                "clip.flip",
                "false with toy data, where left and right are classes",
            )
        return self


def to_dict(config) -> dict:
    """A nested plain dict, ready for YAML or JSON.

    A field that is `Later` is left out at its default, `Elsewhere` always.
    """
    content = dataclasses.asdict(config)
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if not kept(config, field):
            del content[field.name]
        elif dataclasses.is_dataclass(value):
            content[field.name] = to_dict(value)
    return content


def digest(*configs) -> str:
    """16 hexadecimal digits of the configs' content."""
    content = [
        to_dict(c) if dataclasses.is_dataclass(c) else c for c in configs
    ]
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
