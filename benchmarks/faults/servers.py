"""The client against bad servers, and a module against bad requests."""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.base import Base
from benchmarks.fill_docs import HERE
from benchmarks.hostile import attack

TESTS = "tests/hub_export/client/test_bad_servers.py"


def clients(word: str = "") -> Iterator[dict]:
    """A row for each fault of a server, over REST and over gRPC.

    Args:
      word: only those with this word in their names.
    """
    name = f"test_fault and {word}" if word else "test_fault"
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.xml"
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", TESTS, "-q"),
                *("-m", "large or not large", "-k", name),
                f"--junitxml={result}",
            ],
            cwd=HERE.parent,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        for case in ET.parse(result).iter("testcase"):
            failed = [c for c in case if c.tag in ("failure", "error")]
            yield {
                "group": "bad servers",
                "mode": "client",
                "trials": 1,
                "seed": None,
                "fault": case.get("name"),
                "outcome": "unclear" if failed else "right",
                "said": failed[0].get("message", "")[:300] if failed else "",
            }


def requests(base: Base, count: int, seed: int) -> Iterator[dict]:
    """A row for each request that did harm, and one for the others."""
    if not count:
        return
    with base.copy("") as copy:
        found = attack(copy / "run/export/1", requests=count, seed=seed)
    wrong = [*found["crashes"]]
    wrong += ["an answer that is no number"] * found["not_finite"]
    wrong += ["another answer than before"] * found["wrong"]
    shared = {"group": "bad requests", "mode": "module", "seed": seed}
    for fault in wrong:
        yield shared | {"trials": 1, "fault": fault, "outcome": "crash"}
    yield shared | {"trials": count - len(wrong), "outcome": "right"}
