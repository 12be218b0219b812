"""Whether a page sells something: what people write there are reviews of a product, and no comments on an article."""

import re

from crawler.pages.page import Page

MARKS = ("og:type", "single-product", "single_add_to_cart_button")
PRODUCT = re.compile(
    r"<meta[^>]{1,80}og:type[\"'][^>]{1,40}[\"'](?:og:)?product(?:\.item)?[\"']|"
    r"<body[^>]{1,900}?class=[\"'][^\"'>]{0,900}?(?<![\w-])single-product(?![\w-])|"
    r"class=[\"'][^\"'>]{0,300}?single_add_to_cart_button(?![\w-])",
    re.IGNORECASE,
)
REVIEWS = re.compile(
    r"(?:class|id|itemprop)=[\"'][^\"'>]{0,300}?(?<![a-z])reviews?(?![a-z])|\"(?:aggregate)?rating\"|\"reviews?\"",
    re.IGNORECASE,
)


def is_product_page(page: Page) -> bool:
    """Whether a page is a shop's, of one product, as it says for machines or as WooCommerce calls it, with reviews.

    A paid article may be called a product, too: without reviews its comments are comments.
    """
    return (
        any(mark in page.text for mark in MARKS)
        and PRODUCT.search(page.text) is not None
        and REVIEWS.search(page.text) is not None
    )
