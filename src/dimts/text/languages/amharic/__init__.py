"""The Ethiopic normaliser, step by step: one module for each kind of written thing, shared by `am.py` and `ti.py`.

Each module holds the patterns of one kind (dates, money, units ...) and asks a `Grammar` for the words, so that
Tigrinya brings its own words to the same patterns. The surprise: abbreviations come after numbers and Latin
letters, because by then the text is Ethiopic throughout, and nothing that a later step writes can complete an
abbreviation.
"""
