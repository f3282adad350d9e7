"""The tags that compiling puts around addresses: made safe and counted when their values are known."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TextIO

from liquid import RenderContext, TokenStream
from liquid.ast import BlockNode, Node
from liquid.parser import get_parser
from liquid.tag import Tag
from liquid.token import TOKEN_TAG, Token

from dangol.campaign.templates.markup import COUNTED, LINK, PLACE, SAID, safe_url


class AddressNode(Node):
    """An address whose parts may come from a customer."""

    __slots__ = ("block",)

    def __init__(self, token: Token, block: BlockNode) -> None:
        super().__init__(token)
        self.block = block
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        inner = context.get_buffer(buffer)
        self.block.render(context, inner)
        text = inner.getvalue()
        url = safe_url(html.unescape(text))
        shown = self.shown(url, context)
        return buffer.write(html.escape(shown) if context.autoescape else shown)

    def shown(self, url: str, context: RenderContext) -> str:
        """The address as the message holds it."""
        return url

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> Iterable[Node]:
        yield self.block


class LinkNode(AddressNode):
    """An address that a reader may follow: counted on the way."""

    __slots__ = ()

    def shown(self, url: str, context: RenderContext) -> str:
        return _counter(context)(url) if url.lower().startswith(COUNTED) else url


class SaidNode(LinkNode):
    """The same in the text part: behind its words, and left out where it leads nowhere."""

    __slots__ = ()

    def shown(self, url: str, context: RenderContext) -> str:
        bare = url.removeprefix("mailto:").removeprefix("tel:")
        return f" ({super().shown(bare, context)})" if bare not in {"", "#"} else ""


def _counter(context: RenderContext) -> Callable[[str], str]:
    told = context.scope.get("dangol")
    return told["link"] if isinstance(told, dict) and "link" in told else str


class AddressTag(Tag):
    """{% tag %}address{% endtag %}"""

    node: ClassVar[type[AddressNode]] = AddressNode
    name = PLACE
    end = "end" + PLACE

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        block = get_parser(self.env).parse_block(stream, (self.end,))
        stream.expect(TOKEN_TAG, value=self.end)
        return self.node(token, block)


class LinkTag(AddressTag):
    """{% dangol_link %}"""

    node, name, end = LinkNode, LINK, "end" + LINK


class SaidTag(AddressTag):
    """{% dangol_said %}"""

    node, name, end = SaidNode, SAID, "end" + SAID


TAGS: tuple[Any, ...] = (AddressTag, LinkTag, SaidTag)
