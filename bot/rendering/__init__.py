"""The store's answers become texts and pages: deterministic bytes, no I/O but reading templates."""
