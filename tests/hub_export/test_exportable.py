"""Both kinds of drafts can do what publishing asks for."""

import inspect

import pytest

from d3d_tf.hub_export.detection.draft import DetectionDraft
from d3d_tf.hub_export.draft import Draft
from d3d_tf.hub_export.exportable import Exportable


@pytest.mark.parametrize("draft", [Draft, DetectionDraft])
def test_drafts(draft):
    """Every name, and the same arguments where it is a method."""
    fields = draft.__dataclass_fields__
    names = [n for n in vars(Exportable) if not n.startswith("_")]
    assert len(names) == 13
    for name in names:
        wanted = vars(Exportable)[name]
        assert name in fields or hasattr(draft, name), name
        if inspect.isfunction(wanted):
            there = inspect.signature(getattr(draft, name)).parameters
            assert [*there] == [*inspect.signature(wanted).parameters]
