"""Fixtures of the contract suites."""

from tests.store.catalogue.fixtures import catalogue_folder, migrated_folder

__all__ = ["catalogue_folder", "migrated_folder"]
