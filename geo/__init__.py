"""Shapes and places: coordinate systems, layers, coverage, zones. Knows no database and no Streamlit."""
