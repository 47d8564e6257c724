"""`make demo`: starts Pratique on this machine, tells the demo story on it, and stays up until Ctrl-C.

python -m examples.demo          # stays up, for a look around
ONCE=1 python -m examples.demo   # stops by itself; exit code 0 when every step of the story happened
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from examples.cast import SUBJECT
from examples.folders import config_for_old_logs, fresh_data_dir
from examples.machine import ROOT, Machine, StepFailedError
from examples.story import Story
from examples.telling import Telling
from pratique.errors import PratiqueError

#: The engine looks for overdue reviews this often here; everywhere else every 30 seconds.
SWEEP_SECONDS = "2"
#: Who gets a login link at the end.
READERS = ("mira", "jonas")
#: Exit code of a program that Ctrl-C ended.
INTERRUPTED = 130


def main() -> int:
    """Run the demo; return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data_dir = fresh_data_dir(ROOT / "var" / "demo")
    machine = Machine(data_dir, settings=settings_for_story(data_dir))
    story = Story(machine, Telling())
    is_told = False
    try:
        start(machine)
        story.tell()
        is_told = True
        introduce(machine)
        if not os.environ.get("ONCE"):
            stay(machine)
    except KeyboardInterrupt:
        return 0 if is_told else INTERRUPTED
    except (StepFailedError, PratiqueError) as error:
        print(f"\nThe demo stopped: {error}\nLogs: {machine.data_dir / 'logs'}", file=sys.stderr)
        return 1
    finally:
        stop(machine, story)
    return 0


def settings_for_story(data_dir: Path) -> dict[str, str]:
    """Return the settings that the story needs; they name a copy of the configuration, made in `data_dir`."""
    config_dir = config_for_old_logs(data_dir / "config")
    return {"PRATIQUE_SWEEP_SECONDS": SWEEP_SECONDS, "PRATIQUE_CONFIG_DIR": str(config_dir)}


def start(machine: Machine) -> None:
    """Start Pratique and wait until all of it runs."""
    print("Pratique demo: everything runs on 127.0.0.1, nothing leaves this machine.", flush=True)
    print("The sample logs are old; the demo's copy of the gates accepts them for ten years.", flush=True)
    print("Starting engine, worker and Prefect server ...", flush=True)
    machine.start()
    machine.wait_until_introduced(lambda line: print(f"  {line}".rstrip(), flush=True))


def introduce(machine: Machine) -> None:
    """Say where to look, and give people a way in."""
    admin = machine.client("admin")
    print("\nEvery step happened.\n")
    print(f"Dashboard   {machine.url}/")
    print(f"Flow runs   {machine.prefect_url}/ (Prefect)")
    for person in READERS:
        link = admin.login_link(person)
        print(f"Log in      {link.url}  (as {person}, once, until {link.expires_at[11:16]} UTC)")
    print(f"Mail        {machine.mail_dir}")
    print(f"Logs        {machine.data_dir / 'logs'}")
    print("\nTo go on by hand, in another terminal:")
    print(f"  export PRATIQUE_URL={machine.url} PRATIQUE_DATA_DIR={machine.data_dir}")
    print(f"  .venv/bin/pratique gate status {SUBJECT} pre-placement")
    print("  .venv/bin/pratique login-link jonas", flush=True)


def stay(machine: Machine) -> None:
    """Wait for Ctrl-C."""
    print("\nStays up until Ctrl-C.", flush=True)
    while machine.is_up:
        time.sleep(0.5)
    raise StepFailedError(f"`pratique up` ended; see {machine.up_log}")


def stop(machine: Machine, story: Story) -> None:
    """Stop what was started; a second Ctrl-C does not leave processes behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("\nStopping.", flush=True)
    story.close()
    machine.stop()


if __name__ == "__main__":
    sys.exit(main())
