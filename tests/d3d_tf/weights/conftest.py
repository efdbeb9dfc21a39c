"""A web server on this machine that can misbehave."""

import pytest

from tests.web import serving


@pytest.fixture
def web():
    with serving() as server:
        yield server
