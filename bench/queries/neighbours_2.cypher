// pokec: neighbours 2
MATCH (s:User {id: $id})-[:FRIEND*1..2]->(n:User)
RETURN count(DISTINCT n.id) AS n
