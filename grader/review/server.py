"""The review's page: shows a class, takes decisions, and writes each of them down before it answers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from grader.errors import EvidenceError, GraderError, SubmissionError
from grader.review import decisions as models
from grader.review import pages, statistics, store
from grader.review.current import Class
from grader.review.decisions import Answer, Comment, Decision, Decisions, Look, Override
from grader.review.decisions import Request as RegradeRequest
from grader.review.guard import Guard, Session
from grader.review.standing import Filter, Standing, Standings
from grader.review.views import Views

_HERE = Path(__file__).parent
_MEDIA = {"review.css": "text/css", "review.js": "text/javascript"}
# the page that a learner gets brings its own looks and pictures, and no scripts
_REPORT_POLICY = "sandbox; default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Review:
    """What the routes work on."""

    klass: Class
    views: Views
    session: Session

    # --- what is shown ---

    def overview(self, request: Request) -> Response:
        """The class."""
        now = self.klass.now()
        chosen = _filter(request)
        return self._html(pages.overview(now, chosen, self.session))

    def learner(self, request: Request) -> Response:
        """One learner."""
        now = self.klass.now()
        one = self._one(now, request)
        chosen = _filter(request)
        earlier = one.row.previous.record if one.row.previous else ""
        seen = self.views.of(now.known, [one.row.record, earlier])
        self._ahead(now, one, chosen)
        return self._html(
            pages.learner(
                now,
                one,
                chosen,
                self.session,
                seen.get(one.row.record),
                seen.get(earlier),
                request.query_params.get("trouble", ""),
            )
        )

    def _ahead(self, now: Standings, one: Standing, chosen: Filter) -> None:
        """Ask for what the next page shows while this one is read."""
        _, following, _ = pages.neighbours(now.chosen(chosen), one)
        if following and following.row.record:
            threading.Thread(
                target=self.views.of, args=(now.known, [following.row.record]), daemon=True
            ).start()

    def report(self, request: Request) -> Response:
        """The page that the learner gets."""
        now = self.klass.now()
        one = self._one(now, request)
        try:
            page = self.views.page(now.known, one.row.record, one.shown, one.decisions)
        except (GraderError, EvidenceError, SubmissionError) as error:
            return PlainTextResponse(f"There is no page: {error}", 404)
        return HTMLResponse(page, headers={"content-security-policy": _REPORT_POLICY})

    def alike(self, request: Request) -> Response:
        """The groups of work that is alike."""
        return self._html(pages.alike(self.klass.now(), self.session))

    def beside(self, request: Request) -> Response:
        """Two works side by side."""
        now = self.klass.now()
        one, other = (self._one(now, request, name) for name in ("code", "other"))
        seen = self.views.of(now.known, [one.row.record, other.row.record])
        left, right = seen.get(one.row.record), seen.get(other.row.record)
        return self._html(pages.beside(now, one, other, left, right, self.session))

    def statistics(self, request: Request) -> Response:
        """Numbers about the class."""
        return self._html(pages.statistics_page(self.klass.now(), self.session))

    def statistics_csv(self, request: Request) -> Response:
        """Numbers about the criteria."""
        return _csv(statistics.table(statistics.numbers(self.klass.now())), "statistics.csv")

    def learners_csv(self, request: Request) -> Response:
        """The class as a table, with every decision in it."""
        return _csv(statistics.learners_table(self.klass.now()), "learners.csv")

    def asset(self, request: Request) -> Response:
        """The style and the script."""
        name = request.url.path.rpartition("/")[2]
        return Response((_HERE / "templates" / name).read_bytes(), media_type=_MEDIA[name])

    # --- what is decided ---

    async def override(self, request: Request) -> Response:
        """Another verdict or other points, with a reason."""

        def made(form: FormData, one: Standing, facts: dict[str, object]) -> Decision:
            points = _field(form, "points").replace(",", ".").strip()
            return Override.model_validate(
                {
                    **facts,
                    "digest": one.row.digest,
                    "criterion": _criterion(one, form, empty=False),
                    "status": _field(form, "status") or None,
                    "points": points or None,
                    "reason": _field(form, "reason").strip(),
                }
            )

        return await self._decided(request, made, "override")

    async def comment(self, request: Request) -> Response:
        """Words for the learner."""

        def made(form: FormData, one: Standing, facts: dict[str, object]) -> Decision:
            text = _field(form, "text").strip() or _field(form, "bank")
            return Comment.model_validate({**facts, "criterion": _criterion(one, form), "text": text})

        return await self._decided(request, made, "comment")

    async def request(self, request: Request) -> Response:
        """A learner asks for another look."""

        def made(form: FormData, one: Standing, facts: dict[str, object]) -> Decision:
            text = _field(form, "text").strip()
            return RegradeRequest.model_validate({**facts, "criterion": _criterion(one, form), "text": text})

        return await self._decided(request, made, "request")

    async def answer(self, request: Request) -> Response:
        """What the learner is answered."""

        def made(form: FormData, one: Standing, facts: dict[str, object]) -> Decision:
            asked = _field(form, "request")
            if asked not in {each.id for each in one.decisions.requests}:
                raise HTTPException(404, "There is no such request.")
            return Answer.model_validate({**facts, "request": asked, "text": _field(form, "text").strip()})

        return await self._decided(request, made, "answer")

    async def look(self, request: Request) -> Response:
        """A person has looked."""

        def made(form: FormData, one: Standing, facts: dict[str, object]) -> Decision:
            return Look.model_validate({**facts, "digest": one.row.digest})

        return await self._decided(request, made, "look")

    async def undo(self, request: Request) -> Response:
        """Take a decision back, or have it in force again."""
        form = await self._form(request)
        one = await run_in_threadpool(lambda: self._one(self.klass.now(), request))
        id, again = _field(form, "id"), _field(form, "again") == "yes"

        def change(kept: Decisions) -> Decisions:
            found = kept.by_id(id)
            if found is None or found.learner != one.row.key:
                raise HTTPException(404, "There is no such decision.")
            return kept.with_undone(id, None if again else models.now())

        await run_in_threadpool(self.klass.writer.change, change)
        return self._back(request, "history")

    async def draft(self, request: Request) -> Response:
        """What a field holds, as it is typed."""
        form = await self._form(request)
        field, text = _field(form, "field"), _field(form, "text")
        one = await run_in_threadpool(lambda: self._one(self.klass.now(), request))
        try:
            await run_in_threadpool(
                self.klass.writer.change, lambda kept: kept.with_draft(one.row.key, field, text)
            )
        except ValidationError:
            return PlainTextResponse("That is too long to be kept.", 422)
        return Response(status_code=204)

    async def settings(self, request: Request) -> Response:
        """Names shown or not, and how learners ask for another look."""
        form = await self._form(request)
        changes: dict[str, object] = {}
        if "anonymous" in form:
            changes["anonymous"] = _field(form, "anonymous") == "yes"
        if "how_to_ask" in form:
            changes["how_to_ask"] = _field(form, "how_to_ask").strip()[: models.MOST_TEXT]
        await run_in_threadpool(self.klass.writer.change, lambda kept: kept.model_copy(update=changes))
        return RedirectResponse(f"{self.session.base}/", 303)

    async def _decided(
        self,
        request: Request,
        make: Callable[[FormData, Standing, dict[str, object]], Decision],
        name: str,
    ) -> Response:
        form = await self._form(request)

        def change_one() -> None:
            one = self._one(self.klass.now(), request)

            def change(kept: Decisions) -> Decisions:
                facts: dict[str, object] = {"id": kept.next_id(), "at": models.now(), "learner": one.row.key}
                return kept.with_decision(make(form, one, facts), _field(form, "field"))

            self.klass.writer.change(change)

        try:
            await run_in_threadpool(change_one)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or name
            return self._back(
                request, f"decide-{_field(form, 'criterion')}", trouble=f"Not kept: {where}: {first['msg']}."
            )
        return self._back(request, _field(form, "criterion") or "whole")

    def _back(self, request: Request, anchor: str, trouble: str = "") -> Response:
        """To the learner's page, under the same filter."""
        pairs = _filter(request).pairs() + ([("trouble", trouble)] if trouble else [])
        query = f"?{urlencode(pairs)}" if pairs else ""
        code = request.path_params["code"]
        return RedirectResponse(f"{self.session.base}/learner/{code}{query}#{anchor}", 303)

    async def _form(self, request: Request) -> FormData:
        form = await request.form(max_files=0, max_fields=20)
        if not self.session.is_word(_field(form, "word")):
            raise HTTPException(403, "This form is not of this review's pages. Load the page again.")
        return form

    def _one(self, now: Standings, request: Request, name: str = "code") -> Standing:
        found = now.by_code.get(request.path_params[name])
        if found is None:
            raise HTTPException(
                404, "There is no such learner here. The class may have changed: go back to it."
            )
        return found

    def _html(self, text: str) -> Response:
        return HTMLResponse(text.encode("utf-8", "backslashreplace"))


def _field(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _criterion(one: Standing, form: FormData, *, empty: bool = True) -> str:
    """The criterion that a form names; it must be one of the learner's."""
    criterion = _field(form, "criterion")
    if criterion in one.verdicts or (empty and not criterion):
        return criterion
    raise HTTPException(404, "There is no such criterion in this report.")


def _filter(request: Request) -> Filter:
    given = request.query_params
    return Filter(
        **{name: given.get(name, "")[:200] for name in ("status", "criterion", "verdict", "look", "name")}
    )


def _csv(text: str, name: str) -> Response:
    return Response(
        text.encode("utf-8", "backslashreplace"),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def application(results: Path, writer: store.Writer, views: Views, session: Session) -> ASGIApp:
    """The review as ASGI.

    Args:
        views: what is shown of submissions; to be closed by who made it.

    Raises:
        GraderError: there is nothing to review in that folder.
    """
    review = Review(Class(results, writer), views, session)
    review.klass.now()
    inner = [
        Route("/", review.overview),
        *(Route(f"/{name}", review.asset) for name in _MEDIA),
        Route("/alike", review.alike),
        Route("/alike/{code}/{other}", review.beside),
        Route("/statistics", review.statistics),
        Route("/statistics.csv", review.statistics_csv),
        Route("/learners.csv", review.learners_csv),
        Route("/settings", review.settings, methods=["POST"]),
        Route("/learner/{code}", review.learner),
        Route("/learner/{code}/report", review.report),
        *(
            Route(f"/learner/{{code}}/{name}", getattr(review, name), methods=["POST"])
            for name in ("override", "comment", "request", "answer", "look", "undo", "draft")
        ),
    ]
    app = Starlette(
        routes=[Mount(session.base, routes=inner)],
        exception_handlers={GraderError: _trouble, HTTPException: _refusal},
    )
    return Guard(app, session)


async def _trouble(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"This was not kept or can't be shown: {error}", 500)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(error.detail, error.status_code)
