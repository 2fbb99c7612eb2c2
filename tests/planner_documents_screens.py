"""Screens and signs for the planner's tests, in the form of `planner_documents`: asked in other words than they use."""

from __future__ import annotations

from planner_documents import read_text

SCREEN_DOCUMENTS: dict[str, list[str]] = {
    "settings_screen": [
        read_text(
            "img1",
            [
                (40, 20, 26, "Sound and display"),
                (40, 90, 18, "Vibrate on ring"),
                (600, 90, 18, "On"),
                (40, 140, 18, "Night light"),
                (600, 140, 18, "Off"),
                (40, 190, 18, "Bluetooth"),
                (600, 190, 18, "Off"),
            ],
        )
    ],
    "pool_sign": [
        read_text(
            "img1",
            [
                (200, 20, 34, "POOL RULES"),
                (40, 100, 18, "1. Shower before entering the water"),
                (40, 150, 18, "2. No running or diving"),
                (40, 200, 18, "3. No food or glass bottles on the poolside"),
                (40, 250, 18, "4. Swimming caps must be worn"),
                (40, 300, 18, "5. Maximum 60 bathers at one time"),
                (40, 350, 18, "6. Children under 8 must be accompanied by an adult"),
            ],
        )
    ],
    "garage_sign": [
        read_text(
            "img1",
            [
                (40, 20, 30, "HARBOUR GARAGE"),
                (40, 90, 18, "Max height 2.1m"),
                (40, 140, 18, "No overnight parking. Penalty £70"),
                (40, 190, 18, "Blue badge holders free"),
            ],
        )
    ],
    "museum_label": [
        read_text(
            "img1",
            [
                (40, 20, 28, "Morning at the Weir"),
                (40, 70, 18, "Edith Varga (1861 - 1930)"),
                (40, 110, 18, "Oil on canvas, 1894"),
                (40, 190, 18, "Gift of the Lowell family, 1952"),
            ],
        )
    ],
    "van_screen": [
        read_text(
            "img1",
            [
                (40, 20, 30, "Out for delivery"),
                (40, 90, 18, "Your driver Pavel will be with you today"),
                (40, 190, 18, "Session expires in 15 minutes"),
            ],
        )
    ],
}

SCREEN_QUESTIONS: list[tuple[str, str, str | None]] = [
    ("settings_screen", "is bluetooth turned on?", "No"),
    ("settings_screen", "is the night light off?", "Yes"),
    ("settings_screen", "which ringtone is set?", None),
    ("pool_sign", "can I jump in head first?", "No"),
    ("pool_sign", "can I bring sandwiches to the pool side?", "No"),
    ("pool_sign", "do I need to wear a cap?", "Yes"),
    ("pool_sign", "can my 6 year old go in on his own?", "No"),
    ("pool_sign", "how many swimmers can be in there?", "60"),
    ("pool_sign", "what does the entrance cost?", None),
    ("garage_sign", "will a van 2.4 m tall fit?", "No"),
    ("garage_sign", "can I leave my car overnight?", "No"),
    ("garage_sign", "what's the fine?", "£70"),
    ("museum_label", "when was it made?", "1894"),
    ("museum_label", "when did the artist die?", "1930"),
    ("museum_label", "how much is it worth?", None),
    ("van_screen", "who's bringing it?", "Pavel"),
    ("van_screen", "how long before it times out?", "15 minutes"),
    ("van_screen", "how heavy is the parcel?", None),
]
