"""Sources as they are loaded: tokens that no header can carry, and headers that strangers add."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pratique.domain.hooks import HookSource
from pratique.hooks import Source
from pratique.hooks.loading import load_hooks
from pratique.hooks.mapping import Mapper

EXAMPLE = Path(__file__).parents[2] / "config" / "hooks" / "examples" / "mlflow.yaml"


def settings_of(folder: Path) -> dict[str, Any]:
    return {
        **yaml.safe_load(EXAMPLE.read_text()),
        "secrets": [{"env": "SECRET"}],
        "registry": {"url": "http://mlflow.test", "token": {"file": str(folder / "token")}},
    }


@pytest.mark.parametrize("token", [b"\xff\xfe", "tok\u00e9n".encode(), b"two words", b"two\nlines"])
def test_a_token_that_no_header_can_carry_is_a_warning(tmp_path: Path, token: bytes) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (tmp_path / "token").write_bytes(token)
    (hooks / "mlflow.yaml").write_text(yaml.safe_dump(settings_of(tmp_path)))
    found = load_hooks({"": hooks}, Mapper(), {"SECRET": "s"})
    assert found.sources["mlflow"].registry_authorization is None
    assert any("holds no token that a header can carry" in warning for warning in found.warnings)
    (tmp_path / "token").write_bytes(b"to-read\n")
    found = load_hooks({"": hooks}, Mapper(), {"SECRET": "s"})
    assert (found.sources["mlflow"].registry_authorization, found.warnings) == ("Bearer to-read", ())


def test_headers_of_strangers_push_out_none_that_names_a_delivery(tmp_path: Path) -> None:
    settings = HookSource.model_validate(settings_of(tmp_path))
    named = {"webhook-id": "1", "x-mlflow-delivery-id": "2", "webhook-timestamp": "3", "ce-type": "t"}
    kept = Source(settings=settings, secrets=()).kept_headers({f"ce-a{n}": "x" for n in range(60)} | named)
    assert len(kept) == 40
    assert named.items() <= kept.items()
