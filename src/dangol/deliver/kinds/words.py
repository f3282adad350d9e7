"""The texts of a message without markup: every field of the language's template, rendered. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dangol.campaign import templates
from dangol.deliver.render import Draft, own_variables

ADDRESS = re.compile(r"https?://[^\s<>\"'()]+[^\s<>\"'().,;:!?]")


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says, by field, in the language it says it in."""

    language: str
    said: Mapping[str, str]
    links: list[str] = field(default_factory=list)  # the target of each counted link, by index

    def __getitem__(self, name: str) -> str:
        return self.said.get(name, "")


def words(draft: Draft, counted: Sequence[str] = ()) -> Words:
    """Render a message's texts; addresses in the `counted` fields are replaced by ones that tell a click.

    Raises TemplateFault.
    """
    chosen = templates.choose(draft.message.get("templates") or {}, draft.languages)
    if chosen is None:
        raise templates.TemplateFault("the message has no template")
    language, template = chosen
    variables = {**draft.variables, **own_variables(draft, language)}
    said = {name: templates.render_plain(source, variables).strip() for name, source in template.items()}
    links: list[str] = []
    for name in counted:
        said[name] = _counted(draft, said.get(name, ""), links)
    return Words(language, said, links)


def _counted(draft: Draft, text: str, links: list[str]) -> str:
    def count(found: re.Match[str]) -> str:
        if draft.addresses.ours(found[0]) or len(found[0]) > 2000:
            return found[0]
        links.append(found[0])
        return draft.addresses.click(len(links) - 1)

    return ADDRESS.sub(count, text)
