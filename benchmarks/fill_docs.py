"""Results into the pages that show them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Real videos, beside the checkout.
CLIPS = HERE.parents[1] / "shared" / "data" / "clips"


def fill(page: Path, marker: str, text: str) -> None:
    """Replaces what stands between `<!-- marker -->` and `<!-- /marker -->`.

    Raises:
      ValueError: the page has no such place, or several.
    """
    filled, count = re.subn(
        rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)",
        lambda match: f"{match[1]}{text}\n{match[2]}",
        page.read_text(),
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"{page} has {count} places <!-- {marker} -->.")
    page.write_text(filled)


def saved(results: Path) -> dict:
    """What `save` wrote, `{}` before the first time.

    To be read just before it is written with more: another process may have
    added to it.
    """
    return json.loads(results.read_text()) if results.is_file() else {}


def save(results: Path, content) -> None:
    """Writes results as JSON."""
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps(content, indent=1) + "\n")


def with_interval(entry: dict, form: str, scale: float = 1.0) -> str:
    """`54.2 [49.3, 59.0]`: an entry's value and its 95 % interval.

    Args:
      entry: with `value` and `ci95`.
      form: of each number, as `+.1f`.
      scale: by which they are multiplied first; 100 makes points of shares.
    """
    value, low, high = (
        format(scale * bound, form)
        for bound in (entry["value"], *entry["ci95"])
    )
    return f"{value} [{low}, {high}]"


def publish(
    results: Path,
    content: Any,
    page: Path,
    marker: str,
    markdown: Callable[[Any], str],
) -> None:
    """Saves results, prints them, and fills the place in the page."""
    # Saved first: measuring took long.
    save(results, content)
    text = markdown(content)
    print(text)
    fill(page, marker, text)
