"""What a web page is and says: tree, text, article, links, embedded comment systems. Pure: nothing is fetched."""
