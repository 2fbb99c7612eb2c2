"""Receipts and tables for the planner's tests, made up, as the reading tool reports them; see planner_documents.py."""

from __future__ import annotations

from planner_documents import read_text

TABLE_DOCUMENTS: dict[str, list[str]] = {
    "kiosk": [
        read_text(
            "img1",
            [
                (120, 20, 24, "Harbour Kiosk"),
                (40, 60, 16, "Waiter: Pilar"),
                (300, 60, 16, "Guests: 2"),
                (40, 400, 16, "Thank you, see you soon"),
            ],
            [
                (
                    (40, 100, 420, 380),
                    [
                        ["2 x Lemonade @ 3.10", "6.20"],
                        ["1 x Tomato soup", "5.40"],
                        ["3 x Garlic bread", "9.60"],
                        ["SUBTOTAL", "21.20"],
                        ["Loyalty reward", "-2.00"],
                        ["TOTAL", "19.20"],
                        ["CASH", "20.00"],
                        ["CHANGE", "0.80"],
                    ],
                )
            ],
        )
    ],
    "standings": [
        read_text(
            "img1",
            [(40, 20, 24, "County Handball, Women")],
            [
                (
                    (40, 70, 560, 280),
                    [
                        ["Pos", "Team", "P", "W", "D", "L", "GF", "GA", "Pts"],
                        ["1", "Harrow Vale", "9", "7", "1", "1", "212", "170", "15"],
                        ["2", "Stoneleigh", "9", "6", "0", "3", "205", "181", "12"],
                        ["3", "Port Ellis", "9", "4", "2", "3", "190", "188", "10"],
                        ["4", "Wexcombe", "9", "0", "1", "8", "151", "219", "1"],
                    ],
                )
            ],
        )
    ],
    "shifts": [
        read_text(
            "img1",
            [(40, 20, 24, "Library desk, week 31")],
            [
                (
                    (40, 70, 560, 260),
                    [
                        ["", "Mon", "Tue", "Wed", "Thu"],
                        ["Oona", "9-1", "OFF", "9-1", "1-6"],
                        ["Pavel", "1-6", "9-1", "OFF", "OFF"],
                        ["Rita", "OFF", "1-6", "OFF", "9-1"],
                    ],
                )
            ],
        )
    ],
    "forecast": [
        read_text(
            "img1",
            [(40, 20, 24, "Bergen, next days")],
            [
                (
                    (40, 70, 560, 260),
                    [
                        ["Day", "High", "Low", "Rain", "Wind"],
                        ["Mon", "11°", "6°", "40%", "19 km/h"],
                        ["Tue", "13°", "7°", "20%", "12 km/h"],
                        ["Wed", "9°", "3°", "80%", "34 km/h"],
                    ],
                )
            ],
        )
    ],
}

TABLE_QUESTIONS: list[tuple[str, str, str | None]] = [
    ("kiosk", "How many lemonades did they have?", "2"),
    ("kiosk", "What does one lemonade cost?", "3.10"),
    ("kiosk", "How much is a single garlic bread?", "3.20"),
    ("kiosk", "What was the most expensive item?", "Garlic bread"),
    ("kiosk", "Who waited on us?", "Pilar"),
    ("kiosk", "How much change did I get?", "0.80"),
    ("kiosk", "How much was the delivery charge?", None),
    ("standings", "How many games has Stoneleigh won?", "6"),
    ("standings", "Which team has let in the most goals?", "Wexcombe"),
    ("standings", "How many defeats does Port Ellis have?", "3"),
    ("standings", "Which team drew the most?", "Port Ellis"),
    ("standings", "Who manages Wexcombe?", None),
    ("shifts", "Who is off on Wednesday?", "Pavel, Rita"),
    ("shifts", "How many people are off on Monday?", "1"),
    ("shifts", "When is Oona working on Thursday?", "1-6"),
    ("shifts", "Who has Tuesday off?", "Oona"),
    ("forecast", "Which day is the windiest?", "Wed"),
    ("forecast", "Which day will be warmest?", "Tue"),
    ("forecast", "What is the humidity on Tuesday?", None),
]
