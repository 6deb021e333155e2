// pokec: expansion 1
MATCH (s:User {id: $id})-[:FRIEND]->(n:User)
RETURN count(DISTINCT n.id) AS n
