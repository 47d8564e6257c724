# ruff: noqa: E501 - scripts that run in the browser
"""The pages in a real browser: no policy violation, readable contrast, nothing cut off, forms that work."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from dashboard_register import NOW, Register, ready_view
from fastapi import FastAPI

from pratique.settings import Settings
from pratique.web.dashboard import mount_dashboard

pytestmark = pytest.mark.chromium

GATE = "/models/aurora/2.1/gates/pre-placement"
PAGES = ["/", "/models/aurora/2.1", GATE, "/runs", "/overdue", "/inbox", "/journal", "/journal/42", "/evidence/ev-cyber",
         "/evidence/none", "/login", "/login/link?t=abc"]  # fmt: skip

#: Contrast of every element that holds text itself, against the nearest opaque background behind it.
_WORST_CONTRAST = """
(() => {
  const parse = c => { const n = c.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = c => { const f = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
                       return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]); };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                        if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  let worst = {ratio: 99};
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('.sprite, title, option, datalist') || !e.getClientRects().length) continue;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(e);
    const front = parse(e instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(front), light(behind(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < worst.ratio) worst = {ratio, text: e.textContent.trim().slice(0, 40), tag: e.tagName + '.' + e.getAttribute('class')};
  }
  return worst;
})()
"""

#: Controls without a name, tables without heads, images without alternatives, jumps in the order of headings.
_UNNAMED = """
(() => {
  const found = [];
  for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (!e.labels || !e.labels.length) found.push('no label: ' + e.name);
  for (const e of document.querySelectorAll('a[href], button')) if (!e.textContent.trim()) found.push('no text: ' + e.outerHTML);
  for (const e of document.querySelectorAll('svg')) if (!e.getAttribute('aria-hidden') && !e.getAttribute('aria-label')) found.push('svg');
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('id twice: ' + id);
  for (const e of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(e.getAttribute('aria-labelledby'))) found.push('no ' + e.getAttribute('aria-labelledby'));
  let last = 0;
  for (const e of document.querySelectorAll('h1, h2, h3')) { const n = +e.tagName[1]; if (n > last + 1) found.push('jump to ' + e.textContent); last = n; }
  if (document.querySelectorAll('h1').length !== 1) found.push('h1');
  return found;
})()
"""


class Site:
    """The dashboard on the register, on a port of this machine."""

    def __init__(self, register: Register, port: int) -> None:
        self.register = register
        self.url = f"http://127.0.0.1:{port}"
        app = FastAPI()
        mount_dashboard(app, register, register, Settings(port=port), clock=lambda: NOW)
        self._server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        until = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)


@pytest.fixture
def site(free_port: Callable[[], int]) -> Iterator[Site]:
    register = Register()
    register.sessions["s"] = "jonas"
    site = Site(register, free_port())
    site.start()
    yield site
    site.stop()


@pytest.fixture
def tab(chromium: Any, site: Site) -> Iterator[Any]:
    """A tab in which Jonas is signed in, that keeps what the browser complains about."""
    with chromium.page() as tab:
        for domain in ("Network", "Log", "Page"):
            tab.send(f"{domain}.enable")
        tab.send("Network.setCookie", name="pratique_session", value="s", url=site.url)
        yield tab


def look(tab: Any, *, width: int, scheme: str) -> None:
    tab.send("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 600)
    tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])


def complaints(tab: Any) -> list[str]:
    entries = [e["params"]["entry"] for e in tab.events if e["method"] == "Log.entryAdded"]
    return [e["text"] for e in entries if "404" not in e["text"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_readable_named_and_within_the_policy(site: Site, tab: Any, scheme: str) -> None:
    look(tab, width=1280, scheme=scheme)
    for path in PAGES:
        tab.go(site.url + path)
        worst = tab.evaluate(_WORST_CONTRAST)
        assert worst["ratio"] >= 4.5, (path, worst)
        assert tab.evaluate(_UNNAMED) == [], path
    assert complaints(tab) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_its_screen(site: Site, tab: Any, width: int) -> None:
    look(tab, width=width, scheme="light")
    for path in PAGES:
        tab.go(site.url + path)
        wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (path, width, wide)


def test_a_person_signs_in_decides_and_sees_the_decision_in_the_log(site: Site, chromium: Any) -> None:
    site.register.gate = ready_view()
    with chromium.page() as tab:
        tab.send("Emulation.setScriptExecutionDisabled", value=True)  # the pages need none; DevTools still may look
        tab.go(f"{site.url}{GATE}?occasion=default")
        assert tab.evaluate("location.pathname") == "/login"
        tab.go(f"{site.url}/login/link?t=good-link")
        tab.evaluate("document.querySelector('button.main').click()")
        tab.wait_for(f"location.pathname === '{GATE}' && document.readyState === 'complete'")
        tab.evaluate("document.querySelector('input[value=clear]').click()")
        tab.evaluate("document.querySelector('form.decision textarea').value = 'Read the October runs.'")
        tab.evaluate("document.querySelector('form.decision button').click()")
        tab.wait_for("document.readyState === 'complete' && document.body.textContent.includes('Your decision is in')")
        assert "Read the October runs." in tab.evaluate("document.querySelector('.log').textContent")
    assert site.register.decided[0][0] == "jonas"


def test_a_person_moves_the_dates_of_a_gate(site: Site, tab: Any) -> None:
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.go(f"{site.url}{GATE}")
    tab.evaluate("document.querySelector('details.dates summary').click()")
    tab.evaluate("document.querySelector('details.dates input[name=due_day]').value = '2026-12-31'")
    tab.evaluate("document.querySelector('details.dates textarea').value = 'The lab is late.'")
    tab.evaluate("document.querySelector('details.dates button').click()")
    tab.wait_for("document.readyState === 'complete' && document.body.textContent.includes('The dates are moved')")
    person, _, dates = site.register.dated[0]
    assert (person, dates.reason, dates.follow_up_at) == ("jonas", "The lab is late.", None)


def test_a_form_on_another_site_decides_nothing(site: Site, tab: Any, free_port: Callable[[], int]) -> None:
    site.register.gate = gate = ready_view()
    tab.go(f"{site.url}{GATE}")
    fields = {"act": "clear", "role": "approver", "reason": "forged", "basis": gate["basis"], "row_version": "7"}
    inputs = "".join(f"<input name={name} value='{value}'>" for name, value in fields.items())
    page = f"<form method=post action='{site.url}{GATE}/decisions'>{inputs}</form>"
    tab.go("data:text/html;base64," + base64.b64encode(page.encode()).decode())
    tab.evaluate("document.forms[0].submit()")
    tab.wait_for("document.body.textContent.includes('Refused')")
    assert site.register.decided == []


def test_a_gate_page_prints_on_a4_with_all_it_says(site: Site, tab: Any) -> None:
    tab.go(site.url + GATE)
    pdf = base64.b64decode(tab.send("Page.printToPDF", preferCSSPageSize=True)["data"])
    assert pdf.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in pdf or b"/MediaBox [0 0 595" in pdf
    tab.send("Emulation.setEmulatedMedia", media="print")
    assert tab.evaluate("getComputedStyle(document.querySelector('.desk')).display") == "none"
    assert tab.evaluate("getComputedStyle(document.querySelector('.limits')).display") != "none"
