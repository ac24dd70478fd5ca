"""Fixtures of the catalogue's own tests."""

from tests.store.catalogue.fixtures import catalogue_folder, migrated_folder

__all__ = ["catalogue_folder", "migrated_folder"]
