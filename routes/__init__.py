"""HTTP in, HTTP out: each route parses, authorises, calls one `utils` interface and returns a model."""
