-- $1 lane, $2 position, $3 time of the newest fact
update projector_position set position = $2, as_of = $3 where lane = $1
