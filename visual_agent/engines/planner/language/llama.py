"""The forward pass of a Llama-like language model, in numpy.

In: token ids, their positions, who may look at whom, and the cache of what came before. Out: hidden states and the
longer cache. The layout is Llama's (Touvron et al., 2023): norm by root mean square, rotary positions, grouped
key/value heads, gated SiLU. GGUF files hold queries and keys so that neighbouring numbers turn together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from visual_agent.engines.planner.language.weights import GROUPS, HEADS, WIDTH, Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Cache = list[tuple[Array, Array]]

HEAD = WIDTH // HEADS
BASE, EPSILON = 100_000.0, 1e-5
"""Base of the rotary angles; what keeps a norm from dividing by zero."""


class Llama:
    """A language model; it keeps nothing between calls."""

    def __init__(self, weights: Weights) -> None:
        import numpy as np

        self._weights = weights
        self._rates = BASE ** (-np.arange(0, HEAD, 2, dtype=np.float32) / HEAD)

    def forward(
        self, ids: NDArray[np.int64], positions: NDArray[np.int64], mask: NDArray[np.bool_], past: Cache | None = None
    ) -> tuple[Array, Cache]:
        """Hidden states (T, 576) of T tokens, and the cache of each layer: keys and values (3, P + T, 64).

        `mask` is (T, P + T): which of the P tokens of `past` and of the T new ones each new token looks at.
        """
        import numpy as np

        x = self._weights.embedding[ids]
        angles = positions[:, None].astype(np.float32) * self._rates
        turn = np.cos(angles), np.sin(angles)
        bias = np.where(mask, np.float32(0), np.float32(-1e9))
        cache: Cache = []
        for n, layer in enumerate(self._weights.layers):
            q, k, v = np.split(_normed(x, layer.before) @ layer.qkv, [WIDTH, WIDTH + GROUPS * HEAD], axis=1)
            keys, values = _turned(_heads(k), turn), _heads(v)
            if past is not None:
                keys, values = np.concatenate([past[n][0], keys], 1), np.concatenate([past[n][1], values], 1)
            cache.append((keys, values))
            x = x + _attended(_turned(_heads(q), turn), keys, values, bias) @ layer.output
            gate, up = np.split(_normed(x, layer.between) @ layer.gate_up, 2, axis=1)
            x = x + (gate / (1 + np.exp(-gate)) * up) @ layer.down
        return _normed(x, self._weights.norm), cache

    def log_odds(self, hidden: Array) -> Array:
        """Logarithms of the shares of every next token, shape (T, 49152)."""
        import numpy as np

        scores = hidden @ self._weights.embedding.T
        scores -= scores.max(1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(1, keepdims=True))
        return scores


def _normed(x: Array, weight: Array) -> Array:
    import numpy as np

    scaled: Array = x / np.sqrt(np.mean(x * x, axis=1, keepdims=True) + EPSILON) * weight
    return scaled


def _heads(x: Array) -> Array:
    return x.reshape(len(x), -1, HEAD).transpose(1, 0, 2)


def _turned(x: Array, turn: tuple[Array, Array]) -> Array:
    """Pairs of neighbouring numbers turned by their position's angle; x is (heads, T, 64)."""
    import numpy as np

    cos, sin = turn
    even, odd = x[..., 0::2], x[..., 1::2]
    out = np.empty_like(x)
    out[..., 0::2] = even * cos - odd * sin
    out[..., 1::2] = even * sin + odd * cos
    return out


def _attended(queries: Array, keys: Array, values: Array, bias: Array) -> Array:
    """What each token gathers, shape (T, 576); the heads of a group ask the same keys."""
    import numpy as np

    many = queries.shape[1]
    grouped = queries.reshape(GROUPS, -1, HEAD)  # the three heads of a group behind each other
    scores: Array = grouped @ keys.transpose(0, 2, 1) / np.float32(HEAD**0.5)
    scores = scores.reshape(HEADS, many, -1) + bias
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(-1, keepdims=True)
    gathered: Array = scores.reshape(GROUPS, -1, keys.shape[1]) @ values
    joined: Array = gathered.reshape(HEADS, many, HEAD).transpose(1, 0, 2).reshape(many, WIDTH)
    return joined
