"""From raw files to answers: settings, ingest, lake, situation file, questions. Only this package imports duckdb."""
