"""The SQL page: the editor and what stands beside it, a query's answer, the account of queries."""
