"""The store: the one truth, in SQLite or PostgreSQL."""
