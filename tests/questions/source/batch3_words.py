# ruff: noqa: E501
"""Transcription, presence, counting and finding of words: the third batch."""

from __future__ import annotations

from drawings import on_background, photo
from model import Picture, absent, contains, exact, locate, needs_vlm, number, page, text, yesno

POEM_ZH = """<div style="width:420px;background:#fbf6ea;font:30px/1.9 'AR PL UKai CN';padding:30px;text-align:center"><div style="font-size:36px" id=t>山居秋暝</div><div style="font-size:20px" id=a>唐·王维</div><div id=l1>空山新雨后，天气晚来秋。</div><div id=l2>明月松间照，清泉石上流。</div><div id=l3>竹喧归浣女，莲动下渔舟。</div><div id=l4>随意春芳歇，王孙自可留。</div></div>"""
NOTE = """<div style="width:380px;background:#fff3a0;font:24px/1.5 'Comic Neue';padding:26px" ><div id=l1>Hi Bea,</div><div id=l2>the plumber comes Tuesday at 8.</div><div id=l3>Key is under the blue pot.</div><div id=l4>Please feed Otto twice!</div><div id=l5>Back Sunday – Ruth</div></div>"""
PLATES = """<style>.p{display:inline-block;background:#ffd94a;border:3px solid #222;border-radius:8px;font:bold 34px 'DejaVu Sans Mono';padding:6px 16px;margin:14px}</style><div style="width:720px;background:#666d74;padding:20px"><span class=p id=p1>KX61 VBD</span><span class=p id=p2>LR07 ZTE</span><span class=p id=p3>YJ19 HMA</span><span class=p id=p4>KX58 QOP</span><span class=p id=p5>BD72 NFC</span></div>"""
SHOPPING = """<div style="width:360px;background:#fff;font:22px/1.6 'Comic Neue';padding:26px;border-left:6px solid #c33"><b id=h>For Saturday</b><br><span id=i1>☑ lemons</span><br><span id=i2>☐ butter</span><br><span id=i3>☑ paper plates</span><br><span id=i4>☐ ice</span><br><span id=i5>☐ coriander</span><br><span id=i6>☑ charcoal</span><br><span id=i7>☐ candles (8!)</span></div>"""
ROLL_ZH = """<style>body{font:19px 'Noto Sans CJK SC';width:640px;padding:28px}.g{display:grid;grid-template-columns:repeat(4,1fr);gap:12px}</style><h3 id=h>第三小组值日名单</h3><div class=g><span id=a1>方可儿</span><span id=a2>江一帆</span><span id=a3>陆安琪</span><span id=a4>江语晨</span><span id=a5>石小磊</span><span id=a6>方正阳</span><span id=a7>江慕白</span><span id=a8>傅佳宁</span><span id=a9>乔木</span><span id=a10>陆星河</span></div><p id=p>组长：傅佳宁　打扫区域：二楼走廊</p>"""
TICKETS = """<style>body{font:15px Roboto;width:780px;padding:22px;background:#fafbfc}.t{display:flex;justify-content:space-between;padding:8px 6px;border-bottom:1px solid #dde}.s{border-radius:10px;padding:2px 10px;color:#fff}.o{background:#1a7f37}.c{background:#8250df}.w{background:#bf8700}</style><h3 id=h>Tracker · mobile app</h3><div class=t><span id=t1>#311 Crash when rotating the map</span><span class="s o" id=s1>open</span></div><div class=t><span id=t2>#318 Dark theme: unreadable links</span><span class="s c" id=s2>closed</span></div><div class=t><span id=t3>#322 Add Portuguese translation</span><span class="s w" id=s3>waiting</span></div><div class=t><span id=t4>#325 Login loop after update</span><span class="s o" id=s4>open</span></div><div class=t><span id=t5>#329 Photos upload twice</span><span class="s o" id=s5>open</span></div><div class=t><span id=t6>#334 Typo on the welcome page</span><span class="s c" id=s6>closed</span></div><div class=t><span id=t7>#340 Battery drain in background</span><span class="s w" id=s7>waiting</span></div>"""
SHOPFRONT_ZH = """<div style="width:620px;background:#7c1d1d;color:#ffe7a8;font:24px 'Noto Serif CJK SC';padding:20px;text-align:center"><div style="font-size:58px;letter-spacing:12px" id=n>老陈记馄饨</div><div id=y>始于一九八六年</div><div style="display:flex;justify-content:space-around;margin-top:10px"><span id=d1>鲜肉馄饨 12元</span><span id=d2>荠菜馄饨 14元</span><span id=d3>虾仁馄饨 18元</span></div></div>"""
CAFE = """<div style="width:560px;background:#20302b;color:#f4f1e8;font:24px/1.5 'Comic Neue';padding:26px"><div style="font-size:38px" id=h>Today's specials</div><div id=a>Leek soup with rye bread – 6.20</div><div id=b>Mushroom risotto – 11.80</div><div id=c>Plaice, new potatoes – 15.40</div><div id=d>Rhubarb crumble – 5.50</div><div id=e style="font-size:18px">Gluten-free bread on request. Card only.</div></div>"""
LIBRARY_ZH = """<style>body{font:18px/1.9 'Noto Sans CJK SC';width:620px;padding:32px}</style><h2 id=h style="text-align:center">读者须知</h2><div id=r1>1. 凭读者证入馆，一人一证。</div><div id=r2>2. 每证限借图书 6 册，借期 30 天。</div><div id=r3>3. 逾期每册每天收取 0.2 元。</div><div id=r4>4. 馆内禁止吸烟、饮食和大声喧哗。</div><div id=r5>5. 周一闭馆，周二至周日 9:00–18:00 开放。</div>"""
SEEDS = """<div style="width:400px;background:#eaf5df;border:4px solid #3f7d20;color:#1f3d10;font:19px/1.5 Lato;padding:20px"><b style="font-size:32px" id=n>Carrot ‘Amber Giant’</b><br>Sow <span id=s>March – July</span>, <span id=d>1 cm deep</span><br>Thin to <span id=t>5 cm</span><br>Harvest after <span id=h>14–16 weeks</span><br>About <span id=q>600 seeds</span><br>Best before <span id=b>12/2026</span><br><span style="font-size:14px" id=l>Lot 7741-C · packed in Ghent</span></div>"""

PICTURES = [
    Picture("autumn_poem_zh", "transcription", [page(POEM_ZH, 480, photo={"seed": 101, "turn": 1, "bend": 0.02, "noise": 5}, quality=75)], [
        text("请把第二联（“明月”开头那句）完整抄录下来。", "明月松间照，清泉石上流。", "l2"),
        exact("这首诗的作者是谁？", "王维;;唐·王维", "a", "document"),
        yesno("诗里有没有提到“莲”？", "yes", "l3", "presence"),
        absent("这首诗是哪一年写的？", "document"),
    ], "zh"),
    Picture("note_to_bea", "transcription", [page(NOTE, 432, photo={"seed": 107, "turn": -4, "bend": 0.03, "noise": 7}, quality=70)], [
        text("Type out the whole note.", "Hi Bea, the plumber comes Tuesday at 8. Key is under the blue pot. Please feed Otto twice! Back Sunday – Ruth", "l1 l2 l3 l4 l5"),
        exact("Who wrote this?", "Ruth", "l5", "document"),
        contains("where can she find the key", "under the blue pot;;blue pot", "l3", "document"),
        absent("What's the plumber called?", "document"),
    ]),
    Picture("number_plates", "count", [page(PLATES, 760, photo={"seed": 111, "turn": 1.5, "bend": 0.02, "noise": 7}, quality=72)], [
        number("How many of the plates start with KX?", "2", "p1 p4"),
        exact("Which plate ends in NFC?", "BD72 NFC;;BD72NFC", "p5", "sign"),
        yesno("Is there a plate that reads LR07 ZTE?", "yes", "p2", "presence"),
        yesno("Can you see the plate GH20 PLX?", "no", "", "presence"),
    ]),
    Picture("saturday_list", "count", [page(SHOPPING, 420)], [
        number("How many things are on the list?", "7", "i1 i2 i3 i4 i5 i6 i7"),
        number("How many candles do they want?", "8", "i7", "document"),
        yesno("Is milk on the list?", "no", "", "presence"),
        locate("Find where it says charcoal.", "i6"),
        absent("Which shop should the butter be bought from?", "document"),
    ]),
    Picture("duty_roll_zh", "count", [page(ROLL_ZH, 696)], [
        number("名单上有几个姓江的同学？", "3", "a2 a4 a7"),
        number("这个小组一共几个人？", "10", ""),
        exact("谁是组长？", "傅佳宁", "p", "document"),
        yesno("名单上有“江一鸣”吗？", "no", "", "presence"),
        locate("帮我找一下乔木的名字在哪", "a9"),
    ], "zh"),
    Picture("bug_tracker", "count", [page(TICKETS, 824)], [
        number("How many tickets are still open?", "3", "s1 s4 s5"),
        number("count the ones that are waiting", "2", "s3 s7"),
        exact("What's the state of the login problem?", "open", "s4", "screen"),
        exact("Which ticket number is about the translation?", "322;;#322", "t3", "screen"),
        absent("Who reported the crash?", "screen"),
    ]),
    Picture("wonton_shop_zh", "transcription", [page(draw=lambda c: on_background(c, SHOPFRONT_ZH, "brick", seed=61), quality=76)], [
        text("店招上的店名是什么，原样写出来。", "老陈记馄饨", "n"),
        number("最贵的馄饨多少钱？", "18", "d3", "sign"),
        number("In which year did the shop start?", "1986", "y", "sign"),
        yesno("他们卖不卖虾仁馅的？", "yes", "d3", "presence"),
        absent("煎饺多少钱一份？", "sign"),
    ], "zh"),
    Picture("cafe_board", "transcription", [page(CAFE, 612, photo={"seed": 119, "turn": 2, "bend": 0.025, "noise": 7}, quality=70)], [
        text("What does the line in small print at the bottom say, word for word?", "Gluten-free bread on request. Card only.", "e"),
        number("price of the fish?", "15.40", "c", "sign"),
        exact("Which is the cheapest of the specials?", "Rhubarb crumble", "d", "sign"),
        yesno("Can I pay in cash here?", "no", "e", "presence"),
        absent("How much is the chocolate cake?", "sign"),
    ]),
    Picture("library_rules_zh", "transcription", [page(LIBRARY_ZH, 684)], [
        text("抄写第3条规定", "逾期每册每天收取 0.2 元。;;3. 逾期每册每天收取 0.2 元。", "r3"),
        number("一次最多能借几本书？", "6", "r2", "document"),
        number("一本书超期五天要交多少钱？", "1;;1.0;;1元", "r3", "document"),
        exact("Which day is the library closed?", "周一;;Monday;;星期一", "r5", "document"),
        absent("办读者证要交多少押金？", "document"),
    ], "zh"),
    Picture("carrot_seeds", "transcription", [page(SEEDS, 456, photo={"seed": 127, "turn": -2, "bend": 0.03, "noise": 6}, quality=72)], [
        text("Give me the name of the variety exactly as printed at the top.", "Carrot ‘Amber Giant’;;Amber Giant", "n"),
        exact("How deep do the seeds go?", "1 cm;;1 cm deep;;1cm", "d", "sign"),
        number("roughly how many seeds are inside", "600", "q", "sign"),
        absent("What does the packet cost?", "sign"),
    ]),
    Picture("handwriting_photo", "photo", [page(draw=lambda _: photo("text"), quality=88)], [
        needs_vlm("Is this handwriting or print?", "handwriting;;handwritten"),
        absent("What telephone number is written here?"),
    ]),
    Picture("retina_photo", "photo", [page(draw=lambda _: photo("retina", 0.4), quality=82)], [
        needs_vlm("这张照片拍的是人体的哪个器官？", "眼睛;;眼底;;视网膜;;eye;;retina"),
        absent("What is the patient's name?"),
    ]),
]  # fmt: skip
