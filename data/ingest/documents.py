"""Which numbers of identity documents can be right, as SQL: computed once for each person of a batch, not for each line.

A resident number carries its own proof (check character, birth date). Of other documents only the form is known; what
each form rests on stands in `reasons.csv`.
"""

from __future__ import annotations

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643-1999; the check character is taken from "10X98765432" at the weighted sum modulo 11 (ISO 7064 MOD 11-2)."""
EARLIEST_BIRTH_YEAR = 1900
DOCUMENT_FAULTS = (
    ("unknown_code", "id_type"),
    ("old_id_number", "id_number"),
    ("bad_id_check_digit", "id_number"),
    ("bad_birth_date", "id_number"),
    ("bad_document_number", "id_number"),
)
"""What `document_fault_sql` numbers from 1: reason, and the cell to blame."""
DOCUMENT_FORMS = {
    "passport": "[A-Z0-9]{6,9}",  # ICAO Doc 9303: at most nine letters and digits
    "hk_macao": "[HM]([0-9]{8}|[0-9]{10})",  # the holder's eight digits; until 2013 with two more for the issue
    "taiwan": "[0-9]{8}|[0-9]{10}|[0-9]{9}[A-Z]",  # eight digits since 2015; before, ten
    "foreign_resident": "[A-Z]{3}[0-9]{12}",  # until 2023; since then numbered like a resident's
    "other": "[^\\x00-\\x1F\\x7F]{3,30}",
}
"""The form that a number of each type must have, wholly."""

HALF_WIDTH = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz()-"
FULL_WIDTH = "".join(chr(ord(character) + 0xFEE0) for character in HALF_WIDTH)


def normal_number_sql(cell: str) -> str:
    """SQL: the number as its token is made from it: half-width, upper case, without blanks; one person, one number."""
    return f"""case
        when strlen({cell}) = length({cell}) and not contains({cell}, ' ') then upper({cell})
        else upper(regexp_replace(translate({cell}, '{FULL_WIDTH}', '{HALF_WIDTH}'), '[\\s\\x{{3000}}]', '', 'g'))
    end"""


def document_fault_sql(id_type: str, number: str, body: str, today: str) -> str:
    """SQL: the place in DOCUMENT_FAULTS of what is wrong with a number, null when nothing is.

    `id_type` is the type's code (null: unknown), `number` as `normal_number_sql` gives it, `body` its first 17 characters
    as an integer or null, `today` the district's date as the integer YYYYMMDD.
    """
    forms = " ".join(
        f"when {id_type} = '{code}' then case when not regexp_full_match({number}, '{form}') then 5 end"
        for code, form in DOCUMENT_FORMS.items()
    )
    proof = f"""case
            when {_is_checked(number, body)} then case when {_is_birth_date(body, today)} then null else 4 end
            else 3
        end"""
    return f"""case
        when {id_type} is null then 1
        when {id_type} = 'resident' and length({number}) = 15 and regexp_full_match({number}, '[0-9]{{15}}') then 2
        when {id_type} = 'resident' or ({id_type} = 'foreign_resident' and length({number}) = 18) then {proof}
        {forms}
    end"""


def _is_checked(number: str, body: str) -> str:
    """SQL: 17 digits and the check character they demand; never null. The first digit is not 0: no division begins so."""
    digits = " + ".join(f"{weight} * ({body} // {10 ** (16 - place)} % 10)" for place, weight in enumerate(ID_WEIGHTS))
    return (
        f"length({number}) = 18 and coalesce({body}::varchar = left({number}, 17), false)"
        f" and substr('10X98765432', (1 + ({digits}) % 11)::integer, 1) = right({number}, 1)"
    )


def _is_birth_date(body: str, today: str) -> str:
    """SQL: whether digits 7 to 14 are a day from 1900 on that has come."""
    date, year = f"({body} // 1000 % 100000000)", f"({body} // 10000000 % 10000)"
    month, day = f"({body} // 100000 % 100)", f"({body} // 1000 % 100)"
    leap = f"({year} % 4 = 0 and ({year} % 100 != 0 or {year} % 400 = 0))"
    return f"""{year} >= {EARLIEST_BIRTH_YEAR} and {date} <= {today} and {month} between 1 and 12 and {day} between 1 and
        case when {month} = 2 then case when {leap} then 29 else 28 end when {month} in (4, 6, 9, 11) then 30 else 31 end"""
