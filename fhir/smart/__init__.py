"""SMART App Launch 2.2: from a link in the chart to a session that belongs to one patient."""
