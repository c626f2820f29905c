"""Floor 4: the pages. They read ports and value types, and know no adapter and no decision."""
