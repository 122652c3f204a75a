"""Legal holidays: the library's lists, corrected by statutes, and which of them a database rests on."""
