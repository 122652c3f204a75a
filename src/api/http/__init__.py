"""HTTP: the edge that every request passes, parameters and bodies, routes, validators, Memento and errors."""
