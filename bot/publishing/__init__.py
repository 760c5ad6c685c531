"""Bytes become files in places: only what changed, renamed into place."""
