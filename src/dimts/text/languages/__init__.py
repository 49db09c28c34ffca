"""One module a language: how its text is read aloud."""
