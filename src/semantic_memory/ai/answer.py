"""The answerer and the planner the settings ask for: quotes, or a chat model with the quotes as its understudy."""

from semantic_memory.ai import prompts
from semantic_memory.ai.appraisal import Appraiser
from semantic_memory.ai.checking import Checker
from semantic_memory.ai.extractive import ExtractiveAnswerer
from semantic_memory.ai.generative import GenerativeAnswerer, Writing
from semantic_memory.ai.metered import Limits, MeteredChat
from semantic_memory.ai.planning import ChatPlanner, PlainPlanner
from semantic_memory.core.answers import Answerer, ChatModel, Planner
from semantic_memory.core.ports import Embedder
from semantic_memory.core.settings import Settings
from semantic_memory.core.usage import Budget, Prices


def build(settings: Settings, embedder: Embedder, chat: ChatModel | None, budget: Budget) -> tuple[Answerer, Planner]:
    """Without a chat model the answer is made of quotes. Raises: ConfigurationError for a prompt that cannot be filled."""
    appraiser = Appraiser(embedder)
    quotes = ExtractiveAnswerer(appraiser, settings.strictness("balanced"))
    if chat is None:
        return quotes, PlainPlanner()
    limits = Limits(settings.chat_max_tokens, settings.chat_temperature, settings.chat_timeout_s)
    metered = MeteredChat(chat, budget, Prices(settings.chat_price_prompt, settings.chat_price_completion), limits)
    answer, rewrite, search = (prompts.load(name, settings.prompt_dir) for name in ("answer", "standalone", "further"))
    writing = Writing(answer, settings.chat_context_tokens, settings.unsupported_sentences, settings.strictness("lenient"))
    answerer = GenerativeAnswerer(metered, quotes, appraiser, Checker(embedder), writing)
    return answerer, ChatPlanner(metered, appraiser, rewrite, search)


def fingerprint(settings: Settings) -> str:
    """What answers depend on, beside models and documents: the prompts, and the settings that shape them."""
    texts = [prompts.load(name, settings.prompt_dir).fingerprint for name in prompts.PLACEHOLDERS]
    shaping = (settings.answer_refusal, settings.unsupported_sentences, settings.chat_temperature, settings.chat_context_tokens)
    return " ".join(map(str, (*texts, *shaping, settings.search_steps)))
