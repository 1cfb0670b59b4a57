"""Calls to the API behind the proxy: connections, several upstreams, and streams."""
