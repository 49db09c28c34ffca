"""Text as the network hears it: normalised, split, encoded."""
