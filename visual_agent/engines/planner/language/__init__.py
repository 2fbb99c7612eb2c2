"""The second reader: a small language model that copies the answer from a page, where its package is installed."""
