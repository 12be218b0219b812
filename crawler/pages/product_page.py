"""Whether a page sells something: what people write there are reviews of a product, and no comments on an article."""

import re

from crawler.pages.page import Page

# What each expression cannot do without, and the expression.
PRODUCT = {
    "og:type": re.compile(
        r"<meta[^>]{1,80}og:type[\"'][^>]{1,40}[\"'](?:og:)?product(?:\.item)?[\"']",
        re.IGNORECASE,
    ),
    "single-product": re.compile(
        r"<body[^>]{1,900}?class=[\"'][^\"'>]{0,900}?(?<![\w-])single-product(?![\w-])", re.IGNORECASE
    ),
    "single_add_to_cart_button": re.compile(
        r"class=[\"'][^\"'>]{0,300}?single_add_to_cart_button(?![\w-])", re.IGNORECASE
    ),
}
REVIEWS = re.compile(
    r"(?:class|id|itemprop)=[\"'][^\"'>]{0,300}?(?<![a-z])reviews?(?![a-z])|\"(?:aggregate)?rating\"|\"reviews?\"",
    re.IGNORECASE,
)


def is_product_page(page: Page) -> bool:
    """Whether a page is a shop's, of one product, as it says for machines or as WooCommerce calls it, with reviews.

    A paid article may be called a product, too: without reviews its comments are comments.
    """
    text = page.text
    is_product = any(mark in text and expression.search(text) for mark, expression in PRODUCT.items())
    return is_product and REVIEWS.search(text) is not None
