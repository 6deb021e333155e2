// pokec: three-hop paths
MATCH (s:User {id: $id})-[:FRIEND]->()-[:FRIEND]->()-[:FRIEND]->(n:User)
RETURN count(*) AS n
