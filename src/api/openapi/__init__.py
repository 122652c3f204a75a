"""The OpenAPI document: what the routes read and answer."""
