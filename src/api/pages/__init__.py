"""Pages: what a reporter, a lawyer and a citizen see. HTML made on the server from the same queries as the API."""
