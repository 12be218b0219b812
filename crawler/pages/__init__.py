"""Pure: what a web page is and says."""
