DROP TABLE promotion_loans;
DROP TABLE verdict_values;
