"""How a review and a report show themselves: each by its own files in `templates/`."""

from pathlib import Path
from typing import Any

from hpotutor._system import templates
from hpotutor.space.formatting import literal

# A cell of a Markdown table: a text's own bars and line ends must not break it.
_FILTERS = {"cell": lambda text: text.replace("|", "\\|").replace("\n", " "), "literal": literal}
_PAGES = templates(
    Path(__file__).parent / "templates", _FILTERS, trim_blocks=True, lstrip_blocks=True
)


def sentences(file: str, **told: Any) -> list[str]:
    """Return what a template says, in parts that lines of three dashes divide."""
    page: str = _PAGES.get_template(file).render(told)
    return [part.strip().replace("\n", " ") for part in page.split("\n---\n")]


def words(finding: str, **told: Any) -> tuple[str, str]:
    """Return what a check found and why it matters, by its template."""
    found, reason = sentences(f"findings/{finding}.txt", **told)
    return found, reason


def facts(file: str, **told: Any) -> dict[str, str]:
    """Return what a template tells, by name; a name of which it tells nothing is left out."""
    pairs = (part.partition(":") for part in sentences(file, **told))
    return {name: text.strip() for name, _, text in pairs if text.strip()}


class Shown:
    """Shows itself as text, Markdown and HTML, by the templates that bear its class's name."""

    @property
    def _name(self) -> str:
        return type(self).__name__.lower()

    def fill(self, file: str) -> str:
        """Fill in a template, in which the object goes by its class's name."""
        page: str = _PAGES.get_template(file).render({self._name: self})
        return page.rstrip("\n")

    def __repr__(self) -> str:
        return self.fill(f"{self._name}.txt")

    def _repr_markdown_(self) -> str:
        return self.fill(f"{self._name}.md")

    def _repr_html_(self) -> str:
        return self.fill(f"{self._name}.html")
