"""Training of the parts around the GPT: the DVAE that makes codes, and the decoder that makes sound."""
