"""HTML and SVG that cannot be broken by what it holds: strings are escaped unless they are markup already."""

import html

VOID = ("br", "source", "col", "img")
MARKS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {0x7F: 0x2421}  # of what nobody sees


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Escape text from anywhere: markup stays as it is, control characters and half characters become visible."""
    if isinstance(text, Markup):
        return text
    whole = text.encode("utf-8", "replace").decode("utf-8").translate(MARKS)
    return Markup(html.escape(whole))


def tag(name: str, /, *content: str, **attributes: object) -> Markup:
    """Give an element; `class_` is class, other underscores are hyphens, attributes that are None are left out."""
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    opening = "".join([name, *(f' {key}="{escaped(str(value))}"' for key, value in given)])
    return Markup(f"<{opening}>" if name in VOID else f"<{opening}>{joined(*content)}</{name}>")


def joined(*content: str) -> Markup:
    """Put pieces in a row."""
    return Markup("".join(map(escaped, content)))
