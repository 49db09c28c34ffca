"""Weights on disk: official folders, growth, atomic saves, export."""
