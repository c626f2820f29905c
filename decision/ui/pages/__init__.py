"""One module per page; each has one `render`."""
