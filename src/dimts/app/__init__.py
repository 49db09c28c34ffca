"""What a person touches: commands, pages, servers."""
