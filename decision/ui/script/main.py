"""What Streamlit runs for every visit and every click."""

from decision.ui.navigation import draw

draw()
