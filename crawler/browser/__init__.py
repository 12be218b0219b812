"""Chromium as a fetcher for outlets whose pages load their comments by script. Every request is made by Scrapy."""
