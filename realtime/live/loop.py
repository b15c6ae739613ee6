"""The live loop: capture -> newest-wins slot -> inference -> outputs. Live drops, and never waits.

Knows nothing of Qt. Source, style and outputs each look after their own threads and troubles; here they meet. How it
all stands is one value, `Live.state`, which lasts as long as its cause.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from realtime.frames import Image, enlarge, resize_live
from realtime.live.bridge import Bridge
from realtime.live.capture import TICK, Capture, Captured
from realtime.live.meter import Meter
from realtime.live.outputs import Output, Painted, Screen
from realtime.live.pace import Pace
from realtime.live.slot import Slot
from realtime.live.sources import Source
from realtime.live.state import Condition, State
from realtime.live.styling import Dials, InUse, Paints, Styling
from realtime.styles.fade import FADE_SECONDS

_FADE_TICK = 0.03  # seconds after which a picture that stands still is painted again while its style fades
_AFTER_FAILURE_SECONDS = 0.2  # a style that can't paint may fail at every frame: no need to be fast at that
JOIN_SECONDS = 3.0
_END_SECONDS = 30.0  # that an engine may take for what it loads or paints when the program ends


class Live:
    """Paints a source until it is stopped.

    >>> live = Live(open_source, "0", open_style, "starry-night")
    >>> live.start()
    >>> painted = live.newest()      # None where nothing is new
    >>> live.choose("the-scream")
    >>> live.choose_source("clip.mp4")
    >>> live.stop()
    """

    def __init__(
        self,
        open_source: Callable[[str], Source],
        source: str,
        open_style: Callable[[str], Paints],
        style: str,
        dials: Dials | None = None,
        clock: Callable[[], float] = time.monotonic,
        pace: Pace | None = None,
    ) -> None:
        """`open_source` and `open_style` make a source or a stylizer from its name, in threads of their own; they may
        take their time and raise InputError. `pace` chooses the lines to work at, up to those of `dials`; None works
        at those."""
        self.meter = Meter(clock=clock)
        self._dials, self._clock, self._pace = dials or Dials(), clock, pace or Pace(on=False)
        self._bridge = Bridge(self._repaint)
        self._stop = threading.Event()
        self._frames: Slot[Captured] = Slot()
        self._last: Captured | None = None
        self._midway = False  # whether the newest painted frame was painted in the middle of a fade
        self._screen = Screen()
        self._outputs: tuple[Output, ...] = (self._screen,)
        self._outputs_lock = threading.Lock()
        self._capture = Capture(open_source, source, self._frames, lambda: self._dials.height, clock)
        self._styling = Styling(open_style, style, self._size, self._swapped, clock)
        self._thread = threading.Thread(target=self._infer, name="inference", daemon=True)

    # --- what a window calls; none of it waits ---

    def start(self) -> None:
        """Open the first source and style, and begin."""
        atexit.register(self.stop, _END_SECONDS)  # the interpreter must not end beneath an engine
        self._styling.choose(self._styling.wanted)
        self._capture.start()
        self._thread.start()

    def newest(self) -> Painted | None:
        """The newest painted frame, None where none is new since the last call."""
        return self._screen.take()

    def wait_newest(self, timeout: float) -> Painted | None:
        """Like `newest`, but waits up to `timeout` seconds for one."""
        return self._screen.take(timeout)

    @property
    def state(self) -> State:
        """How it stands now: what is broken first, then what is awaited."""
        states = [self._capture.state, self._styling.state, *(output.state for output in self._outputs)]
        ill = [state for state in states if not state.well]
        broken = [state for state in ill if state.condition is not Condition.OPENING]
        return (broken or ill or states)[0]

    @property
    def ended(self) -> bool:
        """Whether the source has come to its end, whatever else is broken."""
        return self._capture.state.condition is Condition.ENDED

    def trouble(self) -> State | None:
        """What could not be had since the last call, where what there was goes on: a style, a source."""
        return self._styling.refused() or self._capture.refused()

    @property
    def dials(self) -> Dials:
        """The dials in use from the next frame on."""
        return self._dials

    def change(self, **values: float | int | None) -> None:
        """Change dials by name; a frame that stands still is painted again."""
        self._dials = replace(self._dials, **values)  # type: ignore[arg-type]
        self._repaint()

    @property
    def governed(self) -> bool:
        """Whether the lines to work at are chosen so that the rate is held; those of `dials` are the most then."""
        return self._pace.on

    def govern(self, on: bool) -> None:
        """Hold the rate from now on, or the lines."""
        self._pace.on = on
        self._repaint()

    @property
    def paused(self) -> bool:
        """Whether the picture stands still."""
        return self._capture.paused.is_set()

    def pause(self, on: bool) -> None:
        """Hold the picture still, or go on."""
        (self._capture.paused.set if on else self._capture.paused.clear)()

    @property
    def source(self) -> str:
        """The source chosen last; it may still be opening."""
        return self._capture.source

    def choose_source(self, source: str) -> None:
        """Open `source` off-thread and go over to it at its first frame; the source in use is opened anew."""
        self._capture.choose(source)

    @property
    def captured_size(self) -> tuple[int, int] | None:
        """How large the newest frame was as its source gave it, (height, width); None before the first."""
        last = self._last
        return last.raw_size if last else None

    @property
    def dropped(self) -> int:
        """How many frames came while another one was waiting to be painted, and took its place."""
        return self._frames.dropped

    @property
    def style(self) -> str:
        """The style chosen last; it may still be loading."""
        return self._styling.wanted

    @property
    def loading(self) -> bool:
        """Whether the style chosen last is not in use yet."""
        used = self._styling.in_use
        return used is None or used.style != self._styling.wanted

    def choose(self, style: str, fade: float = FADE_SECONDS) -> None:
        """Load `style` off-thread and swap it in when it is warm; the newest choice wins, a failed one is tried again.

        It is reached over `fade` seconds.
        """
        self._styling.choose(style, fade)

    def reload_style(self, fade: float = FADE_SECONDS) -> None:
        """Open the style chosen last again, as its picture or its vector has changed, and fade to what it is now."""
        self._styling.reload(fade)

    @property
    def device(self) -> str:
        """The device really used, "" before the first style is loaded."""
        used = self._styling.in_use
        return used.stylizer.device if used else ""

    @property
    def runs_on(self) -> str:
        """Device, engine and precision, as in "CPU · OpenVINO bf16"; "" before the first style is loaded."""
        used = self._styling.in_use
        return used.stylizer.runs_on if used else ""

    @property
    def note(self) -> str:
        """Why the device isn't the one hoped for, in words; "" mostly."""
        used = self._styling.in_use
        return str(getattr(used.stylizer, "note", "")) if used else ""

    def add(self, output: Output) -> None:
        """Hand every painted frame to `output` too, from now on."""
        output.start()
        with self._outputs_lock:
            self._outputs = (*self._outputs, output)

    def remove(self, output: Output) -> None:
        """Hand `output` no more frames; it ends in its own time, see its `state` and `join`."""
        with self._outputs_lock:
            self._outputs = tuple(other for other in self._outputs if other is not output)
        output.stop()

    def stop(self, seconds: float = JOIN_SECONDS) -> None:
        """Stop all threads, let go of the source and end the outputs; waits for that so many `seconds` at most.

        What is being loaded or encoded still then ends by itself, before the program does.
        """
        deadline = time.monotonic() + seconds
        self._stop.set()
        self._capture.stop()
        self._styling.stop()
        for output in self._outputs:
            output.stop()
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._capture.join(deadline)
        self._styling.join(deadline)
        self._pace.join(deadline)
        self._bridge.join(deadline)
        for output in self._outputs:
            output.join(max(0.0, deadline - time.monotonic()))
        if not (self._thread.is_alive() or self._styling.loads or self._pace.prepares):
            atexit.unregister(self.stop)

    @property
    def reads(self) -> bool:
        """Whether a source holds its thread still: a device or a network that doesn't answer."""
        return self._capture.reads

    # --- the inference thread ---

    def _infer(self) -> None:
        while not self._stop.is_set():
            captured = self._frames.take(_FADE_TICK if self._midway else TICK)
            if captured is None and self._midway:
                captured = self._last
            if captured is None:
                continue
            self._last = captured
            used = self._styling.in_use
            if used is None:
                continue  # the loader asks for a repaint when it is done
            try:
                self._paint(captured, used, self._dials)
            except Exception as error:
                self._styling.failed(used, error)
                self._stop.wait(_AFTER_FAILURE_SECONDS)

    def _paint(self, captured: Captured, used: InUse, dials: Dials) -> None:
        began = self._clock()
        self._midway = False
        self._last = captured = captured.at(dials.height)
        original, shown = captured.image, _size_of(captured.image)
        wanted = self._pace.size(shown)
        size = self._bridge.size(used.stylizer, wanted)
        image = enlarge(used.paint(resize_live(original, size), dials, began), shown)
        self._midway = used.fading(began)
        self._styling.settle(used, began)
        now = self._clock()
        seconds = now - began
        self.meter.add(seconds)
        # Loading, two networks and another size take their share of the processor, but soon no more.
        if size == wanted and not (self.loading or used.crosses(began)):
            self._pace.painted(used, shown, seconds, now, self._capture.rate)
        if captured.stamp != self._capture.stamp:
            return  # late: the source has changed meanwhile
        painted = Painted(image, original, used.style, captured.time, seconds, began, size)
        if not self._styling.publish(used, lambda: self._offer(painted)):
            self._frames.offer(captured)  # late: the style has changed meanwhile, so paint this frame anew

    def _offer(self, painted: Painted) -> None:
        for output in self._outputs:
            output.offer(painted)

    # --- what the loader asks, in its own thread ---

    def _size(self) -> tuple[int, int] | None:
        last = self._last
        if last is None:
            return None
        return self._pace.size(_size_of(last.at(self._dials.height).image))

    def _swapped(self, other_network: bool) -> None:
        if other_network:
            self._screen.take()  # a frame of the old style that nobody has seen yet
        self._repaint()

    def _repaint(self) -> None:
        """Paint the last frame again, where no newer one waits."""
        last = self._last
        if last is not None:
            self._frames.offer(last)


def _size_of(image: Image) -> tuple[int, int]:
    h, w = image.shape[:2]
    return h, w
