"""The report: one Markdown source, its figures, and what turns them into a PDF."""
