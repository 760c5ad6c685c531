"""YAML and environment become frozen settings, once; all errors at once, with line and column."""
