"""The offline engine's planner: a question and what the tools observed in, the next action or the answer out.

Deterministic and pure: no pixels, no model, no clock. Modules, in the order in which a question passes them:

    words.py         text -> terms: words, numbers and the concepts of lexicon.toml (English and Chinese)
    values.py        text -> typed values: amounts, dates, times, phone numbers, identifiers ...
    questions.py     a question -> what is asked: its kind, its terms, the type of answer it wants
    conversation.py  the turns of a request -> question, pictures, tools, steps
    observed.py      the text of an observation -> lines, tables, regions, differences
    pages.py         lines -> rows, grids, labels with their values
    fields.py        which label and value the question means
    tables.py        rows and columns: lookup, most and least, sums, differences, counts
    signs.py         yes and no: presence, opening hours, prohibitions, comparisons
    places.py        positions on the page: where something stands, what stands somewhere
    changes.py       what differs between two pictures
    plans.py         the next tool call, or which of the above answers
    answers.py       the words of the answer, in the question's language, with citations
"""
