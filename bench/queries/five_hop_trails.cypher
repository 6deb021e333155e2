// pokec: five-hop trails
MATCH (s:User {id: $id})-[:FRIEND*5..5]->(n:User)
RETURN count(*) AS n
