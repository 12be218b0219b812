"""One page of the site a module."""
