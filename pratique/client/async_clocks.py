"""Time limits, asynchronously: clocks, what they run from, incidents, requests, calendars."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pratique.client import clock_calls as calls
from pratique.client.views import Json

if TYPE_CHECKING:
    from pratique.client.async_client import AsyncClient


class AsyncClockNamespace:
    """`client.clocks`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self, **wanted: str | None) -> AsyncIterator[Json]:
        """Yield clocks, the next due first.

        Args:
            **wanted: `model`, `version`, `state` (running, met, missed, void), `about`, `rule`; what is left out takes
                all.
        """
        cursor: str | None = None
        while True:
            items, cursor = await self._client.send(calls.clocks(wanted, cursor))
            for item in items:
                yield item
            if cursor is None:
                return

    async def explain(self, clock: str) -> Json:
        """Return a clock with the text of its rule, its source, both readings, and what started it."""
        return await self._client.send(calls.clock(clock))

    async def record(
        self,
        kind: str,
        *,
        why: str,
        version: tuple[str, str] | None = None,
        at: datetime | str | None = None,
        about: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Json:
        """Say what happened, or is planned; clocks are planned anew.

        Args:
            kind: of the vocabulary of the edition, such as `placement_planned`.
            why: how that is known.
            version: (model, version); None: it concerns the provider, and so every model version.
            at: when it happened, or will; None: now.
            about: the incident, request, change or evaluation that it belongs to.
            data: what else an occurrence of this kind says.
        """
        call = calls.record_occurrence(version, kind, why=why, at=at, about=about, data=data)
        return await self._client.send(call)

    async def withdraw(self, occurrence: str, reason: str) -> Json:
        """Say that an occurrence was recorded wrongly; takes a person's token."""
        return await self._client.send(calls.withdraw_occurrence(occurrence, reason))

    async def occurrences(self, version: tuple[str, str] | None = None) -> AsyncIterator[Json]:
        """Yield what happened to a model version, or to the provider, newest first."""
        cursor: str | None = None
        while True:
            items, cursor = await self._client.send(calls.occurrences(version, cursor))
            for item in items:
                yield item
            if cursor is None:
                return

    async def open_incident(
        self,
        version: tuple[str, str],
        *,
        why: str,
        at: datetime | str | None = None,
        limbs: Iterable[str] = (),
        causal: str | None = None,
        aware_by: str | None = None,
        reference: str | None = None,
    ) -> Json:
        """Record awareness of a serious incident, before triage; return it with its time limits.

        Args:
            version: (model, version).
            why: how the provider became aware.
            at: when that was; None: now. Every time limit of the incident runs from it.
            limbs: kinds of harm, as far as known; while there is none, the strictest time limit is assumed.
            causal: `led_to`, `established` or `suspected`.
            aware_by: who became aware, where that is not who records it.
            reference: the provider's own name of the incident.
        """
        call = calls.open_incident(
            version, why=why, at=at, limbs=limbs, causal=causal, aware_by=aware_by, reference=reference
        )
        return await self._client.send(call)

    async def record_near_miss(
        self, version: tuple[str, str], *, why: str, at: datetime | str | None = None, reference: str | None = None
    ) -> Json:
        """Record what could have been a serious incident."""
        return await self._client.send(calls.record_near_miss(version, why=why, at=at, reference=reference))

    async def add_limbs(
        self,
        version: tuple[str, str],
        incident: str,
        limbs: Iterable[str],
        *,
        why: str,
        at: datetime | str | None = None,
    ) -> Json:
        """Record kinds of harm that apply; a stricter one shortens the date."""
        return await self._client.send(calls.add_limbs(version, incident, why=why, at=at, limbs=limbs))

    async def file_report(
        self,
        version: tuple[str, str],
        incident: str,
        stage: str,
        items: Iterable[str],
        *,
        why: str,
        at: datetime | str | None = None,
        not_yet_known: Iterable[str] = (),
        also: Iterable[str] = (),
        receipt: str | None = None,
        exceptional_circumstances: str | None = None,
    ) -> Json:
        """Record a report that was filed.

        Args:
            version, incident: which it is about; of several incidents the one that was known first.
            stage: `initial`, `intermediate` or `final`.
            items: of S-9.2, that it tells; the initial report needs items 1 to 7, the final one all nine.
            why: how that is known.
            at: when it was filed; None: now.
            not_yet_known: items that it says are not yet known; they count as given, and are shown as that.
            also: similar incidents that the same report is about (S-9.3).
            receipt: of EU SEND, for instance.
            exceptional_circumstances: why it is late, where it is.
        """
        call = calls.file_report(
            version,
            incident,
            why=why,
            at=at,
            stage=stage,
            items=items,
            not_yet_known=not_yet_known,
            also=also,
            receipt=receipt,
            exceptional_circumstances=exceptional_circumstances,
        )
        return await self._client.send(call)

    async def resolve_incident(
        self, version: tuple[str, str], incident: str, *, why: str, at: datetime | str | None = None
    ) -> Json:
        """Record that corrective measures were adopted; the time for the final report begins."""
        return await self._client.send(calls.resolve_incident(version, incident, why=why, at=at))

    async def incident(self, version: tuple[str, str], incident: str) -> Json:
        """Return an incident with its reports, what they lack, and the time that is left."""
        return await self._client.send(calls.incident(version, incident))

    async def incidents(self, version: tuple[str, str]) -> AsyncIterator[Json]:
        """Yield the incidents of a model version, newest first."""
        cursor: str | None = None
        while True:
            items, cursor = await self._client.send(calls.incidents(version, cursor))
            for item in items:
                yield item
            if cursor is None:
                return

    async def open_request(
        self,
        version: tuple[str, str],
        *,
        why: str,
        kind: str = "request",
        sender: str | None = None,
        basis: str | None = None,
        at: datetime | str | None = None,
        due_on: date | str | None = None,
        period: str | None = None,
        reference: str | None = None,
    ) -> Json:
        """Record a request or a complaint that was received.

        Args:
            version: (model, version).
            why: what is asked for.
            kind: `request`, or `complaint` of a rightsholder.
            sender: `ai_office`, `national_authority`, `downstream_provider`; of a complaint any text.
            basis: `art_91`, `art_92`, `art_93`, `art_75_3` or `art_53`.
            at: when it was received; None: now.
            due_on: the last day that the request names.
            period: the time that it gives, such as `10 business_days`.
            reference: its own reference.
        """
        call = calls.open_request(
            version,
            kind,
            why=why,
            at=at,
            sender=sender,
            basis=basis,
            due_on=due_on,
            period=period,
            reference=reference,
        )
        return await self._client.send(call)

    async def answer_request(
        self,
        version: tuple[str, str],
        request: str,
        *,
        why: str,
        at: datetime | str | None = None,
        outcome: str | None = None,
        receipt: str | None = None,
    ) -> Json:
        """Record that a request was answered, or a complaint decided."""
        call = calls.answer_request(version, request, why=why, at=at, outcome=outcome, receipt=receipt)
        return await self._client.send(call)

    async def request(self, version: tuple[str, str], request: str) -> Json:
        """Return a request or complaint, and the time that is left."""
        return await self._client.send(calls.request(version, request))

    async def requests(self, version: tuple[str, str]) -> AsyncIterator[Json]:
        """Yield the requests and complaints about a model version, newest first."""
        cursor: str | None = None
        while True:
            items, cursor = await self._client.send(calls.requests(version, cursor))
            for item in items:
                yield item
            if cursor is None:
                return

    async def make_calendar(self) -> Json:
        """Make a secret address under which one's deadlines stand as a calendar; it is shown this once."""
        return await self._client.send(calls.make_calendar())

    async def calendars(self) -> builtins.list[Json]:
        """Return one's calendars, without their addresses."""
        return await self._client.send(calls.calendars())

    async def revoke_calendar(self, calendar: str) -> Json:
        """End a calendar's address."""
        return await self._client.send(calls.revoke_calendar(calendar))
