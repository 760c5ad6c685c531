"""Pure rules: no I/O, no clock, no third-party client. Time, ids and randomness are arguments."""
