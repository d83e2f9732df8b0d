-- What the log itself says of control records: an older PostgreSQL that was restored would else
-- give versions again that are in the log already, and whatever it sends would be void.
CREATE TABLE control_versions (
  type text NOT NULL,
  subject text NOT NULL,
  -- The newest one in `ticks`, whose it is, and its body.
  version bigint NOT NULL,
  control_id text NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (type, subject)
);

-- How far each partition was read for that.
CREATE TABLE control_scans (
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  PRIMARY KEY (topic, partition)
);
