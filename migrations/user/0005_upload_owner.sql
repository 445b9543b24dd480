-- How many images a person has waiting is asked before each upload.
ALTER TABLE upload ADD INDEX owner (owner_id)
