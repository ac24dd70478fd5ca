"""Fixtures of the catalogue's own tests."""

from tests.store.catalogue.fixtures import catalogue_database, catalogue_folder, database_url, empty_url, migrated_database, migrated_folder

__all__ = ["catalogue_database", "catalogue_folder", "database_url", "empty_url", "migrated_database", "migrated_folder"]
