"""The offline engine's planner: a question and what the tools observed in, the next action or the answer out.

Deterministic and pure: no pixels, no clock. What people and documents say is data: `lexicon.toml` (concepts in English
and Chinese), `speech.toml` (function words), `asking.toml` (how people ask); what words mean comes from word vectors
(`meanings.py`), and where no rule answers, a small trained network chooses (`reader.py`). The modules, in the order in
which a question passes them:

    folding.py, dictionary.py, meanings.py   texts in one form; Chinese words in English; word vectors
    words.py, weekdays.py    text -> terms: words, numbers and concepts; how surely a text speaks of a term
    values.py, extracts.py   text -> typed values (amounts, dates, times, phone numbers ...); the part that answers
    asking.py, questions.py  a question -> its kind, its terms, the type of answer it wants
    conversation.py          the turns of a request -> question, pictures, tools, steps
    followups.py             "and the tax?" -> the question in full
    observed.py              the text of an observation -> lines, tables, regions, differences
    pages.py, grids.py, records.py   lines and tables -> labels with their values, kinds of tables, lists of records
    weights.py, hits.py      how much of a question something accounts for, and how sure an answer must be
    fields.py, prose.py, tables.py   which value is meant: by its label, in a sentence, by row and column
    measures.py, ages.py, figure_words.py, amounts.py, bounds.py   a figure asked for in other words: what it measures,
                         for what age; the end of a printed range
    scales.py, stated.py     what cells are put in order by; the most that a page states itself
    ranking.py, counting.py, tallying.py   most and least, places in standings; numbers beside what is counted; how many
                         records or cells say it
    plotted.py, charted.py   which bars and series a question about a chart means; what they say
    sums.py, quantities.py   whole columns; "three days", from when to when
    figures.py, operands.py, sheets.py, reckoning.py   every number with its names; which a phrase means; calculations
    apart.py, remaining.py, within.py, rates.py, portions.py   a calculation as simpler questions; what is left; the
                         numbers of one record; prices of one; a recipe for more or fewer people
    signs.py, claims.py, conditions.py   yes and no: presence, opening hours, prohibitions; what the cells of a row say;
                         whether an age, an hour, a month or a number lies within what a sentence is said for
    related.py, rules.py     the last resort: words that stand for each other (`related.toml`); switches, limits, rules
    people.py, speakers.py   who and where, by the role beside a name (`roles.py`, `names.py`); senders in chats
    rotas.py                 who is meant by the row and the column of a rota
    timed.py, moments.py     every time on a page and what it is the time of; when, until when, how long, how often
    titles.py, categories.py, reasons.py   what a thing is called; which of a kind it is ("what colour"); why
    flagged.py, phrases.py, vocabulary.py   records in a state; the words of a sentence that answer (`phrases.toml`)
    venues.py                places that a page names and what they are the place of
    cards.py             many cards of one form: the one that is asked about, and what it holds
    nearest.py, pointing.py, naming.py, replies.py   the nearest of several texts; the line that is pointed at; which
                         picture is meant; yes and no in chats and boxes
    colloquial.py, zh_parts.py, chatting.py   spoken Chinese: words of people and papers, the part that answers, chats
    candidates.py, reader.py   the trained reader: everything that could answer, weighed (`reader.json`)
    grounded.py, plausible.py   what is refused: a thing that the pages do not have; what cannot be an answer at all
    places.py                positions on the page
    single.py, several.py, changes.py, solve.py   an answer from one page, from several, from a comparison
    plans.py                 the next tool call, or the answer
    answers.py               the words of the answer, in the question's language, with citations
"""
