"""An engine with one subscription to a site on this machine, and what checks the site's mail."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import Clock, Engine, forget_configuration, write_config
from local_site import Site, serving

from pratique.settings import EgressSettings, Settings

KEY, OLD_KEY = bytes(range(32)), bytes(range(32, 64))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OLD_SECRET = "whsec_" + base64.b64encode(OLD_KEY).decode()
#: A machine that is busy may take its time; what is slow on purpose is met with `IMPATIENT`.
HERE = EgressSettings(http_hosts=("127.0.0.1",), allow_networks=("127.0.0.0/8",))  # type: ignore[arg-type]  # pydantic
IMPATIENT = HERE.model_copy(update={"connect_seconds": 2.0, "read_seconds": 2.0, "total_seconds": 3.0})


class Told(Engine):
    """An engine that tells a site."""

    site: Site

    def answers(self, **wanted: str) -> list[Any]:
        """Return messages, oldest first."""
        return list(reversed(self.get("/v1/answers", "admin", **wanted)["items"]))

    def answer(self, answer_id: str) -> Any:
        return self.get(f"/v1/answers/{answer_id}", "admin")

    def until(self, is_so: Callable[[], Any], seconds: float = 45.0) -> Any:
        """Wait until something is so, and return what it gave."""
        end = time.monotonic() + seconds
        while not (found := is_so()):
            assert time.monotonic() < end, self.answers()
            time.sleep(0.02)
        return found

    def until_settled(self, **wanted: str) -> list[Any]:
        """Wait until every message was tried at least once and none is under way."""

        def all_tried() -> Any:
            found = self.answers(**wanted)
            tried = [one for one in found if one["state"] != "waiting" or one["attempts"] > 0]
            return found if found and len(tried) == len(found) else None

        return list(self.until(all_tried))

    def bodies(self) -> list[Any]:
        """Return the events that the site received, in order."""
        return [json.loads(body) for _, _, _, body in self.site.seen]


def subscription(port: int, folder: Path, **members: Any) -> dict[str, Any]:
    return {
        "format": "pratique.subscription/1",
        "name": "chat",
        "kind": "webhook",
        "url": f"http://127.0.0.1:{port}/in",
        "secrets": [{"file": str(folder / "now")}],
        **members,
    }


def telling(
    settings: Settings,
    clock: Clock,
    folder: Path,
    *subscriptions: dict[str, Any],
    egress: EgressSettings = HERE,
    hook: dict[str, Any] | None = None,
    made: type[Told] = Told,
) -> Told:
    """Return an engine with these subscriptions, and a source of hooks."""
    config = folder / "told"
    write_config(config)
    files = {f"subscriptions/{one['name']}.yaml": one for one in subscriptions}
    files |= {f"hooks/{hook['source']}.yaml": hook} if hook is not None else {}
    for name, content in files.items():
        (config / name).parent.mkdir(exist_ok=True)
        (config / name).write_text(yaml.safe_dump(content, sort_keys=False))
    changed = settings.model_copy(update={"config_dir": config, "egress": egress})
    forget_configuration(changed)
    return made(changed, clock)


@pytest.fixture(name="secrets")
def secrets_fixture(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "now").write_text(SECRET)
    (folder / "before").write_text(OLD_SECRET)
    return folder


@pytest.fixture(name="site")
def site_fixture() -> Iterator[Site]:
    with serving() as site:
        site.page("/in", b"thanks")
        yield site


@pytest.fixture(name="tell")
def tell_fixture(
    engine_settings: Settings, clock: Clock, tmp_path: Path, site: Site, secrets: Path
) -> Iterator[Callable[..., Told]]:
    """Start an engine with one subscription that has these members besides."""
    started: list[Told] = []

    def start(*more: dict[str, Any], egress: EgressSettings = HERE, **members: Any) -> Told:
        told = telling(
            engine_settings, clock, tmp_path, subscription(site.port, secrets, **members), *more, egress=egress
        )
        told.site = site
        started.append(told)
        told.register()
        return told

    yield start
    for told in started:
        told.client.close()
        told.parts.ledger.close()
