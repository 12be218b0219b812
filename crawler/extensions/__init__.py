"""Scrapy extensions: what happens beside the requests of a crawl."""
