"""The web page: tabs that write files and start commands as jobs."""
