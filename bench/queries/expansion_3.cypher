// pokec: expansion 3
MATCH (s:User {id: $id})-[:FRIEND]->()-[:FRIEND]->()-[:FRIEND]->(n:User)
RETURN count(DISTINCT n.id) AS n
