"""Ending a generation at given ids.

In: id sequences. Out: a stopping criterion for ``generate`` that looks only at the tail of each row.

The original forced the end token after a stop sequence, which cost one more pass of the model and left that
token in the answer; here the row is simply done. transformers' own ``stop_strings`` rebuilds a table of the whole
vocabulary on every call with a fast tokenizer (about a second), so prefer ids, or check decoded text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import StoppingCriteria

from visual_agent.errors import ContentError


class StopSequences(StoppingCriteria):  # type: ignore[misc]
    """Ends a row as soon as it ends with one of the sequences.

    Args:
        sequences: Non-empty lists of ids. The caller's lists are left as they are.
        prompt_length: Ids before this index never count, so that a stop sequence at the prompt's end is no stop.

    Raises:
        ContentError: If a sequence is empty or not made of ids.
    """

    def __init__(self, sequences: Sequence[Sequence[int]], prompt_length: int = 0) -> None:
        self.prompt_length = prompt_length
        self.sequences: list[torch.Tensor] = []
        for sequence in sequences:
            if not sequence or not all(isinstance(number, int) and number >= 0 for number in sequence):
                raise ContentError(f"stop sequence {list(sequence)!r}; give one or more ids, none negative")
            self.sequences.append(torch.tensor(sequence))

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """Which rows are done: bool ``[batch]``."""
        done = torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)
        for index, sequence in enumerate(self.sequences):
            if sequence.device != input_ids.device:
                self.sequences[index] = sequence = sequence.to(input_ids.device)
            size = sequence.shape[0]
            if input_ids.shape[1] - self.prompt_length >= size:
                done |= (input_ids[:, -size:] == sequence).all(dim=1)
        return done
