"""Which operations an app serves: by its document, its framework's route tables, and the forms on its pages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader import openai_module
from grader.collect.code.handlers import Sources
from grader.collect.exchange.session import Session
from grader.collect.finding import html_forms, routes
from grader.collect.finding.swagger import as_openapi
from grader.operations import Operation, base_path, operations
from grader.sandbox import Job

_MOST_PAGES = 12  # asked for forms


class Served:
    """The operations of one running app; each source of them is read when it is asked for, once.

    Args:
        root: the submission's folder.
        session: with the app.
        document: its OpenAPI document; empty if it serves none.
        job: the process that serves it, which wrote down its routes.
    """

    def __init__(self, root: Path, session: Session, document: Mapping[str, Any], job: Job) -> None:
        self._session, self._sources = session, Sources(root)
        self._tables = routes.read_tables(job.read_partial_report())
        document = as_openapi(document)
        known = routes.below(base_path(document), self._tables, operations(document)) or operations(
            self._tables.document or {}
        )
        whole = routes.find_undocumented(self._tables, known, self._sources)
        whole = [session.presented.without(one) for one in whole]
        self._documented, self._rest = whole[: len(known)], whole[len(known) :]
        self._more: list[Operation] | None = None

    def documented(self) -> list[Operation]:
        """Those of the document, the likeliest first; what it leaves open is filled in from the source."""
        return self._documented

    def look_again(self) -> None:
        """Read the pages once more, and leave out the inputs that are settled by now: after a login there are others."""
        self._documented = [self._session.presented.without(one) for one in self._documented]
        self._rest = [self._session.presented.without(one) for one in self._rest]
        self._more = None

    def undocumented(self) -> list[Operation]:
        """Those that only the app's own tables show, and forms on its pages."""
        if self._more is None:
            rest = [one for one in self._rest if not openai_module.belongs(one.path)]
            forms = [self._session.presented.without(one) for one in self._forms(rest)]
            places = {(one.method, one.path) for one in forms}
            self._more = [*forms, *(one for one in rest if (one.method, one.path) not in places)]
        return self._more

    def names(self) -> Sequence[str]:
        """Words by which any of the code takes things out of requests."""
        return self._sources.all_names()

    def _forms(self, listed: Sequence[Operation]) -> list[Operation]:
        """The forms on the pages that need no input, `/` first."""
        places = dict.fromkeys(
            ["/", *(one.path for one in listed if one.method == "GET" and "{" not in one.path)]
        )
        found: dict[tuple[str, str], Operation] = {}
        for place in list(places)[:_MOST_PAGES]:
            for form in html_forms.forms(self._session, place):
                found.setdefault((form.method, form.path), form)
        return list(found.values())
