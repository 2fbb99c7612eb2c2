# ruff: noqa: E501
"""Tables and screens of the second batch."""

from __future__ import annotations

from model import Picture, absent, contains, exact, grid, items, locate, number, page, text, yesno

LEAGUE = (
    """<style>body{font:14px Lato;width:640px;padding:22px;background:#fcfcfc}table{border-collapse:collapse;width:100%}th{background:#7a1f2b;color:#fff}td,th{padding:6px 9px;text-align:center}td:nth-child(2){text-align:left}tr:nth-child(even) td{background:#f3e9ea}</style><h3>Valley Sunday League — after round 14</h3><table>"""
    + grid("""# | Club | P | W | D | L | GF | GA | Pts
1 | Marston Rovers | 14 | 10 | 2 | 2 | 31 | 12 | 32
2 | Old Brewery FC | 14 | 9 | 3 | 2 | 28 | 15 | 30
3 | Quarry Athletic | 14 | 8 | 1 | 5 | 35 | 24 | 25
4 | St Hilda's | 14 | 6 | 4 | 4 | 19 | 17 | 22
5 | Canal Wanderers | 14 | 4 | 3 | 7 | 16 | 27 | 15
6 | Fernhill Town | 14 | 1 | 3 | 10 | 11 | 45 | 6""")
    + "</table>"
)

CLASSES_ZH = """<style>body{font:15px 'Noto Sans CJK SC';width:760px;padding:24px}table{border-collapse:collapse;width:100%}td,th{border:1px solid #456;padding:10px 6px;text-align:center}th{background:#e3ecf7}</style><h3 style="text-align:center">五年级（2）班课程表</h3><table><tr><th><th>节次<th>周一<th>周二<th>周三<th>周四<th>周五</tr>
<tr><th rowspan=3>上午<td>1<td id=m1>语文<td id=t1>数学<td id=w1>英语<td id=h1>语文<td id=f1>数学</tr><tr><td>2<td id=m2>数学<td id=t2>语文<td id=w2>数学<td id=h2>体育<td id=f2>语文</tr><tr><td>3<td id=m3>音乐<td id=t3>科学<td id=w3>语文<td id=h3>美术<td id=f3>书法</tr>
<tr><td colspan=7 style="background:#f7f7f7" id=noon>午间休息 12:00–13:40</td></tr><tr><th rowspan=2>下午<td>4<td id=m4>道德与法治<td id=t4>体育<td id=w4>信息技术<td id=h4>英语<td id=f4>劳动</tr><tr><td>5<td id=m5>体育<td id=t5>阅读<td id=w5>社团<td id=h5>科学<td id=f5>班会</tr></table>"""

KETTLES = """<style>body{font:15px Cantarell;width:780px;padding:26px}table{width:100%}td{padding:7px 8px;vertical-align:top}td:first-child{color:#777;width:150px}b{font-size:17px}</style><table><tr><td><td><b id=a>Aero 17</b><td><b id=b>Bristol Pro</b><td><b id=c>Cumulus S</b></tr><tr><td>Price<td id=ap>€39<td id=bp>€89<td id=cp>€64</tr><tr><td>Capacity<td id=ac>1.7 l<td id=bc>1.5 l<td id=cc>1.0 l</tr><tr><td>Power<td id=aw>2200 W<td id=bw>3000 W<td id=cw>1850 W</tr><tr><td>Boils 1 litre in<td id=at>2 min 50 s<td id=bt>2 min 05 s<td id=ct>3 min 20 s</tr><tr><td>Weight<td id=ag>0.9 kg<td id=bg>1.4 kg<td id=cg>0.8 kg</tr><tr><td>Temperature steps<td id=as>no<td id=bs>40 / 70 / 80 / 90 °C<td id=cs>70 / 100 °C</tr><tr><td>Warranty<td id=ay>2 years<td id=by>5 years<td id=cy>2 years</tr></table>"""

PRINT_ZH = """<style>body{font:15px 'WenQuanYi Micro Hei';width:680px;padding:22px}table{border-collapse:collapse;width:100%}td,th{border:2px solid #6b4c9a;padding:8px}th{background:#6b4c9a;color:#fff}small{color:#666}</style><h3>彩虹图文快印价目表</h3><table><tr><th>项目<th>规格说明<th>单价</tr><tr><td id=i1>黑白打印<td>A4 70克<br><small>100张以上每张0.1元</small><td id=p1>0.2元/张</tr><tr><td id=i2>彩色打印<td>A4 80克<br><small>照片纸另加2元</small><td id=p2>1.0元/张</tr><tr><td id=i3>名片印刷<td>300克铜版纸，双面<br><small>两个工作日取货</small><td id=p3>35元/盒</tr><tr><td id=i4>胶装<td>200页以内<br><small>超过200页每本加3元</small><td id=p4>12元/本</tr><tr><td id=i5>证件照<td>蓝、白、红底<br><small>含电子版</small><td id=p5>25元/版</tr></table><p>营业时间：<span id=h>8:00–20:30</span>　送货电话：<span id=t>6871 2250</span></p>"""

HOURLY = (
    """<style>body{font:15px 'Open Sans';width:820px;padding:20px;background:#eaf3fb}table{width:100%;border-collapse:collapse;background:#fff}td,th{padding:8px;text-align:center;border-bottom:1px solid #cde}</style><h3>Saturday in Skerrow</h3><table>"""
    + grid("""Hour | Sky | Temp °C | Feels like | Rain % | Wind km/h
06:00 | Fog | 7 | 5 | 10 | 6
09:00 | Cloudy | 10 | 8 | 20 | 14
12:00 | Showers | 12 | 9 | 70 | 31
15:00 | Showers | 11 | 7 | 85 | 38
18:00 | Clear spells | 9 | 6 | 30 | 22
21:00 | Clear | 6 | 4 | 5 | 11""")
    + "</table>"
)

CITIES_ZH = (
    """<style>body{font:16px 'Noto Sans CJK SC';width:700px;padding:26px}td,th{padding:6px 22px;text-align:left}</style><b>沿江五市概况（2023年）</b><table>"""
    + grid("""城市 | 面积（平方公里） | 常住人口（万） | 地区生产总值（亿元）
安澜 | 5,980 | 312.4 | 2,684
枫陵 | 11,204 | 458.0 | 3,127
渡口 | 3,415 | 205.7 | 1,956
云埠 | 8,760 | 390.2 | 4,010
鹤洲 | 6,333 | 267.9 | 1,488""")
    + "</table>"
)

BANK_ZH = """<style>body{width:400px;font:16px 'Noto Sans CJK SC';background:#f2f3f7}.h{background:#b3202c;color:#fff;padding:22px 18px}.h b{font-size:30px}.c{background:#fff;padding:6px 16px}.r{display:flex;justify-content:space-between;border-bottom:1px solid #eee;padding:10px 0}small{color:#999;display:block}</style><div class=h>储蓄卡（尾号 <span id=tail>6604</span>）<br><b id=bal>¥ 18,305.62</b><br>可用余额</div><div class=c><div style="padding:8px 0;color:#666">五月账单</div>
<div class=r><span>工资入账<small id=d1>05-10 09:02</small></span><b id=a1>+9,860.00</b></div><div class=r><span>房贷自动还款<small id=d2>05-15 06:30</small></span><b id=a2>-4,215.37</b></div><div class=r><span id=n3>转账给 田小雨<small id=d3>05-18 21:44</small></span><b id=a3>-500.00</b></div><div class=r><span>鲜果时光水果店<small id=d4>05-19 18:12</small></span><b id=a4>-63.80</b></div><div class=r><span>退款 云途旅行网<small id=d5>05-22 11:05</small></span><b id=a5>+728.00</b></div><div class=r><span>话费充值<small id=d6>05-24 08:40</small></span><b id=a6>-100.00</b></div></div>"""

WEEK = """<style>body{font:13px Roboto;width:980px;padding:16px}table{border-collapse:collapse;width:100%;table-layout:fixed}td,th{border:1px solid #ddd;height:58px;vertical-align:top;padding:4px}.e{background:#d2e3fc;border-left:4px solid #1a73e8;padding:3px 5px;display:block}.g{background:#ceead6;border-left-color:#188038}.o{background:#feefc3;border-left-color:#f29900}</style><h3>9 – 13 June 2025</h3><table><tr><th style="width:60px"><th>Mon 9<th>Tue 10<th id=wed>Wed 11<th>Thu 12<th>Fri 13</tr>
<tr><td>09:00<td><span class=e id=e1>Stand-up (15 min)</span><td><td><span class="e g" id=e2>Dentist, Dr. Lund</span><td><td><span class=e id=e3>1:1 with Anneke</span></tr><tr><td>11:00<td><td><span class="e o" id=e4>Budget review<br>Room Teal</span><td><td><span class=e id=e5>Interview: Marcus O.<br>Room Amber</span><td></tr><tr><td>13:00<td><span class="e g" id=e6>Lunch with Dad</span><td><td><span class=e id=e7>Design critique<br>Room Teal</span><td><td></tr><tr><td>16:00<td><td><span class=e id=e8>Release call</span><td><td><span class="e o" id=e9>Board prep<br>Room Slate</span><td><span class="e g" id=e10>Train to Malmö 16:40</span></tr></table>"""

DIALOG = """<style>body{background:#4a7a8c;font:14px 'Liberation Sans';width:620px;height:330px}.w{position:absolute;left:60px;top:50px;width:500px;background:#f0f0f0;border:1px solid #333;box-shadow:4px 4px 12px #0006}.t{background:#fff;padding:8px 12px}.b{padding:18px 20px}.k{background:#e0e0e0;padding:12px;text-align:right}button{margin-left:8px;padding:5px 20px}</style><div class=w><div class=t id=tt>Disk Backup</div><div class=b><b style="font-size:17px" id=m>The backup could not be completed.</b><p>There is not enough room on <span id=dr>ARCHIVE (E:)</span>. <span id=need>212 GB</span> are needed, <span id=free>87 GB</span> are free.</p><p>Error code: <span id=code>0x80780119</span></p></div><div class=k><button id=b1>Free up space…</button><button id=b2>Try again</button><button id=b3>Cancel</button></div></div>"""

PLAYER = (
    """<style>body{background:#121212;color:#fff;font:15px Lato;width:840px;padding:24px}table{width:100%;border-collapse:collapse}td,th{padding:8px;color:#b3b3b3;text-align:left}td:nth-child(2){color:#fff}.on td{color:#1ed760!important}small{color:#b3b3b3}h1{margin:4px 0}</style><small>PLAYLIST</small><h1 id=pl>Rainy Kitchen</h1><small id=info>Ottoline · 6 songs, 24 min</small><table>"""
    + grid("""# | Title | Artist | Album | Length
1 | Copper Moon | The Larkhills | Low Tide | 3:41
2 | Paper Boats | Inés Calder | Veranda | 4:05
▶ | Slow Elevator | Juno & the Vests | Floor Nine | 5:12
4 | Hush Now, Motor | The Larkhills | Low Tide | 2:58
5 | Blue Thermos | Kofi Brandt | Commuter | 3:27
6 | Lanterns | Inés Calder | Veranda | 4:30""")
    + """</table><div style="border-top:1px solid #333;margin-top:14px;padding-top:12px"><span id=now>Slow Elevator</span> &nbsp;·&nbsp; <span id=pos>1:47</span> / 5:12 &nbsp;&nbsp; Volume <span id=vol>35%</span></div>"""
)

CART_ZH = """<style>body{width:760px;font:15px 'Noto Sans CJK SC';background:#fafafa;padding:20px}.r{display:grid;grid-template-columns:30px 1fr 110px 80px 110px;background:#fff;padding:13px;margin:8px 0;align-items:center}.s{display:flex;justify-content:flex-end;gap:26px;align-items:center;background:#fff;padding:12px}button{background:#ff5000;color:#fff;border:0;padding:12px 30px;font:inherit}small{color:#999}</style><h3>购物车（4）</h3><div class=r><span>☑</span><span id=n1>北欧风台灯<br><small>颜色：雾蓝</small></span><span id=p1>¥129.00</span><span id=q1>× 1</span><b id=t1>¥129.00</b></div><div class=r><span>☑</span><span id=n2>纯棉四件套<br><small>尺寸：1.8米床</small></span><span id=p2>¥268.00</span><span id=q2>× 1</span><b id=t2>¥268.00</b></div><div class=r><span>☐</span><span id=n3>无线鼠标<br><small>颜色：黑色</small></span><span id=p3>¥79.00</span><span id=q3>× 2</span><b id=t3>¥158.00</b></div><div class=r><span>☑</span><span id=n4>竹浆抽纸<br><small>规格：24包/箱</small></span><span id=p4>¥45.90</span><span id=q4>× 3</span><b id=t4>¥137.70</b></div><div class=s><span>已选 <span id=sel>3</span> 件商品</span><span>优惠 <span id=off>-¥30.00</span></span><b style="color:#ff5000;font-size:20px">合计：<span id=sum>¥504.70</span></b><button id=go>去结算</button></div>"""

TERMINAL = """<style>body{background:#000;color:#cfcfcf;font:15px Hack;width:820px;padding:14px}pre{font:inherit;margin:0;line-height:1.4}g{color:#5f5}</style><pre><g>mira@willow</g>:~/maps$ ls -lh
total 1.3G
-rw-r--r-- 1 mira staff <span id=s1>412M</span> Apr 02 11:20 <span id=f1>alps.tif</span>
-rw-r--r-- 1 mira staff <span id=s2>38K</span>  Jan 17 08:03 <span id=f2>legend.svg</span>
-rwxr-xr-x 1 root staff <span id=s3>2.1K</span> Mar 30 22:51 <span id=f3>merge.sh</span>
-rw-r--r-- 1 mira staff <span id=s4>871M</span> Apr 05 14:09 <span id=f4>pyrenees.tif</span>
-rw-r--r-- 1 mira staff <span id=s5>9.6M</span> Feb 26 17:35 <span id=f5>rivers.gpkg</span>
<g>mira@willow</g>:~/maps$ ./merge.sh alps.tif pyrenees.tif
reading alps.tif ... ok
reading pyrenees.tif ... ok
<span id=w>warning: projection differs (EPSG:3035 vs EPSG:2154)</span>
<span id=done>written out.tif (1.2G) in 41.8 s</span>
<g>mira@willow</g>:~/maps$ _</pre>"""

ADMIN_ZH = (
    """<style>body{background:#1b1d2a;color:#dfe3f0;font:15px 'WenQuanYi Zen Hei';width:960px;padding:20px}.k{display:inline-block;background:#262a3d;padding:12px 20px;margin:0 10px 12px 0;border-radius:8px;min-width:150px}.k b{font-size:26px;display:block}table{width:100%;border-collapse:collapse}td,th{padding:9px;border-bottom:1px solid #353a55;text-align:left}th{color:#8f97bd}</style><div class=k>今日订单<b id=k1>286</b></div><div class=k>待发货<b id=k2>41</b></div><div class=k>退款申请<b id=k3>7</b></div><div class=k>访客数<b id=k4>5,904</b></div><table>"""
    + grid("""订单号 | 买家 | 商品 | 实付 | 状态
T90417 | 雨后春笋 | 手冲咖啡壶套装 | 219.00 | 待发货
T90416 | 阿布 | 山地车头灯 | 88.50 | 已发货
T90413 | 南风不竞 | 羊毛围巾 | 156.00 | 退款中
T90409 | 小鹿快跑 | 儿童雨衣 | 72.00 | 已签收
T90402 | Kevin_88 | 折叠登山杖 | 134.90 | 待发货""")
    + "</table>"
)

PICTURES = [
    Picture("sunday_league", "table", [page(LEAGUE, 684)], [
        exact("Which team let in the most goals?", "Fernhill Town", "r6c1 r6c7"),
        number("How many games has Quarry Athletic lost?", "5", "r3c5"),
        number("how many points behind the leaders are St Hilda's", "10", "r1c8 r4c8"),
        number("What is Old Brewery's goal difference?", "13", "r2c6 r2c7"),
        absent("How many points does Hollow Park have?"),
    ]),
    Picture("timetable_class_zh", "table", [page(CLASSES_ZH, 808)], [
        exact("星期三第一节是什么课？", "英语", "w1"),
        exact("周五最后一节上什么", "班会", "f5"),
        number("一周有几节体育课？", "3", "h2 t4 m5", "count"),
        exact("中午几点到几点休息？", "12:00-13:40;;12:00–13:40;;12:00到13:40;;12:00至13:40", "noon"),
        absent("周六上什么课？"),
    ], "zh"),
    Picture("kettle_specs", "table", [page(KETTLES, 832)], [
        exact("Which kettle is the heaviest?", "Bristol Pro", "bg b"),
        number("How many watts does the Cumulus S draw?", "1850", "cw"),
        number("Price gap between the cheapest and the most expensive?", "50", "ap bp"),
        exact("哪一款烧开一升水最快？", "Bristol Pro", "bt b"),
        absent("How loud is the Aero 17 in decibels?"),
    ]),
    Picture("print_shop_zh", "table", [page(PRINT_ZH, 724, photo={"seed": 81, "turn": -1.5, "bend": 0.02, "noise": 5}, quality=74)], [
        number("印一盒名片多少钱？", "35", "p3"),
        number("彩打10张A4要多少钱？", "10", "p2"),
        contains("照相（证件照）可以选哪些底色？", "蓝&&白&&红", ""),
        exact("Until what time are they open?", "20:30;;8:00-20:30;;8:00–20:30", "h"),
        absent("覆膜多少钱一张？"),
    ], "zh"),
    Picture("skerrow_hours", "table", [page(HOURLY, 860)], [
        exact("When is it windiest?", "15:00;;3 PM", "r4c0 r4c5"),
        number("How warm does it actually feel at noon?", "9", "r3c3"),
        number("how likely is rain at six in the evening (%)", "30", "r5c4"),
        number("What's the spread between the warmest and coldest temperature of the day?", "6", "r3c2 r6c2"),
        absent("What will the humidity be at 15:00?"),
    ]),
    Picture("river_cities_zh", "table", [page(CITIES_ZH, 752)], [
        exact("人口最多的是哪个市？", "枫陵;;枫陵市", "r2c0 r2c2"),
        number("云埠的GDP是多少亿元？", "4010", "r4c3"),
        number("枫陵比渡口大多少平方公里？", "7789", "r2c1 r3c1"),
        exact("Which city has the lowest economic output?", "鹤洲;;鹤洲市", "r5c0 r5c3"),
        absent("石浦市的面积是多少？"),
    ], "zh"),
    Picture("bank_app_zh", "screen", [page(BANK_ZH, 400)], [
        number("卡里还剩多少钱？", "18305.62", "bal"),
        number("五月发了多少工资？", "9860;;+9860", "a1"),
        exact("给谁转过账？", "田小雨", "n3 a3"),
        number("买水果和充话费一共花了多少？", "163.80", "a4 a6"),
        absent("信用卡还款额是多少？"),
    ], "zh"),
    Picture("june_week", "screen", [page(WEEK, 1012)], [
        exact("Which day is the dentist?", "Wednesday;;Wed 11;;Wed;;11 June;;Wednesday 11 June;;Wed 11 June", "e2 wed"),
        exact("What room was booked for talking to Marcus?", "Room Amber;;Amber", "e5"),
        exact("When does the train leave?", "16:40", "e10"),
        number("How many meetings are in Room Teal?", "2", "e4 e7", "count"),
        absent("Who is coming to dinner on Saturday?"),
    ]),
    Picture("backup_error", "screen", [page(DIALOG, 620, 330)], [
        exact("What's the error number?", "0x80780119", "code"),
        number("How many more gigabytes would be needed?", "125", "need free"),
        locate("Where can I press to run it once more?", "b2"),
        items("Which buttons does the window offer?", "Free up space|Free up space...|Free up space…;;Try again;;Cancel", "b1 b2 b3"),
        text("Transcribe the bold headline of the message.", "The backup could not be completed.", "m", "transcription"),
    ]),
    Picture("rainy_kitchen", "screen", [page(PLAYER, 888)], [
        exact("What song is on right now?", "Slow Elevator", "now"),
        exact("Who sings Blue Thermos?", "Kofi Brandt", "r5c2"),
        number("How many tracks on the list are by Inés Calder?", "2", "r2c2 r6c2", "count"),
        exact("Which is the shortest song?", "Hush Now, Motor", "r4c1"),
        yesno("Is there a song called Copper Moon?", "yes", "r1c1", "presence"),
        absent("Who sings 'Winter Coat'?"),
    ]),
    Picture("cart_zh", "screen", [page(CART_ZH, 800)], [
        number("结账要付多少？", "504.70", "sum"),
        exact("台灯选的什么颜色？", "雾蓝", "n1"),
        exact("哪样东西没有勾选？", "无线鼠标;;鼠标", "n3"),
        number("抽纸买了几箱？", "3", "q4"),
        locate("下单付款的按钮在哪里？", "go"),
        absent("运费险多少钱？"),
    ], "zh"),
    Picture("terminal_maps", "screen", [page(TERMINAL, 848)], [
        exact("What's the biggest file in the listing?", "pyrenees.tif", "s4 f4"),
        number("How many seconds did merging take?", "41.8", "done"),
        exact("Which file belongs to root?", "merge.sh", "f3"),
        yesno("Did anything give a warning?", "yes", "w", "presence"),
        absent("What is the size of contours.shp?"),
    ]),
    Picture("shop_admin_zh", "screen", [page(ADMIN_ZH, 1000)], [
        number("还有多少单没发出去？", "41", "k2"),
        exact("买围巾的是谁？", "南风不竞", "r3c1"),
        exact("T90409 现在什么状态", "已签收", "r4c4"),
        number("How much did the buyer of the coffee pot pay?", "219", "r1c3"),
        yesno("有人申请退款吗？", "yes", "k3", "presence"),
        absent("订单T90388的买家是谁？"),
    ], "zh"),
]  # fmt: skip
