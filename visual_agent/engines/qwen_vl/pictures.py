"""Where pictures stand in a token sequence.

In: token ids ``[batch, length]`` in which a picture is ``<img>``, then ``n_queries`` times ``<imgpad>``, then
``</img>``. Out: a mask of those placeholders, and how many pictures each row has.

Only complete spans count. A stray ``<imgpad>`` (sampled by the model, or cut by truncation) is an ordinary
token, as in the original.
"""

from __future__ import annotations

from typing import Any

import torch

from visual_agent.engines.qwen_vl.configuration import QwenVLConfig


def span_starts(input_ids: torch.Tensor, config: QwenVLConfig) -> torch.Tensor:
    """Marks the ``<img>`` of every complete picture span.

    Args:
        input_ids: ``[batch, length]``.
        config: Gives the ids and the span's length.

    Returns:
        bool ``[batch, length]``.
    """
    span = config.tower.n_queries
    found = torch.zeros_like(input_ids, dtype=torch.bool)
    length = input_ids.shape[1]
    if length < span + 2:
        return found
    pads = (input_ids == config.image_token_id).cumsum(dim=1)
    last = length - span - 1  # starts beyond this have no room for their span
    full = pads[:, span : span + last] - pads[:, :last] == span
    opened = input_ids[:, :last] == config.image_start_id
    closed = input_ids[:, span + 1 :] == config.image_end_id
    found[:, :last] = full & opened & closed
    return found


def placeholder_mask(input_ids: torch.Tensor, config: QwenVLConfig) -> torch.Tensor:
    """Marks the placeholders of complete picture spans: bool ``[batch, length]``."""
    starts = span_starts(input_ids, config).int()
    span = config.tower.n_queries
    edges = torch.zeros_like(starts)
    edges[:, 1:] += starts[:, :-1]
    if starts.shape[1] > span + 1:
        edges[:, span + 1 :] -= starts[:, : -span - 1]
    return edges.cumsum(dim=1) > 0


def pictures_per_row(input_ids: torch.Tensor, config: QwenVLConfig) -> list[int]:
    """Counts the complete picture spans of each row."""
    return [int(n) for n in span_starts(input_ids, config).sum(dim=1)]


def paths_to_placeholders(input_ids: torch.Tensor, config: QwenVLConfig) -> torch.Tensor:
    """Rewrites the original's picture spans as ours.

    The original wrote a picture's path between ``<img>`` and ``</img>``, one id for each UTF-8 byte, filled up
    with ``<imgpad>``; ids it produced (data sets, recorded prompts) thus do not show placeholders.

    Args:
        input_ids: ``[batch, length]`` from the original tokenizer.
        config: Gives the ids and the span's length.

    Returns:
        The ids with ``<imgpad>`` all through every span of the right length.
    """
    span = config.tower.n_queries
    ids = input_ids.clone()
    for row, start in (input_ids == config.image_start_id).nonzero().tolist():
        end = start + span + 1
        if end < ids.shape[1] and ids[row, end] == config.image_end_id:
            ids[row, start + 1 : end] = config.image_token_id
    return ids


def insert_features(
    embeddings: torch.Tensor, input_ids: torch.Tensor, features: torch.Tensor, config: QwenVLConfig
) -> torch.Tensor:
    """Puts picture features in the place of their placeholders, in row-major order.

    Args:
        embeddings: ``[batch, length, hidden_size]``; left as it is.
        input_ids: ``[batch, length]``.
        features: ``[pictures, n_queries, hidden_size]``.
        config: Gives the ids and the span's length.

    Returns:
        New embeddings.

    Raises:
        ValueError: If the number of spans is not that of the pictures.
    """
    mask = placeholder_mask(input_ids, config)
    tokens = int(mask.sum())
    if tokens != features.shape[0] * features.shape[1]:
        raise ValueError(
            f"Image features and image tokens do not match: {features.shape[0]} pictures of {features.shape[1]} "
            f"features, {tokens} placeholder tokens in complete <img>...</img> spans. Build prompts with "
            "QwenVLProcessor, and truncate before a picture, never inside it."
        )
    return embeddings.masked_scatter(mask.unsqueeze(-1), features.to(embeddings.device, embeddings.dtype))


def stacked_features(encoded: Any) -> torch.Tensor:
    """The ``pooler_output`` of a vision output as one tensor; lists of ``[n_queries, dim]`` are stacked."""
    features = encoded.pooler_output
    if isinstance(features, torch.Tensor):
        return features
    return torch.stack([f.squeeze(0) for f in features])
