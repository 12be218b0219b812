"""Scrapy downloader middlewares: which addresses a crawl may request, robots.txt, and Retry-After."""
