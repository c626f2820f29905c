"""Parts of a page. Each draws one thing from values it is given."""
