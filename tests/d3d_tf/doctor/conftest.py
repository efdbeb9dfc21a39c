"""Records that `--mode=prepare` made of moving textures, to be damaged."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import tensorflow as tf

from d3d_tf.config import DataRecipe, FlowRecipe
from d3d_tf.data.dataset import Dataset, open_dataset
from d3d_tf.doctor import check_shards
from d3d_tf.doctor.checks import check_contents
from d3d_tf.doctor.findings import Finding
from d3d_tf.sealed import sealed
from d3d_tf.tfrecords.listing import list_folder
from d3d_tf.tfrecords.prepare import prepare
from d3d_tf.video.writing import write_video
from tests.harness import moving_texture

VELOCITIES = {"left": (-2.0, 0.5), "right": (2.0, 0.5)}
COUNTS = {"train": 3, "test": 1}
FRAMES = 6


@dataclasses.dataclass(frozen=True)
class Records:
    """A record folder and what the doctor says of it.

    Decoding is most of its work: of as few videos as a test needs.
    """

    folder: Path
    sample: int = 1

    @property
    def dataset(self) -> Dataset:
        return open_dataset(self.folder)

    def read(self) -> check_shards.Contents:
        rows = self.dataset.rows()
        sample = check_shards.choose_sample(rows, self.sample)
        return check_shards.read_contents(self.dataset, sample)

    def findings(self) -> dict[str, Finding]:
        rows = self.dataset.rows()
        found = check_contents(self.dataset, rows, self.read())
        return {finding.check: finding for finding in found}

    def bad(self) -> dict[str, str]:
        """Level and words of the checks that are not OK."""
        return {
            check: f"{finding.level} {finding.text}"
            for check, finding in self.findings().items()
            if finding.level != "OK"
        }

    def edit(self, name: str, change) -> None:
        """Changes a JSON file; `change` works in place."""
        path = self.folder / name
        content = json.loads(path.read_text())
        change(content)
        if isinstance(content, list):
            path.write_text(json.dumps(content))
            self.edit("dataset.json", lambda c: c.pop("manifest_sha256", None))
        else:
            path.write_text(sealed(content))

    def rewrite(self, change, id_: str | None = None) -> None:
        """Changes one record, or all, with checksums and sizes made right.

        `change` works in place on a SequenceExample.
        """
        for path in self.folder.glob("*.tfrecord"):
            records = []
            for data in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                example = tf.train.SequenceExample.FromString(data)
                (name,) = example.context.feature["example/id"].bytes_list.value
                if id_ in (None, name.decode()):
                    change(example)
                records.append(example.SerializeToString())
            with tf.io.TFRecordWriter(str(path)) as writer:
                for data in records:
                    writer.write(data)
            size = path.stat().st_size
            self.edit(path.name + ".json", lambda p, s=size: p.update(bytes=s))
        total = sum(p.stat().st_size for p in self.folder.glob("*.tfrecord"))
        self.edit("dataset.json", lambda info: info.update(num_bytes=total))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """Three training videos and a test video of each of two classes."""
    root = tmp_path_factory.mktemp("doctor")
    seed = 0
    for split, count in COUNTS.items():
        for name, velocity in VELOCITIES.items():
            for number in range(count):
                path = root / "videos" / split / name / f"{number}.mp4"
                path.parent.mkdir(parents=True, exist_ok=True)
                frames, _ = moving_texture(FRAMES, 40, 48, velocity, seed=seed)
                write_video(path, frames, 25)
                seed += 1
    prepare(
        list_folder(root / "videos", test_share=0.25),
        root / "records",
        data=DataRecipe(short_side=40, num_shards=2),
        flow=FlowRecipe(scales=2),
        show=False,
    )
    return root / "records"


@pytest.fixture
def records(prepared, tmp_path, request) -> Records:
    """In a copy of one's own; `SAMPLE` of a test's module is the sample."""
    shutil.copytree(prepared, tmp_path / "records")
    sample = getattr(request.module, "SAMPLE", Records.sample)
    return Records(tmp_path / "records", sample)
