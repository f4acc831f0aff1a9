"""A page as somebody reads it: by its words, and by the names of its links, buttons and fields."""

from __future__ import annotations

from collections import defaultdict
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Response

Attributes = dict[str, str]
_NAMED = {"a", "button", "h1", "h2", "h3", "label", "legend", "option", "summary", "textarea", "title", "time", "li"}


def squeezed(text: str) -> str:
    return " ".join(text.split())


class Page(HTMLParser):
    """What an answer shows.

    `forms` are the values that a browser would send, by the address that each form sends them to;
    `choices` the values and words of each select and group of radio buttons, by the field's name.
    """

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.regions: list[str] = []
        self.times: list[tuple[str, str, str]] = []
        self.forms: dict[str, dict[str, list[str]]] = {}
        self.choices: dict[str, list[str]] = {}
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        self._open: list[tuple[str, Attributes, list[str]]] = []
        self._text: list[str] = []
        self._form: dict[str, list[str]] = {}
        self._select = ""
        self.feed(answer.content.decode())
        self.words = squeezed(" ".join(self._text))
        self.title = "".join(self._lists["title"])
        self.headings = [text for level in ("h1", "h2", "h3") for text in self._lists[level]]
        self.buttons, self.items = self._lists["button"], self._lists["li"]

    def form(self, address: str) -> dict[str, list[str]]:
        """What a browser would send from that form, but for what only the middleware reads."""
        return {name: values for name, values in self.forms[address].items() if name != "csrfmiddlewaretoken"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = self.forms.setdefault(given.get("action", ""), {})
        elif tag == "input":
            self._input(given)
        elif tag == "select":
            self._select = given["name"]
        elif tag in ("section", "nav") and "aria-label" in given:
            self.regions.append(given["aria-label"])
        if tag in _NAMED:
            self._open.append((tag, given, []))

    def handle_data(self, data: str) -> None:
        self._text.append(data)
        for _, _, texts in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = {}
        if self._open and self._open[-1][0] == tag:
            _, given, texts = self._open.pop()
            self._named(tag, given, "".join(texts))

    def _input(self, given: Attributes) -> None:
        kind, name = given.get("type", "text"), given.get("name", "")
        if kind == "radio":
            self.choices.setdefault(name, []).append(given["value"])
        if name and "form" not in given and (kind not in ("radio", "checkbox") or "checked" in given):
            self._form.setdefault(name, []).append(given.get("value", ""))

    def _named(self, tag: str, given: Attributes, raw: str) -> None:
        text = given.get("aria-label") or squeezed(raw)
        match tag:
            case "a":
                self.links[text] = given.get("href", "")
            case "label" | "legend":
                self.labels[text] = given.get("for", "")
            case "time":
                self.times.append((given["datetime"], given["title"], text))
            case "textarea":
                self._form.setdefault(given["name"], []).append(raw.removeprefix("\n"))
            case "option":
                self._option(given, text)
            case _:
                self._lists[tag].append(text)

    def _option(self, given: Attributes, text: str) -> None:
        self.choices.setdefault(self._select, []).append(text)
        if "selected" in given:
            self._form.setdefault(self._select, []).append(given["value"])
