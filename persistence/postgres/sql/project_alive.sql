-- $1 uuid[]: notifications that are no dead letters (any more).
delete from dead_letters where id = any ($1::uuid[])
