"""Read models: what the log amounts to, as tables, and the questions asked of them."""
