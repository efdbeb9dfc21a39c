"""The one reader of lists that people write: text, label maps, tables.

They come from spreadsheets and other systems: with a byte-order mark, in
UTF-16, with the line ends of Windows, with blank lines and empty columns,
separated by semicolons or tabs. That is read. What leaves a doubt is answered
in one line with the file and the number of the line.
"""

import codecs
import csv
import dataclasses
import hashlib
import io
import re
from collections.abc import Collection
from pathlib import Path

from d3d_tf.atomic_files import to_path
from d3d_tf.damaged import naming
from d3d_tf.errors import UsageError, UserError
from d3d_tf.names import one_form, printable

_CLASS_LISTS = Path(__file__).with_name("class_lists")
# UTF-32 first: its mark begins as that of UTF-16 does.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_DELIMITERS = ",;\t"
# What `str.splitlines` takes for the end of a line, and `\n` in quotes.
_BREAK = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def read_text(path: str | Path) -> str:
    r"""The text of a file; its lines end with `\n`.

    Raises:
      OSError: it cannot be read.
      UserError: it is no text in UTF-8 or UTF-16.
    """
    content = to_path(path).read_bytes()
    encoding = "utf-8"
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            content, encoding = content[len(mark) :], name
            break
    else:
        # In UTF-16 every second byte of Latin letters is zero.
        zeros = [content[first::2].count(0) for first in (0, 1)]
        if 4 * sum(zeros) >= len(content) > 0:
            encoding = "utf-16-le" if zeros[1] >= zeros[0] else "utf-16-be"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "replace")
        line = _unix(before).count("\n") + 1
        raise UserError(
            f"{path}, line {line}: the byte 0x{content[error.start]:02x} is "
            f"not {encoding.upper()}. Save the list as UTF-8: iconv "
            '-f latin1 -t utf-8, or "CSV UTF-8" of a spreadsheet.'
        ) from error
    if "\0" in text:
        line = _unix(text[: text.index("\0")]).count("\n") + 1
        raise UserError(f"{path}, line {line}: a zero byte, so it is no text.")
    return _unix(text)


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_lines(path: str | Path) -> list[tuple[int, str]]:
    """(number, line) of the lines that are not blank, without outer blanks.

    Raises:
      OSError, UserError: as `read_text`.
    """
    lines = enumerate(read_text(path).split("\n"), 1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def written_labels(labels: list[str]) -> str:
    """A label map, as this package writes it: one class per line."""
    return "".join(f"{label}\n" for label in labels)


def labels_sha256(labels: list[str]) -> str:
    """Of the file that `written_labels` becomes."""
    text = printable(written_labels(labels))
    return hashlib.sha256(text.encode()).hexdigest()


def read_written_labels(
    path: str | Path, remedy: str, sha256: str | None = None
) -> list[str]:
    """The classes of a label map that this package wrote, to the character.

    Args:
      path: of the file.
      remedy: what to do about another file.
      sha256: the `labels_sha256` that was written elsewhere; None: none was.

    Raises:
      UserError: it cannot be read, or does not hold those classes.
    """
    with naming(path, remedy):
        text = _unix(to_path(path).read_bytes().decode("utf-8-sig"))
        labels = text.removesuffix("\n").split("\n") if text else []
        if sha256 not in (None, labels_sha256(labels)):
            raise ValueError(
                f"its {len(labels)} lines are not the classes that were "
                "written there, in the order of their labels"
            )
    return labels


def label_map(name: str) -> tuple[str, ...]:
    """The classes of a data set in their fixed order; the index is the label.

    Args:
      name: `kinetics400`, `kinetics600`, `kinetics700`, `ucf101`, `hmdb51`,
        `jhmdb`, `sthv1`, `sthv2` or `imagenet1k` (torchvision's names), or the
        path of a text file with a class per line.

    Raises:
      UsageError: there is no such file.
      UserError: it is no label map.
    """
    bundled = _CLASS_LISTS / f"{name}.txt"
    try:
        return tuple(read_label_map(bundled if bundled.exists() else name))
    except OSError as error:
        names = ", ".join(sorted(p.stem for p in _CLASS_LISTS.glob("*.txt")))
        raise UsageError(
            f"labels={name} is neither one of {names} nor a readable text file "
            "with one class per line."
        ) from error


def read_label_map(path: str | Path) -> list[str]:
    """The classes of a label map that a user gives: one class per line.

    Names are in one Unicode form. Blank lines at the end are not classes.

    Raises:
      OSError: it cannot be read.
      UserError: it is no text or empty, a class is there twice, or a blank
        line between classes leaves a doubt about the labels after it.
    """
    found: dict[str, int] = {}
    for number, line in read_lines(path):
        name = one_form(line)
        place = f"{path}, line {number}"
        if number > len(found) + 1:
            raise UserError(
                f"{path}, line {number - 1}: blank, with more classes after "
                "it. The number of the line is the label: remove the line, or "
                "name its class."
            )
        if name in found:
            raise UserError(
                f"{place}: the class {name!r} is in line {found[name]} already."
            )
        require_one_line(name, place)
        found[name] = number
    if not found:
        raise UserError(f"{path} holds no class: one per line was expected.")
    return list(found)


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
      place: file and line, for messages.
      fields: text by the name of the column, without outer blanks.
    """

    place: str
    fields: dict[str, str]


def read_table(
    path: str | Path, known: Collection[str]
) -> tuple[list[str], list[Row]]:
    """The columns' names in small letters, and the rows that are not blank.

    Fields that a row lacks at its end are empty: spreadsheets leave them out.

    Args:
      path: of a CSV file whose first line has the names of its columns.
      known: names of columns, by which the delimiter is known.

    Raises:
      OSError: it cannot be read.
      UserError: it is no such table.
    """
    text = read_text(path)
    skipped = 0
    if match := re.match(r"sep=(.)\n", text):  # Excel's own.
        text, skipped = text[match.end() :], 1
    delimiter = match[1] if match else _delimiter(text, known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] = []
    rows = []
    line = 1 + skipped
    try:
        for values in reader:
            place, line = f"{path}, line {line}", reader.line_num + 1 + skipped
            values = [value.strip() for value in values]
            if not any(values):
                continue
            if names:
                rows.append(Row(place, _fields(names, values, place)))
                continue
            names = [one_form(value).lower() for value in values]
            twice = [n for n in names if n and names.count(n) > 1]
            if twice:
                raise UserError(f"{place}: two columns are called {twice[0]}.")
    except csv.Error as error:
        raise UserError(f"{path}, line {line}: {error}.") from error
    return [name for name in names if name], rows


def _delimiter(text: str, known: Collection[str]) -> str:
    first = text.lstrip("\n").partition("\n")[0].lower()

    def count_known(delimiter: str) -> int:
        names = next(csv.reader([first], delimiter=delimiter), [])
        return sum(name.strip() in known for name in names)

    return max(_DELIMITERS, key=count_known)


def _fields(names: list[str], values: list[str], place: str) -> dict[str, str]:
    """Of the columns with a name; the others must be empty."""
    values = values + [""] * (len(names) - len(values))
    names = names + [""] * (len(values) - len(names))
    pairs = list(zip(names, values, strict=True))
    surplus = [value for name, value in pairs if value and not name]
    if surplus:
        raise UserError(
            f"{place}: not as many fields as column names; {surplus[0]!r} has "
            "no column."
        )
    return {name: value for name, value in pairs if name}


def require_one_line(name: str, place: str) -> str:
    """The name of a class, which has a line of its own in label maps.

    Raises:
      UserError: there is a line break in it.
    """
    if _BREAK.search(name):
        raise UserError(
            f"{place}: the label {name!r} has a line break in it; write it on "
            "one line."
        )
    return name


def to_number(text: str) -> float:
    """A number that may have a decimal comma.

    Raises:
      ValueError: it is none.
    """
    return float(text.replace(",", ".") if text.count(",") == 1 else text)
