"""The answerer the settings ask for: extractive, or a chat model with the extractive one as its understudy."""

from semantic_memory.ai.extractive import ExtractiveAnswerer
from semantic_memory.ai.generative import GenerativeAnswerer
from semantic_memory.core.ports import Answerer, ChatModel, Embedder


def build(embedder: Embedder, chat: ChatModel | None) -> Answerer:
    """Without a chat model the answer is made of quotes."""
    extractive = ExtractiveAnswerer(embedder)
    return extractive if chat is None else GenerativeAnswerer(chat, extractive)
