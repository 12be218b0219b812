"""Scrapy's downloader middlewares: where a crawl may go, and how politely."""
