#!/usr/bin/env python3
"""Draw the tables of docs/reference/benchmarks.md: contrib/bench/chart.py [FILE].

Without FILE the picture is docs/reference/benchmarks.svg.

A bar is a peer: how many times as fast as it we are, or as small where memory is measured. On
a logarithmic scale twice as fast and half as fast are equally far from 1, where the peer is.
"""

import re
import sys
from math import ceil, floor, log2
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

DOCS = Path(__file__).resolve().parents[2] / "docs/reference"
TABLE = re.compile(r"^## (.+)\n\n\| (.+?) \| median .*\n\| ---.*\n((?:\|.*\n)+)", re.MULTILINE)
WIDTH, MARGIN, TOP = 920, 28, 40  # of all; its edges; the first line of text
LEFT, RIGHT = 270, 864  # where the scale begins and ends
HEADING, ROW, BAR, GAP = 24, 22, 13, 14  # heights; the last is what is free below a group
STYLE = """
svg { color: #1d2733 }
text { font: 13px sans-serif; fill: currentColor }
.figure { paint-order: stroke; stroke: #fff; stroke-width: 5px }
.head { font-size: 20px }
.head, .name { font-weight: bold }
.soft { opacity: .75 }
.middle { text-anchor: middle }
.end { text-anchor: end }
.page { fill: #fff }
.more { fill: #2f74b5 }
.less { fill: #a9b2bc }
line { stroke: currentColor; stroke-width: 2.5 }
.grid { opacity: .12; stroke-width: 1 }
.peer { opacity: .6; stroke-width: 1.5 }
.miss { stroke: #d64a1c }
@media (prefers-color-scheme: dark) {
svg { color: #e4e9ef }
.page { fill: #12181f }
.more { fill: #4b93d8 }
.less { fill: #5d6771 }
.figure { stroke: #12181f }
.miss { stroke: #ff8a5c }
}
"""
WORDS = [
    ("head", "pydaemontools beside its peers"),
    ("soft", "How many times as fast as each peer, or as small where memory is measured."),
    ("soft", "The peer stands at 1. An upright stroke is what is wanted; it is red if missed."),
]


def groups(page):
    """What the tables of PAGE say: a title, its unit, the cells of our line, and the peers.

    Of each peer: its name, how many times as good we are, and how many were wanted, or None.
    """
    for title, unit, table in TABLE.findall(page.replace("`", "")):
        ours, *others = (line.strip("| ").split(" | ") for line in table.splitlines())
        peers = []
        for name, median, *rest in others:
            # What is the same up to a comma is ours too, used in another way.
            same = name.partition(",")[0] == ours[0].partition(",")[0]
            # There is no ratio to nothing.
            if not same and number(median) and number(ours[1]):
                ratio = number(median) / number(ours[1])
                wanted = re.match(r"at (most|least) (.+)", rest[-1])
                want = wanted and number(wanted[2]) ** (-1 if wanted[1] == "most" else 1)
                peers.append((name, 1 / ratio if "a second" in unit else ratio, want))
        yield title, unit, ours, peers


def number(text):
    """The number in a cell of a table."""
    return float(text.replace(",", ""))


def add(picture, tag, kind, words=None, **where):
    """Add an element of a KIND to PICTURE; WORDS if it is a text."""
    places = {name: f"{at:.1f}".removesuffix(".0") for name, at in where.items()}
    SubElement(picture, tag, {"class": kind} | places).text = words


class Scale:
    """The scale on which all of NUMBERS have their place, and 1; each tick is twice the last."""

    def __init__(self, numbers):
        self.least = floor(log2(min([1, *numbers])))
        self.most = max(self.least + 1, ceil(log2(max([1, *numbers]))))

    def across(self, times):
        """Where so many TIMES are."""
        return LEFT + (RIGHT - LEFT) * (log2(times) - self.least) / (self.most - self.least)

    def ticks(self):
        """What is at each tick, and where that is."""
        for at in range(self.least, self.most + 1):
            yield f"1/{2**-at}" if at < 0 else f"{2**at}", self.across(2.0**at)

    def names(self, picture, y):
        """Add what is at the ticks."""
        for name, x in self.ticks():
            add(picture, "text", "soft middle", name, x=x, y=y)

    def bar(self, picture, middle, name, times, want):
        """Add the row of a peer."""
        add(picture, "text", "peer-name", name, x=MARGIN + 14, y=middle + 4.5)
        top, end, base = middle - BAR / 2, self.across(times), self.across(1)
        kind = "more" if times >= 1 else "less"
        add(picture, "rect", kind, x=min(base, end), y=top, width=abs(end - base), height=BAR)
        upright(picture, "peer", base, middle - ROW / 2, middle + ROW / 2)
        tips = [end]
        if want:
            tips.append(self.across(want))
            upright(picture, "want" if times >= want else "miss", tips[1], top - 2, top + BAR + 2)
        figure = f"{times:.2f}" if times >= 0.1 else f"{times:#.2g}"
        if times >= 1:
            add(picture, "text", "figure", figure, x=max(tips) + 8, y=middle + 4.5)
        else:
            add(picture, "text", "figure end", figure, x=min(tips) - 8, y=middle + 4.5)


def upright(picture, kind, x, top, bottom):
    """Add a line at X from TOP to BOTTOM."""
    add(picture, "line", kind, x1=x, y1=top, x2=x, y2=bottom)


def draw(page):
    """The picture of PAGE, as text."""
    tables = list(groups(page))
    found = [peer for *_, peers in tables for peer in peers]
    scale = Scale([times for _, *both in found for times in both if times])
    picture = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img"})
    SubElement(picture, "title").text = "How fast and how small this toolkit is beside its peers"
    SubElement(picture, "style").text = STYLE
    sheet = SubElement(picture, "rect", {"class": "page", "width": str(WIDTH), "rx": "12"})
    y = TOP
    for kind, words in WORDS:
        add(picture, "text", kind, words, x=MARGIN, y=y)
        y += 21
    scale.names(picture, y + 14)
    y += 26
    for title, _, _, peers in tables:
        if peers:
            add(picture, "text", "name", title, x=MARGIN, y=y + 16)
            y += HEADING
            for _, x in scale.ticks():
                upright(picture, "grid", x, y, y + ROW * len(peers))
            for peer in peers:
                scale.bar(picture, y + ROW / 2, *peer)
                y += ROW
            y += GAP
    scale.names(picture, y + 8)
    y += 40
    alone = [f"{title}: {ours[1]} {unit}" for title, unit, ours, peers in tables if not peers]
    for words in [*alone, *re.findall(r"^\d{4}-\d\d-\d\d, .+$", page, re.MULTILINE)]:
        add(picture, "text", "soft", words, x=MARGIN, y=y)
        y += 21
    sheet.set("height", str(y + 4))
    picture.set("viewBox", f"0 0 {WIDTH} {y + 4}")
    indent(picture, "")
    return tostring(picture, encoding="unicode") + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "benchmarks.svg"
    target.write_text(draw((DOCS / "benchmarks.md").read_text()))
