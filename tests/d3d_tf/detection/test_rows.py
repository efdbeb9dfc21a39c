"""Files as AVA, servers and people write them."""

import pytest

from d3d_tf.detection.rows import read_keyframes, read_rows
from d3d_tf.errors import UserError


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "rows.csv"
        path.write_bytes(content.encode())
        return path

    return write


def test_all_kinds_of_rows(file):
    """Eight columns, seven, two; a mark, Windows' ends, an empty line."""
    rows = read_rows(
        file(
            "\ufeff-a,0902,0.1,0.2,0.3,0.4,80,7\r\n\r\n"
            "-a,903\r\nb_,1000.5,0,0,1,1,3\r\n-a,904,0,0,1,1,5,0.25\r\n"
        )
    )
    assert len(rows) == 3
    ids = [rows.videos[place] for place in rows.video]
    assert sorted(zip(ids, rows.time.tolist(), strict=True)) == [
        ("-a", 902_000_000),
        ("-a", 904_000_000),
        ("b_", 1_000_500_000),
    ]
    assert rows.boxes[0].tolist() == [0.2, 0.1, 0.4, 0.3]  # y first.
    assert rows.action.tolist() == [80, 5, 3]
    assert rows.last[:2].tolist() == [7, 0.25] and rows.last[2] != rows.last[2]
    assert rows.keyframes == [("-a", 903_000_000)]


@pytest.mark.parametrize("content", ["", "a,902\n"])
def test_no_boxes(file, content):
    rows = read_rows(file(content))
    assert len(rows) == 0 and rows.boxes.shape == (0, 4)
    assert len(rows.keyframes) == content.count("\n")


def test_numbers_are_the_nearest_to_what_is_written(file):
    """Python's reading is; a third of a unit would change a match."""
    texts = ["0.1", "0.333333333333333333", "1e-3", "0.30000000000000004"]
    rows = read_rows(file(f"v,1,{','.join(texts)},1,0.7\n"))
    x1, y1, x2, y2 = map(float, texts)
    assert rows.boxes[0].tolist() == [y1, x1, y2, x2]


@pytest.mark.parametrize(
    "row, message",
    [
        ("video_id,timestamp,x1,y1,x2,y2,a,s", "'timestamp' is not a number"),
        ("v,902,0.1,0.1,0.2,x,1,0.5", "'x' is not a number"),
        ("v,902,0.1,0.1,0.2,inf,1,0.5", "'inf' is not a number"),
        ("v,902,0.1,0.1,0.2,nan,1,0.5", "'nan' is not a number"),
        ("v,902,0.1,0.1,0.2,0.2,1.5,0.5", "'1.5' is not a whole number"),
        ("v,902,0.1,0.1,0.2,0.2,,0.5", "'' is not a whole number"),
        ("v,-1,0.1,0.1,0.2,0.2,1,0.5", "'-1' is not seconds"),
        ("v,902,0.1,0.1,0.2", "5 columns"),
        ("v,x", "'x' is not a number"),
        ("v;902;0.1;0.1;0.2;0.2;1;1", "1 columns"),
    ],
)
def test_a_wrong_row_is_named(file, row, message):
    path = file(f"v,902,0.1,0.1,0.2,0.2,1,0.5\n{row}\n")
    with pytest.raises(UserError, match=f"line 2: {message}"):
        read_rows(path)


def test_no_text_and_no_file(tmp_path):
    (tmp_path / "b").write_bytes(b"\x7fELF\xd0\xff")
    with pytest.raises(UserError, match="Cannot read .*codec"):
        read_rows(tmp_path / "b")
    with pytest.raises(UserError, match="Cannot read .*No such file"):
        read_rows(tmp_path / "none")


def test_keyframes(file):
    assert read_keyframes(file("-a,0902\nb,1000.5\n")) == {
        ("-a", 902_000_000),
        ("b", 1_000_500_000),
    }
    with pytest.raises(UserError, match="line 1: a keyframe is video_id"):
        read_keyframes(file("a,902,0\n"))
    with pytest.raises(UserError, match="line 1"):
        read_keyframes(file("a,b\n"))
