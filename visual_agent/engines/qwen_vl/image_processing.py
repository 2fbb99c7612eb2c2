"""QwenVLImageProcessor: pictures to the tensor that the vision tower reads.

In: PIL pictures (or uint8 arrays and tensors, or paths and URLs) of any size.
Out: ``pixel_values``, float32 ``[pictures, 3, 448, 448]``.

The steps are the original's, to the byte: convert to RGB (transparency is dropped, not composited, and the EXIF
orientation is not applied: prepare pictures before; visual_agent's ledger does both), squeeze to a square with
bicubic resampling, normalise with CLIP's mean and deviation. Width is resized first, then height, in two calls:
Pillow 13 chooses the order itself, and its choice differs by up to 14 grey levels from what the model saw.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image
from transformers import BatchFeature
from transformers.image_processing_backends import PilBackend
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD, PILImageResampling, SizeDict

from visual_agent.errors import ContentError


class QwenVLImageProcessor(PilBackend):  # type: ignore[misc]
    """Pictures to normalised squares; needs Pillow and numpy only."""

    resample = PILImageResampling.BICUBIC
    image_mean = OPENAI_CLIP_MEAN
    image_std = OPENAI_CLIP_STD
    size = {"height": 448, "width": 448}  # noqa: RUF012
    do_resize = True
    do_rescale = True
    do_normalize = True
    do_convert_rgb = True
    model_input_names = ["pixel_values"]  # noqa: RUF012

    def process_image(self, image: Any, do_convert_rgb: bool | None = None, **kwargs: Any) -> np.ndarray:
        """Turns one input into uint8 ``[3, height, width]``.

        Raises:
            ContentError: If an array holds neither bytes nor numbers from 0 to 1.
        """
        if isinstance(image, Image.Image):
            return np.asarray(image.convert("RGB")).transpose(2, 0, 1)
        array = np.asarray(super().process_image(image, do_convert_rgb=False, **kwargs))
        if array.dtype != np.uint8:
            if array.min(initial=0) < 0 or array.max(initial=0) > 1:
                raise ContentError("a picture given as numbers must be uint8 or lie between 0 and 1")
            array = np.rint(array * 255).astype(np.uint8)
        return array[:3] if array.shape[0] >= 3 else np.repeat(array[:1], 3, axis=0)

    def resize(self, image: np.ndarray, size: SizeDict, resample: Any = None, **kwargs: Any) -> np.ndarray:
        """Squeezes uint8 ``[3, h, w]`` to ``size``, width first, then height."""
        picture = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
        method = PILImageResampling.BICUBIC if resample is None else resample
        picture = picture.resize((size.width, picture.height), method)
        return np.asarray(picture.resize((size.width, size.height), method)).transpose(2, 0, 1)

    def _preprocess(
        self,
        images: list[np.ndarray],
        do_resize: bool,
        size: SizeDict,
        resample: Any,
        do_rescale: bool,
        rescale_factor: float,
        do_normalize: bool,
        image_mean: list[float],
        image_std: list[float],
        return_tensors: Any = None,
        **kwargs: Any,
    ) -> BatchFeature:
        """Runs the steps that are switched on; in float32 like the original."""
        done = []
        for image in images:
            pixels = self.resize(image, size, resample) if do_resize else image
            values = pixels.astype(np.float32)
            if do_rescale:
                values = values / np.float32(round(1 / rescale_factor))
            if do_normalize:
                mean, std = (np.asarray(v, dtype=np.float32)[:, None, None] for v in (image_mean, image_std))
                values = (values - mean) / std
            done.append(values)
        return BatchFeature(data={"pixel_values": done}, tensor_type=return_tensors)
