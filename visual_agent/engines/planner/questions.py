"""A question taken apart: what kind it is, what it speaks of, what type of value answers it.

In: the question's text (English, Chinese or mixed) and how many pictures there are. Out: `Question`. The patterns here
are about how people ask; what documents call things is in `lexicon.toml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from visual_agent.engines.planner.values import han_number, values
from visual_agent.engines.planner.words import Term, has_han, lexicon, normal, terms

LIMIT = 2000
"""Characters of a question that are looked at; nobody asks in more, and regular expressions stay quick."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "changes",
        _any(
            r"\bwhat(?:'s| is| are|)? (?:the )?(?:difference|different|changed?|new)\w*\b(?!.*\bin (?:price|cost)\b).*"
            r"\b(?:two|both|between|pictures?|images?|versions?|screens?\w*|documents?|these|them|pages?|second|first)\b",
            r"\b(?:what|which \w+|anything|something) (?:has |have |was |were |is |are )?(?:been )?(?:chang|differ|modif|edit|updat|add|remov)",
            r"\b(?:spot|find|list|show|describe|name|tell me) (?:me )?(?:all |every |the )*(?:difference|change)s?\b",
            r"\bhow (?:do|does|did) (?:the|these|they|it|both).*\b(?:differ|change)",
            r"\bdifferences? (?:between|of) (?:the |these |those )?(?:two|both|picture|image|version|screen|document)",
            r"\bcompare (?:the|these|both|them|two)",
            r"(?:有什么|有何|有哪些|哪些地方|什么地方|哪里|哪儿|哪处|哪项|什么|哪一项|哪一处)[^,，。?？]{0,6}(?:不同|不一样|变化|区别|差异|改动|变了|改了|变动|差别|更改|修改)",
            r"(?:几|多少)[处个]?(?:地方)?(?:不同|不一样|变化|区别|差异|改动)|(?:哪|什么)[^?？]{0,6}(?:被)?(?:改动|修改|改过|篡改|动过|变过)",
            r"\bwhere (?:has|have|was|were|did) .*\b(?:chang|edit|alter|retouch|modif|differ)",
            r"(?:找出|指出|列出|说出|比较|对比)[^?？]{0,12}(?:不同|差异|区别|变化|改动)",
            r"(?:改|变)了(?:什么|哪|啥)",
        ),
    ),
    (
        "transcribe",
        _any(
            r"\b(?:transcribe|transcription|ocr)\b",
            r"\b(?:type|write|copy|spell) (?:out|down)\b|\bcopy the\b",
            r"\bread (?:out |me )?(?:all|everything|the (?:whole|entire|full|text|sign|page|label|note|picture|image)|it (?:out|aloud))",
            r"\bwhat (?:does|do) (?:the|this|that|it)\b[^?]*\b(?:say|read)\b",
            r"\bwhat (?:is|'s) (?:written|printed)\b",
            r"\bwhat text\b|\bwhich words\b|\ball (?:the|of the) (?:text|words)\b|\bfull text\b|\bwhat words\b",
            r"(?:转录|转写|抄写|抄录|识别)[^?？]{0,8}(?:文字|文本|内容|全文)?|逐字|全文|读出|念出|朗读|念一下|读一下",
            r"(?:写|印|显示)(?:着|了|的|的是)(?:些)?(?:什么|啥)|(?:上面|图中|图里|图片|牌子|画面)[^?？]{0,6}(?:有哪些|有什么|什么|哪些)(?:文字|字|内容)",
            r"(?:所有|全部)(?:的)?(?:文字|文本|内容)",
        ),
    ),
    (
        "locate",
        _any(
            r"\bwhere (?:in|on) (?:the |this |that )?(?:picture|image|page|document|screen|photo|sheet|form|sign|plan|map|receipt|chart|poster)",
            r"\bwhere (?:is|are|does|do|can|was|were)\b[^?]*\b(?:printed|shown|written|stand|appear|placed|displayed|located (?:in|on) the (?:picture|image|page)|mentioned|listed|see|read|find|click|press|tap|sign|stated|given|noted)",
            r"^(?:please |can you |could you )?(?:locate|highlight|mark|box|circle|outline|underline|point (?:to|at|out)|show me where|find|put a box|draw)\b",
            r"\bwhere (?:do|should|can|must|would|to) (?:i |we |you |one )?(?:click|press|tap|go to)\b",
            r"^where(?:'s| is| are) (?:the )?",
            r"\b(?:bounding box|coordinates|position|location) (?:of|for)\b",
            r"(?:在图|在画面|在页面|在图片|在文档|在屏幕)[^?？]{0,6}(?:哪|什么位置|何处)|(?:的)?位置(?:在哪|是|坐标)?|坐标|框出|圈出|标出|指出|定位|标记|高亮",
            r"(?:在哪(?:里|儿)?(?![个家所间座条层天年月班趟号些门科单市]))|在什么位置|在何处|在什么地方|(?:点|按)(?:击)?哪|找出|找到",
        ),
    ),
)
_CHOOSE = _any(
    r"\bwhich (?:one )?(?:of (?:the|these|those) (?:two|three|both)?|(?:of )?(?:the )?(?:two|2|both)|picture|image|document|photo|receipt|invoice|bill|sign|screen\w*|page|file|ticket|label|poster|form|one|quote|card|menu|letter|notice|offer|list|quotation|statement|version|order|scan|contract|timetable|package|product|shop|store)\b",
    r"\b(?:first|second|left|right) or (?:the )?(?:first|second|left|right)\b",
    r"(?:哪|哪一|哪个|两)[张份个幅家块页封种款][^?？]{0,12}(?:更|较|最|有|是|提到|写|出现|包含|里|上)|哪[一]?[张份幅封页家块]",
)
_BOTH = _any(
    r"\b(?:both|two|each|either|all|together|combined|in total|altogether) ?(?:of )?(?:the |these |those )?(?:pictures|images|documents|receipts|invoices|bills|signs|pages|of them|screens\w*|labels|tickets|notices|quotes|them|forms|cards|menus|letters|statements)?\b",
    r"\bthe same\b|\bidentical\b|\bdiffer",
    r"两[张份个幅块页家封]|一样|相同|一致|不同|分别|都",
)
_PICTURE = _any(
    r"\b(?:in |on |from |of |for )?(?:the )?(first|1st|second|2nd|third|3rd|fourth|last|other|left|right|earlier|later|newer|older|old|new|original|before|after|upper|lower)(?: one| picture| image| document| photo| receipt| invoice| bill| sign| screen\w*| page| notice| ticket| form| label| version| card| quote| offer| quotation| list| shop| store| contract| menu| letter| poster| statement)\b",
    r"\b(?:picture|image|img|document|photo|page|receipt|invoice) ?(?:no\.? ?|number |#)?(\d|one|two|three|four)\b",
    r"第([一二三四五1-9])[张份个幅块页封]",
    r"(?:图|图片|照片)\s?([一二三四五1-9])(?!\d)",
    r"(左|右|前|后|另)(?:边|面)?(?:的)?(?:那)?一?[张份幅]",
)
_ORDINALS = {
    w: n
    for n, ws in enumerate(
        (
            "first 1st 1 one 一 left 左 earlier older old original before 前 upper",
            "second 2nd 2 two 二 right 右 later newer new after 后 other 另 lower",
            "third 3rd 3 three 三",
            "fourth 4 four 四",
            "5 五",
        )
    )
    for w in ws.split()
}
_HIGH = r"highest|most|largest|biggest|greatest|maximum|max|top|best|longest|latest|last|newest|oldest|heaviest|tallest|fastest|hottest|warmest|busiest|dearest|priciest|strongest|widest|peak|highest-?paid|leading|richest|windiest|wettest|rainiest|hungriest|farthest|furthest|deepest|more|higher|larger|bigger|greater|longer|later|heavier|taller|faster|dearer|pricier|older|warmer|hotter|better|stronger|wider"
_LOW = r"lowest|least|fewest|smallest|minimum|min|cheapest|shortest|earliest|first|youngest|lightest|slowest|coldest|coolest|worst|weakest|bottom|narrowest|nearest|closest|quietest|less|lower|fewer|smaller|cheaper|shorter|earlier|younger|lighter|slower|colder|cooler|worse"
_COMPARATIVE = _any(
    r"\b(?:more|higher|larger|bigger|greater|longer|later|heavier|taller|faster|dearer|pricier|older|warmer|hotter|better|less|lower|fewer|smaller|cheaper|shorter|earlier|younger|lighter|slower|colder|cooler|worse|stronger|wider)\b",
    r"更|较|比|(?:谁|哪[家个边])[^?？]{0,8}(?:便宜|贵|多|少|大|小|高|低|早|晚|快|慢)",
)
_EXTREME_HIGH = _any(
    rf"\b(?:{_HIGH})\b",
    r"最(?:高|多|大|贵|长|晚|重|快|好|后|新|热|强|远|老|久|深|宽)|(?:更|较)(?:高|多|大|贵|长|晚|重|快|好|热|远)|排(?:名)?第一|冠军|第一名|最受欢迎|峰值",
)
_EXTREME_LOW = _any(
    rf"\b(?:{_LOW})\b",
    r"最(?:低|少|小|便宜|短|早|轻|慢|差|先|冷|近|弱|年轻|窄|浅|划算|省)|(?:更|较)(?:低|少|小|便宜|短|早|轻|慢|差|冷|近|划算)|垫底|倒数第一",
)
_ADJECTIVES: tuple[tuple[str, str], ...] = (
    (r"最后一", "when"),
    (
        r"\b(?:expensive|dear|dearest|dearer|priciest|pricier|cheap|cheapest|cheaper|costly|costs?)\b|贵|便宜|划算|价",
        "price",
    ),
    (r"\b(?:earliest|earlier|latest|later|newest|oldest|recent|soonest|first|last)\b|早|晚|新|先", "when"),
    (r"\b(?:longest|shortest|longer|shorter)\b|长|短|久", "duration"),
    (r"\b(?:heaviest|lightest|heavier|lighter)\b|重|轻", "weight"),
    (r"\b(?:tallest|taller)\b|高度", "height"),
    (r"\b(?:windiest|windier)\b|风(?:力|速)?最", "wind"),
    (r"\b(?:wettest|rainiest|driest)\b", "rain"),
    (r"\b(?:hottest|warmest|coldest|coolest|warmer|colder)\b|热|冷|暖", "temperature"),
    (r"\b(?:youngest|younger|old(?:est)?)\b|年轻|年长|年龄|年纪", "age"),
    (r"\b(?:fastest|slowest|faster|slower)\b|快|慢", "speed"),
    (r"\b(?:best|worst)\b|最好|最差", "score"),
    (r"\b(?:farthest|furthest|nearest|closest)\b|远|近", "distance"),
)
_SUM = _any(
    r"\b(?:sum|add up|added up|add together|total up|combined|altogether|together|in all|in total|plus|summed|adding)\b",
    r"\btotal (?:of|for|number|amount|cost|price|sales|quantity|revenue) (?:of |for )?(?:all|both|the (?:two|three|four)|these|\w+ and)\b",
    r"总和|之和|加起来|相加|合起来|一共|总共|合计|总计|共计|加上|共多少|共有",
)
_DIFFERENCE = _any(
    r"\b(?:difference|differ)\b",
    r"\bhow (?:much|many) (?:\w+ ){0,3}?(?:more|less|fewer|higher|lower|cheaper|bigger|larger|longer|older|younger|heavier|dearer|extra|taller|further)\b",
    r"\bby how (?:much|many)\b|\bminus\b|\bsubtract",
    r"\bhow (?:much|many|long|far) .*\b(?:than|compared (?:to|with)|between .* and|from .* to)\b",
    r"\b(?:increase|decrease|grow|grew|growth|drop|dropped|fall|fell|rise|rose|decline|gain|change)\w* (?:from|between|by)\b",
    r"相差|差多少|差了多少|多多少|少多少|贵多少|便宜多少|高多少|低多少|差几|差值|多了多少|少了多少|多出多少|减去|差额|相比|[多少高低贵重长晚早]了?(?:多少|几)(?!钱)|增加了多少|减少了多少|增长了多少|下降了多少|比[^?？]{1,14}(?:多|少|高|低|贵|便宜|早|晚|长|短|重)",
)
_AVERAGE = _any(r"\b(?:average|mean|on average|averaged)\b", r"平均|均值")
_COUNT = _any(
    r"\bhow many\b|\bnumber of\b|\bcount\b|\bhow often does\b",
    r"多少[个种项条行款位名人次张件样列家份道首门只辆本天]|几[个种项条行款位名人次张件样列家份道首门只辆本天处]|有多少|数一数|数量是|数出|出现(?:了)?(?:几|多少)次",
)
_YESNO = _any(
    r"^(?:and |so |but |please tell me |tell me |do you know )?(?:if |whether )?(?:is|are|was|were|does|do|did|has|have|had|can|could|may|must|should|will|would|am|isn't|aren't|doesn't|don't|didn't|hasn't)\b(?!.*\bor\b.*\bwhich\b)",
    r"(?P<verb>[\u4e00-\u9fff])不(?P=verb)|吗[?？。\s]*$|吗[，,]|么[?？\s]*$|是否|是不是|有没有|能不能|可不可以|能否|可否|会不会|要不要|对不对|需不需要|需要吗|没有[?？]\s*$|行不行",
)
_NOT_YESNO = _any(
    r"^(?:can|could|would|will|do) you (?:please )?(?:tell|find|show|read|give|list|transcribe|locate|point|say|help|explain|count)|什么|哪|多少|几[个点号]|谁|怎么|如何|为何"
)
_WH = _any(r"\b(?:what|which|who|whom|whose|when|where|why|how)\b", r"什么|哪|谁|多少|几|何|怎")

_WANTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_any(r"\bhow often\b|\bhow many times (?:a|per|each|every)\b|多久一次|一[天日周][几多]|每[天日周][几多]"), "frequency"),
    (_any(r"\b(?:what|which) number\b.*\b(?:call|dial|ring|phone)\b|打什么电话|拨打"), "phone"),
    (_any(r"\b(?:what|which) number\b.*\b(?:call|dial|ring|phone)\b|打什么电话|拨打"), "phone"),
    (_any(r"\bin (?:hours|days|minutes|weeks|months|years)\b"), "duration"),
    (
        _any(
            r"\b(?:what|which) percent|\bpercentage\b|\bhow many percent|\bwhat (?:share|proportion|fraction)|百分之几|百分比|占比|比例|百分之多少|几折|利率|增长率|税率"
        ),
        "percent",
    ),
    (_any(r"\bwhat time\b|\bat what hour\b|\bwhich time\b|几点|什么时间|何时几点|几时|时刻"), "time"),
    (
        _any(
            r"\bhow long\b|\bhow many (?:minutes|hours|days|weeks|months|years|nights)\b|\bduration\b|多久|多长时间|几(?:个)?小时|几分钟|多少(?:个)?(?:小时|分钟|天|日|晚|周|月|年)|几天|几晚|几(?:个)?月(?!份)|几年|几(?:个)?(?:星期|礼拜)"
        ),
        "duration",
    ),
    (_any(r"\b(?:what|which) (?:day of the week|weekday)\b|星期几|周几|礼拜几"), "weekday"),
    (_any(r"\b(?:what|which) year\b|哪一年|哪年|几几年"), "year"),
    (_any(r"\b(?:what|which) month\b|哪个月|几月份?(?!几)|哪一个月"), "month"),
    (
        _any(
            r"\b(?:what|which) (?:date|day)\b|\blast day\b|最后一天|\bon what date\b|\bdate\b|哪天|哪一天|几月几[日号]|几号(?=[?？,，。 的开到出去前之截结]|$)|什么日期|日期|何日"
        ),
        "date",
    ),
    (_any(r"\bwhen\b|什么时候|何时|什么时间"), "when"),
    (_any(r"\bwho'?s?\b|\bwhom\b|\bwhose\b|\b(?:called|named)\?? *$|谁|何人|哪位|姓什么|叫什么名字|姓名"), "name"),
    (
        _any(
            r"\bhow much (?:money|does|do|did|is|are|was|were|would|will|must|should|to|has|have|had|cash|tax|for|rent|can|more|less|cheaper)\b|\bhow much\b(?! \w+ (?:sugar|fat|salt|water|protein|power|time|space))|\b(?:price|cost|fee|fare)\b|多少钱|多少元|几块钱|几元|多少块|什么价|花了多少|付了多少|价格|单价|金额"
        ),
        "amount",
    ),
    (
        _any(
            r"\bhow (?:many|much|tall|high|heavy|fast|far|deep|wide|old|big|hot|cold|large)\b|\bnumber of\b|多少|几[个名位人件台本张次份公度米岁瓶杯盒辆层]|多高|多重|多远|多快|多大"
        ),
        "number",
    ),
    (
        _any(
            r"\b(?:phone|telephone|mobile|fax|cell|hotline)\b|\b(?:call|dial|ring)\b|电话|手机号|热线|传真"
        ),
        "phone",
    ),
    (_any(r"\be-?mail address\b|\be-?mail\b|邮箱|电子邮件"), "email"),
    (_any(r"\b(?:website|web address|url|web page)\b|网址|官网|网站"), "url"),
    (_any(r"\bwhere\b|哪里|哪儿|在哪(?![个家所间座条层天年月班趟号些门科])|什么地方|何处|地址|地点"), "place"),
)
_VISION = _any(
    r"\bwhat colou?rs?\b|\bwhich colou?r\b|\bcolou?r (?:of|is|are)\b|\bcolou?red\b|\b(?:red|green|blue|yellow|black|white|orange|purple|pink|brown|gr[ae]y) (?:\w+ )?(?:or|car|shirt|background|line|bar|box|hat|button|text|letters|sign)\b",
    r"\bhow many (?:people|persons|men|women|children|kids|faces|animals|dogs|cats|cars|birds|trees|flowers|chairs|hands|eyes|windows|bicycles|bikes|buildings|objects|coins|fruits?|apples|shapes|circles|icons|arrows|stars|logos)\b.*\b(?:are (?:there|in|shown|visible|on)|do you see|can (?:be|you) see|in the (?:picture|image|photo|background)|visible|appear|pictured)\b",
    r"\b(?:wearing|smiling|looking at|holding|facing|emotion|facial|mood|hairstyle|hair|handwriting|handwritten|font|typeface|drawing|drawn|illustrat\w+|logo|icon|shape|background|foreground|pattern|texture|bold|italic|underlined)\b",
    r"\b(?:describe|caption|explain) (?:the|this|what)\b.*\b(?:picture|image|photo|scene|see|happening|photograph)\b|\bwhat (?:is|'s) (?:in|happening in|going on in|shown in|depicted in) (?:the|this) (?:picture|image|photo|background|scene)\b|\bwhat do you see\b|\bwhat can you see\b|\bwhat(?:'s| is) happening\b|\bdescribe (?:the|this)\b",
    r"\bwhat (?:kind|type|sort|breed|species|make|model) of (?:animal|car|dog|cat|bird|tree|flower|building|vehicle|food|fruit|plant|scene|place|object|landscape|fish)\b",
    r"\b(?:male or female|man or (?:a )?woman|boy or (?:a )?girl|indoors|outdoors|day or night|sunny or|weather (?:in|like in) the (?:picture|photo|image))\b",
    r"\bis (?:there|the|this|it|he|she)\b.*\b(?:in the (?:background|foreground|photo)|blurry|blurred|hand-?written|rusty|dirty|wet|broken|full|empty|torn|stained|cracked|damaged|pretty|beautiful|shiny|bent|crooked|upside)\b",
    r"\bwhat (?:animal|vehicle|object|fruit|flower|building|plant|shape|breed|bird|food|tool|instrument)s? (?:is|are|can|does|do|appear)\b",
    r"\blook(?:s)? (?:like|new|old|happy|sad|tired|fresh|clean|dirty)\b|\bmade of\b.*\b(?:wood|metal|glass)\b",
    r"什么颜色|哪种颜色|何种颜色|颜色|红色|蓝色|绿色|黄色|穿|戴着|表情|微笑|发型|心情|背景|前景|手写|字体|形状|图标|标志是|徽标|图案|场景|(?:动物|猫|狗|鸟|花|树|水果)(?:是|有几|有多少)|画(?:的|着|了)|描述|图里有什么|图中有什么|画面中|看起来|新旧|模糊|室内|室外|男的|女的|几个人在|有几个人|有多少人在|照片里有|材质|什么做的|脏|破损|好看",
)
_PLACE = _any(
    r"\b(?:top|upper|bottom|lower)[- ]?(?:left|right|center|centre|middle)?(?:[- ]?hand)?(?: corner| side| edge| of| line| row| part| half)?\b|\b(?:left|right)(?:[- ]hand)? (?:corner|side|edge|column|half|of)\b|\bin the (?:middle|center|centre|corner)\b",
    r"\b(?:first|last|second|third|fourth|fifth|\d+(?:st|nd|rd|th)|top|bottom|final|opening|closing|next) (?:line|row|word|sentence|paragraph|entry|item in the list|heading|item|column|option|bullet|step)\b",
    r"\b(?:headline|heading|(?<!job )(?<!position )title|header|footer|caption|largest (?:text|word|letters|print)|biggest (?:text|word|letters|print)|large (?:text|letters|print)|big (?:text|letters|print)|fine print|small print|smallest text|slogan|subtitle|big words)\b",
    r"\b(?:below|under|underneath|beneath|above|next to|beside|right of|left of|after|before|following|follows|directly over|over)\b",
    r"左上|右上|左下|右下|顶部|底部|最上|最下|上方|下方|左侧|右侧|左边|右边|中间|正中|旁边|第[一二三四五六七八九十\d]+(?:行|列|条|句|段|项|步)|最后一(?:行|句|段|条|项)|标题|大标题|副标题|抬头|页眉|页脚|最大的字|字号最大|大字|小字|下面|上面(?:一行|的文字|写)|下一行|上一行|口号",
)
_NUMBERS = {w: n for n, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"])}
_QUOTED = re.compile(
    r"\"([^\"]{1,200})\"|“([^”]{1,200})”|「([^」]{1,200})」|『([^』]{1,200})』|《([^》]{1,200})》|‘([^’]{2,200})’|(?<!\w)'([^']{2,200})'(?!\w)"
)
_THRESHOLD = _any(
    r"\b(?P<more>over|above|more than|greater than|exceed\w*|at least|higher than|after|later than|longer than|older than|beyond)|"
    r"\b(?P<less>under|below|less than|fewer than|at most|up to|lower than|before|earlier than|cheaper than|shorter than|within|younger than)",
)
_THRESHOLD_ZH = re.compile(
    r"(?P<more>超过|大于|高于|多于|不低于|不少于|至少|晚于|以上|之后)|(?P<less>低于|小于|少于|不超过|不到|不足|至多|早于|以下|之内|以内|之前)"
)


@dataclass(frozen=True)
class Question:
    """One question, analysed.

    `kind`: "changes", "transcribe", "locate", "place", "choose", "yesno", "count", "extreme", "sum", "difference",
    "average" or "field". `wants` is the type of the value that answers ("" for any text), `terms` what it speaks
    of, `quoted` what it puts in quotes, `picture` the index of the picture it names (None: any), `both` whether it is
    about several pictures, `high` the direction of an extreme (None: none), `rank` the second highest and so on,
    `measure` the concept that an adjective ranks by, `looks` whether only looking would tell.
    """

    text: str
    folded: str
    chinese: bool
    kind: str
    wants: str
    terms: tuple[Term, ...]
    quoted: tuple[str, ...] = ()
    picture: int | None = None
    both: bool = False
    choose: bool = False
    high: bool | None = None
    rank: int = 1
    measure: str = ""
    looks: bool = False
    counts: bool = False
    comparative: bool = False
    placed: bool = False
    script: str = ""
    heads: tuple[Term, ...] = ()

    @property
    def content(self) -> tuple[Term, ...]:
        """The terms that decide."""
        return tuple(t for t in self.terms if not t.weak)

    def about(self, concept: str) -> bool:
        """Whether the question speaks of a concept."""
        return any(concept in t.concepts for t in self.terms)


@lru_cache(maxsize=500)
def analyse(text: str, pictures: int = 1) -> Question:
    """Take a question apart."""
    text = text[:LIMIT]
    folded = normal(text)
    quoted = tuple(next(g for g in m.groups() if g) for m in _QUOTED.finditer(text))
    picture, rest = _picture(folded, pictures)
    high = _direction(rest)
    if picture is not None and _DIFFERENCE.search(folded) and re.search(r"\bmore|less|fewer|higher|lower|比|多|少", folded):
        picture, rest = None, folded
    question = Question(
        text=text,
        folded=folded,
        chinese=_is_chinese(text),
        kind="field",
        wants=_wants(rest),
        terms=_terms(rest),
        quoted=quoted,
        picture=picture,
        both=pictures > 1 and picture is None and _BOTH.search(folded) is not None,
        choose=pictures > 1 and _CHOOSE.search(folded) is not None,
        high=high,
        rank=_rank(rest),
        measure=_measure(rest) if high is not None else "",
        looks=_VISION.search(folded) is not None,
        counts=_COUNT.search(rest) is not None,
        comparative=_COMPARATIVE.search(rest) is not None,
        placed=_PLACE.search(rest) is not None,
        script=_script(rest),
        heads=_heads(rest),
    )
    return replace(question, kind=_kind(question, rest, pictures))


def _is_chinese(text: str) -> bool:
    """Chinese when the question, without what it quotes, has more Hanzi than Latin words."""
    plain = _QUOTED.sub(" ", text)
    plain = plain if re.search(r"\w", plain) else text
    return len(re.findall(r"[\u3400-\u9fff]", plain)) > len(re.findall(r"[A-Za-z\u00c0-\u024f]+", plain))


_BEFORE = _any(r"\b(?:at first|originally|previously|before|used to|initially|formerly)\b|原来|以前|之前|起初|最初|改之前")
_NOW = _any(r"\b(?:now|currently|nowadays|as updated|these days)\b|现在|目前|改后|更新后|如今")
_CHANGING = _any(r"\b(?:differ\w*|chang\w*|alter\w*|same|between|both)\b|不同|变|改|一样|相同")


def _picture(folded: str, pictures: int) -> tuple[int | None, str]:
    """Which picture the question names (from 0), and the question without that."""
    if pictures < 2:
        return None, folded
    match = _PICTURE.search(folded)
    if match is None and pictures == 2 and not _CHANGING.search(folded):
        if _BEFORE.search(folded):
            return 0, folded
        if _NOW.search(folded):
            return 1, folded
    if match is None or len(_PICTURE.findall(folded)) > 1:
        return None, folded
    word = next(g for g in match.groups() if g)
    index = pictures - 1 if word == "last" else _ORDINALS.get(word)
    if index is None or index >= pictures:
        return None, folded
    return index, folded[: match.start()] + " " + folded[match.end() :]


_SCRIPT = re.compile(r"(英文名?(?:称|字)?|英语名|拼音|\b(?:english|latin) (?:name|word|title|text)\b)|(中文名?(?:称|字)?|汉字|\bchinese (?:name|word|characters?|title|text)\b)")


def _script(folded: str) -> str:
    """The script that the answer must be in: "latin" for an English name, "han" for a Chinese one."""
    match = _SCRIPT.search(folded)
    return "" if not match else "latin" if match[1] else "han"


_EVENING = re.compile(r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})(?: o'clock)? in the (morning|afternoon|evening)\b|\bat (one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2}) o'clock\b")


def _clock(match: re.Match[str]) -> str:
    word = match[1] or match[3]
    hour = int(word) if word.isdigit() else _NUMBERS[word]
    hour += 12 if match[2] in ("afternoon", "evening") and hour < 12 else 0
    return f"{hour:02d}:00"


_GOING = re.compile(r"\b(?:where|which city|which place|which town) (?:does|do|did|is|are|will|was) (?=(?:the |this |it |they |he |she |we |you )?(?:\w+ )?(?:go|going|fly|flying|travel|travelling|head|heading|run)(?: to)?\b(?! from))")


def _terms(folded: str) -> tuple[Term, ...]:
    """The question's terms without those that only say how it asks; times and dates are terms as a whole."""
    folded = re.sub(r"([\u4e00-\u9fff])不\1", r"\1", folded)
    folded = _GOING.sub("destination ", folded)
    folded = _SCRIPT.sub(" ", _EVENING.sub(_clock, folded))
    found: list[Term] = []
    start = 0
    for value in values(folded):
        if value.kind not in ("time", "date"):
            continue
        found += terms(folded[start : value.start], question=True)
        text = folded[value.start : value.end]
        found.append(Term(text, (text,), frozenset(), value.kind, False, value.start, value.end))
        start = value.end
    found += terms(folded[start:], question=True)
    return tuple(t for t in found if not _is_manner(t))


_MANNER = re.compile(
    rf"(?:{_HIGH}|{_LOW}|who|whose|whom|when|where|why|what|which|how many|how much|how long|what time|total|average|mean|sum|"
    r"difference|expensive|costly|cheap|dear|recent|plus|minus|add up|added|combined|together|times|count|number of|谁|什么时候|何时|哪里|哪儿|哪位|"
    r"多少|几个|一共|总共|总和|之和|平均|相差|加起来|差额|什么时间|最|更|贵|便宜|高|低|多|少|大|小|早|晚|长|短|第[一二三四五]|几|[最更较][\u4e00-\u9fff])"
)


_HEAD = re.compile(r"\b(?:what|which)(?:'s| is| was| are| were)? (?:the |its |their |his |her )?([a-z -]+?) (?:of|at|for|in|on|from|lie|lies|are|is|does|do|did)\b")
_HEAD_ZH = re.compile(r"的([^的]{1,8}?)(?:是|有|为|叫|在)?(?:多少|什么|哪|几|谁)")


def _heads(folded: str) -> tuple[Term, ...]:
    """What is asked for, of whatever it is asked: "bin number" in "the bin number at bay 4"."""
    match = _HEAD.search(folded) or _HEAD_ZH.search(folded)
    return tuple(t for t in terms(match[1], question=True) if not t.weak and not _is_manner(t)) if match else ()


def _is_manner(term: Term) -> bool:
    """Words such as "highest" or "how many": they set the kind of the question, no label holds them."""
    return _MANNER.fullmatch(term.text) is not None and not (term.concepts & {"total", "due_date", "maximum", "minimum"})


def _wants(folded: str) -> str:
    first = None
    for pattern, kind in _WANTS:
        match = pattern.search(folded)
        if match and first is None:
            first = kind
    return first or ""


def _direction(folded: str) -> bool | None:
    """True for most, False for least, None where the question ranks nothing."""
    folded = re.sub(
        r"\b(?:most recent|at (?:most|least|first|last)|first name|last name|first aid|top up|last (?:four|three|two|few|line|digits?)|first (?:class|floor|line|name|half|quarter|digits?)|more than|less than|no (?:more|less|fewer) than|no later than|at first|by how much more)\b|最后(?!一[门场个班趟次节天])|更多信息|至少|最少要|最多可以|最多能",
        lambda m: "latest" if m[0] == "most recent" else " ",
        folded,
    )
    low, high = _EXTREME_LOW.search(folded), _EXTREME_HIGH.search(folded)
    if low and re.search(r"\bleast (?:expensive|costly)\b", folded):
        return False
    if low and high:
        return high.start() < low.start() if "most" not in high[0] else low.start() > high.start()
    return True if high else False if low else None


def both_ends(folded: str) -> bool:
    """Whether a question names the most and the least at once: "between the warmest and the coldest"."""
    high = re.search(r"\b(?:highest|most|largest|biggest|maximum|max|top|longest|latest|hottest|warmest|dearest|tallest|heaviest|most expensive|oldest|best|fastest)\b|最(?:高|多|大|贵|长|晚|热|重)", folded)
    low = re.search(r"\b(?:lowest|least|smallest|minimum|min|cheapest|shortest|earliest|coldest|coolest|lightest|youngest|worst|slowest|least expensive)\b|最(?:低|少|小|便宜|短|早|冷|轻)", folded)
    return high is not None and low is not None


def _rank(folded: str) -> int:
    match = re.search(
        r"\b(second|third|2nd|3rd|fourth|4th)[ -](?:highest|most|largest|biggest|lowest|best|cheapest|longest|smallest|greatest|earliest|latest|busiest)|第([二三四])(?:高|多|大|贵|长|低|名|便宜)",
        folded,
    )
    if not match:
        return 1
    return {"second": 2, "2nd": 2, "二": 2, "third": 3, "3rd": 3, "三": 3}.get(match[1] or match[2], 4)


def _measure(folded: str) -> str:
    for pattern, concept in _ADJECTIVES:
        if re.search(pattern, folded):
            return concept
    return ""


def _kind(question: Question, rest: str, pictures: int) -> str:
    folded = question.folded
    yesno = _YESNO.search(rest) is not None and not (_NOT_YESNO.search(rest) and not re.search(r"吗|有没有|是否", rest))
    typed_terms = [t for t in question.content if any(lexicon().concepts[c].kind in ("amount", "number", "percent", "duration") for c in t.concepts)]
    if pictures > 1 and _KINDS[0][1].search(folded) and not yesno:
        return "difference" if typed_terms and re.search(r"\bdifference\b|相差|差额", folded) else "changes"
    bare = all(t.kind == "soft" or t.weak for t in question.terms)
    if yesno and pictures > 1 and question.picture is None and bare and re.search(r"\b(?:same|identical|different|differ|changed?)\b|一样|相同|一致|变|不同", folded):
        return "changes"
    if yesno and not re.search(r"[?？,，] *(?:and |if so,? )?(?:what|which|who|when|where|how)\b", rest):
        return "yesno"
    who = re.search(r"\b(?:where|which|who|whose)\b|哪|谁", folded) is not None
    if pictures > 1 and question.picture is None and who and question.comparative:
        return "choose"
    if question.choose and question.picture is None:
        return "choose"
    if _AVERAGE.search(rest):
        return "average"
    if _DIFFERENCE.search(rest) or (both_ends(rest) and re.search(r"\b(?:between|range|spread|gap|minus|and)\b|和|与|差|温差", rest)):
        return "difference"
    for kind, pattern in _KINDS[1:]:
        if pattern.search(rest):
            return _settle(kind, question, rest)
    if question.high is not None and not _superfluous(question, rest):
        return "extreme"
    if question.counts and not any(t.kind in ("word", "han") for t in question.content) and not question.both:
        return "count"
    if _SUM.search(rest) and (len(question.content) > 1 or question.counts or question.both):
        return "sum"
    if question.counts:
        return "count"
    return "place" if question.placed else "field"


def _superfluous(question: Question, rest: str) -> bool:
    """ "At most", "the last four digits", "maximum height": a label's own words, no ranking."""
    if question.about("due_date") and not re.search(r"\b(?:which|who)\b", rest):
        return True
    if question.about("maximum") or question.about("minimum"):
        return not re.search(r"\b(?:which|who)\b|哪|谁", rest)
    return question.placed and re.search(r"\b(?:first|last|top|bottom)\b|最后|第一", rest) is not None


def _settle(kind: str, question: Question, rest: str) -> str:
    """A transcription of one part is a "place"; "where is the meeting" asks for a value that a label names."""
    if kind == "transcribe" and question.placed:
        return "place"
    if (
        kind == "locate"
        and re.search(r"[价额量数]|多少|几", rest)
        and question.chinese
        and not re.search(r"位置|哪|框|圈|标出", rest)
    ):
        return "field"
    return kind


def threshold(folded: str) -> tuple[bool, str] | None:
    """(True for more, False for less; the text after the comparison) for "over 100" or "超过100"; None without one."""
    match = _THRESHOLD.search(folded) or _THRESHOLD_ZH.search(folded)
    if match is None:
        return None
    if match[0] in ("以上", "以下", "以内", "之内", "之前", "之后"):
        return match["more"] is not None, folded[max(0, match.start() - 12) : match.start()]
    return match["more"] is not None, folded[match.end() :]


def said_number(text: str) -> float | None:
    """A number in words: "three", "十二"."""
    for word in re.findall(r"[a-z]+", text):
        if word in _NUMBERS:
            return float(_NUMBERS[word])
    match = re.search(r"[零一二两三四五六七八九十百]+", text)
    return han_number(match[0]) if match else None


def typed(terms_: tuple[Term, ...]) -> str:
    """The type of value that the terms' concepts have, where they agree on one."""
    book = lexicon()
    kinds = [{book.concepts[c].kind for c in t.concepts} for t in terms_ if t.concepts and not t.weak and t.kind != "soft"]
    flat = {k for kind in kinds for k in kind if k}
    return flat.pop() if len(flat) == 1 else ""


def is_han(text: str) -> bool:
    """Whether a text has Hanzi."""
    return has_han(text)
