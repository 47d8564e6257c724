"""The dashboard put together: one router, its static files, its errors as pages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

from pratique.errors import PratiqueError
from pratique.settings import Settings
from pratique.web.dashboard.access import Access
from pratique.web.dashboard.clock_pages import ClockPages
from pratique.web.dashboard.gate_page import GatePage
from pratique.web.dashboard.pages import Pages
from pratique.web.dashboard.ports import DashboardActs, DashboardReads
from pratique.web.dashboard.shell import STATIC_DIR, Shell, SignInNeededError, utc_now
from pratique.web.security import CrossSiteGuard, SecurityHeaders

_YEAR_SECONDS = 31_536_000
_BAD_VALUE = "The address or the form holds a value that was not understood."


def create_dashboard_router(
    reads: DashboardReads,
    acts: DashboardActs,
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> APIRouter:
    """Return the router with every page. Its errors become pages by themselves; no handler is needed.

    Args:
        reads: where pages read.
        acts: where forms write.
        settings: public URL (cookie names and Secure follow it) and Prefect's URL.
        clock: returns the aware time now.
    """
    shell = Shell(reads, acts, settings, clock=clock)
    router = APIRouter(route_class=_html_route(shell), include_in_schema=False)
    Pages(shell).add_to(router)
    GatePage(shell).add_to(router)
    ClockPages(shell).add_to(router)
    Access(shell).add_to(router)
    return router


def mount_dashboard(
    app: FastAPI,
    reads: DashboardReads,
    acts: DashboardActs,
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Add to `app` the pages, `/static`, and both security middlewares (which cover the API too)."""
    # Not included: FastAPI would read every signature a second time, at the first request.
    app.router.routes.extend(create_dashboard_router(reads, acts, settings, clock=clock).routes)
    app.mount("/static", KeptStaticFiles(directory=STATIC_DIR), name="static")
    app.add_middleware(CrossSiteGuard, public_url=settings.public_url)
    app.add_middleware(SecurityHeaders, is_https=settings.base_url.startswith("https://"))


class KeptStaticFiles(StaticFiles):
    """Static files that browsers keep for a year when the URL names their content."""

    def file_response(self, full_path: PathLike, stat_result: Any, scope: Scope, status_code: int = 200) -> Response:
        """Return the file; with `?v=digest` it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if scope["query_string"].startswith(b"v="):
            response.headers["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
        return response


def _html_route(shell: Shell) -> type[APIRoute]:
    class HtmlRoute(APIRoute):
        """A route whose errors are pages, whatever the application does with errors of its API."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def answer_or_explain(request: Request) -> Response:
                try:
                    return await answer(request)
                except SignInNeededError:
                    return await run_in_threadpool(shell.ask_sign_in, request)
                except PratiqueError as error:
                    return await run_in_threadpool(shell.refusal_page, request, error)
                except RequestValidationError:
                    return await run_in_threadpool(shell.error_page, request, 422, "Not understood", _BAD_VALUE)
                except HTTPException as error:
                    return await run_in_threadpool(
                        shell.error_page, request, error.status_code, "Not possible", str(error.detail)
                    )

            return answer_or_explain

    return HtmlRoute
