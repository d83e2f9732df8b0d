DROP TABLE unknown_kinds;
DROP TABLE dead_letter_counts;
DROP TABLE dead_letters;
