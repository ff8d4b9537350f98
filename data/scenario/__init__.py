"""The built-in scenario: July 2022 in Pengjiang District, as files that sites and offices would send.

Synthetic throughout: no person, no boundary and no household in it is real. It writes files and nothing else;
whatever reads them goes through the same import and ingest as anyone's data.
"""
