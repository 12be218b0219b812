"""Read pages in processes beside the crawl, so that a page that hangs or eats memory ends its process only."""
