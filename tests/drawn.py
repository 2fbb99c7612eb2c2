"""Pictures of text with known words and boxes, drawn when a test asks for them."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, field

from PIL import Image, ImageDraw
from rapidfuzz.distance import Levenshtein

from visual_agent.drawing import font
from visual_agent.geometry import Box

WORDS = """quick brown fox jumps over lazy dog while seven wizards brew potions near harbour walls count silver coins
before winter storms arrive with heavy rain invoice total amount payment street number order customer"""
ENGLISH = WORDS.split()
CHINESE = "订单编号合计金额日期客户名称数量单价总计发票申请人苏州新品发布会商品咖啡茶叶苹果香蕉天地玄黄春夏秋冬东西南北"


@dataclass
class Sheet:
    """A picture, the texts drawn on it in order, and their boxes."""

    image: Image.Image
    texts: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)

    @classmethod
    def blank(cls, width: int, height: int, color: str = "white") -> Sheet:
        return cls(Image.new("RGB", (width, height), color))

    def write(self, x: float, y: float, text: str, px: int = 18, color: str = "black", right: bool = False) -> Box:
        draw = ImageDraw.Draw(self.image)
        if right:
            x -= draw.textlength(text, font=font(px))
        draw.text((x, y), text, font=font(px), fill=color)
        box = Box(*draw.textbbox((x, y), text, font=font(px)))
        self.texts.append(text)
        self.boxes.append(box)
        return box

    def turned(self, degrees: float) -> Image.Image:
        return self.image.rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)


def page(language: str = "en", px: int = 14, width: int = 460, height: int = 220, seed: int = 0) -> Sheet:
    """Lines of random words that fill a page."""
    chance = random.Random(f"{language}{px}{seed}")
    sheet, y = Sheet.blank(width, height), 16
    while y + 2 * px < height:
        text = ""
        while font(px).getlength(text) < width - 60 - 6 * px:
            text += chance.choice(ENGLISH) + " " if language == "en" else chance.choice(CHINESE)
        sheet.write(24, y, text.strip(), px)
        y += round(1.7 * px)
    return sheet


def receipt() -> Sheet:
    """Title, address, three items with prices, a total."""
    sheet = Sheet.blank(420, 330)
    sheet.write(130, 20, "ACME STORE", 24)
    sheet.write(130, 60, "12 Harbour Street", 16)
    for row, (name, price) in enumerate(
        [("Coffee", "2.50"), ("Green tea", "3.10"), ("Butter croissant", "4.75"), ("TOTAL", "10.35")]
    ):
        sheet.write(30, 110 + 34 * row, name)
        sheet.write(390, 110 + 34 * row, price, right=True)
    sheet.write(130, 280, "Thank you, come again!", 16)
    return sheet


def labels(width: int, height: int, px: int, count: int = 40, seed: int = 0) -> Sheet:
    """Codes such as `KB-4821` scattered over a large drawing."""
    chance = random.Random(seed)
    sheet = Sheet.blank(width, height, "#f4f4f0")
    draw = ImageDraw.Draw(sheet.image)
    for _ in range(count * 5):
        x, y = chance.randrange(20, width - 100), chance.randrange(20, height - 80)
        draw.rectangle((x, y, x + chance.randrange(5, 50), y + chance.randrange(5, 40)), outline="#8090a0")
    while len(sheet.boxes) < count:
        x, y = chance.randrange(20, width - 150), chance.randrange(20, height - 40)
        if any(abs(x - b.x1) < 200 and abs(y - b.y1) < 60 for b in sheet.boxes):
            continue
        text = "".join(chance.choices("ABCDEFHKLMNPRTUVWXY", k=2)) + f"-{chance.randrange(1000, 10000)}"
        draw.rectangle((x - 4, y - 2, x + 6 * px, y + 1.5 * px), fill="white")
        sheet.write(x, y, text, px)
    return sheet


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def error_rate(read: list[str], true: list[str]) -> float:
    """Character error rate without spaces, in order."""
    a, b = plain("".join(read)), plain("".join(true))
    return Levenshtein.distance(a, b) / len(b)
