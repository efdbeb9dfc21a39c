"""Lists as spreadsheets, other systems and hasty hands leave them."""

import codecs
import hashlib
from pathlib import Path

import pytest

from d3d_tf.errors import UsageError, UserError
from d3d_tf.text_lists import (
    label_map,
    read_label_map,
    read_lines,
    read_table,
    read_text,
    read_written_labels,
    to_number,
)

TEXT = "größe\nYoYo\n"
KNOWN = ("path", "label", "split")
SENT = Path(__file__).resolve().parents[3] / "shared/data/inputs/lists"


@pytest.fixture
def file(tmp_path):
    """Writes bytes and returns the path."""

    def write(content):
        path = tmp_path / "list.txt"
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
    ],
)
def test_encodings_and_line_ends(file, content):
    assert read_text(file(content)) == TEXT


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a\ncaf\xe9\n".encode("latin1"), "line 2: the byte 0xe9 is not UTF-8"),
        ("a\rb\r\xe9".encode("latin1"), "line 3: the byte 0xe9"),
        (codecs.BOM_UTF16_LE + b"a\0\n\0b", "line 2: .*UTF-16-LE"),
        (b"abcdefgh\n\0x", "line 2: a zero byte"),
    ],
)
def test_other_encodings_are_named(file, content, words):
    path = file(content)
    with pytest.raises(UserError, match=words) as caught:
        read_text(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_lines_are_numbered_and_blank_ones_passed_over(file):
    path = file("\n a b \r\n\t\n\nc")
    assert read_lines(path) == [(2, "a b"), (5, "c")]


def test_label_maps(file):
    assert read_label_map(file("\ufefflecture\r\n drink \n\n\n")) == [
        "lecture",
        "drink",
    ]
    assert read_label_map(file("cafe\u0301\n")) == ["caf\u00e9"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no class"),
        ("\n \n", "holds no class"),
        ("a\n\nb\n", "line 2: blank"),
        ("\na\n", "line 1: blank"),
        ("a\nb\na\n", "line 3: the class 'a' is in line 1 already"),
        ("caf\u00e9\ncafe\u0301\n", "line 2: .*in line 1 already"),
        ("a\u2028b\n", "line 1: .*line break"),
    ],
)
def test_label_maps_that_leave_a_doubt(file, text, words):
    with pytest.raises(UserError, match=words):
        read_label_map(file(text))


def test_what_we_wrote_is_read_to_the_character(file):
    """Earlier versions took names with blanks and in any form."""
    labels = [" a", "cafe\u0301", "b\u2028c", "b\u2028c"]
    path = file("".join(f"{label}\n" for label in labels))
    assert read_written_labels(path, "") == labels
    assert read_written_labels(file(""), "") == []


@pytest.mark.parametrize(
    "content", [b"b\na\n", b"a\n", b"", b"a\nb\nc\n", b"a\n\xff\n"]
)
def test_a_label_map_that_is_not_the_one_that_was_written(file, content):
    """The hash is that of `printf 'a\\nb\\n' | sha256sum`."""
    right = "911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2"
    assert read_written_labels(file(b"a\r\nb\r\n"), "", right) == ["a", "b"]
    with pytest.raises(UserError, match="is damaged.*: copy it again.$"):
        read_written_labels(file(content), "copy it again", right)


@pytest.mark.parametrize(
    "text",
    [
        "path,label\na b.mp4,x\n",
        "Path, Label ,,\r\na b.mp4,x,,\r\n,,,\r\n",
        "path;label\na b.mp4;x\n",
        "path\tlabel\na b.mp4\tx\n",
        "sep=;\npath;label\n\na b.mp4;x\n",
        '"path","label"\n"a b.mp4","x"',
        "\npath,label\na b.mp4,x\n",
    ],
)
def test_tables(file, text):
    names, (row,) = read_table(file(text), KNOWN)
    assert names == ["path", "label"]
    assert row.fields == {"path": "a b.mp4", "label": "x"}


def test_the_line_is_that_where_the_row_begins(file):
    path = file('path,label\n"a\nb",x\n\nc,y,,\nd\n')
    _, rows = read_table(path, KNOWN)
    assert [row.place for row in rows] == [
        f"{path}, line {number}" for number in (2, 5, 6)
    ]
    assert rows[0].fields["path"] == "a\nb"
    # A spreadsheet leaves out what is empty at the end.
    assert rows[2].fields == {"path": "d", "label": ""}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\na,b,c\n", "line 2: not as many .*'c' has no column"),
        ("path,,label\na,b,c\n", "line 2: .*'b' has no column"),
        ("path,label,PATH\n", "line 1: two columns are called path"),
        ('path,label\na,"' + "x" * 200_000, "line 2: field larger"),
    ],
)
def test_tables_that_leave_a_doubt(file, text, words):
    with pytest.raises(UserError, match=words):
        read_table(file(text), KNOWN)


@pytest.mark.parametrize(
    ("text", "number"), [("12.5", 12.5), ("12,5", 12.5), ("1e3", 1000.0)]
)
def test_numbers(text, number):
    assert to_number(text) == number


@pytest.mark.parametrize("text", ["", "a", "1,2,3", "1,000.5"])
def test_what_is_not_a_number(text):
    with pytest.raises(ValueError):
        to_number(text)


@pytest.mark.parametrize("path", sorted(SENT.glob("*")), ids=lambda p: p.name)
def test_the_lists_that_users_sent(path):
    """Each is read, or answered in one line with file and line number."""
    try:
        if path.suffix == ".csv":
            _, rows = read_table(path, KNOWN)
            assert rows and all(any(row.fields.values()) for row in rows)
        else:
            assert all(read_label_map(path))
    except UserError as error:
        assert str(error).startswith(f"{path}, line ")
        assert "\n" not in str(error)


STHV1 = {
    0: "Holding something",
    2: "Turning the camera left while filming something",
    4: "Turning the camera right while filming something",
    30: "Pushing something from left to right",
    41: "Pushing something from right to left",
    52: "Pulling something from right to left",
    66: "Pulling something from left to right",
    173: "Poking a hole into some substance",
}
STHV2 = {
    0: "Approaching something with your camera",
    86: "Pulling something from left to right",
    87: "Pulling something from right to left",
    93: "Pushing something from left to right",
    94: "Pushing something from right to left",
    166: "Turning the camera left while filming something",
    167: "Turning the camera right while filming something",
    173: "Wiping something off of something",
}


def test_both_editions_of_something_have_the_same_classes():
    """V2's order is that of the alphabet."""
    assert sorted(label_map("sthv1")) == list(label_map("sthv2"))


@pytest.mark.parametrize(
    ("name", "count", "some"),
    [
        # Known from the data sets' own papers and lists.
        ("kinetics400", 400, {0: "abseiling", 6: "arm wrestling"}),
        ("kinetics600", 600, {0: "abseiling", 1: "acting in play"}),
        ("kinetics700", 700, {0: "abseiling", 19: "backflip (human)"}),
        # classInd.txt counts from 1: 1 ApplyEyeMakeup, 37, 101 YoYo.
        (
            "ucf101",
            101,
            {0: "ApplyEyeMakeup", 36: "HandstandPushups", 100: "YoYo"},
        ),
        ("hmdb51", 51, {0: "brush_hair", 50: "wave"}),
        ("imagenet1k", 1000, {0: "tench", 281: "tabby", 999: "toilet tissue"}),
        # MMAction2's label maps, and the pairs of its flips.
        ("sthv1", 174, STHV1),
        ("sthv2", 174, STHV2),
    ],
)
def test_bundled_classes(name, count, some):
    classes = label_map(name)
    assert len(classes) == len(set(classes)) == count
    assert {i: classes[i] for i in some} == some


def test_bundled_classes_are_what_they_were():
    """A label of a published network must mean the same for ever.

    SHA-256 of the files in shared/data/annotations, by `sha256sum`.
    """
    expected = {
        "kinetics400": "e9f2806fe9109b85",
        "kinetics600": "8dfca4202520ea82",
        "kinetics700": "2f265d35aa760602",
        "ucf101": "fabeefc51625dad8",
        "hmdb51": "c24c56a7af6f3ea5",
    }
    for name, digest in expected.items():
        text = "".join(f"{c}\n" for c in label_map(name))
        assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_a_label_map_by_its_path(tmp_path):
    (tmp_path / "mine.txt").write_text("b\na\n")
    assert label_map(str(tmp_path / "mine.txt")) == ("b", "a")
    with pytest.raises(UsageError, match="labels=ucf is neither one of hmdb51"):
        label_map("ucf")
