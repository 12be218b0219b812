"""Scrapy spiders. One is enough: outlets are configuration and comment systems are platforms."""
