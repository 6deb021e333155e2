// pokec: expansion 3 with filter
MATCH (s:User {id: $id})-[:FRIEND]->()-[:FRIEND]->()-[:FRIEND]->(n:User)
WHERE n.age >= 18
RETURN count(DISTINCT n.id) AS n
