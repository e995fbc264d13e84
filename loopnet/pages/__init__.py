"""Pages to look inside: HTML files that need no network, made of the sources in this folder. See ``page``."""

from .page import Page, bundle

__all__ = ["Page", "bundle"]
