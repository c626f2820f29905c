"""Charts as frozen Vega-Lite: authored once, drawn from rows alone."""
