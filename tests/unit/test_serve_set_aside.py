"""What the engine loaded is out of the garbage collector's sight before the first request."""

from __future__ import annotations

import gc

from pratique.web.serve import set_aside_what_stays


class _Rules:
    """Stands for what a configuration becomes."""


def test_what_was_loaded_is_collected_no_more_and_what_comes_after_is() -> None:
    loaded = _Rules()
    try:
        set_aside_what_stays()
        assert gc.get_freeze_count() > 0
        came = _Rules()
        seen = {id(one) for one in gc.get_objects()}
        assert id(loaded) not in seen
        assert id(came) in seen
    finally:
        gc.unfreeze()
