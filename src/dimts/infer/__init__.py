"""From reference clips and text to speech."""
