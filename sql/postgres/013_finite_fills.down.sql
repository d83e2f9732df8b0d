ALTER TABLE fills DROP CONSTRAINT fills_finite;
