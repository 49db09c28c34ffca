"""What Tigrinya says for each written thing; the patterns are those of `amharic/`.

Numbers follow the description in Gaim, "Tigrinya Number Verbalization" (arXiv 2601.03403): every part of a compound
takes -ን (ዕስራን ሓሙሽተን), the teens do not (ዓሰርተ ሓሙሽተ).
"""
