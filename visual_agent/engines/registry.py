"""Engines by name: one engine a process for each name and its options, made when first used.

In: a name ("offline", a folder, a hub id, or what `register` was given). Out: a `SharedEngine`, which names an
engine without being it: it can be copied and pickled with a chat model, while weights, locks and threads stay here.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import WeakValueDictionary

from visual_agent.engines.base import Cancel, Chunk, Engine, Profile, Request, Turn
from visual_agent.errors import ModelNotFound, UserError

Factory = Callable[..., Engine]
_Key = tuple[str, tuple[tuple[str, Any], ...]]

_FACTORIES: dict[str, Factory] = {}
_NAMED: dict[_Key, Engine] = {}
_GIVEN: WeakValueDictionary[str, Any] = WeakValueDictionary()
_LOCK = threading.RLock()
_LOADING: dict[_Key, threading.Lock] = {}


def register(name: str, factory: Factory) -> None:
    """Make `name` known as a model name; `factory(**options)` builds its engine when it is first used."""
    with _LOCK:
        _FACTORIES[name] = factory
        for key in [key for key in _NAMED if key[0] == name]:
            del _NAMED[key]


def is_registered(name: str) -> bool:
    """Whether `register` was called with this name."""
    with _LOCK:
        return name in _FACTORIES


def release(name: str) -> None:
    """Forget the engines loaded under `name`; their memory is freed once nobody uses them."""
    with _LOCK:
        for key in [key for key in _NAMED if key[0] == name]:
            del _NAMED[key]


def _build(name: str, options: dict[str, Any]) -> Engine:
    with _LOCK:
        factory = _FACTORIES.get(name)
    if factory is not None:
        return factory(**options)
    if name == "offline":
        from visual_agent.engines.offline import OfflineEngine

        offline: Engine = OfflineEngine(**options)
        return offline
    from visual_agent.engines.qwen_vl.family import load_engine

    return load_engine(name, **options)


def _load(key: _Key) -> Engine:
    """The engine of a name; callers of the same name wait for one load, others do not."""
    with _LOCK:
        if key in _NAMED:
            return _NAMED[key]
        loading = _LOADING.setdefault(key, threading.Lock())
    with loading:
        with _LOCK:
            if key in _NAMED:
                return _NAMED[key]
        engine = _build(key[0], dict(key[1]))
        with _LOCK:
            return _NAMED.setdefault(key, engine)


class SharedEngine:
    """Stands for an engine of this process; is itself an engine, and gives every other attribute of the real one.

    Copies share the engine. A pickle carries only the name: it works anywhere for engines made by name, and in the
    same process for an engine object that somebody gave.
    """

    def __init__(self, name: str, options: dict[str, Any] | None = None) -> None:
        self._key: _Key = (name, tuple(sorted((options or {}).items())))
        self._engine: Engine | None = None
        self._token = ""

    @classmethod
    def of(cls, engine: Engine) -> SharedEngine:
        """Stand for this engine object."""
        if isinstance(engine, SharedEngine):
            return engine
        if not isinstance(engine, Engine):
            raise UserError(
                f"{type(engine).__name__} is no engine: it needs `profile`, `stream` and `count_tokens` "
                "(visual_agent.engines.base.Engine)."
            )
        shared = cls(engine.profile.name)
        shared._engine, shared._token = engine, uuid.uuid4().hex
        _GIVEN[shared._token] = engine
        return shared

    @property
    def name(self) -> str:
        """The name it was made from, or the engine object's own."""
        return self._key[0]

    @property
    def by_name(self) -> bool:
        """Whether it was made from a name, not from an engine object."""
        return not self._token

    @property
    def loaded(self) -> bool:
        """Whether the engine exists already."""
        return self._engine is not None or self._key in _NAMED

    def get(self) -> Engine:
        """The engine itself, loaded now if need be."""
        if self._engine is None:
            self._engine = _load(self._key)
        return self._engine

    @property
    def profile(self) -> Profile:
        """What the engine can do; loads it."""
        return self.get().profile

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        """See `Engine.stream`."""
        return self.get().stream(request, cancel)

    def count_tokens(self, turns: Sequence[Turn]) -> int:
        """See `Engine.count_tokens`."""
        return self.get().count_tokens(turns)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.get(), name)

    def __copy__(self) -> SharedEngine:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> SharedEngine:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (*self._key, self._token))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SharedEngine) and (self._key, self._token) == (other._key, other._token)

    def __hash__(self) -> int:
        return hash((self._key[0], self._token))

    def __repr__(self) -> str:
        return f"<engine {self._key[0]}{'' if self.loaded else ', not loaded'}>"


def _restore(name: str, options: tuple[tuple[str, Any], ...], token: str) -> SharedEngine:
    if not token:
        return SharedEngine(name, dict(options))
    engine = _GIVEN.get(token)
    if engine is None:
        raise ModelNotFound(
            f"This model was made from an engine object ({name!r}) that is not in this process; make the model from a "
            "name (load_model) before sending it to another process."
        )
    shared = SharedEngine(name)
    shared._engine, shared._token = engine, token
    return shared
