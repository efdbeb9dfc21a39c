"""What can be wrong with a file that this package wrote, in one place.

Whoever reads such a file says what it must hold and what to do without it.
What is there instead becomes one line: the file, what is wrong with it, and
what to do.
"""

import contextlib
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from d3d_tf.atomic_files import to_path
from d3d_tf.errors import UserError
from d3d_tf.sealed import unsealed

_DAMAGE: tuple[type[Exception], ...] = (
    ValueError,
    EOFError,
    RecursionError,
    zipfile.BadZipFile,
)
_WORDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def read_json(
    path: str | Path, form: Any, remedy: str, sha256: str | None = None
) -> Any:
    """The content of a JSON file, without the hash it may hold of itself.

    Args:
      path: of the file, on a disk or not.
      form: what it must be; see `difference`.
      remedy: what to do where it is not, such as "prepare the videos again".
      sha256: of the file, as another one tells it; None: none does.

    Raises:
      UserError: it is missing, cannot be read, is not JSON, is not of the form,
        or is not what was written.
    """
    with naming(path, remedy):
        written = to_path(path).read_bytes()
        content = unsealed(json.loads(written.decode("utf-8")))
        require_sha256(written, sha256)
        if words := difference(content, form):
            raise ValueError(words)
    return content


def require_sha256(written: bytes, sha256: str | None) -> None:
    """Holds the bytes of a file to their hash, if that is known.

    Raises:
      ValueError: they are others; inside of `naming`, that is the file's error.
    """
    if sha256 not in (None, hashlib.sha256(written).hexdigest()):
        raise ValueError("it is not what was written, by its SHA-256")


@contextlib.contextmanager
def naming(
    path: str | Path, remedy: str, *others: type[Exception]
) -> Iterator[None]:
    """What fails inside fails because of this file, and the error says so.

    Args:
      path: of the file.
      remedy: what to do.
      others: errors by which a reader tells damage, apart from those of files,
        JSON, text, YAML's and NumPy's `ValueError`, and ZIP archives.

    Raises:
      UserError: with the path, what is wrong, and the remedy.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: {remedy}.") from error
    except OSError as error:
        words = error.strerror or error
        raise UserError(
            f"{path} cannot be read ({words}): {remedy}."
        ) from error
    except _DAMAGE + others as error:
        raise UserError(
            f"{path} is damaged ({_words(error)}): {remedy}."
        ) from error


def _words(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        if not error.doc.strip():
            return "it is empty"
        return f"not JSON: {error.msg} in line {error.lineno}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested without end"
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def difference(value: Any, form: Any) -> str | None:
    """How a value of JSON differs from a form, in words; None: it does not.

    Args:
      value: from `json.loads`.
      form: a type, where `float` also takes whole numbers; `{"key": form}`,
        keys that must be there, beside others; `{str: form}`, any keys;
        `[form]`, a list of any length; a tuple of forms, one of which is met.
    """
    if isinstance(form, tuple):
        found = [difference(value, one) for one in form]
        return None if None in found else found[0]
    kind = form if isinstance(form, type) else type(form)
    fits = isinstance(value, (int, float) if kind is float else kind)
    # To Python, true is a number.
    if not fits or (isinstance(value, bool) and kind is not bool):
        return f"it is {_WORDS[type(value)]} and not {_WORDS[kind]}"
    for key, part, expected in _parts(value, form):
        if part is _MISSING:
            return f"it lacks {key}"
        if words := difference(part, expected):
            return f"{key}: {words}"
    return None


_MISSING = object()


def _parts(value: Any, form: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Key, value and form of what a form looks into."""
    if isinstance(form, list):
        for number, part in enumerate(value, start=1):
            yield number, part, form[0]
    elif isinstance(form, dict) and str in form:
        for key, part in value.items():
            yield key, part, form[str]
    elif isinstance(form, dict):
        for key, expected in form.items():
            yield key, value.get(key, _MISSING), expected
