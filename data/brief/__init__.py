"""The daily brief 日报: one page of figures, two maps and a chart for a moment, as HTML and as PDF, in Chinese or English.

`read_brief` asks the pages' own questions, so its figures are theirs; `tell_brief` puts them into words; `page` and `document` write
what was told as one file that refers to nothing outside it. Knows nothing of Streamlit.
"""
