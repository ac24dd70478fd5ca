"""Hits made by hand."""

from tests.ai.conftest import make_hit

__all__ = ["make_hit"]
