"""One run of the agent: its limits, its clock, what it has used.

In: `Limits`. Out: `Run`, which the agent's middleware asks before every model call and every tool call.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from visual_agent.errors import UserError, VisualAgentError
from visual_agent.react import language_of

T = TypeVar("T")

#: A model whose output could not be read is asked again this many times in a row.
REPAIRS = 2

#: A year. Clocks and waits of the operating system take no infinite time.
_LONGEST = 366 * 86_400

_REASONS = {
    "en": {
        "model_calls": "the limit of {limits.model_calls} model calls ended the run before it had an answer",
        "tool_calls": "the limit of {limits.tool_calls} tool calls ended the run before it had an answer",
        "seconds": "the limit of {limits.seconds:g} seconds ended the run before it had an answer",
        "unreadable_output": "the model's output could not be read {times} times in a row",
    },
    "zh": {
        "model_calls": "达到 {limits.model_calls} 次模型调用的上限，尚无答案",
        "tool_calls": "达到 {limits.tool_calls} 次工具调用的上限，尚无答案",
        "seconds": "达到 {limits.seconds:g} 秒的时限，尚无答案",
        "unreadable_output": "模型的输出连续 {times} 次无法读取",
    },
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use: calls of the model, calls of tools, seconds of wall time.

    The seconds count from the loading of the pictures to the answer, without the wait for a thread's turn.
    """

    model_calls: int = 12
    tool_calls: int = 24
    seconds: float = 120.0

    def __post_init__(self) -> None:
        if self.model_calls < 1 or self.tool_calls < 0 or not 0 < self.seconds <= _LONGEST:
            raise UserError(
                "Limits need at least one model call, no negative tool calls, and seconds above 0 and at most "
                f"{_LONGEST}, not {self}; give other numbers."
            )


class OutOfTime(VisualAgentError):
    """The run's wall time is over; the agent turns this into an answer."""


@dataclass(slots=True)
class Run:
    """The state of one run. A tool left behind when its time was over may still count, so counters have a lock.

    `stopped` names the limit that ended the run: "model_calls", "tool_calls", "seconds" or "unreadable_output".
    `over`: the run has ended; what a thread left behind brings now is not wanted.
    """

    question: str
    limits: Limits
    number: int = 1
    started: float = field(default_factory=time.monotonic)
    model_calls: int = 0
    tool_calls: int = 0
    repeated_looks: int = 0
    repairs: int = 0
    broken_in_a_row: int = 0
    refused_calls: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    stopped: str = ""
    over: bool = False
    model_seconds: float = 0.0
    tool_seconds: dict[str, float] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def left(self) -> float:
        """Seconds of wall time left, never negative."""
        return max(0.0, self.started + self.limits.seconds - time.monotonic())

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started

    def go_on(self, used: float) -> None:
        """Set the clock to `used` seconds: what passed beyond them was a wait for other runs."""
        self.started = time.monotonic() - used

    def stop(self, reason: str) -> str:
        """Note which limit ended the run (the first one counts) and say it in a sentence."""
        self.stopped = self.stopped or reason
        return self.sentence()

    def sentence(self) -> str:
        """Why the run was ended, for the answer, in the question's language."""
        reason = _REASONS[language_of(self.question)].get(self.stopped, self.stopped)
        return reason.format(limits=self.limits, times=REPAIRS + 1)

    def take_tool_call(self) -> bool:
        """Count one tool call; False when none is left."""
        with self.lock:
            if self.tool_calls >= self.limits.tool_calls:
                self.refused_calls += 1
                return False
            self.tool_calls += 1
            return True

    def bounded(self, work: Callable[[], T]) -> T:
        """Run `work` for as long as the run has time left.

        The work runs in a daemon thread, with the caller's context variables. A thread cannot be killed: when the
        time is over the thread is left to end by itself and its result is dropped.

        Raises:
            OutOfTime: no time is left, or the work took longer.
        """
        if self.left() <= 0:
            raise OutOfTime("The run has no time left; give it more seconds in Limits.")
        box: list[Any] = []
        failed: list[BaseException] = []

        def target() -> None:
            try:
                box.append(work())
            except BaseException as error:
                failed.append(error)

        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(target,), name="visual-agent-call", daemon=True)
        thread.start()
        thread.join(self.left())
        if failed:
            raise failed[0]
        if not box:
            raise OutOfTime("The call took longer than the run had left; give it more seconds in Limits.")
        result: T = box[0]
        return result

    async def abounded(self, work: Awaitable[T]) -> T:
        """As `bounded`, for work that can be awaited; what of it is in a thread is left to end there."""
        try:
            return await asyncio.wait_for(work, self.left())
        except TimeoutError:
            raise OutOfTime("The call took longer than the run had left; give it more seconds in Limits.") from None

    def usage(self) -> dict[str, int]:
        """Calls and tokens of the run."""
        return {
            "model_calls": self.model_calls,
            "tool_calls": self.tool_calls,
            "repeated_looks": self.repeated_looks,
            "repairs": self.repairs,
            **self.tokens,
        }
