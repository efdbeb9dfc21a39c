"""Files of logits that other frameworks write."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import tensorflow as tf

from d3d_tf.data.teacher_logits import TeacherLogits, read_logits
from d3d_tf.errors import UserError

CLASSES = ["run", "größer", "jump"]
IDS = ["run/a.avi", "jump/b.avi", "jump/b.avi"]
# Columns: jump, sit, run, größer; the third row is a second view.
LOGITS = np.array([[1, 9, 2, 3], [4, 9, 5, 6], [6, 9, 7, 8]], np.float64)
NAMES = ["jump", "sit", "run", "größer"]
EXPECTED = {"run/a.avi": [2, 3, 1], "jump/b.avi": [6, 7, 5]}


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def parquet(path, names=NAMES):
    table = pa.table({"id": IDS, "logits": LOGITS.tolist(), "other": [1, 2, 3]})
    if names:
        metadata = {b"classes": json.dumps(names).encode()}
        table = table.replace_schema_metadata(metadata)
    pyarrow.parquet.write_table(table, path)
    return path


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_by_name_and_id(tmp_path, kind):
    if kind == "npz":
        path = npz(tmp_path / "l.npz", ids=IDS, logits=LOGITS, classes=NAMES)
    else:
        path = parquet(tmp_path / "l.parquet")
    found = read_logits(path, CLASSES)
    (view,) = found.views
    rows = dict(zip(found.ids.tolist(), view.tolist(), strict=True))
    assert rows == EXPECTED
    assert found.missing(["run/a.avi", "x", "y"]) == ["x", "y"]


def test_without_names_the_order_is_that_of_the_records(tmp_path):
    path = npz(tmp_path / "l.npz", ids=IDS[:2], logits=LOGITS[:2, :3])
    (view,) = read_logits(path, CLASSES).views
    assert view.tolist() == [[4, 9, 5], [1, 9, 2]]  # Sorted by id.
    with pytest.raises(UserError, match="3 logits per row and no `classes`"):
        read_logits(path, [*CLASSES, "sit"])


@pytest.mark.parametrize(
    "arrays, words",
    [
        ({"ids": IDS}, "logits is not a file in the archive.*expected a .npz"),
        ({"ids": IDS, "logits": LOGITS[:2]}, r"ids of the shape \[3\]"),
        ({"ids": IDS, "logits": LOGITS[0]}, r"logits of \[4\]: expected"),
        ({"ids": [], "logits": LOGITS[:0]}, "is empty"),
        ({"ids": IDS, "logits": LOGITS / 0}, "not finite"),
        (
            {"ids": IDS, "logits": LOGITS, "classes": NAMES[:3]},
            "names 3 different classes and has 4 logits",
        ),
        (
            {"ids": IDS, "logits": LOGITS, "classes": ["a", "b", "c", "run"]},
            "no logits for 2 of the records' 3 classes, such as 'größer'",
        ),
        ({"ids": np.array([[{}]], object), "logits": LOGITS}, "allow_pickle"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_is_wrong_is_named(tmp_path, arrays, words):
    path = npz(tmp_path / "l.npz", **arrays)
    with pytest.raises(UserError, match=words) as caught:
        read_logits(path, CLASSES)
    assert str(path) in str(caught.value)


def test_a_file_that_is_none(tmp_path):
    for name in ("l.npz", "l.parquet"):
        with pytest.raises(UserError, match="There is no file"):
            read_logits(tmp_path / name, CLASSES)
        (tmp_path / name).write_text("not it")
        with pytest.raises(UserError, match="holds no logits"):
            read_logits(tmp_path / name, CLASSES)


def test_lookup_of_batches():
    """View = epoch modulo 2; value = 100 view + 10 row + class."""
    views = tuple(
        np.float32([[100 * v + 10 * r + c for c in range(3)] for r in range(2)])
        for v in range(2)
    )
    of = TeacherLogits(np.array(["a", "ü"]), views).lookup()
    asked = [("ü", 0), ("a", 1), ("ü", 5), ("?", 0)]
    ids, epochs = zip(*asked, strict=True)
    data = tf.data.Dataset.from_tensor_slices((list(ids), list(epochs)))
    first, second = data.batch(3).map(of)
    assert first.numpy().tolist() == [
        [10, 11, 12],
        [100, 101, 102],
        [110, 111, 112],
    ]
    assert np.isnan(second).all() and second.shape == (1, 3)


def test_only_drawn_views_repeat_their_epochs():
    views = (np.zeros([1, 2]),) * 3
    drawn = TeacherLogits(np.array(["a"]), views, drawn=True)
    assert [drawn.epoch(e) for e in (0, 2, 3, 7)] == [0, 2, 0, 1]
    of_a_file = TeacherLogits(np.array(["a"]), views)
    assert [of_a_file.epoch(e) for e in (0, 3)] == [0, 3]
