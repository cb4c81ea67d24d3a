"""Settings, the store, and the plumbing that the layers stand on."""
