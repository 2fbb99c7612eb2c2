# ruff: noqa: E501
"""The shipped demo pictures; none of them is in the question set."""

from __future__ import annotations

from drawings import on_background
from model import Page, grid, page

RECEIPT = """<style>body{font:17px 'Inconsolata';width:380px;padding:26px 24px;background:#fdfdfb}.c{text-align:center}table{width:100%}td:last-child{text-align:right}td{padding:1px 0}hr{border:0;border-top:1px dashed #333;margin:9px 0}small{color:#444}</style>
<div class=c><b style="font:bold 25px Lato">Willow &amp; Rye</b><br>Bakery · Café<br>27 Canal Walk, Bristol BS1 4JQ<br>Tel 0117 496 0155</div><hr><table><tr><td>Receipt 008214<td>Table 12</tr><tr><td>18/05/2025 10:46<td>Server: Marta</tr></table><hr>
<table><tr><td>2 × Sourdough toast<td>9.80</tr><tr><td>1 × Mushroom omelette<td>11.50</tr><tr><td><small>&nbsp;&nbsp;&nbsp; + extra cheese</small><td>1.20</tr><tr><td>2 × Cappuccino<td>7.60</tr><tr><td>1 × Fresh orange juice<td>4.25</tr><tr><td>1 × Cinnamon bun (to go)<td>3.40</tr></table><hr>
<table><tr><td>Subtotal<td>37.75</tr><tr><td>Service 10%<td>3.78</tr><tr style="font:bold 23px Inconsolata"><td>TOTAL<td>£41.53</tr><tr><td>Visa •••• 7306<td>41.53</tr></table><hr><table><tr><td>VAT incl. 20%<td>6.92</tr></table><div class=c><br>Wi-Fi: willow-guest<br>Thank you, see you soon!</div>"""

FORM_ZH = """<style>body{font:17px 'Noto Sans CJK SC';padding:34px;width:820px}table{border-collapse:collapse;width:100%}td{border:1px solid #333;padding:9px 12px}td.l{background:#f3f1ea;width:16%;text-align:center}h2{text-align:center;letter-spacing:6px;margin:0 0 18px}</style><h2>设备借用申请表</h2><table>
<tr><td class=l>申请人<td>林晓彤<td class=l>工号<td>A20317</tr><tr><td class=l>所属部门<td>市场策划部<td class=l>分机<td>6082</tr><tr><td class=l>设备名称<td>便携投影仪<td class=l>设备编号<td>PJ-0094</tr>
<tr><td class=l>借用日期<td>2025年5月12日<td class=l>归还日期<td>2025年5月16日</tr><tr><td class=l>用途<td colspan=3>苏州新品发布会现场演示</td></tr><tr><td class=l>押金<td>￥500.00<td class=l>审批人<td>方志远</tr><tr><td class=l>备注<td colspan=3>附赠 HDMI 线一根、遥控器一个</tr></table>"""

REPORT = (
    """<style>body{font:17px/1.5 'EB Garamond';padding:50px 60px;width:820px}table{border-collapse:collapse;width:100%;font:15px Lato;margin:12px 0}th{border-top:2px solid #000;border-bottom:1px solid #000;text-align:right;padding:6px}td{text-align:right;padding:6px;border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}h2{margin:0}</style><h2>Coastal Bird Count 2024</h2><i>Annual report of the Saltmarsh Trust, page 3</i>
<p>The count took place on four weekends. Weather kept the boats in harbour on the second one, which explains the low figures at Gull Rock. The oystercatcher remains our most numerous wader.</p><table>"""
    + grid(
        """Species | Gull Rock | Long Spit | Harbour | All sites
Oystercatcher | 118 | 402 | 231 | 751
Curlew | 22 | 146 | 39 | 207
Common eider | 264 | 57 | 188 | 509
Ringed plover | 9 | 83 | 14 | 106
Black guillemot | 71 | 0 | 26 | 97""",
        names=False,
    )
    + """</table><p>Forty-three volunteers gave 612 hours. The next count begins on 7 June 2025; please write to Ines Marchetti at count@saltmarsh.example if you would like to join.</p>"""
)

DASHBOARD = (
    """<style>body{background:#10141c;color:#e6e9ef;font:15px Roboto;width:1180px;padding:22px}.k{display:inline-block;background:#1a2130;border-radius:10px;width:240px;padding:14px 18px;margin:0 9px 14px 0}.k b{font-size:32px;display:block}.k small{color:#8b97ad}.u{color:#4cd07d}.d{color:#ff6b6b}table{width:100%;border-collapse:collapse;background:#1a2130;border-radius:10px}th{color:#8b97ad;text-align:left;font-weight:400}td,th{padding:9px 16px;border-bottom:1px solid #2a3347}</style>
<h2 style="margin:4px 0 18px">Shop overview <small style="color:#8b97ad;font-weight:400">· last 7 days</small></h2><div class=k><small>Revenue</small><b>$48,260</b><span class=u>▲ 6.4 %</span></div><div class=k><small>Orders</small><b>1,317</b><span class=u>▲ 2.1 %</span></div><div class=k><small>Returns</small><b>58</b><span class=d>▲ 11.5 %</span></div><div class=k><small>Avg. delivery</small><b>2.8 days</b><span class=u>▼ 0.3</span></div><table>"""
    + grid(
        """Product | Sold | Stock left | Rating | Status
Trail lantern X2 | 214 | 36 | 4.7 | Reorder soon
Enamel mug, blue | 189 | 410 | 4.9 | OK
Folding stool | 97 | 0 | 4.1 | Out of stock
Wool blanket | 85 | 122 | 4.6 | OK
Pocket saw | 61 | 58 | 3.8 | OK""",
        names=False,
    )
    + "</table>"
)

SIGN = """<div style="width:520px;background:#f4efe0;color:#4b2e12;font:26px 'EB Garamond';padding:24px 30px;border:8px solid #4b2e12;text-align:center"><b style="font-size:42px">Heron Lake Trail</b><br>Loop length 5.4 km · about 2 hours<br><div style="font:bold 28px Lato;color:#a11;margin:10px">DOGS ON LEAD</div>No fires · No camping<br>Gate closes at 8:30 PM<br><span style="font-size:20px">Ranger station: 555-0162</span></div>"""

FLYER = """<style>body{{font:20px 'Open Sans';width:680px;padding:36px;background:#f7fbff}}h1{{color:#154c79;margin:0}}li{{margin:8px 0}}.b{{display:inline-block;background:{colour};color:#fff;padding:10px 24px;border-radius:8px;font-weight:bold}}</style><h1>Repair Café</h1><p>Bring your broken things and mend them with us!</p><ul><li>{day}, 2 PM – {end}</li><li>Community hall, 14 Orchard Street</li><li>Bikes, lamps, radios, clothes{more}</li><li>Coffee and cake by donation</li></ul><p>Questions: Jonas, <b>{phone}</b></p><div class=b>Entry free</div>"""
BEFORE = FLYER.format(day="Saturday 14 June", end="5 PM", more="", phone="555-0137", colour="#2a7f3f")
AFTER = FLYER.format(day="Saturday 21 June", end="6 PM", more=", toys", phone="555-0137", colour="#2a7f3f")

SAMPLES: dict[str, Page] = {
    "receipt.png": page(RECEIPT, 428),
    "form_zh.png": page(FORM_ZH, 888),
    "report_page.png": page(REPORT, 940),
    "dashboard.png": page(DASHBOARD, 1224),
    "trail_sign.jpg": Page(draw=lambda c: on_background(c, SIGN, "grass", seed=31), quality=82),
    "flyer_before.png": page(BEFORE, 752),
    "flyer_after.png": page(
        AFTER, 752, photo={"seed": 41, "turn": 0.6, "bend": 0.008, "noise": 2, "blur": 0.3, "shade": 0.08}
    ),
}
