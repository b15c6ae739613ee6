"""A trainer that fits nothing: it writes the vectors of a plan, one after another, as `training.newstyle` would."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from realtime.live import refining
from tests.conftest import tiny_card

SCRIPT = """
import json, os, signal, sys, time
from pathlib import Path
import numpy as np
from safetensors.numpy import save

words = sys.argv[1:]
out, plan = Path(words[words.index("--out") + 1]), json.loads(Path(__file__).with_suffix(".json").read_text())
checkpoint, fitted = out / "checkpoint.pt", out / "fitted.safetensors"
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
begun = int(checkpoint.read_text()) if "--resume" in words else 0
with open(Path(__file__).with_suffix(".log"), "a") as log:
    nice = os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else 0
    print(json.dumps({"words": words, "begun": begun, "nice": nice, "painting": Path(words[0]).is_file()}), file=log)
if "--resume" in words and plan["refuses"]:
    print("livebrush: --steps is 300 and was 200: resume with the same settings.", file=sys.stderr)
    sys.exit(2)
for steps, loss, colour in plan["vectors"]:
    if steps <= begun:
        continue
    while plan["waits"] and not stopped and not (out / f"go-{steps}").exists():
        time.sleep(0.01)
    if stopped:
        sys.exit(130)
    card = {**plan["card"], "training": {"steps": steps, "val_total": loss}}
    part = out / "part"
    part.write_bytes(save({"style": np.array([colour, colour], np.float32)}, {"livebrush": json.dumps(card)}))
    part.replace(fitted)
    checkpoint.write_text(str(steps))
    print(f"step {steps}/300  content 4.4  loss 26.7  {(300 - steps) / 60:.0f} min left", file=sys.stderr, flush=True)
if plan["end"]:
    print(plan["end"], file=sys.stderr)
    sys.exit(2)
"""


@dataclass
class FakeTrainer:
    """Writes `vectors` of (steps, loss, colour in [0, 1]); with `waits`, each when `go` says so.

    With `refuses` it does not resume; `end` is what it says last as it fails, "" where it doesn't.
    """

    folder: Path
    vectors: list[tuple[int, float, tuple[float, float, float]]]
    waits: bool = False
    refuses: bool = False
    end: str = ""
    trunk: str = field(default="pack", kw_only=True)

    def put(self, patch: pytest.MonkeyPatch) -> FakeTrainer:
        """Let it be the trainer."""
        script = self.folder / "trainer.py"
        script.write_text(SCRIPT)
        plan = {**asdict(self), "card": json.loads(tiny_card("fitted", self.trunk, self.trunk).to_json())}
        script.with_suffix(".json").write_text(json.dumps(plan, default=str))
        patch.setattr(refining, "TRAINER", (sys.executable, str(script)))
        return self

    def runs(self) -> list[dict[str, object]]:
        """What each run was told, and found."""
        log = self.folder / "trainer.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def go(place: Path, steps: int) -> None:
    """Let a waiting trainer write the vector of so many `steps`."""
    place.mkdir(parents=True, exist_ok=True)
    (place / f"go-{steps}").touch()
