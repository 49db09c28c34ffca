"""Dimts fine-tunes XTTS v2 into a voice for any language, Amharic first."""
