"""Builders of blocks that several formats share: markup, lists, tables, paragraphs, JSON."""
