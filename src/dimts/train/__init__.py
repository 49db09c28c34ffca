"""The main job and its loop."""
