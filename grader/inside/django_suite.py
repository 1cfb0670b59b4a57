"""A pytest plugin that prepares for tests as Django's own runner does: https://docs.djangoproject.com/en/5.2/topics/testing/advanced/."""

import os
import sys
from typing import Any

import pytest


class DjangoSuite:
    """The plugin.

    Args:
        order: `settings`: the module of the project's settings, empty if a variable names it; `tags`, `excluded`: which tests run.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._is_prepared = False

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Load the project's settings and its applications, after the hooks at the boundaries are in place."""
        if self._order["settings"]:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", self._order["settings"])
        if config.pluginmanager.hasplugin("django"):  # pytest-django, which does the same
            return
        import django
        from django.test.utils import setup_test_environment

        django.setup()
        setup_test_environment()
        self._is_prepared = True

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what the author's tags leave out."""
        tags, excluded = set(self._order["tags"]), set(self._order["excluded"])
        items[:] = [
            item
            for item in items
            if not _tags(item) & excluded and (not tags or _tags(item) & tags or _cls(item) is None)
        ]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Make the databases that the tests ask for, and no others. One that can't be made fails the tests that need it."""
        aliases = {alias for item in session.items for alias in getattr(_cls(item), "databases", None) or ()}
        if not self._is_prepared or not aliases:
            return
        from django.db import connections
        from django.test.utils import setup_databases

        known = set(connections) if "__all__" in aliases else aliases & set(connections)
        try:
            setup_databases(verbosity=0, interactive=False, aliases=known)
        except Exception as error:
            print(f"The tests' database: {type(error).__name__}: {error}", file=sys.stderr)


def _cls(item: pytest.Item) -> Any:
    return getattr(item, "cls", None)


def _tags(item: pytest.Item) -> set[str]:
    """What `django.test.tag` left on the test and on its class."""
    return {*getattr(_cls(item), "tags", ()), *getattr(getattr(item, "obj", None), "tags", ())}
