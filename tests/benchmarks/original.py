"""The original Qwen-VL algorithm, plainly written again from its description: the baseline of the CPU benchmark.

In: the weights of our model, prompts as ids with picture spans. Out: greedy tokens.
What it does as the original did, call after call: every picture of the history is opened, resized and encoded again,
the whole prompt is computed again, logits are made for all positions, keys and values grow by concatenation, attention
is written out (no fused kernel), and stop words are looked for in Python lists after every token.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class OriginalAlgorithm:
    """Greedy generation over a state dict of `QwenVLForConditionalGeneration`."""

    def __init__(self, weights: dict[str, torch.Tensor], config) -> None:
        self.w, self.config = weights, config
        self.encoded = self.computed = 0
        self.device, self.dtype = weights["lm_head.weight"].device, weights["lm_head.weight"].dtype

    def generate(self, ids: list[int], pictures: list[Image.Image], count: int, stops: list[list[int]]) -> list[int]:
        """`count` greedy tokens (stop words are checked, but end nothing, so that all arms do the same work)."""
        hidden = F.embedding(torch.tensor([ids], device=self.device), self.w["transformer.wte.weight"])
        if pictures:
            starts = [at for at, token in enumerate(ids) if token == self.config.visual.image_start_id]
            features = self.vision(torch.stack([self.pixels(p) for p in pictures]))
            hidden = hidden.clone()
            for start, feature in zip(starts, features, strict=True):
                hidden[0, start + 1 : start + 1 + feature.shape[0]] = feature
        self.encoded += len(pictures)
        self.computed += len(ids)
        alpha = max(2 ** math.ceil(math.log2(len(ids) / self.config.seq_length) + 1) - 1, 1)
        cos, sin = self.angles(len(ids) + count, alpha)
        cache: list[tuple[torch.Tensor, torch.Tensor] | None] = [None] * self.config.num_hidden_layers
        out = list(ids)
        for _ in range(count):
            past = 0 if cache[0] is None else cache[0][0].shape[1]
            logits = self.language(hidden, cache, cos, sin, past)
            for stop in stops:  # as the original's processor: lists, compared from the end
                logits[0, -1, 0] += 0.0 * float(out[-len(stop) :] == stop)
            out.append(int(logits[0, -1].argmax()))
            hidden = F.embedding(torch.tensor([[out[-1]]], device=self.device), self.w["transformer.wte.weight"])
        return out[len(ids) :]

    def pixels(self, picture: Image.Image) -> torch.Tensor:
        """Bicubic to the square the tower wants, normalised."""
        side = self.config.visual.image_size
        image = picture.convert("RGB").resize((side, picture.height), Image.Resampling.BICUBIC)
        image = image.resize((side, side), Image.Resampling.BICUBIC)
        values = torch.from_numpy(np.asarray(image, dtype=np.float32) / 255).permute(2, 0, 1)
        values = (values - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
        return values.to(self.device, self.dtype)

    def angles(self, length: int, alpha: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines `[length, 1, head]` with the base stretched by alpha."""
        dim = self.config.kv_channels
        base = self.config.rotary_emb_base * alpha ** (dim / (dim - 2))
        frequencies = 1.0 / base ** (torch.arange(0, dim, 2).float() / dim)
        angles = torch.outer(torch.arange(length).float(), frequencies)
        angles = torch.cat([angles, angles], dim=-1)[:, None]
        return angles.cos().to(self.device), angles.sin().to(self.device)

    def language(self, x, cache, cos, sin, past: int) -> torch.Tensor:
        """Decoder and head: logits of all positions given."""
        w, heads = self.w, self.config.num_attention_heads
        length = x.shape[1]
        mask = torch.full((length, past + length), torch.finfo(x.dtype).min, device=x.device, dtype=x.dtype).triu(
            past + 1
        )
        rows = slice(past, past + length)
        for layer in range(self.config.num_hidden_layers):
            name = f"transformer.h.{layer}"
            qkv = F.linear(self.norm(x, f"{name}.ln_1"), w[f"{name}.attn.c_attn.weight"], w[f"{name}.attn.c_attn.bias"])
            q, k, v = (part.unflatten(-1, (heads, -1)) for part in qkv.chunk(3, dim=-1))
            q, k = self.rotate(q, cos[rows], sin[rows]), self.rotate(k, cos[rows], sin[rows])
            if cache[layer] is not None:
                k, v = torch.cat([cache[layer][0], k], dim=1), torch.cat([cache[layer][1], v], dim=1)
            cache[layer] = (k, v)
            scores = q.permute(0, 2, 1, 3) @ k.permute(0, 2, 3, 1) / math.sqrt(q.shape[-1])
            seen = (scores + mask).softmax(-1) @ v.permute(0, 2, 1, 3)
            x = x + F.linear(seen.permute(0, 2, 1, 3).flatten(2), w[f"{name}.attn.c_proj.weight"])
            inner = self.norm(x, f"{name}.ln_2")
            gate = F.silu(F.linear(inner, w[f"{name}.mlp.w2.weight"]))
            x = x + F.linear(F.linear(inner, w[f"{name}.mlp.w1.weight"]) * gate, w[f"{name}.mlp.c_proj.weight"])
        return F.linear(self.norm(x, "transformer.ln_f"), w["lm_head.weight"])

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """RMS norm in float32."""
        scale = torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + self.config.layer_norm_epsilon)
        return (x.float() * scale).to(x.dtype) * self.w[f"{name}.weight"]

    @staticmethod
    def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        """Rotary positions over the two halves of a head."""
        wide = x.float()
        first, second = wide.chunk(2, dim=-1)
        return (wide * cos + torch.cat([-second, first], dim=-1) * sin).to(x.dtype)

    def vision(self, pixels: torch.Tensor) -> torch.Tensor:
        """Features `[pictures, queries, width]`."""
        w, config = self.w, self.config.visual
        x = F.conv2d(pixels, w["transformer.visual.conv1.weight"], stride=config.patch_size).flatten(2).permute(0, 2, 1)
        x = x + self.table("transformer.visual.positional_embedding", x.shape[1])
        x = self.layer_norm(x, "ln_pre").permute(1, 0, 2)
        for layer in range(config.layers):
            x = self.vision_block(x, f"transformer.resblocks.{layer}")
        return self.resample(x.permute(1, 0, 2))

    def vision_block(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """One block in length-first layout, query, key and value interleaved per head."""
        w, heads = self.w, self.config.visual.heads
        prefix = f"transformer.visual.{name}"
        length, pictures, width = x.shape
        inner = self.layer_norm(x, f"{name}.ln_1")
        qkv = F.linear(inner, w[f"{prefix}.attn.in_proj.weight"], w[f"{prefix}.attn.in_proj.bias"])
        q, k, v = qkv.view(length, pictures * heads, -1).permute(1, 0, 2).chunk(3, dim=-1)
        seen = (q / math.sqrt(width // heads) @ k.transpose(1, 2)).softmax(-1) @ v
        seen = seen.permute(1, 0, 2).reshape(length, pictures, width)
        x = x + F.linear(seen, w[f"{prefix}.attn.out_proj.weight"], w[f"{prefix}.attn.out_proj.bias"])
        inner = self.layer_norm(x, f"{name}.ln_2")
        inner = F.gelu(F.linear(inner, w[f"{prefix}.mlp.c_fc.weight"], w[f"{prefix}.mlp.c_fc.bias"]))
        return x + F.linear(inner, w[f"{prefix}.mlp.c_proj.weight"], w[f"{prefix}.mlp.c_proj.bias"])

    def resample(self, x: torch.Tensor) -> torch.Tensor:
        """Learned queries over all patches, then the last projection."""
        w, prefix = self.w, "transformer.visual.attn_pool"
        x = F.linear(x, w[f"{prefix}.kv_proj.weight"]) if f"{prefix}.kv_proj.weight" in w else x
        x = self.layer_norm(x, "attn_pool.ln_kv").permute(1, 0, 2)
        query = self.layer_norm(w[f"{prefix}.query"], "attn_pool.ln_q") + w[f"{prefix}.pos_embed"]
        seen, _ = F.multi_head_attention_forward(
            query[:, None].expand(-1, x.shape[1], -1),
            x + self.table(f"{prefix}.pos_embed", x.shape[0])[:, None],
            x,
            query.shape[-1],
            self.config.visual.output_dim // 128,
            w[f"{prefix}.attn.in_proj_weight"],
            w[f"{prefix}.attn.in_proj_bias"],
            None,
            None,
            False,
            0.0,
            w[f"{prefix}.attn.out_proj.weight"],
            w[f"{prefix}.attn.out_proj.bias"],
            training=False,
        )
        return self.layer_norm(seen.permute(1, 0, 2), "ln_post") @ w["transformer.visual.proj"]

    def table(self, name: str, count: int) -> torch.Tensor:
        """A stored position table, resized to a grid of `count` places."""
        stored = self.w[name]
        side, wanted = math.isqrt(stored.shape[0]), math.isqrt(count)
        if side == wanted:
            return stored
        grid = stored.float().reshape(1, side, side, -1).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, size=(wanted, wanted), mode="bicubic", align_corners=False)
        return grid.permute(0, 2, 3, 1).flatten(0, 2).to(stored.dtype)

    def layer_norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """Layer norm of the tower."""
        prefix = f"transformer.visual.{name}"
        return F.layer_norm(x, x.shape[-1:], self.w[f"{prefix}.weight"], self.w[f"{prefix}.bias"], 1e-6)
