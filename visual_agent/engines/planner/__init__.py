"""The offline engine's planner: a question and what the tools observed in, the next action or the answer out.

Deterministic: no pixels, no clock. What people and documents say is data: `lexicon.toml` (concepts in English
and Chinese), `speech.toml` (function words), `asking.toml` (how people ask); what words mean comes from word vectors
(`text/meanings.py`), and where no rule answers, a small trained network chooses (`reader/`). A small language model, where
its package is installed, is a second witness for single values (`language/`). A question passes them so:

    plans.py, steps.py      the next tool call, or the answer
    solve.py                an answer from what was read: each kind of question and who can answer it, in order
    answers.py, hits.py     the words of an answer with its citations; how sure one must be

    text/       folding, dictionary, meanings   texts in one form; Chinese words in English; word vectors
                books                           the tables of words, loaded once
                words, weekdays, vocabulary     text -> terms: words, numbers and concepts; how they liken each other
                values, measures, ages, scales, figure_words, roles   typed values; units; orders; who does what
    asked/      asking, questions, extracts     a question -> its kind, its terms, the type of answer it wants
                conversation, followups, naming, segments   the turns; "and the tax?" in full; which picture is meant
                weights, quantities, conditions, names   what a term weighs; "three days"; for whom a sentence is said
                related, plausible              words that stand for each other; what cannot be an answer
    page/       observed, pages, labels         an observation's text -> lines and labels with their values
                grids, records, charts, places  tables, forms, cards and bars as records; positions
    fields/     fields, prose, tables, tabular, single   one value by its label, sentence, row and column
                titles, categories, reasons, flagged, phrases, texts, clauses, lists   what words say
                people, rotas, speakers, chatting, colloquial, zh_parts, venues   who and where; spoken Chinese
                timed, moments, weekly          every time on a page and what it is the time of
                amounts, bounds, nearest, cards, receipts   figures in other words; one card of many; bills
    figures/    figures, operands, sheets, reckoning, sums   every number with its names; calculations
                apart, remaining, within, rates, portions   as simpler questions; what is left; prices of one; recipes
                counting, tallying, running     how many records or cells say it
    choices/    ranking, stated, plotted, charted   most and least; what a chart says
                several, changes, versions      which of several pictures; what changed
    verdicts/   signs, claims, rules, replies, pointing   yes and no; where something stands
    reader/     candidates, reader              everything that could answer, weighed (`reader.json`)
    language/   weights, llama, copying         the model, and the answers it copies from a page
                pidgin, reading, witnesses      Chinese for it; its answer as a solution; whose answer counts
"""
