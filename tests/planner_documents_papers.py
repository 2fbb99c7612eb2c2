"""Papers for the planner's tests: an insurance schedule, an air waybill, minutes, a lease; questions in other words."""

from __future__ import annotations

from planner_documents import read_text

PAPER_DOCUMENTS: dict[str, list[str]] = {
    "policy": [
        read_text(
            "img1",
            [
                (40, 30, 28, "Fernhill Mutual"),
                (40, 80, 18, "Home Insurance Schedule"),
                (40, 130, 16, "Policyholder: Mr Adrian Kessler"),
                (40, 160, 16, "Policy number: FH-772310"),
                (40, 190, 16, "Cover starts: 1 June 2025"),
                (40, 220, 16, "Renewal date: 31 May 2026"),
                (40, 260, 16, "Annual premium: £318.40"),
                (40, 290, 16, "Excess: £250"),
                (40, 320, 16, "Sum insured: £400,000"),
                (40, 370, 16, "Claims line: 0800 555 0142"),
            ],
        )
    ],
    "cargo": [
        read_text(
            "img1",
            [(30, 20, 24, "OCEANIC AIR CARGO")],
            [
                (
                    (30, 70, 760, 320),
                    [
                        ["SHIPPER", "CONSIGNEE", "DATE", "PIECES"],
                        ["Lumen Works Ltd", "Bergstrom AB", "3 Nov 2025", "12"],
                        ["FROM", "TO", "FLIGHT", "GROSS WEIGHT"],
                        ["Manchester", "Gothenburg", "OA 418", "211 kg"],
                    ],
                )
            ],
        )
    ],
    "minutes": [
        read_text(
            "img1",
            [
                (40, 30, 26, "Minutes of the Residents' Committee"),
                (40, 80, 16, "Date: 4 March 2026"),
                (40, 110, 16, "Chair: Olive Trent"),
                (40, 140, 16, "Minutes taken by: Sam Okoro"),
                (40, 170, 16, "Present: O. Trent, S. Okoro, P. Ling"),
                (40, 200, 16, "Apologies: Greta Holm"),
                (40, 260, 16, "Next meeting: 8 April 2026"),
            ],
        )
    ],
    "lease": [
        read_text(
            "img1",
            [
                (40, 30, 26, "LEASE AGREEMENT"),
                (40, 80, 16, 'Made between Bluegate Homes Ltd ("Landlord") and Noor Haddad ("Tenant").'),
                (40, 140, 16, "Monthly rent: £940"),
                (40, 170, 16, "Deposit: £1,050"),
                (40, 200, 16, "Commencement date: 2 May 2025"),
                (40, 230, 16, "End date: 1 May 2026"),
            ],
        )
    ],
}

PAPER_QUESTIONS: list[tuple[str, str, str | None]] = [
    ("policy", "When do I have to renew it?", "31 May 2026"),
    ("policy", "How much would I pay out of my own pocket?", "£250"),
    ("policy", "What does the insurance cost a year?", "£318.40"),
    ("policy", "How much cover is there?", "£400,000"),
    ("policy", "Who is insured?", "Adrian Kessler"),
    ("policy", "What's the number of the policy?", "FH-772310"),
    ("policy", "I need to ring them about a claim, what's the number?", "0800 555 0142"),
    ("policy", "What is the car's registration?", None),
    ("cargo", "Who is sending it?", "Lumen Works Ltd"),
    ("cargo", "Who will receive the goods?", "Bergstrom AB"),
    ("cargo", "How heavy is it?", "211 kg"),
    ("cargo", "How many boxes are there?", "12"),
    ("cargo", "Where is it flying to?", "Gothenburg"),
    ("cargo", "What is the declared value?", None),
    ("minutes", "Who was running the meeting?", "Olive Trent"),
    ("minutes", "Who took notes?", "Sam Okoro"),
    ("minutes", "Who couldn't make it?", "Greta Holm"),
    ("minutes", "When do they meet again?", "8 April 2026"),
    ("minutes", "What is the membership fee?", None),
    ("lease", "Who is the landlord?", "Bluegate Homes Ltd"),
    ("lease", "When can she move in?", "2 May 2025"),
    ("lease", "How much do they want as a deposit?", "£1,050"),
    ("lease", "What is the pet policy?", None),
]
