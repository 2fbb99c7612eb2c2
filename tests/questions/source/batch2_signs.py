# ruff: noqa: E501
"""Signs, labels and charts of the second batch."""

from __future__ import annotations

from drawings import barh, bars, lines, on_background, pie
from model import Picture, absent, contains, exact, items, locate, needs_vlm, number, page, text, yesno

WARD_ZH = """<div style="width:520px;background:#fff;color:#0b4f8a;font:24px 'Noto Sans CJK SC';padding:20px;border-top:18px solid #0b4f8a"><b style="font-size:32px">住院楼楼层指引</b><table style="width:100%;line-height:1.7"><tr><td id=f6>6F<td id=d6>骨科病区</tr><tr><td id=f5>5F<td id=d5>产科病区　新生儿室</tr><tr><td id=f4>4F<td id=d4>手术室　麻醉科</tr><tr><td id=f3>3F<td id=d3>心内科病区</tr><tr><td id=f2>2F<td id=d2>检验科　输血科</tr><tr><td id=f1>1F<td id=d1>住院收费处　药房</tr><tr><td id=f0>B1<td id=d0>放射科　营养食堂</tr></table></div>"""
MUSEUM = """<div style="width:430px;background:#f8f6f0;color:#222;font:18px/1.45 'EB Garamond';padding:26px"><b style="font-size:27px" id=ti>Carrying Water, Evening</b><br><i id=yr>1887</i><br>Oil and casein on panel, <span id=sz>62 × 94 cm</span><br><b id=by>Ottilie Vanderbeek</b> (<span id=life>1851 Ghent – 1929 Lisbon</span>)<p id=tx>The painter spent three summers in the village of Sorrel; the woman at the well is her landlady.</p><small>Bequest of <span id=gift>Harold Finch</span>, 1954 · Inv. <span id=inv>P.54-0117</span></small></div>"""
PILLS_ZH = """<div style="width:600px;background:#fff;border:3px solid #178a54;font:18px 'Noto Sans CJK SC';padding:18px;color:#123"><div style="background:#178a54;color:#fff;font-size:34px;padding:8px 14px" id=n>盐酸西替利嗪片</div><div style="margin-top:8px">规格：<span id=g>10mg×24片</span></div><div>适应症：<span id=u>过敏性鼻炎、荨麻疹</span></div><div>用法用量：<span id=d>口服，成人一次1片，一日1次，晚上服用</span></div><div>有效期至：<span id=e>2027年03月</span>　批号：<span id=b>24C0718</span></div><div>批准文号：<span id=a>国药准字H20093216</span></div><div>贮藏：<span id=s>遮光，密封，30℃以下保存</span></div></div>"""
JAM = """<div style="width:420px;background:#fff5e6;border:6px double #8b1e3f;color:#5a1028;font:18px 'Courier Prime';text-align:center;padding:20px"><b style="font:bold 34px 'EB Garamond'" id=n>Damson &amp; Ginger</b><br>extra jam<br><br>Made by <span id=by>Wren Cottage Kitchen</span><br>Net weight <span id=w>340 g</span><br>Prepared with <span id=f>58 g fruit per 100 g</span><br>Sugar <span id=s>61 g per 100 g</span><br>Best before <span id=bb>NOV 2026</span><br>Once open keep cool, eat within <span id=o>6 weeks</span><br>Batch <span id=b>D-19</span></div>"""
BUS_ZH = """<div style="width:640px;background:#0c63b8;color:#fff;font:22px 'WenQuanYi Zen Hei';padding:18px"><div style="font-size:36px" id=here>青年广场南站</div><table style="width:100%;background:#fff;color:#123;line-height:1.6;padding:8px"><tr><td><b id=l1>23路</b><td>开往 <span id=t1>火车东站</span><td><span id=h1>5:50–22:30</span><td><span id=p1>2元</span></tr><tr><td><b id=l2>117路</b><td>开往 <span id=t2>大学城</span><td><span id=h2>6:20–21:00</span><td><span id=p2>2元</span></tr><tr><td><b id=l3>K9路</b><td>开往 <span id=t3>西湖湿地公园</span><td><span id=h3>7:00–19:30</span><td><span id=p3>4元</span></tr><tr><td><b id=l4>夜5路</b><td>开往 <span id=t4>国际医院</span><td><span id=h4>22:30–4:30</span><td><span id=p4>3元</span></tr></table></div>"""
DANGER_ZH = """<div style="width:440px;background:#ffd400;color:#111;font:bold 28px 'Noto Sans CJK SC';padding:22px;text-align:center;border:8px solid #111"><div style="font-size:60px" id=w>高压危险</div><div id=v>10kV 配电室</div><div id=k style="color:#c00">非工作人员禁止入内</div><div style="font-size:20px">抢修电话 <span id=t>95598-2</span>　责任人 <span id=r>孟凡林</span></div></div>"""
TRAILHEAD = """<div style="width:500px;background:#5b3a1e;color:#ffe9b8;font:24px Lato;padding:24px"><b style="font-size:36px">Cinder Gap Trailhead</b><table style="width:100%"><tr><td id=a>Raven Falls<td id=ad>1.8 mi</tr><tr><td id=b>Fire Lookout<td id=bd>4.3 mi</tr><tr><td id=c>Lake Adeline<td id=cd>6.9 mi</tr></table><div style="font-size:18px;margin-top:10px">Elevation <span id=el>5,120 ft</span> · Parking pass <span id=pp>$5 per day</span><br>Carry at least <span id=wt>2 quarts</span> of water each</div></div>"""

PICTURES = [
    Picture("ward_floors_zh", "sign", [page(draw=lambda c: on_background(c, WARD_ZH, "gravel", seed=14), quality=76)], [
        exact("拿药要去几楼？", "1F;;1楼;;一楼;;1", "f1 d1"),
        exact("3楼是什么科？", "心内科病区;;心内科", "d3"),
        exact("On which floor are babies born?", "5F;;5;;fifth floor;;5th floor;;fifth;;floor 5", "f5 d5"),
        locate("手术室写在哪里？帮我圈出来", "d4"),
        absent("眼科在几楼？"),
    ], "zh"),
    Picture("museum_card", "sign", [page(MUSEUM, 482, photo={"seed": 92, "turn": 1.5, "bend": 0.02, "noise": 7}, quality=72)], [
        exact("Who painted this?", "Ottilie Vanderbeek;;Vanderbeek", "by"),
        number("In what year was it made?", "1887", "yr"),
        number("How old did the artist get, going by the dates?", "78", "life"),
        exact("who left it to the museum?", "Harold Finch", "gift"),
        absent("In which room does the painting hang?"),
    ]),
    Picture("allergy_pills_zh", "sign", [page(PILLS_ZH, 642, photo={"seed": 25, "turn": -1, "bend": 0.015, "noise": 5}, quality=75)], [
        number("大人每天吃几片？", "1", "d"),
        contains("这药治什么病？", "过敏性鼻炎&&荨麻疹", "u"),
        exact("什么时候过期", "2027年03月;;2027年3月;;2027-03", "e"),
        number("How many tablets are in the box?", "24", "g"),
        absent("儿童用量是多少？"),
    ], "zh"),
    Picture("jam_label", "sign", [page(JAM, 480, photo={"seed": 44, "turn": 2, "bend": 0.03, "noise": 6}, quality=72)], [
        exact("What two things is this jam made from?", "Damson & Ginger;;Damson and Ginger", "n"),
        number("How many grams are in the jar?", "340", "w"),
        contains("How long does it keep after opening?", "6 weeks;;six weeks", "o"),
        yesno("Is there more sugar than fruit in it?", "yes", "f s", "presence"),
        absent("How many calories does it have?"),
    ]),
    Picture("bus_stop_zh", "sign", [page(draw=lambda c: on_background(c, BUS_ZH, "brick", seed=27), quality=78)], [
        exact("去大学城坐几路车？", "117路;;117", "l2"),
        exact("K9路末班车几点？", "19:30", "h3"),
        exact("哪条线路票价最贵？", "K9路;;K9", "p3 l3"),
        exact("这是什么站？", "青年广场南站;;青年广场南", "here"),
        absent("去机场坐几路？"),
    ], "zh"),
    Picture("high_voltage_zh", "sign", [page(draw=lambda c: on_background(c, DANGER_ZH, "grass", seed=35), quality=76)], [
        text("把牌子上最大的那行字抄下来", "高压危险", "w", "transcription"),
        exact("谁是负责人？", "孟凡林", "r"),
        exact("出了故障打什么电话？", "95598-2", "t"),
        yesno("普通人可以进去吗？", "no", "k", "presence"),
        needs_vlm("What colour is the background of the sign?", "yellow;;黄色"),
    ], "zh"),
    Picture("cinder_gap", "sign", [page(draw=lambda c: on_background(c, TRAILHEAD, "gravel", seed=48), quality=74)], [
        number("how many miles to the lake?", "6.9", "cd"),
        exact("What's closest?", "Raven Falls", "a ad"),
        number("If I park three days, what do I pay?", "15", "pp"),
        absent("When was this trail built?"),
    ]),
    Picture("commute_pie", "chart", [page(draw=lambda _: pie("How staff get to work", ["Bus", "Bicycle", "Car", "On foot", "Train"], [23, 18, 34, 9, 16]))], [
        exact("What's the most common way of getting to work?", "Car", "n2 p2"),
        number("What percentage cycle?", "18", "p1"),
        number("Share of public transport, bus and train together?", "39", "p0 p4"),
        absent("What share comes by scooter?"),
    ]),
    Picture("rain_months_zh", "chart", [page(draw=lambda _: bars("逐月降水量", ["四月", "五月", "六月", "七月", "八月", "九月"], [86, 132, 241, 178, 163, 74], "毫米", "#2a9d8f"))], [
        exact("几月份下雨最多？", "六月;;6月", "x2 v2"),
        number("八月的降水量是多少毫米", "163", "v4"),
        number("五月比四月多多少？", "46", "v0 v1"),
        exact("Which month was the driest?", "九月;;September;;9月", "v5 x5"),
        absent("十月的降水量是多少？"),
    ], "zh"),
    Picture("unlabelled_bars", "chart", [page(draw=lambda _: bars("Medals per club", ["Otters", "Herons", "Pikes", "Swans"], [12, 30, 20, 5], "medals", "darkorange", labels=False))], [
        exact("Which club has the highest bar?", "Herons", "x1"),
        number("About how many medals did the Pikes win?", "20", "x2"),
        items("Name the clubs shown, left to right.", "Otters;;Herons;;Pikes;;Swans", "x0 x1 x2 x3"),
        absent("How many medals did the Eels take?"),
    ]),
    Picture("dark_budget", "chart", [page(draw=lambda _: barh("Where the money went (k€)", ["Salaries", "Rent", "Travel", "Software", "Training", "Catering"], [418, 96, 37.5, 61, 22.4, 9.8], "#8ecae6", dark=True))], [
        number("What did they spend on tools such as software?", "61", "v3"),
        exact("What was the smallest item?", "Catering", "y5 v5"),
        number("Rent plus travel?", "133.5", "v1 v2"),
        absent("How much went to insurance?"),
    ]),
    Picture("two_shops_zh", "chart", [page(draw=lambda _: lines("两家门店周销售额（万元）", ["周一", "周二", "周三", "周四", "周五", "周六", "周日"], {"东门店": [8, 7, 9, 8, 12, 21, 19], "西站店": [15, 14, 13, 16, 18, 10, 6]}, True))], [
        number("东门店周六卖了多少万？", "21", "东门店5"),
        exact("西站店哪天卖得最差？", "周日;;星期日;;周天", "西站店6 x6"),
        number("周四西站店比东门店多多少万元", "8", "西站店3 东门店3"),
        absent("南湖店周一销售额是多少？"),
    ], "zh"),
]  # fmt: skip
