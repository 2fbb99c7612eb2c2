# ruff: noqa: E501
"""Forms, letters and receipts of the first batch."""

from __future__ import annotations

from model import Picture, absent, contains, exact, grid, number, page, text, yesno

TENANT = """<style>body{font:15px 'Liberation Serif';padding:34px;width:700px}.f{display:grid;grid-template-columns:1fr 1fr;gap:14px 30px}
.f div{border-bottom:1px solid #444;padding:2px 0}.f small{display:block;font-size:11px;color:#555}h2{text-align:center;margin:0 0 4px}</style>
<h2>RESIDENTIAL TENANCY APPLICATION</h2><p style="text-align:center;margin:0 0 20px">Harrow &amp; Pine Lettings · Form RT-7</p><div class=f>
<div><small>Applicant (surname, given names)</small><span id=name>OKONKWO, Adaeze Grace</span></div><div><small>Date of birth</small><span id=dob>17 / 09 / 1991</span></div>
<div><small>Present address</small><span id=addr>Flat 6, 42 Cromer Street, Leeds LS6 2QT</span></div><div><small>Living there since</small><span id=since>March 2021</span></div>
<div><small>Occupation</small><span id=job>Dental hygienist</span></div><div><small>Employer</small><span id=emp>Brightwater Dental Ltd</span></div>
<div><small>Gross annual income</small><span id=inc>£31,450</span></div><div><small>Daytime telephone</small><span id=tel>0113 496 0732</span></div>
<div><small>Number of occupants</small><span id=occ>3</span></div><div><small>Pets</small><span id=pets>one cat</span></div>
<div><small>Desired move-in date</small><span id=move>1 August 2025</span></div><div><small>Proposed monthly rent</small><span id=rent>£1,125</span></div></div>
<p style="margin-top:26px;font-size:13px">I confirm that the details above are correct. Signed <i id=sign style="font-family:'Comic Neue';font-size:20px">A. Okonkwo</i> &nbsp; on <span id=signed>28 June 2025</span></p>"""

LETTER = """<style>body{font:16px/1.5 'EB Garamond';padding:60px 70px;width:680px}</style><div style="text-align:right">Mill Lane Veterinary Practice<br>3 Mill Lane, Totnes<br><span id=phone>01803 555 219</span></div>
<p id=date>12th February 2024</p><p>Dear <span id=to>Mr Pengelly</span>,</p><p>Our records show that <span id=dog>Biscuit</span>, your springer spaniel, is due for her annual
booster vaccination before <span id=due>4th March</span>. The booster costs <span id=cost>£48.50</span>; if you would like the kennel cough drops at the same visit, please add <span id=kc>£19.00</span>.</p>
<p>Please note that the practice is closed on <span id=closed>Wednesday afternoons</span>. Appointments can be moved free of charge up to <span id=hours>24 hours</span> beforehand; after that a fee of £15 is payable.</p>
<p>With kind regards,</p><p style="font-family:'Courier Prime'"><span id=vet>Helen Trask MRCVS</span></p>"""

MEDICAL_ZH = """<style>body{font:16px 'Noto Sans CJK SC';padding:30px;width:760px}table{border-collapse:collapse;width:100%}td{border:1px solid #222;padding:8px 10px}
td.l{background:#eef3f8;width:17%;text-align:center}h2{text-align:center;letter-spacing:8px}</style><h2>门诊挂号信息登记表</h2><table>
<tr><td class=l>姓　　名<td id=name>欧阳雨桐<td class=l>性　　别<td id=sex>女</tr><tr><td class=l>出生日期<td id=dob>1988年11月23日<td class=l>联系电话<td id=tel>138 0571 2946</tr>
<tr><td class=l>身份证号<td id=idno colspan=3>330106198811230468</tr><tr><td class=l>家庭住址<td id=addr colspan=3>杭州市西湖区文三路 128 号 5 幢 302 室</tr>
<tr><td class=l>就诊科室<td id=dept>呼吸内科<td class=l>接诊医生<td id=doc>沈国梁</tr><tr><td class=l>预约时间<td id=time>2025-04-16 09:40<td class=l>挂号费<td id=fee>¥ 28.00</tr>
<tr><td class=l>过敏史<td id=allergy colspan=3>青霉素、花生</tr><tr><td class=l>既往病史<td id=hist colspan=3>无</tr></table><p style="font-size:13px;color:#666">注：请于就诊前 15 分钟到一楼自助机取号。</p>"""

INVOICE = """<style>body{font:14px 'Lato';padding:40px;width:820px;color:#223}table{width:100%;border-collapse:collapse;margin-top:24px}th{background:#1d4e5f;color:#fff;text-align:left;padding:8px}
td{padding:8px;border-bottom:1px solid #cdd}td:nth-child(n+3),th:nth-child(n+3){text-align:right}.r{float:right;text-align:right}</style><div class=r><h1 style="margin:0;letter-spacing:4px">INVOICE</h1><div>No. <b id=no>NB-20417</b></div>
<div>Issued <span id=issued>9 May 2025</span></div><div>Supplied <span id=supplied>30 April 2025</span></div><div>Payable by <b id=due>8 June 2025</b></div></div><h3 style="margin:0">Northbank Joinery Ltd</h3><div>Unit 4, Quay Road<br>Gateshead NE8 3AB<br>VAT reg. <span id=vatno>GB 294 118 607</span></div>
<p style="margin-top:30px"><small>BILL TO</small><br><b id=client>Café Lindisfarne</b><br>17 Castle Wynd, Alnwick NE66 1TP</p><table>"""
INVOICE += grid("""Description | Qty | Unit price | Amount
Oak counter top, 2.4 m, oiled<br><small>incl. cut-out for sink</small> | 1 | 780.00 | 780.00
Bench seat, ash | 3 | 215.00 | 645.00
Wall shelf with iron brackets | 6 | 64.50 | 387.00
Delivery and fitting | 1 | 150.00 | 150.00""")
INVOICE += """</table><div class=r style="margin-top:14px;line-height:1.8">Subtotal &nbsp; <span id=sub>1,962.00</span><br>VAT 20% &nbsp; <span id=vat>392.40</span><br><b>Amount due &nbsp; <span id=total>£2,354.40</span></b></div>
<p style="margin-top:120px;font-size:12px">Bank: Tyne Mutual · Sort code <span id=sort>60-31-08</span> · Account <span id=acc>4471 9920</span></p>"""

PERMIT = """<style>body{font:15px 'Courier Prime';padding:26px 34px;width:640px;background:#fbf7e8}hr{border:0;border-top:2px dashed #777}</style><b>CITY OF MARLOW BAY — PARKS DEPARTMENT</b><br>PICNIC SHELTER PERMIT<hr>
<pre style="font:inherit;line-height:1.55">PERMIT #........: <span id=no>PS-0663-B</span>
HOLDER..........: <span id=holder>Teresa Villanueva</span>
GROUP...........: <span id=group>Riverside Chess Club</span>
SHELTER.........: <span id=shelter>Cottonwood (north lot)</span>
DATE OF USE.....: <span id=date>Sat 07/19/2025</span>
FROM / TO.......: <span id=time>11:00 AM - 4:30 PM</span>
HEAD COUNT......: <span id=head>85</span>
ALCOHOL.........: <span id=alc>NOT PERMITTED</span>
DEPOSIT.........: <span id=dep>$75.00 (refundable)</span>
USE FEE.........: <span id=fee>$120.00</span></pre><hr><small>Grills must be cold before leaving. Keep this permit on the table.</small>"""

COFFEE = """<style>body{font:15px 'Inconsolata';width:300px;padding:22px 20px}pre{font:inherit;margin:0}.c{text-align:center}</style><div class=c><b>THE TIN KETTLE</b><br>88 Dock St, Portland<br>Tel 503-555-0148</div><pre>
--------------------------------
<span id=date>03/22/2025</span>  <span id=time>08:17</span>   Till 2
Served by: <span id=by>Imogen</span>
--------------------------------
2 x Flat white         <span id=flat>9.00</span>
1 x Oat latte          <span id=oat>5.25</span>
1 x Almond croissant   <span id=cro>4.75</span>
3 x Banana bread      <span id=ban>11.25</span>
--------------------------------
SUBTOTAL              <span id=sub>30.25</span>
TAX 8.5%               <span id=tax>2.57</span>
<b>TOTAL                 <span id=total>32.82</span></b>
CASH                  <span id=cash>40.00</span>
CHANGE                 <span id=change>7.18</span>
--------------------------------</pre><div class=c>Loyalty card: <span id=stamps>6 stamps of 10</span><br>See you soon!</div>"""

SUPERMARKET_ZH = (
    """<style>body{font:15px 'Noto Sans Mono CJK SC';width:340px;padding:18px}td{padding:1px 3px}td:nth-child(n+2){text-align:right}hr{border:0;border-top:1px dashed #000}.c{text-align:center}</style><div class=c><b>家家乐生活超市</b><br>（建设路店）</div>
<div>流水号：<span id=no>0037 2291</span><br>日期：<span id=date>2025-03-08 18:42</span><br>收银员：<span id=by>05 李娜</span></div><hr><table width=100%>"""
    + grid("""品名 | 数量 | 单价 | 小计
五常大米5kg | 1 | 46.90 | 46.90
鲜牛奶950ml | 2 | 13.80 | 27.60
土鸡蛋30枚 | 1 | 32.50 | 32.50
西红柿 | 1.24 | 5.98 | 7.42
垃圾袋 | 3 | 6.60 | 19.80""")
    + """</table><hr><div>件数：<span id=cnt>8</span></div><div>合计：<span id=sum>134.22</span></div><div>优惠：<span id=off>-10.00</span></div><div><b style="font-size:20px">实付：<span id=pay>124.22</span></b></div>
<div>支付方式：<span id=way>微信支付</span></div><div>会员卡余额：<span id=bal>316.05</span></div><hr><div class=c>谢谢惠顾　凭小票七日内退换</div>"""
)

HARDWARE = """<style>body{font:14px 'Liberation Mono';width:330px;padding:20px}.r{float:right}div{clear:both;line-height:1.5}</style><div style="text-align:center"><b style="font:bold 22px Lato">GROVE HARDWARE</b><br>Est. 1962 · Dunedin<br>GST 84-112-903</div><br>
<div>Docket <span id=no>118-5540</span><span class=r id=date>14 JAN 2025</span></div><div>-----------------------------------</div><div>Masonry bit 8mm <span class=r id=i1>12.95</span></div><div>Wall plug pk 50 <span class=r id=i2>6.49</span></div><div>Ext. cord 10m <span class=r id=i3>38.00</span></div>
<div>Paint brush 63mm <span class=r id=i4>17.90</span></div><div>Drop sheet <span class=r id=i5>9.99</span></div><div>Trade discount 10% <span class=r id=disc>-8.53</span></div><div>-----------------------------------</div><div><b>TO PAY <span class=r id=total>$76.80</span></b></div>
<div>incl. GST <span class=r id=gst>10.02</span></div><div>EFTPOS ****<span id=card>4417</span> <span class=r>76.80</span></div><br><div style="text-align:center">Returns within <span id=ret>30 days</span> with docket</div>"""

TAXI_ZH = """<style>body{font:17px 'AR PL UMing CN';width:280px;padding:20px;line-height:1.6}</style><div style="text-align:center;font-size:20px">成都市出租汽车<br>专用发票</div><div>车　号　<span id=car>川A·T7265</span></div><div>证　号　<span id=lic>510108</span></div>
<div>日　期　<span id=date>2024年10月05日</span></div><div>上　车　<span id=on>21:16</span></div><div>下　车　<span id=off>21:49</span></div><div>单　价　<span id=unit>1.90元/公里</span></div><div>里　程　<span id=km>14.6公里</span></div><div>等　候　<span id=wait>00:04:12</span></div><div>金　额　<span id=money>36.00元</span></div>"""

PHARMACY = """<style>body{font:14px 'DejaVu Sans Mono';width:360px;padding:18px}td:last-child{text-align:right}table{width:100%}</style><center><b>CITYCARE PHARMACY #0231</b><br>Rx pickup receipt</center><br>Patient: <span id=pt>HALVORSEN, LEIF</span><br>Pickup: <span id=date>2025-02-11 17:05</span><table style="margin:8px 0">
<tr><td id=m1>AMOXICILLIN 500MG<br>&nbsp; qty 21 &nbsp; refills 0<td id=c1>$14.20</tr><tr><td id=m2>LISINOPRIL 10MG<br>&nbsp; qty 90 &nbsp; refills 3<td id=c2>$22.75</tr><tr><td id=m3>ALBUTEROL INHALER<br>&nbsp; qty 1 &nbsp; refills 2<td id=c3>$41.60</tr></table>
INSURANCE PAID &nbsp; <span id=ins>$58.55</span><br><b>YOU PAID &nbsp; <span id=you>$20.00</span></b><br><br>Pharmacist: <span id=ph>R. Castellano</span><br>Questions? 1-800-555-0199"""

PICTURES = [
    Picture("tenancy_form", "document", [page(TENANT, 780)], [
        exact("What does the applicant do for a living?", "Dental hygienist", "job"),
        number("How much rent would she pay each month?", "1125", "rent"),
        exact("Since when has this person been at the current place?", "March 2021;;03/2021;;2021-03", "since"),
        absent("What is the applicant's e-mail address?"),
    ]),
    Picture("vet_letter", "document", [page(LETTER, 820, photo={"seed": 3, "turn": 1.5, "bend": 0.015}, quality=72)], [
        exact("What's the name of the dog the letter is about?", "Biscuit", "dog"),
        number("If he takes the vaccination and the kennel cough drops together, what will it cost?", "67.50", "cost kc"),
        contains("When isnt the practice open?", "Wednesday afternoons;;Wednesday afternoon", "closed"),
        absent("What is Biscuit's microchip number?"),
    ]),
    Picture("clinic_form_zh", "document", [page(MEDICAL_ZH, 820)], [
        exact("这位病人要看哪个科？", "呼吸内科", "dept"),
        contains("她对什么东西过敏？", "青霉素、花生", "allergy"),
        exact("Which doctor will see the patient?", "沈国梁", "doc"),
        absent("紧急联系人是谁？"),
    ], "zh"),
    Picture("joinery_invoice", "document", [page(INVOICE, 900)], [
        number("how much money do they owe altogether, tax included", "2354.40", "total"),
        exact("By what date must the bill be settled?", "8 June 2025;;2025-06-08;;June 8, 2025;;08/06/2025", "due"),
        number("What did a single bench cost?", "215", "r2c2"),
        exact("Who is the customer?", "Café Lindisfarne;;Cafe Lindisfarne", "client"),
    ]),
    Picture("picnic_permit", "document", [page(PERMIT, 720, photo={"seed": 8, "turn": -2.0, "bend": 0.02}, quality=70)], [
        number("How many people are expected?", "85", "head"),
        exact("Which club is this booking for?", "Riverside Chess Club", "group"),
        yesno("Are they allowed to drink beer there?", "no", "alc", "presence"),
        absent("Who approved the permit?"),
    ]),
    Picture("kettle_receipt", "receipt", [page(COFFEE, 340)], [
        number("How much did the customer spend in the end?", "32.82", "total"),
        exact("Who rang this up?", "Imogen", "by"),
        number("What did they get back from the cash they handed over?", "7.18", "change"),
        number("How much was it per slice of banana bread?", "3.75", "ban"),
        absent("Which table were they sitting at?"),
    ]),
    Picture("supermarket_zh", "receipt", [page(SUPERMARKET_ZH, 380)], [
        number("最后一共付了多少钱？", "124.22", "pay"),
        number("两盒牛奶总共多少钱？", "27.60", "r2c3"),
        exact("是用什么付的款？", "微信支付;;微信", "way"),
        number("How much was taken off the bill?", "10", "off"),
        absent("这张小票里苹果多少钱？"),
    ], "zh"),
    Picture("grove_docket", "receipt", [page(HARDWARE, 370, photo={"seed": 21, "turn": 3.0, "noise": 8}, quality=68)], [
        number("Which was the dearest thing bought here, and... just give me its price", "38.00", "i3"),
        exact("What are the last four digits of the card?", "4417", "card"),
        number("how long can you bring things back, in days?", "30", "ret"),
        absent("How much did the hammer cost?"),
    ]),
    Picture("taxi_zh", "receipt", [page(TAXI_ZH, 320, photo={"seed": 5, "turn": -1.0, "noise": 5}, quality=75)], [
        number("这趟车花了多少钱？", "36", "money"),
        number("坐了多少公里？", "14.6", "km"),
        exact("车牌号是多少", "川A·T7265;;川AT7265;;川A T7265", "car"),
        number("从上车到下车一共几分钟？", "33", "on off"),
    ], "zh"),
    Picture("pharmacy_slip", "receipt", [page(PHARMACY, 400)], [
        number("What did Leif have to pay out of his own pocket?", "20", "you"),
        number("How many refills are left on the blood pressure pills (lisinopril)?", "3", "m2"),
        number("How much would all three medicines have come to?", "78.55", "c1 c2 c3"),
        absent("What dosage of ibuprofen was handed out?"),
        text("Copy out the first line of the slip.", "CITYCARE PHARMACY #0231", "", "transcription"),
    ]),
]  # fmt: skip
