# ruff: noqa: E501
"""Signs, charts, very large pictures, pairs and photos of the first batch."""

from __future__ import annotations

import random

from drawings import barh, bars, lines, on_background, photo
from model import Picture, absent, contains, exact, locate, needs_vlm, number, page, yesno

POOL = """<div style="width:520px;background:#0057a8;color:#fff;font:bold 24px 'Liberation Sans';padding:26px;border:10px solid #fff;outline:4px solid #0057a8"><div style="font-size:44px;text-align:center">POOL RULES</div><br><div>Open <span id=open>6 AM – 9 PM</span></div><br><div id=dive style="font-size:34px">NO DIVING</div><div>Maximum occupancy <span id=max>48</span></div><div>Children under <span id=age>14</span> must be with an adult</div><div>Depth <span id=deep>3 ft to 5 ft 6 in</span></div><br><div style="font-size:18px">Emergency: dial <span id=tel>911</span>, address <span id=adr>2250 Alder Court</span></div></div>"""
PARK_ZH = """<div style="width:460px;background:#1b6b3a;color:#fff;font:26px 'Noto Sans CJK SC';padding:24px;text-align:center;border-radius:14px"><b style="font-size:46px" id=name>停车场</b><div>P2 层　剩余车位 <span id=left style="color:#ff3">137</span></div><hr><div style="text-align:left;line-height:1.7">小型车　首小时 <span id=first>8元</span><br>之后每小时 <span id=next>5元</span><br>全天封顶 <span id=cap>60元</span><br>新能源车前 <span id=ev>2小时免费</span><br>限高 <span id=high>2.1米</span></div></div>"""
SHELF = """<style>.t{display:inline-block;width:190px;background:#fff7c2;border:2px solid #222;margin:10px;padding:8px 12px;font:16px Lato;vertical-align:top}.t b{font-size:32px;display:block}.t small{color:#444}</style><div style="background:#7a5c3a;padding:16px;width:680px">
<div class=t>Basmati rice 1 kg<b id=p1>$3.49</b><small id=u1>$0.35 / 100 g</small></div><div class=t>Red lentils 500 g<b id=p2>$2.15</b><small id=u2>$0.43 / 100 g</small></div><div class=t>Chickpeas 400 g tin<b id=p3>$1.29</b><small id=u3>$0.32 / 100 g</small></div><div class=t>Couscous 750 g<b id=p4>$4.05</b><small id=u4>$0.54 / 100 g</small></div><div class=t><span id=n5>Rolled oats 1 kg</span><b id=p5>$2.80</b><small id=u5>$0.28 / 100 g</small></div><div class=t>Quinoa 500 g<b id=p6>$6.99</b><small id=u6>$1.40 / 100 g</small></div></div>"""
ROAD = """<div style="width:560px;background:#006b3f;color:#fff;font:bold 34px Roboto;padding:22px 30px;border:6px solid #fff;border-radius:16px"><div style="display:flex;justify-content:space-between"><span id=a>Ashford Mills</span><span id=ad>12</span></div><div style="display:flex;justify-content:space-between"><span id=b>Port Carrow</span><span id=bd>38</span></div><div style="display:flex;justify-content:space-between"><span id=c>Lake Venn</span><span id=cd>71</span></div><hr><div style="font-size:28px;text-align:center" id=exit>EXIT 23B · 1 MILE</div></div>"""


def warehouse() -> str:
    """A 4800x3200 floor plan with 12 px labels; codes from a fixed seed."""
    rng = random.Random(401)
    goods = [
        "gaskets",
        "hose clamps",
        "bearings",
        "copper elbows",
        "fan belts",
        "grommets",
        "rivets",
        "spark plugs",
        "washers",
        "valve caps",
        "toggle bolts",
        "fuses",
    ]
    out = [
        "<body style=\"width:4800px;height:3200px;background:#fbfbf7;font:12px 'DejaVu Sans';position:relative\"><div style='position:absolute;left:60px;top:40px;font-size:40px'>Hall 3 – storage plan</div>"
    ]
    used: set[int] = set()
    for aisle in range(12):
        for bay in range(9):
            code = rng.choice([n for n in range(1000, 9999) if n not in used])
            used.add(code)
            name, left, top = rng.choice(goods), 150 + aisle * 385, 180 + bay * 325
            key = f"b{aisle}_{bay}"
            out.append(
                f"<div style='position:absolute;left:{left}px;top:{top}px;width:300px;height:230px;border:2px solid #9ab'><div style='position:absolute;left:{rng.randrange(10, 120)}px;top:{rng.randrange(10, 180)}px'><span id={key}n>Bay {chr(65 + aisle)}{bay + 1}</span> · <span id={key}>{name} · bin {code} · {rng.randrange(3, 97) * 5} pcs</span></div></div>"
            )
    return "".join(out)


WAREHOUSE = warehouse()


def bay(key: str) -> str:
    """The text of a bay, so that the expected answers come from the same draw."""
    return WAREHOUSE.split(f"id={key}>")[1].split("</span>")[0]


def seats() -> str:
    """A 3600x2400 seating plan in Chinese, 14 px names."""
    rng = random.Random(77)
    family, given = (
        "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗",
        ["建国", "雅婷", "子涵", "晓峰", "丽华", "志强", "梦瑶", "文博", "春燕", "海涛", "若曦", "俊杰"],
    )
    names = rng.sample([a + b for a in family for b in given], 120)
    out = [
        "<body style=\"width:3600px;height:2400px;background:#fff;font:14px 'Noto Sans CJK SC';position:relative\"><div style='position:absolute;left:1650px;top:30px;font-size:42px'>年会座位图</div>"
    ]
    for t in range(15):
        x, y = 200 + (t % 5) * 690, 200 + (t // 5) * 720
        out.append(
            f"<div style='position:absolute;left:{x}px;top:{y}px;width:380px;height:380px;border:2px solid #b55;border-radius:50%'></div><div id=t{t} style='position:absolute;left:{x + 150}px;top:{y + 175}px;font-size:22px'>第{t + 1}桌</div>"
        )
        for s, (dx, dy) in enumerate(
            [(165, 30), (290, 75), (320, 175), (290, 280), (165, 325), (45, 280), (15, 175), (45, 75)]
        ):
            out.append(
                f"<span id=s{t}_{s} style='position:absolute;left:{x + dx}px;top:{y + dy}px'>{names[t * 8 + s]}</span>"
            )
    return "".join(out)


SEATS = seats()


def sitter(table: int, seat: int) -> str:
    """Who sits there."""
    return SEATS.split(f"id=s{table}_{seat} ")[1].split(">")[1].split("<")[0]


QUOTE = """<style>body{{font:16px Carlito;padding:36px;width:640px}}table{{width:100%;border-collapse:collapse}}td,th{{border:1px solid #888;padding:7px}}</style><h2 id=firm>{firm}</h2><p>Quotation <span id=no>{no}</span> · valid until <span id=valid>{valid}</span></p><table><tr><th>Work<th>Days<th>Price</tr><tr><td>Strip old roof<td>{d1}<td id=p1>{p1}</tr><tr><td>New battens and felt<td>{d2}<td id=p2>{p2}</tr><tr><td>Slates and ridge<td>{d3}<td id=p3>{p3}</tr><tr><td><b>Total</b><td id=days>{d}<td id=total><b>{p}</b></tr></table><p>Guarantee: <span id=guar>{g}</span>. Scaffolding <span id=scaf>{s}</span>.</p>"""
QUOTE_A = QUOTE.format(
    firm="Hollis &amp; Sons Roofing",
    no="Q-118",
    valid="31 May",
    d1=2,
    p1="£1,150",
    d2=3,
    p2="£1,840",
    d3=5,
    p3="£4,275",
    d=10,
    p="£7,265",
    g="10 years",
    s="included",
)
QUOTE_B = QUOTE.format(
    firm="Peak Slate Co.",
    no="2025/77",
    valid="15 June",
    d1=1,
    p1="£980",
    d2=2,
    p2="£1,990",
    d3=4,
    p3="£4,050",
    d=7,
    p="£7,020",
    g="15 years",
    s="extra, about £600",
)

NOTICE = """<style>body{{font:20px 'Noto Sans CJK SC';padding:34px;width:640px;line-height:1.9}}h2{{text-align:center}}</style><h2>停水通知</h2><p>各位业主：因管道检修，本小区将于 <span id=day>{day}</span> <span id=time>{time}</span> 暂停供水，涉及 <span id=area>{area}</span>。请提前储水，给您带来不便敬请谅解。</p><p style="text-align:right">{sign}<br><span id=tel>{tel}</span></p>"""
NOTICE_A = NOTICE.format(
    day="7月3日", time="8:00至17:00", area="1至6号楼", sign="翠湖物业服务中心", tel="0571-8655 0192"
)
NOTICE_B = NOTICE.format(
    day="7月3日", time="8:00至21:30", area="1至6号楼", sign="翠湖物业服务中心", tel="0571-8655 0192"
)

PICTURES = [
    Picture("pool_sign", "sign", [page(draw=lambda c: on_background(c, POOL, "brick", seed=2), quality=75)], [
        number("How many people may be in the water at once?", "48", "max"),
        contains("until what time can you swim?", "9 PM;;21:00;;9:00 PM", "open"),
        locate("Show me where it forbids jumping in head first (diving).", "dive"),
        absent("How much is a ticket for the pool?"),
    ]),
    Picture("parking_zh", "sign", [page(draw=lambda c: on_background(c, PARK_ZH, "gravel", seed=4), quality=75)], [
        number("还有多少个空车位？", "137", "left"),
        number("停三个小时一共多少钱？（普通小车）", "18", "first next"),
        number("How tall may a car be at most, in metres?", "2.1", "high"),
        absent("月卡多少钱？"),
    ], "zh"),
    Picture("shelf_labels", "sign", [page(SHELF, 714, photo={"seed": 12, "turn": 0.8, "bend": 0.02}, quality=74)], [
        exact("which product on this shelf is cheapest per 100 g?", "Rolled oats;;Rolled oats 1 kg;;oats", "u5 n5"),
        number("What do the lentils cost?", "2.15", "p2"),
        number("Cost of one bag of quinoa plus one couscous?", "11.04", "p6 p4"),
        number("How many different products have a price tag here?", "6", "p1 p2 p3 p4 p5 p6", "count"),
        absent("What is the price of the black beans?"),
    ]),
    Picture("road_sign", "sign", [page(draw=lambda c: on_background(c, ROAD, "grass", seed=9), quality=75)], [
        number("How far is it to Port Carrow?", "38", "bd"),
        exact("Which exit is coming up?", "23B;;Exit 23B", "exit"),
        number("how much farther is lake venn than ashford mills", "59", "ad cd"),
        absent("How far is it to Fort Dunning?"),
    ]),
    Picture("library_loans", "chart", [page(draw=lambda _: bars(
        "Books lent per branch, October", ["Harbour", "Old Town", "Mill Hill", "Kingsway", "Fenside"], [1240, 2015, 870, 1630, 1105], "loans", "tab:blue"))], [
        exact("Which branch lent out the most books?", "Old Town", "v1 x1"),
        number("How many were borrowed at Kingsway?", "1630", "v3"),
        number("Difference between Harbour and Fenside?", "135", "v0 v4"),
        absent("How many books did the Riverside branch lend?"),
    ]),
    Picture("power_mix_zh", "chart", [page(draw=lambda _: barh(
        "某省2024年发电量构成（亿千瓦时）", ["火电", "水电", "风电", "光伏", "核电"], [2184, 563, 417, 395, 688], "#c0504d"))], [
        exact("哪一种发电最少？", "光伏", "v3 y3"),
        number("风电和光伏合计多少？", "812", "v2 v3"),
        number("核电发了多少亿千瓦时", "688", "v4"),
        exact("What is the chart's second biggest source?", "核电", "v4 y4"),
        absent("生物质发电量是多少？"),
    ], "zh"),
    Picture("visitors_lines", "chart", [page(draw=lambda _: lines(
        "Museum visitors (thousands)", ["Jan", "Feb", "Mar", "Apr", "May", "Jun"], {"Adults": [14, 17, 22, 31, 28, 35], "Schools": [9, 12, 19, 8, 24, 11]}, True))], [
        exact("In which month did the most school groups come?", "May", "Schools4 x4"),
        number("How many thousand grown-ups came in April?", "31", "Adults3"),
        number("Schools: by how many thousand did visits fall from May to June?", "13", "Schools4 Schools5"),
        absent("How many adults visited in September?"),
    ]),
    Picture("warehouse_plan", "large", [page(WAREHOUSE, 4800, 3200)], [
        number("What is the bin number at bay G4?", bay("b6_3").split("bin ")[1].split(" ")[0], "b6_3"),
        exact("What is kept in bay C8?", bay("b2_7").split(" ·")[0], "b2_7"),
        number("How many pieces lie in K2?", bay("b10_1").split("· ")[2].split(" ")[0], "b10_1"),
        locate("Find the label of bay E6 on the plan.", "b4_5 b4_5n"),
        absent("What is stored in bay N3?"),
    ]),
    Picture("banquet_zh", "large", [page(SEATS, 3600, 2400)], [
        exact(f"{sitter(6, 2)}坐在第几桌？", "第7桌;;7;;7桌;;第七桌", "s6_2 t6"),
        locate(f"请找到“{sitter(12, 5)}”的位置。", "s12_5"),
        yesno(f"名单里有没有{sitter(3, 0)}？", "yes", "s3_0", "presence"),
        number("一共摆了几桌？", "15", "", "count"),
        absent("欧阳慧敏坐在哪一桌？"),
    ], "zh"),
    Picture("roof_quotes", "pair", [page(QUOTE_A, 712), page(QUOTE_B, 712, photo={"seed": 6, "turn": -1.2, "bend": 0.015}, quality=70)], [
        exact("Which of the two roofers is cheaper going by the total?", "Peak Slate Co.;;Peak Slate;;the second;;second;;image 2;;picture 2;;img2", "1:total 1:firm"),
        number("What's the difference between the two totals?", "245", "0:total 1:total"),
        exact("Who gives the longer guarantee?", "Peak Slate Co.;;Peak Slate;;the second;;second;;image 2;;picture 2;;img2", "1:guar 1:firm"),
        absent("Which firm asks for the smaller down payment?"),
    ]),
    Picture("water_notices_zh", "pair", [page(NOTICE_A, 712), page(NOTICE_B, 712)], [
        contains("两张通知有什么不同？", "21:30", "1:time"),
        exact("第二张上停水到几点结束？", "21:30;;21点30;;晚上9点半", "1:time"),
        yesno("两份通知的电话号码一样吗？", "yes", "0:tel 1:tel", "presence"),
        absent("第一张通知的检修负责人叫什么？"),
    ], "zh"),
    Picture("coffee_photo", "photo", [page(draw=lambda _: photo("coffee"), quality=80)], [
        needs_vlm("What colour is the cup?", "red;;dark red;;orange red;;brick red;;reddish"),
        needs_vlm("桌上除了杯子还有什么餐具？", "勺子;;汤匙;;咖啡勺;;spoon"),
        absent("What brand name is printed on the cup?"),
    ]),
    Picture("page_photo", "photo", [page(draw=lambda _: photo("page"), quality=85)], [
        yesno("Does the text talk about markers?", "yes", "", "presence"),
        exact("What's the heading of this page?", "Region-based segmentation", ""),
        contains("In which parts of the histogram are the markers found?", "two extreme parts;;extreme parts;;the two extreme parts", ""),
        absent("Who is the author of this page?"),
    ]),
]  # fmt: skip

__all__ = ["PICTURES"]
