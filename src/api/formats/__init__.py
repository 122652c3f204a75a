"""Lists of the record, the formats that they are published in, and entries in words."""
