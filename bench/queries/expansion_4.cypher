// pokec: expansion 4
MATCH (s:User {id: $id})-[:FRIEND]->()-[:FRIEND]->()-[:FRIEND]->()-[:FRIEND]->(n:User)
RETURN count(DISTINCT n.id) AS n
