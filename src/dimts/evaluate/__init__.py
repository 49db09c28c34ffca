"""Which checkpoint speaks best."""
