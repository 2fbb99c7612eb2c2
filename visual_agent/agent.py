"""The agent: a question and pictures in, an answer with its evidence and the record of its steps out.

LangChain's `create_agent` runs the loop; the rules around it are in `visual_agent.middleware`, the limits in
`visual_agent.runs`, what a conversation holds in `visual_agent.sessions`.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError

from visual_agent import prompts
from visual_agent.answers import Answer
from visual_agent.delivery import Delivery
from visual_agent.errors import UserError
from visual_agent.images import Ledger
from visual_agent.loading import LoadPolicy, load
from visual_agent.looks import Looks
from visual_agent.middleware import Budget, Repair, Repeats
from visual_agent.recording import Recorder
from visual_agent.runs import Limits, OutOfTime, Run
from visual_agent.sessions import Session, question_text
from visual_agent.trace import Step

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from visual_agent.loading import Loaded, Source

__all__ = ["Limits", "ToolChoice", "VisualAgent"]

#: A tool of ours by name, any LangChain tool, or a function that makes one for a ledger.
ToolChoice: TypeAlias = "str | BaseTool | Callable[[Ledger], BaseTool]"

T = TypeVar("T")

#: Tools whose result may change between two equal calls: never answered from memory.
_UNSTEADY = frozenset({"web_search"})

#: Steps of the graph for one model call: before_model, model, after_model, tools.
_NODES = 4


class VisualAgent:
    """Answers questions about pictures with tools, and shows its evidence.

    Safe to use from several threads and event loops at once: each run has its own pictures, unless it names a
    `thread`; the runs of one thread take turns.

    Args:
        model: a chat model, or a name for `visual_agent.chat_models.load_model`; None is the offline engine.
        tools: names of our tools, LangChain tools, or functions that make a tool for a ledger; None is all of ours.
            Tools of the first and third kind are taken to see the same when they look twice: a repeated look is
            answered from memory.
        limits: what one run may use.
        policy: which pictures may be loaded.
        system_prompt: said before everything else, on top of the agent's own rules.
        checkpointer: where threads keep their messages; in memory if None. Pictures always live in this process.
        search: whether the agent may search the web.
        detector: see `visual_agent.tools`; finds objects for `ground` and `count`.
        max_threads: conversations held at once; the one unused for longest is forgotten first.
        max_pictures: pictures of the user's that one conversation may hold; None for any number.
    """

    def __init__(
        self,
        model: BaseChatModel | str | None = None,
        tools: Sequence[ToolChoice] | None = None,
        *,
        limits: Limits | None = None,
        policy: LoadPolicy | None = None,
        system_prompt: str | None = None,
        checkpointer: BaseCheckpointSaver[Any] | None = None,
        search: bool = False,
        detector: Any = None,
        max_threads: int = 64,
        max_pictures: int | None = None,
    ) -> None:
        from visual_agent.chat_models import ChatQwenVL, load_model

        if max_threads < 1:
            raise UserError("An agent needs room for one thread; give max_threads of at least 1.")
        self.model = load_model(model or "offline") if model is None or isinstance(model, str) else model
        if not isinstance(self.model, BaseChatModel):
            raise UserError(f"An agent needs a chat model or the name of one, not {type(self.model).__name__}.")
        if tools != [] and type(self.model).bind_tools is BaseChatModel.bind_tools:
            raise UserError(f"{type(self.model).__name__} cannot call tools; choose a chat model that can.")
        self.limits = limits or Limits()
        self.policy = policy or LoadPolicy()
        self._ours = isinstance(self.model, ChatQwenVL)
        if isinstance(tools, str):
            raise UserError(f"Tools are a list; write tools=[{tools[:80]!r}].")
        self._tools = None if tools is None else tuple(tools)
        self._system_prompt = system_prompt
        self._checkpointer = checkpointer or InMemorySaver()
        self._search, self._detector = search, detector
        self._max_threads, self._max_pictures = max_threads, max_pictures
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()
        self._make_tools(Ledger(policy=self.policy))  # a wrong tool name is told now, not at the first question

    @property
    def model_name(self) -> str:
        """The model's own name, for traces."""
        params = self.model._get_ls_params()
        return str(params.get("ls_model_name") or type(self.model).__name__)

    def run(self, question: str, *pictures: Source, thread: str | None = None) -> Answer:
        """Answer a question about pictures.

        Args:
            question: in English or Chinese.
            pictures: what `visual_agent.loading` takes; in a thread they may be left out after the first question.
            thread: a name of your choice for a conversation with memory; None forgets everything after the answer.

        Raises:
            UserError: the question or a picture cannot be used.
            EngineError: the model could not run.
        """
        answer = None
        for item in self.stream(question, *pictures, thread=thread):
            answer = item
        assert isinstance(answer, Answer)
        return answer

    async def arun(self, question: str, *pictures: Source, thread: str | None = None) -> Answer:
        """As `run`. Cancelling the task cancels the generation."""
        answer = None
        async for item in self.astream(question, *pictures, thread=thread):
            answer = item
        assert isinstance(answer, Answer)
        return answer

    def stream(self, question: str, *pictures: Source, thread: str | None = None) -> Iterator[Step | Answer]:
        """As `run`, giving each `Step` as it ends and the `Answer` at the end."""
        run = Run(question_text(question), self.limits)
        loaded = self._load(run, pictures)
        used = run.elapsed()
        with self._opened(thread) as session, session.turn(), self._kept_or_undone(session, run):
            recorder = self._begin(session, run, used)
            content = session.content(run.question, loaded)
            try:
                for update in session.graph.stream(**self._call(session, run, content)):
                    yield from recorder.take(update)
            except GraphRecursionError:
                run.stop("model_calls")
            answer = recorder.finish()
        yield answer

    async def astream(
        self, question: str, *pictures: Source, thread: str | None = None
    ) -> AsyncIterator[Step | Answer]:
        """As `stream`."""
        run = Run(question_text(question), self.limits)
        loaded = await self._aload(run, pictures)
        used = run.elapsed()
        with self._opened(thread) as session:
            async with session.aturn():
                with self._kept_or_undone(session, run):
                    recorder = self._begin(session, run, used)
                    content = await _to_its_end(asyncio.to_thread(session.content, run.question, loaded))
                    try:
                        updates: Any = session.graph.astream(**self._call(session, run, content))
                        async with aclosing(updates):  # or the graph of a reader who leaves would end later
                            async for update in updates:
                                for step in recorder.take(update):
                                    yield step
                    except GraphRecursionError:
                        run.stop("model_calls")
                    answer = recorder.finish()
        yield answer

    def batch(
        self, cases: Sequence[tuple[str, Sequence[Source]]], *, workers: int = 1, return_exceptions: bool = False
    ) -> list[Answer | Exception]:
        """Answer many questions, each on its own pictures and without memory, in the order given.

        Args:
            cases: (question, pictures) pairs.
            workers: how many run at once.
            return_exceptions: put a case's error into the list instead of raising the first one.
        """

        def one(case: tuple[str, Sequence[Source]]) -> Answer | Exception:
            try:
                return self.run(*_parts(case))
            except Exception as error:
                if not return_exceptions:
                    raise
                return error

        with ThreadPoolExecutor(max(1, workers), thread_name_prefix="visual-agent-batch") as pool:
            return list(pool.map(one, cases))

    def ledger(self, thread: str) -> Ledger:
        """The pictures and regions of a thread.

        Raises:
            UserError: there is no such thread (any more).
        """
        with self._lock:
            session = self._sessions.get(thread)
        if session is None:
            raise UserError(f"There is no thread {thread[:80]!r}; ask a question with thread={thread[:80]!r} first.")
        return session.ledger

    def threads(self) -> list[str]:
        """Names of the conversations held, the least recently used first."""
        with self._lock:
            return list(self._sessions)

    def forget(self, thread: str) -> None:
        """Drop a thread with its messages and pictures; a thread that does not exist is no error.

        A run under way in it still ends well; nothing of it is kept.
        """
        with self._lock:
            if session := self._sessions.pop(thread, None):
                session.forgotten = True
        self._checkpointer.delete_thread(thread)

    def _load(self, run: Run, pictures: Sequence[Source]) -> list[Loaded]:
        """The pictures, each in what time the run has left."""
        try:
            return [run.bounded(partial(load, source, self.policy)) for source in pictures]
        except OutOfTime:
            raise _pictures_too_slow(run) from None

    async def _aload(self, run: Run, pictures: Sequence[Source]) -> list[Loaded]:
        """As `_load`."""
        try:
            return [await run.abounded(asyncio.to_thread(load, source, self.policy)) for source in pictures]
        except OutOfTime:
            raise _pictures_too_slow(run) from None

    def _begin(self, session: Session, run: Run, used: float) -> Recorder:
        """Follow a run whose turn it is, and which has used `used` seconds before it waited for its turn."""
        session.runs += 1
        run.number = session.runs
        run.go_on(used)
        names = [tool.name for tool in session.tools]
        settings = {
            "limits": {
                "model_calls": self.limits.model_calls,
                "tool_calls": self.limits.tool_calls,
                "seconds": self.limits.seconds,
            },
            "tools": names,
            "thread": session.name if session.lasting else None,
        }
        return Recorder(run, session, self.model_name, settings)

    def _call(self, session: Session, run: Run, content: list[Any]) -> dict[str, Any]:
        """Arguments for the graph: the new message, on top of where the session's last good run ended."""
        place = {"thread_id": session.name}
        if session.checkpoint:
            place["checkpoint_id"] = session.checkpoint
        config: RunnableConfig = {
            "configurable": place,
            "recursion_limit": _NODES * self.limits.model_calls + 2 * _NODES,
            # Calls of one turn take turns, as written: pictures and regions are named in the order they come.
            "max_concurrency": 1,
        }
        return {
            "input": {"messages": [HumanMessage(content)]},
            "config": config,
            "context": run,
            "stream_mode": "updates",
            "durability": "exit",  # one checkpoint a run: nobody resumes in the middle of one
        }

    @contextmanager
    def _opened(self, thread: str | None) -> Iterator[Session]:
        """The session of a thread; without a thread, one that is gone afterwards."""
        if thread is not None:
            yield self._session(thread)
            return
        session = self._new_session(uuid.uuid4().hex, lasting=False)
        try:
            yield session
        finally:
            self._checkpointer.delete_thread(session.name)

    def _session(self, thread: str) -> Session:
        if not isinstance(thread, str) or not thread:
            raise UserError(f"A thread is named by a text, not {thread!r}; leave it out for a question without memory.")
        with self._lock:
            if (session := self._sessions.get(thread)) is None:
                if self._checkpointer.get_tuple({"configurable": {"thread_id": thread}}) is not None:
                    raise UserError(
                        f"Thread {thread[:80]!r} comes from another process, and its pictures are gone; "
                        "call forget() on it or choose another name."
                    )
                session = self._sessions[thread] = self._new_session(thread, lasting=True)
            self._sessions.move_to_end(thread)
            idle = [name for name, held in self._sessions.items() if not held.lock.locked() and name != thread]
            surplus = idle[: max(0, len(self._sessions) - self._max_threads)]
        for name in surplus:
            self.forget(name)
        return session

    def _new_session(self, name: str, *, lasting: bool) -> Session:
        ledger = Ledger(policy=self.policy)
        looks = Looks()
        tools, steady = self._make_tools(ledger)
        middleware: list[Any] = [
            Budget(name if self._ours else None),
            Repair([tool.name for tool in tools]),
            Repeats(ledger, looks, steady),
        ]
        if not self._ours:
            middleware.append(Delivery(self.model))
        graph = create_agent(
            self.model,
            tools,
            system_prompt=self._rules(),
            middleware=middleware,
            context_schema=Run,
            checkpointer=self._checkpointer,
        )
        return Session(name, ledger, graph, tools, looks, self._max_pictures, lasting=lasting)

    def _rules(self) -> str | None:
        """The system prompt; our own model gets the agent's rules in its ReAct preamble instead."""
        parts = [] if self._ours else [prompts.load("agent")]
        return "\n\n".join([*parts, self._system_prompt] if self._system_prompt else parts) or None

    def _make_tools(self, ledger: Ledger) -> tuple[list[BaseTool], frozenset[str]]:
        """The tools of one session, and the names of those that see the same when they look twice."""
        named = self._tools is None or any(isinstance(choice, str) for choice in self._tools)
        own = {tool.name: tool for tool in self._own_tools(ledger)} if named else {}
        tools: list[BaseTool] = []
        steady = set()
        for choice in own if self._tools is None else self._tools:
            if isinstance(choice, str):
                if choice not in own:
                    raise UserError(f"There is no tool {choice[:80]!r}; use one of: {', '.join(own)}.")
                tools.append(own[choice])
            elif isinstance(choice, BaseTool) or callable(choice):
                tools.append(choice if isinstance(choice, BaseTool) else choice(ledger))
            else:
                raise UserError(f"A tool is a name or a LangChain tool, not a {type(choice).__name__}; give one.")
            if not isinstance(choice, BaseTool):
                steady.add(tools[-1].name)
        names = [tool.name for tool in tools]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise UserError(f"Two tools have the name {twice[0]!r}; rename one of them.")
        return tools, frozenset(steady) - _UNSTEADY

    def _own_tools(self, ledger: Ledger) -> list[BaseTool]:
        from visual_agent.tools import all_tools

        model = self.model if self._ours else None
        return all_tools(ledger, model=model, detector=self._detector, search=self._search)

    @contextmanager
    def _kept_or_undone(self, session: Session, run: Run) -> Iterator[None]:
        """After a good run its messages stay; after a failed or cancelled one the thread is as it was before."""
        before = session.mark()
        try:
            yield
        except BaseException:
            run.over = True
            session.undo(before)
            if session.forgotten or not session.checkpoint:
                self._unregister(session)
            raise
        run.over = True
        if session.lasting and session.forgotten:
            self._checkpointer.delete_thread(session.name)
        elif session.lasting:
            state = self._checkpointer.get_tuple({"configurable": {"thread_id": session.name}})
            session.checkpoint = state.config["configurable"]["checkpoint_id"] if state else ""
            with self._lock:  # a first run that failed beside this one has taken it out
                self._sessions.setdefault(session.name, session)

    def _unregister(self, session: Session) -> None:
        """A thread whose first run failed never was; one that was forgotten meanwhile is gone."""
        with self._lock:
            if self._sessions.get(session.name) is session:
                del self._sessions[session.name]
        self._checkpointer.delete_thread(session.name)


def _pictures_too_slow(run: Run) -> UserError:
    return UserError(
        f"The pictures took longer to load than the {run.limits.seconds:g} seconds of a whole run; give fewer or "
        "smaller ones, or more seconds in Limits."
    )


async def _to_its_end(work: Awaitable[T]) -> T:
    """What `work` gives. Cancelled, wait for its end first: what it enters could not be taken back before."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _parts(case: tuple[str, Sequence[Source]]) -> tuple[Any, ...]:
    """Question and pictures of one case of a batch.

    Raises:
        UserError: the case is no such pair; a text in place of the list would be taken for its letters.
    """
    if isinstance(case, (list, tuple)) and len(case) == 2:
        question, pictures = case
        if isinstance(pictures, Sequence) and not isinstance(pictures, (str, bytes, bytearray)):
            return question, *pictures
    raise UserError("A case of a batch is a question and a list of pictures; write (question, [picture, ...]).")
