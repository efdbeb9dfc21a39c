"""The run folder: where a run keeps what it made."""

import dataclasses
import hashlib
from pathlib import Path

from d3d_tf import config
from d3d_tf.atomic_files import write_atomically
from d3d_tf.errors import UsageError
from d3d_tf.roles import STUDENT
from d3d_tf.runs import files
from d3d_tf.runs.origin import Origin, different_starts, place
from d3d_tf.sealed import sealed
from d3d_tf.text_lists import labels_sha256, written_labels


@dataclasses.dataclass(frozen=True)
class Run:
    """Paths in a run folder; see the contract in README.

    Attributes:
      folder: of the run.
      aside: a name for data that are not the run's own: what is found out
        about them goes to `evaluations/NAME/`, nothing of the run is replaced.
    """

    folder: Path
    aside: str = ""

    @property
    def _found(self) -> Path:
        if self.aside:
            return self.folder / "evaluations" / self.aside
        return self.folder

    def checkpoints(self, role: str) -> Path:
        """Checkpoints of one network, with its `history.csv`."""
        return self.folder / "checkpoints" / role

    def tensorboard(self, role: str) -> Path:
        """Curves of one network."""
        return self.folder / "tensorboard" / role

    def scores(self, role: str, split: str) -> Path:
        """What one network says of the videos of a split."""
        return self._found / "scores" / f"{role}-{split}.npz"

    def costs(self, role: str) -> Path:
        """Parameters and time of one network; written after its scores."""
        return self._found / "scores" / f"{role}.json"

    @property
    def probes(self) -> Path:
        """Where --mode=probe keeps decoders, unless it is told another."""
        return self.folder / "probe"

    @property
    def recipe_path(self) -> Path:
        """The full recipe."""
        return self.folder / "recipe.yaml"

    @property
    def results_path(self) -> Path:
        """The results so far."""
        return self._found / "results.json"

    @property
    def report_path(self) -> Path:
        """The page to look at."""
        return self._found / "report.html"

    @property
    def export_path(self) -> Path:
        """Version folders of the exported module."""
        return self.folder / "export"

    def recipe(self) -> config.Recipe:
        """The recipe that the run was started with, sizes filled in.

        Raises:
          UsageError: the folder is no run, or its recipe is damaged.
        """
        if not self.exists():
            raise UsageError(f"{self.folder} is no run: no recipe.yaml in it.")
        return files.read_recipe(self.folder)

    def exists(self) -> bool:
        """Whether the run was started."""
        return self.recipe_path.exists()

    def require_flow(
        self, flow: dict, records: Path, *, allow: bool
    ) -> dict | None:
        """Refuses records whose flow is not that of this run.

        Raises:
          UserError: it differs and `allow` is false.
        """
        ours = self.origin()["flow"]
        if self.is_converted():
            # Others trained it and told only a part of how.
            flow = config.same_keys(flow, ours)
        return config.require_same_flow(
            ours,
            flow,
            ours_name=str(self.folder),
            theirs_name=str(records),
            allow=allow,
        )

    def labels(self) -> list[str]:
        """Class names; the order is the label.

        Raises:
          UserError: they are not those that the run was started with.
        """
        return files.read_labels(self.folder)

    def origin(self) -> dict:
        """What `start` was given: `records`, `teacher`, `flow` and so on.

        Raises:
          UsageError: the run was made before flow had an identity.
          UserError: it cannot be read.
        """
        origin = files.read_origin(self.folder)
        if "flow" not in origin:
            raise UsageError(
                f"{self.folder} is a run of an older d3d_tf, which did not "
                "save how its flow was made: start another one."
            )
        return origin

    def weights(self) -> dict | None:
        """Where weights came from that were not trained here.

        Keys: `converted` (a published checkpoint), `module` (an exported one),
        `init` (what training started from), `teacher`; see docs/weights.md.
        None: all were trained from scratch.
        """
        return self.origin().get("weights")

    def is_converted(self) -> bool:
        """Whether this is no training but a converted checkpoint."""
        return "converted" in (self.weights() or {})

    def is_finetuned(self) -> bool:
        """Whether it is one of --mode=finetune: no teacher, one network."""
        return self.exists() and bool(self.origin().get("finetuned"))

    def maker(self) -> str:
        """The mode that goes on where this run was left."""
        return "finetune" if self.is_finetuned() else "distill"

    def start(
        self, recipe: config.Recipe, labels: list[str], origin: Origin
    ) -> None:
        """Makes the folder, or goes on in it if recipe and classes are equal.

        Args:
          recipe: with all sizes set.
          labels: class names in order.
          origin: what it is started with; the first flow and data set stay.

        Raises:
          UsageError: the folder belongs to another recipe, data set, teacher or
            start.
        """
        text = config.to_yaml(recipe)
        if self.exists():
            self._require_same_recipe(recipe, labels)
            origin = self._continued(origin)
            # The same recipe stays as it was written.
            text = self.recipe_path.read_text()
        (self.folder / "scores").mkdir(parents=True, exist_ok=True)
        entries = {
            "labels_sha256": labels_sha256(labels),
            **origin.entries(),
            "recipe_sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
        write_atomically(self.folder / "origin.json", sealed(entries))
        write_atomically(self.folder / "label_map.txt", written_labels(labels))
        # Last, as the mark of a run.
        write_atomically(self.recipe_path, text)

    def _continued(self, origin: Origin) -> Origin:
        """What the run goes on with, which is started already."""
        before = self.origin()
        first = before.get("dataset") or self.read_results().get(
            "dataset", {}
        ).get("digest")
        # Records of another flow have another digest; that they may be used
        # was asked for.
        if (
            before["flow"] == origin.flow
            and first
            and origin.dataset not in (None, first)
        ):
            raise UsageError(
                f"{self.folder} was started on the videos of "
                f"{before['records']}, those of {origin.records} are others. "
                "Choose another --run_dir, or remove the folder."
            )
        self._require_same_start(origin)
        return dataclasses.replace(
            origin, flow=before["flow"], dataset=first or origin.dataset
        )

    def _require_same_recipe(self, recipe: config.Recipe, labels: list[str]):
        before, now = (
            dataclasses.replace(each, train=config.anywhere(each.train))
            for each in (self.recipe(), recipe)
        )
        found = config.differences(
            config.to_dict(before) | {"classes": self.labels()},
            config.to_dict(now) | {"classes": labels},
        )
        if found:
            text = "; ".join(
                f"{key} is {old!r} there, {new!r} here"
                for key, old, new in found[:4]
            )
            raise UsageError(
                f"{self.folder} holds a run of another recipe ({text}). "
                "Choose another --run_dir, or remove the folder."
            )

    def _require_same_start(self, origin: Origin) -> None:
        """What the networks began with, and what the student learns from."""
        teacher, finetuned = origin.teacher, origin.finetuned
        if self.is_finetuned() != finetuned:
            was, here = ("was not", "is") if finetuned else ("was", "is not")
            raise UsageError(
                f"{self.folder} {was} started by --mode=finetune, this "
                f"{here}. Choose another --run_dir, or remove the folder."
            )
        before, now = (
            (weights or {}).get("init")
            for weights in (self.weights(), origin.weights)
        )
        if differ := different_starts(before, now):
            flag = "--checkpoint" if finetuned else "--init"
            raise UsageError(
                f"{self.folder} was started from {differ[0]} and is now to "
                f"start from {differ[1]} ({flag}). Choose another --run_dir, "
                "or remove the folder."
            )
        taught = self.checkpoints(STUDENT).exists() and not finetuned
        first = self.origin()["teacher"]
        before, now = (
            (weights or {}).get("logits")
            for weights in (self.weights(), origin.weights)
        )
        if taught and before and now and before != now:
            raise UsageError(
                f"The student of {self.folder} learns from {first} as it was "
                f"(SHA-256 {before}); now it is another file ({now}). Choose "
                "another --run_dir, or remove the folder."
            )
        if taught and place(first) != place(teacher):
            raise UsageError(
                f"The student of {self.folder} learns from the teacher of "
                f"{first or 'the run itself'}, now it is to be that of "
                f"{teacher or 'the run itself'} (--teacher). Choose another "
                "--run_dir, or remove the folder."
            )

    def write_results(self, results: dict) -> None:
        """Writes results.json whole."""
        write_atomically(self.results_path, sealed(results))

    def read_results(self, form: dict | None = None) -> dict:
        """Reads results.json; empty if there is none yet.

        Args:
          form: what it must hold apart from metrics, see `read_json`.

        Raises:
          UserError: it is damaged.
        """
        if not self.results_path.exists():
            return {}
        return files.read_results(self.results_path, self.folder, form)
