# ruff: noqa: E501
"""Forms, letters, tickets and receipts of the second batch."""

from __future__ import annotations

from model import Picture, absent, contains, exact, grid, items, number, page

LEASE_ZH = """<style>body{font:17px/1.9 'Noto Serif CJK SC';padding:44px 54px;width:740px}h2{text-align:center;letter-spacing:10px}p{margin:4px 0}</style><h2>房屋租赁合同</h2><p>出租方（甲方）：<span id=a>罗永康</span>　　　承租方（乙方）：<span id=b>唐可欣</span></p>
<p>一、甲方将位于<span id=addr>重庆市渝中区学田湾正街19号7-3</span>的房屋出租给乙方居住使用，建筑面积<span id=area>68.5</span>平方米。</p><p>二、租赁期自<span id=from>2025年2月1日</span>起至<span id=to>2026年1月31日</span>止。</p><p>三、月租金人民币<span id=rent>2,350元</span>，按季度支付，乙方应于每季度首月<span id=day>5日</span>前付清。</p>
<p>四、乙方于签约当日支付押金<span id=dep>4,700元</span>，租期届满无损坏的，甲方应在<span id=back>七个工作日</span>内无息退还。</p><p>五、水、电、燃气费由乙方承担，物业费由<span id=fee>甲方</span>承担。</p><p>六、任何一方提前解约，应提前<span id=notice>三十日</span>书面通知，并支付一个月租金作为违约金。</p>"""

RESUME_ZH = """<style>body{font:15px/1.8 'WenQuanYi Micro Hei';width:820px;display:flex}.l{width:240px;background:#2f3e55;color:#fff;padding:28px 22px}.r{padding:28px 30px;flex:1}h3{border-bottom:2px solid #2f3e55;margin:14px 0 6px}.l h3{border-color:#fff}</style><div class=l><h2 id=name>许嘉宁</h2><div id=title>数据分析师</div><h3>联系方式</h3><div id=tel>159 2603 7784</div><div id=mail>xujn@mail.example</div><div>现居：<span id=city>厦门</span></div><h3>语言</h3><div id=en>英语：CET-6</div><div id=jp>日语：N2</div><h3>技能</h3><div id=sk>Python、SQL、Tableau、R</div></div>
<div class=r><h3>工作经历</h3><b id=w1>海岚科技　2021.07 – 至今</b><div>负责用户留存分析，搭建 14 张核心报表，留存率提升 6.2%。</div><b id=w2>思明统计咨询　2019.03 – 2021.06</b><div>参与零售客流预测项目，独立完成问卷清洗脚本。</div><h3>教育背景</h3><b id=e1>厦门大学　统计学　硕士　2016–2019</b><br><b id=e2>南昌大学　数学与应用数学　本科　2012–2016</b><h3>证书</h3><div id=cert>中级统计师；PMP</div></div>"""

POWER_ZH = (
    """<style>body{font:15px 'Noto Sans CJK SC';width:780px;padding:26px}h2{color:#00796b}table{border-collapse:collapse;width:100%}td,th{border:1px solid #9bb;padding:7px;text-align:center}.f{display:flex;justify-content:space-between}</style><h2>居民电费账单</h2><div class=f><span>户号：<span id=no>3105 8826 047</span></span><span>户名：<span id=who>邓*华</span></span><span>账单月份：<span id=month>2025年1月</span></span></div><div class=f style="margin:8px 0"><span>抄表日期：<span id=read>2025-02-01</span></span><span>出账日期：<span id=bill>2025-02-04</span></span><span>缴费截止：<b id=due>2025-02-25</b></span></div><table>"""
    + grid("""项目 | 上期示数 | 本期示数 | 用电量（度） | 单价 | 金额（元）
峰段 | 18,204 | 18,391 | 187 | 0.568 | 106.22
谷段 | 9,077 | 9,203 | 126 | 0.288 | 36.29
合计 | | | 313 | | 142.51""")
    + """</table><div class=f style="margin-top:12px"><span>上期结余：<span id=old>12.51 元</span></span><span>滞纳金：<span id=late>0.00 元</span></span><b>本期应缴：<span id=pay style="font-size:22px">130.00 元</span></b></div>"""
)

BOARDING = """<style>body{font:16px 'Liberation Sans';width:860px;background:#e8eef4;padding:24px}.c{background:#fff;border-radius:14px;display:grid;grid-template-columns:repeat(4,1fr);gap:16px 20px;padding:24px}small{display:block;color:#678;font-size:12px}b{font-size:22px}</style><div class=c><div style="grid-column:1/4"><small>PASSENGER</small><b id=p>SANDOVAL/RENATA MS</b></div><div><small>CLASS</small><b id=cl>Y</b></div><div><small>FROM</small><b id=f>BOG</b> Bogotá</div><div><small>TO</small><b id=t>MAD</b> Madrid</div><div><small>FLIGHT</small><b id=fl>QX 417</b></div><div><small>DATE</small><b id=d>22 NOV</b></div><div><small>GATE</small><b id=g>B19</b></div><div><small>BOARDING</small><b id=bo>19:50</b></div><div><small>DEPARTURE</small><b id=de>20:35</b></div><div><small>SEAT</small><b id=s>31K</b></div><div><small>GROUP</small><b id=gr>4</b></div><div style="grid-column:2/5"><small>TICKET</small><span id=tk>957 2280 416 339</span></div></div>"""

HOTEL = """<style>body{font:15px/1.5 'Noto Sans';width:760px;padding:30px;color:#222}td{padding:5px 14px 5px 0;vertical-align:top}td:first-child{color:#777}</style><h2>Your stay at Gasthof Lindenhof is confirmed</h2><p>Dear <span id=g>Mr. Abara</span>, we look forward to seeing you. Please keep this message.</p><table><tr><td>Booking reference<td><b id=ref>LH-7Q2-884</b></tr><tr><td>Arrival<td id=arr>Friday, 11 July 2025, from 3 pm</tr><tr><td>Leaving<td id=dep>Tuesday, 15 July 2025, until 10:30 am</tr><tr><td>Room<td id=room>Double room with balcony, second floor</tr><tr><td>Guests<td id=n>2 adults, 1 child (4 years)</tr><tr><td>Rate<td id=rate>€128.00 a night, breakfast included</tr><tr><td>City tax<td id=tax>€2.50 per adult and night, payable on site</tr><tr><td>Cancellation<td id=can>free of charge until 4 July 2025</tr></table><p>The reception is staffed until <span id=rec>9 pm</span>; should you arrive later, use the key safe by the garage. Parking costs <span id=park>€9</span> a day.</p>"""

LEAVE_ZH = """<style>body{font:16px 'AR PL UKai CN';width:720px;padding:30px}table{border-collapse:collapse;width:100%}td{border:1px solid #000;padding:10px}</style><h2 style="text-align:center">员工请假单</h2><table><tr><td>姓名<td id=n>梁秋实<td>部门<td id=d>售后服务部<td>工号<td id=no>0917</tr><tr><td>假别<td colspan=5 id=kind>□事假　□病假　☑年休假　□婚假　□调休</tr><tr><td>请假时间<td colspan=5>自 <span id=from>2025年10月9日</span> 至 <span id=to>2025年10月14日</span>，共 <span id=days>4</span> 个工作日</tr><tr><td>事由<td colspan=5 id=why>回贵州老家探亲</tr><tr><td>工作交接人<td colspan=2 id=sub>冯雪<td>联系电话<td colspan=2 id=tel>150 8890 2247</tr><tr><td>部门主管<td colspan=2 id=boss>同意　贺志明<td>人事备案<td colspan=2 id=hr>已登记 9/26</tr></table>"""

CARD = """<div style="width:560px;height:300px;background:#14342b;color:#f3e9d2;font:16px 'EB Garamond';padding:34px;position:relative"><div style="font-size:34px" id=n>Yusuf Demirtaş</div><div id=t style="letter-spacing:3px">SENIOR STRUCTURAL ENGINEER</div><div style="position:absolute;left:34px;bottom:34px;line-height:1.5"><span id=m>+90 532 555 08 61</span><br><span id=e>y.demirtas@kopruarti.example</span><br><span id=w>www.kopruarti.example</span></div><div style="position:absolute;right:34px;bottom:34px;text-align:right;line-height:1.5"><b id=f>Köprü+ Mühendislik</b><br><span id=a>Bağdat Cad. 214, Kadıköy<br>34728 İstanbul</span></div></div>"""

MINUTES_ZH = """<style>body{font:16px/1.8 'Noto Sans CJK SC';width:760px;padding:36px 46px}li{margin:3px 0}</style><h2 style="text-align:center">项目例会纪要</h2><div>时间：<span id=t>2025年3月18日 14:00–15:30</span></div><div>地点：<span id=p>三楼望江厅</span></div><div>主持：<span id=h>曾敏</span>　记录：<span id=r>杜一凡</span></div><div>出席：<span id=who>曾敏、杜一凡、姚远、Lisa Grant、潘越</span></div><div>缺席：<span id=out>蒋文静（出差）</span></div><ol><li>姚远汇报进度：接口联调完成 <span id=prog>85%</span>，预计 <span id=done>4月3日</span>提测。</li><li>预算剩余 <span id=left>26.4万元</span>，服务器扩容需追加 <span id=add>3.5万元</span>。</li><li>Lisa Grant 提出官网英文版需在五月前上线，由 <span id=own>潘越</span> 负责。</li></ol><div>下次会议：<span id=next>3月25日 10:00</span></div>"""

SLIP = """<style>body{font:17px 'Comic Neue';width:560px;padding:28px;background:#fffdf5}hr{border:0;border-top:1px solid #aaa}</style><b>Eastgate Primary — permission slip</b><hr>Trip: <span id=trip>Hartwell Farm &amp; Dairy</span><br>When: <span id=when>Thurs 5 June, 9:15 – 2:45</span><br>Class: <span id=cls>3B (Ms Quigley)</span><br>Bus leaves from: <span id=bus>the Sutton Road gate</span><br>Please bring: <span id=bring>packed lunch, wellies, rain jacket</span><br>Contribution: <span id=c>£7.50</span> by <span id=by>Friday 30 May</span><hr>Child: <span id=kid>Noor Haddad</span><br>Emergency contact: <span id=em>07700 900418 (dad)</span><br>Allergies: <span id=al>sesame</span><br>I give permission: <span id=sig>R. Haddad</span>"""

HOTPOT_ZH = (
    """<style>body{font:16px 'WenQuanYi Zen Hei';width:380px;padding:20px}table{width:100%}td:nth-child(n+2){text-align:right}hr{border:0;border-top:1px dashed #000}.f{display:flex;justify-content:space-between}</style><center><b style="font-size:22px">辣府老灶火锅</b><br>结账单</center><div class=f><span>桌号 <span id=tab>A16</span></span><span>人数 <span id=ppl>5</span></span></div><div class=f><span>开台 <span id=open>18:07</span></span><span>结账 <span id=close>20:31</span></span></div><hr><table>"""
    + grid("""菜品 | 份数 | 金额
鸳鸯锅底 | 1 | 58.00
鲜毛肚 | 2 | 96.00
手切羊肉 | 2 | 84.00
黄喉 | 1 | 36.00
冬瓜 | 1 | 12.00
红糖糍粑 | 2 | 36.00
酸梅汤（扎） | 1 | 28.00""")
    + """</table><hr><div class=f><span>菜品小计</span><span id=sub>350.00</span></div><div class=f><span>调料 5位</span><span id=sauce>20.00</span></div><div class=f><span>会员9折（菜品）</span><span id=disc>-35.00</span></div><div class=f style="font-size:22px"><b>应收</b><b id=due>335.00</b></div><div class=f><span>支付宝</span><span>335.00</span></div><center>停车券请找前台领取</center>"""
)

PETROL = """<style>body{font:15px 'DejaVu Sans Mono';width:330px;padding:20px}pre{font:inherit;margin:4px 0}</style><center>ORBITA FUEL STOP 114<br>A7 Northbound</center><pre>
<span id=d>2025-08-30 06:12</span>
PUMP <span id=pump>07</span>   <span id=fuel>DIESEL B7</span>
<span id=lit>48.33 L</span> @ <span id=ppl>€1.629</span>
FUEL           <span id=f>€ 78.73</span>
CAR WASH GOLD  <span id=w>€ 11.90</span>
ESPRESSO DBL   <span id=e>€  3.10</span>
               -------
AMOUNT         <span id=a>€ 93.73</span>
VISA DEBIT     € 93.73
POINTS EARNED    <span id=pts>96</span>
POINTS BALANCE  <span id=bal>1,482</span></pre>"""

RAIL_ZH = """<div style="width:600px;height:330px;background:#cfe6f2;font:20px 'AR PL UMing CN';padding:22px;position:relative"><span id=no style="color:#c00">Z66H038157</span><span style="position:absolute;right:22px" id=gate>检票：12A</span><div style="display:flex;justify-content:space-between;font-size:32px;margin:16px 0"><span id=a>兰州西站</span><span id=tr>D2747</span><span id=b>张掖西站</span></div><div><span id=t>2024年08月19日 13:26开</span>　　<span id=s>05车 08F号</span></div><div style="margin:8px 0"><span id=p>￥137.5元</span>　　　　<span id=cl>二等座</span></div><div>限乘当日当次车</div><div style="margin-top:8px"><span id=id>6201021995****3318</span>　<span id=n>顾晓楠</span></div></div>"""

BOOKS = """<style>body{font:15px 'Courier Prime';width:360px;padding:22px}.f{display:flex;justify-content:space-between}</style><center><b>FOXGLOVE BOOKS</b><br>new · used · rare</center><br><div class=f><span>The Salt Road (pb)</span><span id=b1>8.99</span></div><div class=f><span id=n2>Mushrooms of Europe</span><span id=b2>24.50</span></div><div class=f><span>USED Dune</span><span id=b3>3.00</span></div><div class=f><span>Notebook A5 dotted</span><span id=b4>6.75</span></div><div class=f><span>Tote bag</span><span id=b5>0.00</span></div><br><div class=f><span>Sum</span><span id=s>43.24</span></div><div class=f><span>Student 5%</span><span id=st>-2.16</span></div><div class=f><b>Balance due</b><b id=t>41.08</b></div><div class=f><span>Gift voucher</span><span id=v>-25.00</span></div><div class=f><span>Debit card</span><span id=c>16.08</span></div><br><center><span id=d>Wed 19 Feb 2025 16:33</span><br>Voucher left: <span id=vl>0.00</span></center>"""

CLINIC_FEES_ZH = (
    """<style>body{font:15px 'Noto Sans CJK SC';width:640px;padding:26px}table{width:100%;border-collapse:collapse}td,th{border-bottom:1px solid #ccc;padding:6px;text-align:left}</style><h3 style="text-align:center">门诊费用清单</h3><div>患者：<span id=n>石磊</span>　年龄：<span id=age>46岁</span>　医保类型：<span id=ins>城镇职工</span></div><table>"""
    + grid("""项目名称 | 规格 | 数量 | 单价 | 金额
血常规 | 次 | 1 | 20.00 | 20.00
胸部CT平扫 | 部位 | 1 | 210.00 | 210.00
头孢克肟胶囊 | 0.1g×12 | 2 | 31.80 | 63.60
氨溴索口服液 | 100ml | 1 | 24.40 | 24.40
诊查费 | 次 | 1 | 18.00 | 18.00""")
    + """</table><p>总金额：<b id=tot>336.00</b>　医保支付：<span id=med>218.40</span>　个人自付：<b id=self>117.60</b></p><p>开单日期：<span id=d>2025-05-06</span>　收费员：<span id=c>3027</span></p>"""
)

PICTURES = [
    Picture("lease_zh", "document", [page(LEASE_ZH, 850)], [
        exact("房子是谁租的？", "唐可欣", "b"),
        number("押金交了多少？", "4700", "dep"),
        contains("谁来交物业费？", "甲方;;罗永康;;出租方", "fee"),
        exact("What day does the tenancy run out?", "2026年1月31日;;31 January 2026;;2026-01-31;;January 31, 2026", "to"),
        absent("这套房子的停车位号是多少？"),
    ], "zh"),
    Picture("resume_zh", "document", [page(RESUME_ZH, 820)], [
        exact("求职者现在住在哪个城市", "厦门", "city"),
        exact("硕士是在哪所学校读的？", "厦门大学", "e1"),
        contains("日语什么水平？", "N2", "jp"),
        exact("What job did this person hold before the current employer... at which company?", "思明统计咨询", "w2"),
        absent("他期望的薪资是多少？"),
    ], "zh"),
    Picture("power_bill_zh", "document", [page(POWER_ZH, 832)], [
        number("这个月要交多少电费？", "130", "pay"),
        exact("最晚哪天要交钱？", "2025-02-25;;2025年2月25日;;2月25日", "due"),
        number("晚上便宜的那段（谷段）用了多少度？", "126", "r2c3"),
        number("峰段比谷段多用了几度电？", "61", "r1c3 r2c3"),
        absent("燃气费是多少？"),
    ], "zh"),
    Picture("boarding_pass", "document", [page(BOARDING, 908, photo={"seed": 71, "turn": -3, "bend": 0.02}, quality=72)], [
        exact("Where on the plane will she sit?", "31K", "s"),
        exact("What time do they start letting people on?", "19:50", "bo"),
        exact("which airport code is she flying to", "MAD", "t"),
        number("How many minutes lie between boarding and take-off?", "45", "bo de"),
        absent("What is the passenger's frequent flyer number?"),
    ]),
    Picture("hotel_mail", "document", [page(HOTEL, 820)], [
        number("How many nights are they staying?", "4", "arr dep"),
        contains("What's the last day to cancel without paying?", "4 July 2025;;4 July;;2025-07-04", "can"),
        number("What will they pay for the room for the whole stay (without tax)?", "512", "rate"),
        number("Parking per day?", "9", "park"),
        absent("What's the hotel's phone number?"),
    ]),
    Picture("leave_slip_zh", "document", [page(LEAVE_ZH, 780, photo={"seed": 19, "turn": 1.2, "bend": 0.015}, quality=74)], [
        exact("谁接手他的工作？", "冯雪", "sub"),
        exact("请的是哪种假？", "年休假;;年假", "kind"),
        number("一共请了几天？", "4", "days"),
        exact("他为什么请假", "回贵州老家探亲;;探亲;;回老家探亲", "why"),
        absent("总经理批了吗？总经理叫什么？"),
    ], "zh"),
    Picture("engineer_card", "document", [page(CARD, 628)], [
        exact("What does Yusuf do?", "Senior structural engineer;;structural engineer", "t"),
        exact("his email pls", "y.demirtas@kopruarti.example", "e"),
        exact("名片上的公司在哪个城市？", "İstanbul;;Istanbul;;伊斯坦布尔", "a"),
        absent("What is the fax number?"),
    ]),
    Picture("minutes_zh", "document", [page(MINUTES_ZH, 852)], [
        exact("会议在哪儿开的？", "三楼望江厅;;望江厅", "p"),
        contains("谁没有来开会？", "蒋文静", "out"),
        number("服务器扩容还要多少钱（万元）？", "3.5;;3.5万", "add"),
        number("有几个人到场？", "5", "who", "count"),
        exact("Who is in charge of the English website?", "潘越", "own"),
    ], "zh"),
    Picture("farm_slip", "document", [page(SLIP, 616, photo={"seed": 33, "turn": 2.5, "noise": 8}, quality=70)], [
        exact("Where is the class going?", "Hartwell Farm & Dairy;;Hartwell Farm and Dairy;;Hartwell Farm", "trip"),
        contains("Is there anything the kid can't eat? What?", "sesame", "al"),
        exact("Whos the teacher of that class?", "Ms Quigley;;Quigley", "cls"),
        items("What should children take along?", "packed lunch;;wellies;;rain jacket", "bring"),
        absent("How long does the bus ride take?"),
    ]),
    Picture("hotpot_zh", "receipt", [page(HOTPOT_ZH, 420)], [
        number("这顿饭最后结了多少钱？", "335", "due"),
        number("平均每个人多少钱？", "67", "due ppl"),
        number("一份毛肚多少钱？", "48", "r2c2"),
        exact("他们坐在哪桌", "A16", "tab"),
        number("吃了多久？（分钟）", "144", "open close"),
        absent("牛肉丸多少钱一份？"),
    ], "zh"),
    Picture("fuel_stop", "receipt", [page(PETROL, 370, photo={"seed": 52, "turn": -2, "noise": 7}, quality=70)], [
        number("How many litres did they fill up?", "48.33", "lit"),
        number("What was paid for the drink?", "3.10", "e"),
        number("total on the card", "93.73", "a"),
        number("加油用的是几号油枪？", "7;;07", "pump"),
        absent("What's the licence plate of the car?"),
    ]),
    Picture("rail_ticket_zh", "receipt", [page(RAIL_ZH, 644, photo={"seed": 63, "turn": 1, "bend": 0.02}, quality=75)], [
        exact("这张票是谁的？", "顾晓楠", "n"),
        exact("坐到哪一站下车？", "张掖西站;;张掖西", "b"),
        number("票价多少", "137.5", "p"),
        exact("What seat is it? (just the seat number)", "08F;;8F;;08F号;;05车 08F号", "s"),
        absent("列车几点到达终点？"),
    ], "zh"),
    Picture("foxglove_books", "receipt", [page(BOOKS, 404)], [
        number("How much was left to pay by card after the gift voucher?", "16.08", "c"),
        exact("What was the priciest item?", "Mushrooms of Europe", "b2 n2"),
        number("What discount in money did the student get?", "2.16;;-2.16", "st"),
        number("How many items are listed?", "5", "b1 b2 b3 b4 b5", "count"),
        absent("Who was the cashier?"),
    ]),
    Picture("clinic_fees_zh", "receipt", [page(CLINIC_FEES_ZH, 692)], [
        number("病人自己掏了多少钱？", "117.60", "self"),
        number("拍CT花了多少？", "210", "r2c4"),
        number("两样药加起来多少钱？", "88", "r3c4 r4c4"),
        exact("最贵的项目是哪个？", "胸部CT平扫;;胸部CT;;CT", "r2c0 r2c4"),
        absent("病人的主治医生是谁？"),
    ], "zh"),
]  # fmt: skip
