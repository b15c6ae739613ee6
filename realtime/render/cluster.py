"""Clips and lists painted by the machines of a Ray cluster, piece by piece; each clip is joined once it is all there.

All machines see the same files under the same names, Livebrush among them. What a machine painted before it was lost is
kept, and its piece goes to another one.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from realtime.interrupt import tidy_when_stopped
from realtime.options import Options
from realtime.render.asked import open_painter, paint_task
from realtime.render.painter import Painter
from realtime.render.plan import Job
from realtime.render.report import Report
from realtime.render.resume import Resume, Stopped
from realtime.render.shares import Outcome, Piece, Task
from realtime.styles.blends import with_whole_paths
from realtime.timeline import Schedule
from weights.errors import InputError, first_line

_RETRIES = 5
"""How often a piece is begun anew whose machine is lost; one that brings every machine down must end, too."""

_SECONDS = 5.0
"""How long a cluster may take to answer."""

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Work:
    """What every machine knows."""

    options: Options
    steps: Schedule
    resume: Resume

    def __call__(self, task: Task) -> Outcome:
        """Do `task`, in a process of some machine."""
        try:
            paint = _opened(self.options, self.steps)
            return Outcome(paint_task(task, paint, self.options, self.resume, lambda _: None))
        except (InputError, OSError) as error:
            return Outcome(wrong=str(error))


@lru_cache(maxsize=1)
def _opened(options: Options, steps: Schedule) -> Painter:
    """What paints, opened once in each process."""
    return open_painter(options, steps)[0]


def paint_on_cluster(pieces: Sequence[Piece], work: Work, report: Report) -> Iterator[tuple[Job, Outcome]]:
    """Paint all `pieces` on the cluster of `work.options.ray`; yields each file once nothing of it is to be painted.

    Meanwhile stdout goes nowhere, for Ray talks there. Raises InputError where there is no such cluster, and Stopped
    where a signal comes.
    """
    options = work.options
    steps = tuple((time, with_whole_paths(style)) for time, style in work.steps)
    work = replace(work, options=_everywhere(options), steps=steps)
    left = Counter(piece.job for piece in pieces)
    outcomes: dict[Job, Outcome] = {}
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), _cluster(options) as ray:
        paint = _Paint(ray, work, report)
        running = {paint(piece): piece for piece in pieces}
        try:
            while running:
                (ready, *_), _ = ray.wait(list(running))
                piece, job = running[ready], running.pop(ready).job
                outcome = paint.outcome(ready, piece)
                if outcome is None:
                    running[paint(piece)] = piece
                    continue
                left[job] -= 1
                report.pieces(len(pieces) - left.total(), len(pieces))
                if outcome.wrong or job not in outcomes:
                    outcomes[job] = outcome
                if not left[job]:
                    yield job, outcomes[job]
        except KeyboardInterrupt as stop:
            done = len(pieces) - left.total()
            words = f"{done} of {len(pieces)} pieces are painted: the same line again goes on from there."
            raise Stopped(words) from stop


class _Paint:
    """Has pieces painted, wherever there is room."""

    def __init__(self, ray: Any, work: Work, report: Report) -> None:
        self._ray, self._report = ray, report
        self._work = ray.put(work)
        gpus = int(work.options.device == "cuda")
        # Ray would try again itself, but not say so in our words.
        self._do = ray.remote(num_cpus=work.options.threads, num_gpus=gpus, max_retries=0)(_do)
        self._lost: Counter[Piece] = Counter()

    def __call__(self, piece: Piece) -> Any:
        """Begin; returns what to wait for."""
        return self._do.remote(self._work, _absolute(piece))

    def outcome(self, ready: Any, piece: Piece) -> Outcome | None:
        """What became of `piece`; None where its machine was lost, so that it is to be begun anew."""
        try:
            outcome = self._ray.get(ready)
            assert isinstance(outcome, Outcome)
            return outcome
        except self._ray.exceptions.RayTaskError as error:
            return Outcome(wrong=f"{piece.job.source} could not be painted ({first_line(error.cause)}).")
        except self._ray.exceptions.RayError as error:
            self._lost[piece] += 1
            if self._lost[piece] > _RETRIES:
                why = first_line(error)
                return Outcome(wrong=f"{piece.job.source} could not be painted, as every machine was lost ({why}).")
            self._report.note("A worker of the cluster was lost: another one goes on with its piece.")
            return None


def _do(work: Work, task: Task) -> Outcome:
    return work(task)


def _absolute(piece: Piece) -> Task:
    """The task of `piece`, its files named from the root: other machines work in other folders."""
    job = replace(piece.job, source=piece.job.source.absolute(), target=piece.job.target.absolute())
    return Task(job, None if piece.part is None else frozenset((piece.part,)))


def _threads(options: Options) -> int:
    """Processors that a piece takes; many pieces with one each are done sooner than few with many."""
    return options.threads or 1


def _everywhere(options: Options) -> Options:
    """The `options` as they mean the same on every machine."""
    return replace(options, threads=_threads(options), weights=tuple(path.absolute() for path in options.weights))


@contextmanager
def _cluster(options: Options) -> Iterator[Any]:
    """Ray, connected to the cluster at `options.ray`; "": one that runs here already, else one started here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # what it announces in a page of warning
    try:
        import ray
    except ImportError:
        raise InputError("--ray needs one more package: `python -m pip install ray`.") from None
    _check_address(options.ray or "")
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    try:
        ray.init(
            options.ray or None,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": {"PYTHONPATH": path}},
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _no_cluster(options.ray or "", first_line(error)) from error
    tidy_when_stopped()  # Ray has handlers of its own
    try:
        _check_size(ray, options)
        yield ray
    finally:
        ray.shutdown()


def _check_address(address: str) -> None:
    """Raise InputError where nobody listens at HOST:PORT: Ray itself would try for ten minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdecimal():
        try:
            socket.create_connection((host, int(port)), _SECONDS).close()
        except OSError as error:
            raise _no_cluster(address, error.strerror or str(error)) from error


def _no_cluster(address: str, why: str) -> InputError:
    where = f"at {address}" if address else "here"
    return InputError(
        f"There is no Ray cluster {where} ({why}): begin one with `ray start --head`, or give --ray without an address."
    )


def _check_size(ray: Any, options: Options) -> None:
    """Raise InputError where no machine is large enough for a piece: it would wait for ever."""
    wanted = {"CPU": _threads(options), "GPU": int(options.device == "cuda")}
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(all(machine.get(kind, 0) >= count for kind, count in wanted.items()) for machine in machines):
        raise InputError(
            f"No machine of the Ray cluster has {wanted['CPU']} processors"
            f"{' and a GPU' if wanted['GPU'] else ''} to give: ask for less with --threads or --device."
        )
