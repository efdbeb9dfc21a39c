r"""Names of files, as text can hold them.

On Linux a name is any bytes, line breaks included; Python shows those that are
not UTF-8 as lone surrogates, which no file of text can hold. In ids, labels and
lists such a byte is spelled `\xf1`, and so are line breaks, other control
characters and the backslash itself, byte by byte; everything else stays.
"""

import re
import unicodedata

_UNSPEAKABLE = re.compile("[\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\udc80-\udcff]")
_SPELLED = re.compile(rb"\\x([0-9a-f]{2})")


def spell(name: str) -> str:
    r"""The name as one line of UTF-8; `unspell` gives it back.

    Args:
      name: of a file or folder, or a path, as `os` gives it.
    """

    def hexadecimal(match: re.Match) -> str:
        found = match[0].encode(errors="surrogateescape")
        return "".join(f"\\x{byte:02x}" for byte in found)

    return _UNSPEAKABLE.sub(hexadecimal, name)


def unspell(text: str) -> str:
    """The name that `spell` was given."""
    found = _SPELLED.sub(
        lambda match: bytes.fromhex(match[1].decode()),
        text.encode(errors="surrogateescape"),
    )
    return found.decode(errors="surrogateescape")


def printable(text: str) -> str:
    """For screens and logs: bytes that are not UTF-8, and they alone, spelt."""
    return re.sub(
        "[\ud800-\udfff]", lambda match: f"\\x{ord(match[0]) % 256:02x}", text
    )


def one_form(text: str) -> str:
    """In Unicode's form NFC: a Mac stores an umlaut as a letter and its dots.

    Two names that look the same are the same in it.
    """
    return unicodedata.normalize("NFC", text)
