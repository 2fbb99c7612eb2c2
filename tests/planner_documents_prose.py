"""Running text and pairs of versions for the planner's tests, in the form of `planner_documents`."""

from __future__ import annotations

from planner_documents import Line, read_text


def page(name: str, lines: list[Line], first: int = 1) -> str:
    """A page without tables."""
    return read_text(name, lines, None, (760, 900), first)


PROSE_DOCUMENTS: dict[str, list[str]] = {
    "prose_museum": [
        page(
            "img1",
            [
                (29, 40, 24, "The Drowned Bell"),
                (30, 105, 21, "Bronze, cast about 1587"),
                (29, 156, 21, "This bell hung in the tower of Saint Oswin's until the great storm of 1703"),
                (30, 185, 22, "brought the tower down. For more than two centuries it lay at the bottom of the"),
                (30, 215, 23, "harbour, where fishermen claimed they could hear it ringing before bad"),
                (29, 246, 21, "weather. It was raised by the diver Agnes Tollemache in 1931, after a search"),
                (29, 276, 18, "that took eleven weeks."),
                (29, 326, 21, "The crack along the rim was caused by a ship's anchor and not, as was long"),
                (30, 356, 21, 'believed, by lightning. The Latin words around the shoulder mean "I call the'),
                (30, 385, 23, 'living". It weighs 640 kilograms. The bell was given to the museum by the'),
                (30, 415, 24, "Harbour Trust and is rung once a year, on the first of May."),
            ],
            1,
        ),
    ],
    "prose_recipe": [
        page(
            "img1",
            [
                (30, 39, 37, "Grandma's Lentil Soup"),
                (29, 108, 19, "Serves 6· Ready in 50 minutes"),
                (29, 154, 17, "You will need"),
                (51, 203, 18, "• 250 g red lentils"),
                (52, 229, 16, "• 2 carrots, diced"),
                (52, 255, 18, "• 1 large onion"),
                (52, 280, 17, "• 3 cloves of garlic"),
                (51, 305, 19, "• 1.5 litres vegetable stock"),
                (52, 331, 17, "• 1 tsp cumin"),
                (51, 357, 14, "• Juice of half a lemon"),
                (30, 402, 17, "Method"),
                (51, 451, 16, "1. Rinse the lentils until the water runs clear."),
                (51, 477, 17, "2. Fry the onion and garlic in oil for 5 minutes."),
                (50, 503, 14, "3. Add the cumin and stir for one minute."),
                (50, 528, 16, "4. Pour in the stock, lentils and carrots and simmer for 30 minutes."),
                (51, 553, 19, "5. Blend half of the soup and return it to the pot."),
                (51, 578, 19, "6. Season with the lemon juice and serve."),
                (29, 622, 17, "Tip: it keeps in the fridge for four days and freezes well."),
            ],
            1,
        ),
    ],
    "prose_notice": [
        page(
            "img1",
            [
                (31, 42, 22, "NOTICE TO RESIDENTS"),
                (29, 104, 24, "The lift in Block C will be out of service from Monday 9 June until Thursday 12"),
                (29, 136, 21, "June while the cables are replaced. During this time please use the stairs at"),
                (29, 165, 23, "the north end. Residents who cannot manage the stairs should speak to the"),
                (30, 196, 20, "caretaker, Mr Bellweather, in flat 2."),
                (29, 244, 25, "The work is being carried out by Ascend Engineering and will start each day at"),
                (29, 275, 22, "8:00. Noise is to be expected. Bicycles left in the hallway will be removed and"),
                (30, 305, 22, "kept in the cellar."),
                (29, 354, 25, "We are sorry for the inconvenience. Anyone with a complaint may write to"),
                (30, 385, 22, "lifts@marlowcourt.example."),
            ],
            1,
        ),
    ],
    "prose_zhnotice": [
        page(
            "img1",
            [
                (320, 38, 32, "停水通知"),
                (29, 104, 22, "各位业主:"),
                (31, 154, 22, "因三号泵房水管老化需要更换,本小区将于6月18日上午9点至下午5点停水。请"),
                (30, 184, 21, "大家提前储水。停水期间物业将在东门安排一辆送水车,老人和行动不便者可拨"),
                (30, 214, 22, "打物业电话88274416,由保安小刘送水上门。"),
                (30, 264, 22, "恢复供水后,水可能短时间发黄,请先放水十分钟再使用。由此带来的不便,敬"),
                (30, 294, 22, "请谅解。"),
                (570, 342, 25, "翠湖物业服务中心"),
                (657, 376, 20, "6月15日"),
            ],
            1,
        ),
    ],
    "prose_menupair": [
        page(
            "img1",
            [
                (30, 45, 40, "The Copper Kettle"),
                (29, 133, 20, "Lunch"),
                (30, 198, 22, "Soup of the day ..... £5.20"),
                (30, 253, 23, "Fish pie ..... £12.80"),
                (29, 309, 21, "Ploughman's board .... £10.50"),
                (30, 364, 16, "Mushroom risotto ..... £11.00"),
                (29, 418, 23, "Open daily until 16:00"),
            ],
            1,
        ),
        page(
            "img2",
            [
                (30, 45, 40, "The Copper Kettle"),
                (29, 133, 20, "Lunch"),
                (30, 198, 22, "Soup of the day ..... £5.90"),
                (30, 253, 23, "Fish pie ..... £12.80"),
                (29, 309, 21, "Ploughman's board .... £10.50"),
                (29, 364, 17, "Treacle tart ..... £6.40"),
                (29, 418, 23, "Open daily until 17:30"),
            ],
            8,
        ),
    ],
    "prose_flyerpair": [
        page(
            "img1",
            [
                (32, 44, 40, "Beekeeping for Beginners"),
                (29, 132, 23, "An evening talk by Odette Farrow"),
                (29, 195, 36, "Tuesday 4 March"),
                (31, 269, 24, "Parish Hall, 7 pm"),
                (30, 325, 23, "Tickets £4 at the door. Refreshments provided."),
            ],
            1,
        ),
        page(
            "img2",
            [
                (32, 43, 40, "Beekeeping for Beginners"),
                (29, 132, 23, "An evening talk by Odette Farrow"),
                (29, 196, 34, "Tuesday 11 March"),
                (31, 269, 24, "Parish Hall, 7 pm"),
                (30, 325, 23, "Tickets £4 at the door. Refreshments provided."),
            ],
            6,
        ),
    ],
    "prose_quotes": [
        page(
            "img1",
            [
                (30, 40, 30, "Brightside Windows"),
                (30, 106, 21, "Quotation Q-118"),
                (30, 156, 17, "Date: 12/02/2025"),
                (29, 206, 21, "6 double-glazed windows"),
                (30, 256, 21, "Fitting included"),
                (30, 306, 22, "Guarantee: 10 years"),
                (29, 355, 22, "Total: £3,480.00"),
                (29, 406, 21, "Valid for 30 days"),
            ],
            1,
        ),
        page(
            "img2",
            [
                (30, 40, 25, "Pane & Frame Ltd"),
                (29, 107, 16, "Estimate no. 7741"),
                (29, 156, 23, "20 February 2025"),
                (30, 206, 22, "Supply and fit of six windows"),
                (29, 256, 17, "Removal of old frames"),
                (30, 306, 23, "Guarantee 5 years"),
                (29, 356, 23, "Total price £3,195.00"),
            ],
            9,
        ),
    ],
}

PROSE_QUESTIONS: list[tuple[str, str, str | None]] = [
    ("prose_museum", "How long did the search last?", "eleven weeks"),
    ("prose_museum", "who donated it?", "Harbour Trust"),
    ("prose_recipe", "what is the third ingredient?", "onion"),
    ("prose_recipe", "What do I do after frying the onion?", "cumin"),
    ("prose_recipe", "How many steps are there?", "6"),
    ("prose_recipe", "How many calories does a portion have?", None),
    ("prose_notice", "Who should I talk to if I can't climb stairs?", "Bellweather"),
    ("prose_notice", "when will the lift be working again?", "12 June"),
    ("prose_notice", "How much does the repair cost?", None),
    ("prose_zhnotice", "为什么停水？", "水管老化"),
    ("prose_zhnotice", "水变黄了怎么办？", "放水"),
    ("prose_zhnotice", "谁会把水送到家里？", "小刘"),
    ("prose_zhnotice", "水费多少钱一吨？", None),
    ("prose_menupair", "What did the soup use to cost?", "5.20"),
    ("prose_menupair", "What's new on the menu?", "Treacle tart"),
    ("prose_menupair", "Did the fish pie get more expensive?", "No"),
    ("prose_flyerpair", "What was the original date?", "4 March"),
    ("prose_flyerpair", "Did the venue change?", "No"),
    ("prose_quotes", "Which quote is cheaper?", "second"),
    ("prose_quotes", "which one mentions removing the old frames?", "second"),
]
