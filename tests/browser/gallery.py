"""How closely screens are looked at, and where their pictures are kept for people to look at."""

from dataclasses import dataclass
from pathlib import Path

WIDTHS = (320, 360, 412)
NARROWEST = WIDTHS[0]
HEIGHT = 740
LYING = (640, 320)  # the smallest phone turned on its side
USUAL, LARGEST = "standard", "largest"
TEXT_SIZES = (USUAL, "large", LARGEST)
LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Gallery:
    """In the usual run each screen is looked at twice: where it is hardest, and as most see it.

    With --long in both languages and every size of text, with a picture in each width.
    """

    folder: Path
    is_thorough: bool

    @property
    def sights(self) -> list[tuple[str, str]]:
        """Return in which languages and sizes of text a screen is looked at."""
        if self.is_thorough:
            return [(language, size) for language in LANGUAGES for size in TEXT_SIZES]
        return [("en", LARGEST), ("zh", USUAL)]

    def sizes(self, language: str) -> list[str]:
        """Return in which sizes of text a screen is looked at that stands in one language."""
        return [size for spoken, size in self.sights if spoken == language]

    def picture(self, name: str, language: str, width: int, size: str) -> Path | None:
        """Return where a picture goes; None where none is taken."""
        is_taken = width == NARROWEST or (self.is_thorough and size == USUAL)
        is_taken = is_taken or (self.is_thorough and width == LYING[0])
        return self.folder / f"phone-{name}-{language}-{width}-{size}.png" if is_taken else None
