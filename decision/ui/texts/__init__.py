"""Every sentence on a page, as pure functions of values: most display rules are tested here."""
