DROP TABLE process_marks;
