"""Alembic migrations of the proxy's tables."""
