"""Sessions: what one conversation holds between its questions.

In: pictures and questions. Out: user messages for the agent's graph, and a `Session` with the ledger, the graph bound
to it, the looks taken and where each region was first seen.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from visual_agent.errors import UserError
from visual_agent.looks import Looks
from visual_agent.messages import image_block
from visual_agent.observations import Observation

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool
    from langgraph.graph.state import CompiledStateGraph

    from visual_agent.images import Ledger
    from visual_agent.loading import Loaded

#: What a session held at some moment: of its ledger, its `shown`, its `observations`, and the number of its runs.
Mark: TypeAlias = "tuple[tuple[int, int], dict[str, str], dict[str, tuple[str, Observation]], int]"

#: Longer questions are refused: they are documents, and belong into a picture or a tool.
MAX_QUESTION = 20_000


@dataclass(slots=True, eq=False)
class Session:
    """One conversation. Its runs take turns: `lock` is held for a whole run.

    `checkpoint` is where the last good run ended, so that a run that failed leaves nothing behind. `shown` maps a
    region id to the tool call that first showed it; `observations` are the tool calls' results by call id. `lasting`:
    it has a name and may be asked again; `forgotten`: it was dropped while a run was under way. `max_pictures`: how
    many pictures of the user's it may hold, None for any number.
    """

    name: str
    ledger: Ledger
    graph: CompiledStateGraph[Any, Any, Any, Any]
    tools: list[BaseTool]
    looks: Looks = field(default_factory=Looks)
    max_pictures: int | None = None
    lasting: bool = True
    forgotten: bool = False
    runs: int = 0
    checkpoint: str = ""
    shown: dict[str, str] = field(default_factory=dict)
    observations: dict[str, tuple[str, Observation]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    owner: object = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the session's turn; hold it."""
        me = threading.get_ident()
        self._refuse_twice(me)
        with self.lock:
            self.owner = me
            try:
                yield
            finally:
                self.owner = None

    @asynccontextmanager
    async def aturn(self) -> AsyncIterator[None]:
        """As `turn`, without blocking the event loop; a cancelled wait holds nothing."""
        me = asyncio.current_task()
        self._refuse_twice(me)
        while not self.lock.acquire(blocking=False):
            await asyncio.sleep(0.005)
        self.owner = me
        try:
            yield
        finally:
            self.owner = None
            self.lock.release()

    def _refuse_twice(self, me: object) -> None:
        """UserError when the caller holds the turn already: waiting for itself it would wait for ever."""
        if me is not None and self.owner == me:
            raise UserError(
                f"Thread {self.name!r} is in the middle of a stream here; read that stream to its end or close it, "
                "then ask again."
            )

    def saw(self, call_id: str, tool: str, observation: Observation) -> None:
        """Remember a tool call's result and which of its regions are new."""
        self.observations[call_id] = tool, observation
        for region in observation.regions:
            self.shown.setdefault(region.id, call_id)

    def mark(self) -> Mark:
        """What the conversation holds now, for `undo`."""
        return self.ledger.mark(), dict(self.shown), dict(self.observations), self.runs

    def undo(self, mark: Mark) -> None:
        """Forget what was entered, seen and looked at since `mark` was taken."""
        entries, self.shown, self.observations, runs = mark
        self.ledger.cut_back(entries)
        with self.looks.lock:
            self.looks.seen[:] = [seen for seen in self.looks.seen if seen.run <= runs]

    def content(self, question: str, loaded: Sequence[Loaded]) -> list[dict[str, Any]]:
        """Enter the pictures and write the user's message; pictures the conversation has already keep their names.

        Two equal pictures in one call stay two: somebody may want them compared.

        Raises:
            UserError: there is no picture to ask about, or there are more than the conversation may hold.
        """
        known = self.ledger.roots()
        pictures = [self.ledger.add_loaded(item, known) for item in loaded]
        count = len(self.ledger.roots())
        if not count:
            raise UserError("There is no picture to ask about; give at least one.")
        if self.max_pictures is not None and count > self.max_pictures:
            raise UserError(
                f"A conversation holds at most {self.max_pictures} pictures, and this question would make it {count}; "
                "ask in a new conversation, with the pictures that matter."
            )
        return [*(image_block(picture) for picture in pictures), {"type": "text", "text": question}]


def question_text(question: str) -> str:
    """The question, checked.

    Raises:
        UserError: no text, or too much of it.
    """
    if not isinstance(question, str) or not question.strip():
        raise UserError("The question is empty; ask something about the pictures.")
    if len(question) > MAX_QUESTION:
        raise UserError(f"The question has {len(question)} characters; ask in at most {MAX_QUESTION}.")
    # Half of a surrogate pair is no character: it could be neither sent nor written down.
    return question.encode("utf-8", "replace").decode().strip()
