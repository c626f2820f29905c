"""The least that a fragment can do, one field and its echo: what framework and browser take."""

from __future__ import annotations

import streamlit as st


@st.fragment
def echo() -> None:
    value = st.number_input("Value", min_value=0, max_value=1000, value=0, step=1)
    with st.container(key="echoed"):
        st.html(f"<p>Hypothetical: value {value} instead</p>")


st.title("Floor")
echo()
