-- Does nothing: this number was never used. The file closes the gap in the sequence, so that a reader does not look for a
-- lost migration. Migrations are applied by name, not by number: a database that has 0013 and 0014 takes this one next.
SELECT 1;
