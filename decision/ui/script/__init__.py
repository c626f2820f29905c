"""The script that is served, apart from `pages/`: Streamlit would serve a folder beside it."""
