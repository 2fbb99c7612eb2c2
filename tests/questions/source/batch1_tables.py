# ruff: noqa: E501
"""Tables and screens of the first batch."""

from __future__ import annotations

from model import Picture, absent, exact, grid, items, locate, number, page, yesno

FERRY = (
    """<style>body{font:15px Roboto;padding:24px;width:720px}table{border-collapse:collapse;width:100%}th{border-bottom:2px solid #000;text-align:left}td,th{padding:7px 10px}tr:nth-child(odd) td{background:#f2f2f2}</style>
<h3>Island ferries — summer timetable, Mon–Sat</h3><table>"""
    + grid("""Vessel | Leaves Oban | Arrives | To | Car fare | Foot passenger
MV Corran | 06:45 | 07:35 | Craignure | £17.20 | £4.40
MV Lochnell | 08:10 | 09:00 | Lismore | £13.85 | £3.20
MV Corran | 09:30 | 10:20 | Craignure | £17.20 | £4.40
MV Hebridean Star | 13:05 | 18:50 | Castlebay | £81.70 | £16.95
MV Lochnell | 15:40 | 16:30 | Lismore | £13.85 | £3.20
MV Clansman | 17:15 | 20:55 | Coll | £64.40 | £11.30""")
    + "</table>"
)

SCORES = (
    """<style>body{font:16px 'Noto Sans CJK SC';padding:26px;width:700px}table{border-collapse:collapse;width:100%}td,th{border:1px solid #333;padding:8px;text-align:center}</style><h3 style="text-align:center">高二（3）班期中考试成绩单</h3><table>"""
    + grid("""学号 | 姓名 | 语文 | 数学 | 英语 | 物理
01 | 赵一鸣 | 108 | 131 | 117 | 82
02 | 钱小楠 | 121 | 96 | 134 | 67
03 | 孙浩然 | 99 | 142 | 103 | 95
04 | 李思源 | 115 | 118 | 126 | 78
05 | 周子墨 | 112 | 125 | 98 | 89
06 | 吴佳怡 | 126 | 104 | 139 | 71""")
    + "</table>"
)

QUARTERS = """<style>body{font:14px 'Open Sans';padding:28px;width:760px}table{border-collapse:collapse;width:100%}th{background:#333;color:#fff}td,th{border:1px solid #bbb;padding:8px;text-align:right}td:first-child{text-align:left}</style>
<h3>Regional sales, thousands of dollars</h3><table><tr><th rowspan=2>Region<th colspan=2>2023<th colspan=2>2024</tr><tr><th>H1<th>H2<th>H1<th>H2</tr>
<tr><td>North<td id=n1>412<td id=n2>455<td id=n3>470<td id=n4>498</tr><tr><td>Coastal<td id=c1>388<td id=c2>361<td id=c3>402<td id=c4>447</tr>
<tr><td id=hl>Highlands<td id=h1>205<td id=h2>219<td id=h3>187<td id=h4>231</tr><tr><td>Capital district<td id=k1>930<td id=k2>1,012<td id=k3>988<td id=k4>1,145</tr></table>"""

NUTRITION = """<style>body{padding:20px;width:330px;font:15px 'Liberation Sans'}.b{border:2px solid #000;padding:6px 10px}.r{display:flex;justify-content:space-between;border-bottom:1px solid #000;padding:2px 0}.i{padding-left:18px}</style><div class=b><b style="font-size:30px">Nutrition Facts</b>
<div id=serv>9 servings per container</div><div class=r><b>Serving size</b><b id=size>2/3 cup (55g)</b></div><div class=r style="font-size:26px;font-weight:bold"><span>Calories</span><span id=cal>230</span></div>
<div class=r><span><b>Total Fat</b> <span id=fat>8g</span></span><b>10%</b></div><div class="r i"><span>Saturated Fat <span id=sat>1g</span></span><b>5%</b></div><div class=r><span><b>Sodium</b> <span id=sod>160mg</span></span><b id=sodp>7%</b></div>
<div class=r><span><b>Total Carbohydrate</b> 37g</span><b>13%</b></div><div class="r i"><span>Dietary Fiber <span id=fib>4g</span></span><b>14%</b></div><div class="r i"><span>Total Sugars <span id=sug>12g</span></span></div><div class=r><span><b>Protein</b> <span id=pro>3g</span></span></div>
<div class=r><span>Calcium 260mg</span><span>20%</span></div><div class=r><span>Iron <span id=iron>8mg</span></span><span>45%</span></div><div class=r><span>Potassium 235mg</span><span id=pot>6%</span></div></div>"""

TRAINS_ZH = (
    """<style>body{background:#0a0d12;color:#ffb300;font:22px 'WenQuanYi Zen Hei';padding:20px;width:900px}table{width:100%}th{color:#8fd3ff;text-align:left}td,th{padding:6px 8px}.g{color:#4cd964}.d{color:#ff5b4c}</style><table>"""
    + grid("""车次 | 终到站 | 开点 | 检票口 | 状态
G1375 | 长沙南 | 10:02 | A7 | <span class=g>正在检票</span>
D3206 | 福州 | 10:15 | B12 | <span class=g>候车</span>
G7021 | 南京南 | 10:19 | A3 | <span class=d>晚点约25分</span>
K1188 | 阜阳 | 10:33 | 5 | <span class=g>候车</span>
G1509 | 贵阳北 | 10:41 | B2 | <span class=g>候车</span>""")
    + "</table>"
)

SETTINGS = """<style>body{background:#1e1f22;color:#ddd;font:15px Roboto;width:720px;padding:22px}.row{display:flex;justify-content:space-between;padding:13px 6px;border-bottom:1px solid #3a3c40}.v{color:#8ab4f8}h2{font-weight:400}small{color:#999}</style><h2>Device settings</h2>
<div class=row><span>Device name<br><small>Shown to others nearby</small></span><span class=v id=name>harbor-tablet-03</span></div><div class=row><span>Wi-Fi</span><span class=v id=wifi>Gulls_Nest_5G</span></div><div class=row><span>Bluetooth</span><span class=v id=bt>Off</span></div>
<div class=row><span>Storage<br><small>Photos and media</small></span><span class=v id=sto>41.7 GB of 64 GB used</span></div><div class=row><span>Screen timeout</span><span class=v id=time>2 minutes</span></div><div class=row><span>Display language</span><span class=v id=lang>Português (Brasil)</span></div><div class=row><span>Software version</span><span class=v id=ver>14.2.1</span></div><div class=row><span>Last backup</span><span class=v id=bk>Yesterday, 23:10</span></div>"""

MAILBOX = """<style>body{font:14px 'Noto Sans';width:860px;background:#fff;display:flex}.s{width:170px;background:#eef2f7;padding:16px;height:420px}.s div{padding:7px 4px}.m{flex:1}.l{display:grid;grid-template-columns:170px 1fr 70px;padding:11px 14px;border-bottom:1px solid #e3e3e3}.u{font-weight:bold}button{background:#0b57d0;color:#fff;border:0;border-radius:16px;padding:10px 22px}</style><div class=s><button id=compose>Compose</button><div><b>Inbox</b> <span id=inbox>14</span></div><div>Starred</div><div>Drafts <span id=drafts>3</span></div><div id=spam>Spam</div><div>Trash</div></div><div class=m>
<div class="l u"><span id=s1>Priya Raman</span><span id=t1>Slides for Thursday's board meeting</span><span id=d1>11:52</span></div><div class=l><span id=s2>Dockside Bikes</span><span id=t2>Your repair is ready for collection</span><span id=d2>10:07</span></div><div class="l u"><span id=s3>Tomás Ferreira</span><span id=t3>Re: Lease renewal – two questions</span><span id=d3>09:31</span></div><div class=l><span id=s4>City Library</span><span id=t4>2 items due on 6 October</span><span id=d4>3 Oct</span></div><div class=l><span id=s5>Aunt May</span><span id=t5>Plum jam recipe (finally!)</span><span id=d5>2 Oct</span></div><div class="l u"><span id=s6>Payroll</span><span id=t6>September payslip available</span><span id=d6>30 Sep</span></div></div>"""

PHONE_ZH = """<style>body{width:390px;font:16px 'Noto Sans CJK SC';background:#f5f5f5}.h{background:#07c160;color:#fff;padding:16px;font-size:19px;text-align:center}.c{background:#fff;margin:10px;border-radius:8px;padding:12px 14px;line-height:1.8}.r{float:right;color:#555}b.big{font-size:28px}</style><div class=h>快递详情</div><div class=c><b class=big id=state>派送中</b><br>预计 <span id=eta>今天 18:00 前</span> 送达<br>取件码 <span class=r id=code>7-3-5082</span></div><div class=c>承运公司 <span class=r id=co>顺达速运</span><br>运单号 <span class=r id=no>SD4410 7782 953</span><br>快递员 <span class=r id=man>马师傅</span><br>电话 <span class=r id=tel>177 0288 6315</span></div><div class=c><span id=e1>06-12 08:14　到达【武汉洪山营业部】</span><br><span id=e2>06-11 22:37　离开【武汉转运中心】</span><br><span id=e3>06-10 19:05　【广州白云】已揽收</span></div>"""

EDITOR = """<style>body{background:#282c34;color:#abb2bf;font:15px Hack;width:820px;padding:0}.t{background:#21252b;padding:8px 14px}.b{background:#0e639c;color:#fff;padding:4px 14px;font-size:13px;display:flex;justify-content:space-between}pre{margin:12px;line-height:1.5;font:inherit}i{color:#5c6370}</style><div class=t><span id=tab1>server.py</span> ● &nbsp;&nbsp; <span id=tab2>config.toml</span> &nbsp;&nbsp; <span id=tab3>README.md</span></div><pre><i>12</i>  def start(port: int = <span id=port>8421</span>) -> None:
<i>13</i>      &quot;&quot;&quot;Open the listener and serve for ever.&quot;&quot;&quot;
<i>14</i>      log.info("starting on %d", port)
<i>15</i>      for attempt in range(<span id=retry>6</span>):
<i>16</i>          try:
<i>17</i>              return <span id=call>listen(port)</span>
<i>18</i>          except OSError as problem:
<i>19</i>              time.sleep(<span id=sleep>0.75</span>)
<i>20</i>      raise SystemExit("<span id=msg>no free port after retries</span>")</pre><div class=b><span id=branch>feature/retry-listen</span><span><span id=err>2 errors</span> &nbsp; <span id=warn>11 warnings</span></span><span>Ln 17, Col 22 &nbsp; UTF-8 &nbsp; Python 3.12</span></div>"""

PICTURES = [
    Picture("ferry_times", "table", [page(FERRY, 770)], [
        exact("I'm headed to Coll - what time do I get there?", "20:55", "r6c2"),
        exact("Which boat goes to Castlebay?", "MV Hebridean Star;;Hebridean Star", "r4c0"),
        number("What's the price for someone on foot to Lismore?", "3.20", "r2c5"),
        number("How many departures a day are there for Craignure?", "2", "r1c3 r3c3"),
        absent("What time does the last boat to Tobermory leave?"),
    ]),
    Picture("exam_scores_zh", "table", [page(SCORES, 750)], [
        exact("数学考得最好的是谁？", "孙浩然", "r3c1 r3c3"),
        number("李思源的英语多少分？", "126", "r4c4"),
        number("周子墨四门课加起来多少分", "424", "r5c2 r5c3 r5c4 r5c5"),
        number("What did 钱小楠 get in physics?", "67", "r2c5"),
        absent("郑雨晴的语文成绩是多少？"),
    ], "zh"),
    Picture("regional_sales", "table", [page(QUARTERS, 820)], [
        number("What did the Highlands sell in the first half of 2024?", "187", "h3"),
        number("by how much did Coastal grow from H1 to H2 in 2024", "45", "c3 c4"),
        exact("Which region had the smallest figure in the second half of 2023?", "Highlands", "h2 hl"),
        number("Add up both halves of 2023 for the North.", "867", "n1 n2"),
        absent("What were the sales of the Eastern region in 2024?"),
    ]),
    Picture("cereal_label", "table", [page(NUTRITION, 380, photo={"seed": 14, "turn": 1.0, "bend": 0.02, "noise": 5}, quality=72)], [
        number("how many calories in one portion", "230", "cal"),
        exact("How much salt-type stuff (sodium) does it have?", "160mg;;160 mg", "sod"),
        number("How many grams of fibre are in a serving?", "4", "fib"),
        absent("How much vitamin C is in it?"),
    ]),
    Picture("station_board_zh", "table", [page(TRAINS_ZH, 940)], [
        exact("去福州的车在几号口检票？", "B12", "r2c3"),
        exact("哪趟车晚点了？", "G7021", "r3c0 r3c4"),
        exact("K1188 几点开？", "10:33", "r4c2"),
        exact("Where does train G1509 terminate?", "贵阳北", "r5c1"),
        absent("去武汉的高铁几点开？"),
    ], "zh"),
    Picture("tablet_settings", "screen", [page(SETTINGS, 770)], [
        exact("What network is the tablet connected to?", "Gulls_Nest_5G", "wifi"),
        exact("In which language are its menus?", "Português (Brasil);;Português;;Portugues (Brasil);;Portuguese (Brazil);;Brazilian Portuguese", "lang"),
        yesno("Is bluetooth switched on?", "no", "bt", "presence"),
        number("How many gigabytes are still free?", "22.3", "sto"),
        absent("What's the battery level?"),
    ]),
    Picture("inbox_list", "screen", [page(MAILBOX, 860, 452)], [
        exact("Who wrote about the lease?", "Tomás Ferreira;;Tomas Ferreira", "s3 t3"),
        exact("When did the bike shop's message come in?", "10:07", "d2"),
        locate("Where do I click to write a new message?", "compose"),
        number("How many unfinished drafts are there?", "3", "drafts"),
        absent("What did Grandpa Joe write about?"),
    ]),
    Picture("parcel_zh", "screen", [page(PHONE_ZH, 390)], [
        exact("取快递要用的码是什么", "7-3-5082", "code"),
        exact("送快递的人姓什么？", "马;;马师傅", "man"),
        exact("包裹是从哪个城市寄出的？", "广州;;广州白云", "e3"),
        exact("What company is delivering the parcel?", "顺达速运", "co"),
        absent("这个包裹有多重？"),
    ], "zh"),
    Picture("code_editor", "screen", [page(EDITOR, 820)], [
        number("Which port is used if none is given?", "8421", "port"),
        number("How many times does it try before giving up?", "6", "retry"),
        exact("What git branch is checked out?", "feature/retry-listen", "branch"),
        number("how many warnings does the editor report?", "11", "warn"),
        items("Name the three open files", "server.py;;config.toml;;README.md", "tab1 tab2 tab3"),
    ]),
]  # fmt: skip
