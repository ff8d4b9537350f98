"""The small district, made once: every test takes a copy of its home."""

from __future__ import annotations

import pytest

from data.settings import Settings
from tests.data.small_district import shared_district


@pytest.fixture(scope="session")
def empty_district() -> Settings:
    """Reference data and no log. Shared: copy it, do not change it."""
    return shared_district()
