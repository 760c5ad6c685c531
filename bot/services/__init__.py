"""The five verbs: plan, deliver, collect, digest, archive. Each is a function of (store, now)."""
