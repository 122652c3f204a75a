"""HTTP: routes named for the resource, and one table of errors."""
