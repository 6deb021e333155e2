// pokec: expansion 2
MATCH (s:User {id: $id})-[:FRIEND]->()-[:FRIEND]->(n:User)
RETURN count(DISTINCT n.id) AS n
