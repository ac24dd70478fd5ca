"""Which elements of a Word document a reader of the page does not see."""

from semantic_memory.etl.word.handlers import Ends, Starts

DELETED = frozenset({"w:del", "w:moveFrom"})
_UNSEEN = frozenset(
    {
        "w:rt",  # reading aids above East Asian words
        *("w:pPrChange", "w:rPrChange", "w:tblPrChange", "w:trPrChange", "w:tcPrChange", "w:sectPrChange", "w:numberingChange"),
    }
)
"""Besides reading aids, properties from before a tracked change."""


class Shown:
    """Tracked deletions, prompts of content controls nobody filled in, and all but the first of several alternatives are left out."""

    def __init__(self) -> None:
        self._has_choice: list[bool] = []
        self._is_prompt: list[bool] = []
        self.starts: Starts = {
            "mc:AlternateContent": lambda _: self._has_choice.append(False),
            "w:sdt": lambda _: self._is_prompt.append(False),
            "w:showingPlcHdr": lambda _: self._mark_prompt(),
        }
        self.ends: Ends = {"mc:AlternateContent": self._has_choice.pop, "w:sdt": self._is_prompt.pop}

    def is_left_out(self, name: str) -> bool:
        """Whether the element that starts now is to be skipped with all it holds."""
        if name in {"mc:Choice", "mc:Fallback"} and self._has_choice:
            is_second = self._has_choice[-1]
            self._has_choice[-1] = True
            return is_second
        if name == "w:sdtContent":
            return bool(self._is_prompt) and self._is_prompt[-1]
        return name in DELETED or name in _UNSEEN

    def _mark_prompt(self) -> None:
        if self._is_prompt:
            self._is_prompt[-1] = True
