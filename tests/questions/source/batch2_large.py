# ruff: noqa: E501
"""Very large pictures, pairs and photos of the second batch."""

from __future__ import annotations

import random

from drawings import patched, photo
from model import Picture, absent, contains, exact, grid, locate, needs_vlm, number, page, yesno


def _span(html: str, key: str) -> str:
    """The text of the element `key`, so that expected answers come from the same draw as the page."""
    return html.split(f"id={key}>")[1].split("<")[0]


def board() -> str:
    """A 4000x3000 circuit board drawing, 13 px silk screen."""
    rng = random.Random(5)
    out = [
        "<body style=\"width:4000px;height:3000px;background:#0b5d3b;color:#f4f4f4;font:13px 'DejaVu Sans Mono';position:relative\">"
    ]
    parts = {
        "R": ["4k7", "10k", "220R", "1M", "33k", "680R"],
        "C": ["100n", "22u", "4u7", "1n", "470p"],
        "U": ["LM358", "NE555", "74HC14", "ATtiny85", "MAX232"],
        "D": ["1N4148", "BAT54", "LED red", "5V1"],
    }
    numbers = dict.fromkeys(parts, 0)
    for i in range(84):
        kind = rng.choice("RRRRCCCUD")
        numbers[kind] += 1
        x, y = 140 + (i % 12) * 320 + rng.randrange(90), 160 + (i // 12) * 400 + rng.randrange(180)
        w, h = {"R": (70, 26), "C": (50, 50), "U": (150, 90), "D": (60, 24)}[kind]
        out.append(
            f"<div style='position:absolute;left:{x}px;top:{y}px;width:{w}px;height:{h}px;background:#222;border:2px solid #c9b037'></div><div style='position:absolute;left:{x}px;top:{y + h + 6}px'><span id={kind}{numbers[kind]}n>{kind}{numbers[kind]}</span>&nbsp; <span id={kind}{numbers[kind]}>{rng.choice(parts[kind])}</span></div>"
        )
    out.append("<div id=rev style='position:absolute;left:3300px;top:2930px'>PSU-MON rev 2.3 · 2024-11</div>")
    return "".join(out)


def sheet() -> str:
    """A 3600x2600 spreadsheet of 44 rows, 14 px."""
    rng = random.Random(9)
    towns = [
        "Abbots Cross",
        "Bellwick",
        "Carrow",
        "Dunstead",
        "Elmore",
        "Farley",
        "Gressing",
        "Hexton",
        "Inkpen",
        "Jarvel",
        "Kelby",
        "Lorne",
        "Mossley",
        "Nethergate",
        "Oakham",
        "Pendle",
        "Quarley",
        "Rushden",
        "Selmer",
        "Tarn",
        "Upwell",
        "Varley",
        "Wexcombe",
        "Yarm",
        "Zeal",
        "Ashby",
        "Birdlip",
        "Corley",
        "Dalton",
        "Eastry",
        "Fenwick",
        "Goring",
        "Harlow",
        "Ilmer",
        "Jordans",
        "Kemble",
        "Lydd",
        "Marden",
        "Norbury",
        "Otley",
        "Poole",
        "Rowde",
        "Stoke",
        "Thorne",
    ]
    heads = ["Town", *(f"{m} {y}" for y in (2023, 2024) for m in ("Jan", "Apr", "Jul", "Oct")), "Manager"]
    people = ["A. Boateng", "C. Dupuis", "E. Falk", "G. Horvat", "I. Jansen", "K. Lindqvist", "M. Nowak", "O. Petrov"]
    rows = ["|".join(heads)] + [
        "|".join([t, *(f"{rng.randrange(1000, 9999):,}" for _ in range(8)), rng.choice(people)]) for t in towns
    ]
    return (
        "<body style=\"width:3600px;font:14px 'Liberation Sans'\"><style>table{border-collapse:collapse;width:3520px;margin:30px}td,th{border:1px solid #ccc;padding:20px 12px;text-align:right}td:first-child{text-align:left}</style><table>"
        + grid("\n".join(rows))
        + "</table>"
    )


def catalogue() -> str:
    """A 4600x3200 Chinese parts catalogue, 14 px, six columns of cards."""
    rng = random.Random(31)
    goods = [
        "不锈钢合页",
        "尼龙扎带",
        "铜球阀",
        "角磨片",
        "密封圈",
        "膨胀螺栓",
        "铝合金拉手",
        "水龙头阀芯",
        "热熔胶棒",
        "导轨滑块",
        "冲击钻头",
        "电工胶布",
        "弹簧垫圈",
        "镀锌钢管",
        "快速接头",
        "万向轮",
    ]
    sizes = ["M6", "M8", "DN15", "DN20", "40mm", "65mm", "8×120", "3×200"]
    out = [
        "<body style=\"width:4600px;height:3200px;background:#fff;font:14px 'Noto Sans CJK SC';position:relative\"><div style='position:absolute;left:60px;top:30px;font-size:44px'>宏达五金配件总目录　第12版</div>"
    ]
    used: set[tuple[str, str]] = set()
    for i in range(72):
        while (pick := (rng.choice(goods), rng.choice(sizes))) in used:
            pass
        used.add(pick)
        x, y = 70 + (i % 8) * 565, 140 + (i // 8) * 335
        out.append(
            f"<div style='position:absolute;left:{x}px;top:{y}px;width:480px;height:270px;border:1px solid #bbb'><div style='width:140px;height:140px;background:#dde;margin:14px'></div><div style='position:absolute;left:180px;top:40px;line-height:2'><span id=n{i}>{pick[0]} {pick[1]}</span><br>编号 <span id=c{i}>HD-{rng.randrange(2000, 8999)}</span><br>库存 <span id=s{i}>{rng.randrange(10, 990)}</span> 件　单价 <span id=p{i}>{rng.randrange(80, 9900) / 100:.2f}</span> 元</div></div>"
        )
    return "".join(out)


def metro() -> str:
    """A 5200x3600 metro map with 15 px bilingual names."""
    rng = random.Random(12)
    zh = [
        "松涛路",
        "白鹿洞",
        "纺织城",
        "三岔湾",
        "天元桥",
        "紫竹院",
        "体育中心",
        "金沙渡",
        "凤凰岭",
        "老城墙",
        "医学院",
        "会展馆",
        "棉花巷",
        "月牙塘",
        "电视台",
        "东码头",
        "植物园",
        "百货大楼",
        "石榴园",
        "鼓楼西",
        "造船厂",
        "观音桥",
        "科学城",
        "云杉路",
        "龙首村",
        "民航站",
        "双塔寺",
        "玉泉街",
        "麒麟门",
        "莲花池",
    ]
    en = [
        "Songtao Rd",
        "White Deer Cave",
        "Textile Town",
        "Sancha Bay",
        "Tianyuan Bridge",
        "Zizhuyuan",
        "Sports Centre",
        "Jinsha Ferry",
        "Phoenix Ridge",
        "Old City Wall",
        "Medical College",
        "Expo Hall",
        "Cotton Lane",
        "Crescent Pond",
        "TV Station",
        "East Wharf",
        "Botanical Garden",
        "Department Store",
        "Pomegranate Garden",
        "Drum Tower West",
        "Shipyard",
        "Guanyin Bridge",
        "Science City",
        "Yunshan Rd",
        "Longshou Village",
        "Air Terminal",
        "Twin Pagodas",
        "Yuquan St",
        "Qilin Gate",
        "Lotus Pool",
    ]
    out = [
        "<body style=\"width:5200px;height:3600px;background:#fff;font:15px 'Noto Sans CJK SC';position:relative\"><div style='position:absolute;left:80px;top:50px;font-size:46px'>轨道交通线路图</div>"
    ]
    for line, (colour, top) in enumerate([("#d33", 600), ("#28c", 1700), ("#2a5", 2800)]):
        out.append(
            f"<div style='position:absolute;left:200px;top:{top}px;width:4800px;height:12px;background:{colour}'></div><div id=line{line} style='position:absolute;left:110px;top:{top - 12}px;font-size:24px'>{line + 1}号线</div>"
        )
        for s in range(10):
            i, x = line * 10 + s, 330 + s * 500 + rng.randrange(-60, 60)
            y = top + (30 if s % 2 else -80)
            out.append(
                f"<div style='position:absolute;left:{x - 12}px;top:{top - 8}px;width:22px;height:22px;border:3px solid #222;border-radius:50%;background:#fff'></div><div style='position:absolute;left:{x - 40}px;top:{y}px'><span id=z{i}>{zh[i]}</span><br><span id=e{i}>{en[i]}</span></div>"
            )
    out.append("<div id=km style='position:absolute;left:4300px;top:3480px'>全网运营里程 87.6 公里　首班 6:05</div>")
    return "".join(out)


def adverts() -> str:
    """A 4200x3000 newspaper page of classified advertisements, 16 px."""
    rng = random.Random(64)
    things = [
        "Piano, upright",
        "Canoe, 14 ft",
        "Greenhouse 6x8",
        "Sewing machine",
        "Beehive, empty",
        "Garden bench",
        "Accordion",
        "Road bike 56 cm",
        "Wood stove",
        "Telescope 130 mm",
        "Cot, pine",
        "Drum kit",
        "Roof tiles, 200",
        "Chicken coop",
        "Lathe, small",
        "Kayak paddle",
        "Bookcase, oak",
        "Freezer, chest",
        "Loom, 4 shaft",
        "Trailer, 750 kg",
        "Typewriter",
        "Saddle 17 in",
        "Aquarium 90 l",
        "Snow chains",
        "Tent, 4 person",
        "Cello, 3/4",
        "Anvil 40 kg",
        "Wheelbarrow",
        "Banjo",
        "Wine press",
        "Go-kart",
        "Hammock",
        "Cider barrel",
        "Pottery wheel",
        "Skis 170 cm",
    ]
    out = [
        "<body style=\"width:4200px;height:3000px;background:#f6f2e7;font:16px/1.35 'Liberation Serif';position:relative\"><div style='position:absolute;left:80px;top:40px;font-size:70px'>THE FEN COURIER — Small Ads</div>"
    ]
    for i, thing in enumerate(things):
        x, y = 90 + (i % 7) * 585, 220 + (i // 7) * 545
        place = rng.choice(["Ely", "March", "Soham", "Wisbech", "Ramsey", "Littleport"])
        out.append(
            f"<div style='position:absolute;left:{x}px;top:{y}px;width:330px;border-top:2px solid #333;padding-top:6px'><b id=n{i}>{thing}</b><br>{rng.choice(['Good order, little used.', 'Some wear, works well.', 'Inherited, must go.', 'Buyer collects.'])} <span id=p{i}>£{rng.randrange(9, 460)}</span><br>{place}, tel. <span id=t{i}>01353 {rng.randrange(200000, 899999)}</span></div>"
        )
    return "".join(out)


BOARD, SHEET, CATALOGUE, METRO, ADVERTS = board(), sheet(), catalogue(), metro(), adverts()
ROWS = {
    line: i
    for i, line in enumerate(
        [
            "",
            *[
                "Abbots Cross",
                "Bellwick",
                "Carrow",
                "Dunstead",
                "Elmore",
                "Farley",
                "Gressing",
                "Hexton",
                "Inkpen",
                "Jarvel",
                "Kelby",
                "Lorne",
                "Mossley",
                "Nethergate",
                "Oakham",
                "Pendle",
                "Quarley",
                "Rushden",
                "Selmer",
                "Tarn",
            ],
        ]
    )
}


def cell(town: str, column: int) -> tuple[str, str]:
    """A cell's text and its id."""
    key = f"r{ROWS[town]}c{column}"
    return _span(SHEET, key).replace(",", ""), key


KELBY, TARN_J, TARN_A, CARROW = cell("Kelby", 6), cell("Tarn", 5), cell("Tarn", 1), cell("Carrow", 9)

MENU = """<style>body{{font:19px 'EB Garamond';width:560px;padding:34px;background:#fffaf0}}.f{{display:flex;justify-content:space-between;margin:7px 0}}h2{{text-align:center}}</style><h2>Osteria Salvia</h2><div class=f><span>Minestrone</span><span id=m1>{a}</span></div><div class=f><span id=d2>{d}</span><span id=m2>12.50</span></div><div class=f><span>Gnocchi with sage</span><span id=m3>{b}</span></div><div class=f><span>Sea bass, fennel</span><span id=m4>21.00</span></div><div class=f><span>Panna cotta</span><span id=m5>6.50</span></div><div class=f><span>House red, 0.5 l</span><span id=m6>{c}</span></div><p style="text-align:center;font-size:16px"><span id=cl>{e}</span></p>"""
MENU_A = MENU.format(a="7.50", d="Vitello tonnato", b="13.00", c="9.80", e="Closed on Mondays")
MENU_B = MENU.format(a="7.50", d="Beef carpaccio", b="14.50", c="9.80", e="Closed on Mondays")

STORE_ZH = """<style>body{{font:18px 'Noto Sans CJK SC';width:480px;padding:24px;background:{bg}}}.f{{display:flex;justify-content:space-between;border-bottom:1px dotted #555;padding:6px 0}}h3{{text-align:center}}</style><h3 id=n>{n}</h3><div class=f><span>空心菜（斤）</span><span id=a>{a}</span></div><div class=f><span>五花肉（斤）</span><span id=b>{b}</span></div><div class=f><span>基围虾（斤）</span><span id=c>{c}</span></div><div class=f><span>豆腐（块）</span><span id=d>{d}</span></div><div class=f><span>东北大米（10斤）</span><span id=e>{e}</span></div><p>{f}</p>"""
STORE_A = STORE_ZH.format(
    bg="#f4fff2", n="惠民菜场　今日价", a="3.20", b="15.80", c="38.00", d="2.50", e="33.00", f="早上6点开门"
)
STORE_B = STORE_ZH.format(
    bg="#fff4ec", n="邻里鲜超市　特价", a="2.98", b="16.50", c="35.90", d="2.80", e="31.80", f="满50元送货上门"
)

CV_ZH = """<style>body{{font:17px/1.8 'WenQuanYi Micro Hei';width:560px;padding:28px}}h2{{margin:0}}</style><h2 id=n>{n}</h2><div>应聘岗位：<span id=j>产品经理</span></div><div>学历：<span id=e>{e}</span></div><div>工作年限：<span id=y>{y}</span></div><div>期望月薪：<span id=s>{s}</span></div><div>英语：<span id=l>{l}</span></div><div>到岗时间：<span id=t>{t}</span></div><div>爱好：<span id=h>{h}</span></div>"""
CV_A = CV_ZH.format(n="白静怡", e="硕士", y="4年", s="22,000元", l="雅思7.0", t="两周内", h="羽毛球、烘焙")
CV_B = CV_ZH.format(n="雷文昊", e="本科", y="7年", s="26,500元", l="CET-4", t="一个月后", h="登山、摄影")

ROUTER = """<style>body{{background:#20252b;color:#dfe6ee;font:15px Roboto;width:620px;padding:24px}}.r{{display:flex;justify-content:space-between;padding:10px 0;border-bottom:1px solid #37404a}}</style><h3>Router – Wireless</h3><div class=r><span>Network name</span><span id=n>{n}</span></div><div class=r><span>Channel</span><span id=c>{c}</span></div><div class=r><span>Security</span><span id=s>WPA3</span></div><div class=r><span>Guest network</span><span id=g>{g}</span></div><div class=r><span>Connected devices</span><span id=d>{d}</span></div><div class=r><span>Firmware</span><span id=f>7.12</span></div>"""
ROUTER_A = ROUTER.format(n="attic-net", c="36", g="off", d="11")
ROUTER_B = ROUTER.format(n="attic-net", c="44", g="on", d="14")

CLAUSE = """<style>body{{font:17px/1.6 'Liberation Serif';width:660px;padding:40px}}</style><h3>Service agreement — {v}</h3><p>1. The contractor maintains the lifts in both buildings and answers calls within <span id=a>{a} hours</span>.</p><p>2. The yearly fee is <span id=b>{b}</span>, payable in two parts.</p><p>3. Either party may end this agreement with <span id=c>{c}</span> notice in writing.</p><p>4. Disputes are heard by the court in <span id=d>Limerick</span>.</p>"""
CLAUSE_A = CLAUSE.format(v="draft of 3 March", a="8", b="€6,400", c="three months'")
CLAUSE_B = CLAUSE.format(v="draft of 21 March", a="4", b="€6,950", c="three months'")

PICTURES = [
    Picture("circuit_board", "large", [page(BOARD, 4000, 3000)], [
        exact("What value does resistor R17 have?", _span(BOARD, "R17"), "R17 R17n"),
        exact("which part is U4?", _span(BOARD, "U4"), "U4 U4n"),
        exact("What revision of the board is it?", "2.3;;rev 2.3", "rev"),
        locate("Point at capacitor C5.", "C5n C5"),
        absent("What's the value of R95?"),
    ]),
    Picture("town_sheet", "large", [page(SHEET, 3600)], [
        number("What's Kelby's number for April 2024?", KELBY[0], KELBY[1]),
        number("How did Tarn change from January 2023 to January 2024? Give the difference (later minus earlier).", str(int(TARN_J[0]) - int(TARN_A[0])), f"{TARN_J[1]} {TARN_A[1]}"),
        exact("Who is in charge of Carrow?", CARROW[0], CARROW[1]),
        number("七月2023年 Farley 的数字是多少？", cell("Farley", 3)[0], cell("Farley", 3)[1]),
        absent("What was Brampton's figure in July 2024?"),
    ]),
    Picture("parts_catalogue_zh", "large", [page(CATALOGUE, 4600, 3200)], [
        exact(f"“{_span(CATALOGUE, 'n44')}”的编号是什么？", _span(CATALOGUE, "c44"), "c44"),
        number(f"{_span(CATALOGUE, 'n13')}还有多少件库存", _span(CATALOGUE, "s13"), "s13"),
        number(f"买一个{_span(CATALOGUE, 'n60')}要多少钱？", _span(CATALOGUE, "p60"), "p60"),
        exact(f"{_span(CATALOGUE, 'c25')} 是什么货？", _span(CATALOGUE, "n25"), "n25"),
        absent("防水涂料的编号是多少？"),
    ], "zh"),
    Picture("metro_map_zh", "large", [page(METRO, 5200, 3600)], [
        exact("造船厂站的英文名是什么？", "Shipyard", "e20"),
        exact("植物园在几号线上？", "2号线;;2;;二号线", "z16 line1"),
        exact("What is the Chinese name of Cotton Lane?", "棉花巷", "z12"),
        number("整个地铁网有多少公里？", "87.6", "km"),
        absent("火车北站在几号线？"),
    ], "zh"),
    Picture("small_ads", "large", [page(ADVERTS, 4200, 3000)], [
        number("How much do they want for the telescope?", _span(ADVERTS, "p9"), "p9"),
        exact("What number should I call about the banjo?", _span(ADVERTS, "t28"), "t28"),
        locate("Where is the advert for the wood stove?", "n8"),
        yesno("Is anyone selling a cider barrel?", "yes", "n32", "presence"),
        number("卖大提琴（cello）的要价多少英镑？", _span(ADVERTS, "p25"), "p25"),
        absent("How much is the lawn mower?"),
    ]),
    Picture("osteria_menus", "pair", [page(MENU_A, 628), page(MENU_B, 628, photo={"seed": 15, "turn": 1.5, "bend": 0.02, "noise": 5}, quality=73)], [
        number("By how much did the gnocchi go up?", "1.50", "0:m3 1:m3"),
        exact("Which dish is new on the second menu?", "Beef carpaccio", "1:d2"),
        yesno("Did the price of the panna cotta change?", "no", "0:m5 1:m5", "presence"),
        absent("How much did the tiramisu cost before?"),
    ]),
    Picture("two_markets_zh", "pair", [page(STORE_A, 528), page(STORE_B, 528, photo={"seed": 26, "turn": -2, "bend": 0.02, "noise": 6}, quality=73)], [
        exact("哪家的虾更便宜？", "邻里鲜超市;;邻里鲜;;第二家;;第二张;;图2;;img2", "1:c 1:n"),
        number("大米两家差多少钱？", "1.2", "0:e 1:e"),
        exact("Where is pork belly (五花肉) cheaper?", "惠民菜场;;the first;;first;;image 1;;picture 1;;img1", "0:b 0:n"),
        number("在惠民菜场买两块豆腐要多少钱？", "5", "0:d"),
        absent("两家谁的鸡蛋便宜？"),
    ], "zh"),
    Picture("candidates_zh", "pair", [page(CV_A, 616), page(CV_B, 616)], [
        exact("谁工作经验更长？", "雷文昊", "1:y 1:n"),
        exact("哪一位能更快上班？", "白静怡", "0:t 0:n"),
        number("两人要的工资相差多少？", "4500", "0:s 1:s"),
        exact("Which candidate holds a master's degree?", "白静怡", "0:e 0:n"),
        absent("谁有驾照？"),
    ], "zh"),
    Picture("router_pages", "pair", [page(ROUTER_A, 668), page(ROUTER_B, 668)], [
        contains("What's different with the guest network now?", "on", "1:g"),
        number("How many more devices are connected in the second screenshot?", "3", "0:d 1:d"),
        exact("Which channel was in use at first?", "36", "0:c"),
        yesno("Is the firmware the same on both?", "yes", "0:f 1:f", "presence"),
    ]),
    Picture("lift_contract", "pair", [page(CLAUSE_A, 740), page(CLAUSE_B, 740, photo={"seed": 58, "turn": 0.7, "bend": 0.01, "noise": 5}, quality=75)], [
        contains("What happened to the yearly fee between the two drafts?", "6,950", "1:b"),
        number("How fast must they now answer, in hours?", "4", "1:a"),
        yesno("Has the period of notice been altered?", "no", "0:c 1:c", "presence"),
        absent("Who signed the later draft?"),
    ]),
    Picture("camera_pair", "pair", [page(draw=lambda _: patched("camera", 0), quality=88), page(draw=lambda _: patched("camera", 3), quality=88)], [
        yesno("Are these two photos exactly the same?", "no", ""),
        number("In how many places do they differ?", "3", ""),
        locate("Mark a spot where the second photo was altered.", "1:patch0 1:patch1 1:patch2", "pair"),
    ]),
    Picture("hubble_pair_zh", "pair", [page(draw=lambda _: patched("hubble_deep_field", 0), quality=88), page(draw=lambda _: patched("hubble_deep_field", 4), quality=88)], [
        number("两张图有几处不同？", "4", ""),
        locate("第二张图里哪里被改动过？指出一处即可", "1:patch0 1:patch1 1:patch2 1:patch3", "pair"),
        yesno("两张图完全一样吗？", "no", ""),
    ], "zh"),
    Picture("astronaut_photo", "photo", [page(draw=lambda _: photo("astronaut", 0.9), quality=82)], [
        needs_vlm("What colour is the suit she wears?", "orange;;橙色"),
        needs_vlm("这位女士身后有什么交通工具的模型？", "航天飞机;;火箭;;space shuttle;;shuttle"),
        needs_vlm("Is the woman smiling?", "yes"),
        absent("What is the licence plate number in this picture?"),
    ]),
    Picture("cat_photo", "photo", [page(draw=lambda _: photo("chelsea"), quality=82)], [
        needs_vlm("What animal is this?", "cat;;猫"),
        needs_vlm("图里的动物眼睛是什么颜色的？", "绿色;;green;;黄绿色"),
        absent("What does the tag on its collar say?"),
    ]),
    Picture("motorcycle_photo", "photo", [page(draw=lambda _: photo("motorcycle"), quality=80)], [
        needs_vlm("What kind of vehicle is standing in the garage?", "motorcycle;;motorbike;;摩托车"),
        absent("图中车牌上的号码是多少？"),
    ]),
    Picture("coins_photo", "photo", [page(draw=lambda _: photo("coins"), quality=82)], [
        needs_vlm("How many coins lie there?", "24"),
        needs_vlm("这些硬币是圆的还是方的？", "圆;;圆的;;圆形;;round"),
        absent("What price is written on the label beside the coins?"),
    ]),
]  # fmt: skip
