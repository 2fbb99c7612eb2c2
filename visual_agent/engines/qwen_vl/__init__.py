"""Qwen-VL as a native transformers model: configuration, model, tokenizer and processors."""
