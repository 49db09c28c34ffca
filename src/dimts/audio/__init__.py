"""Sound in and out: reading, writing, resampling, finding speech."""
