// pokec: triangles of one
MATCH (a:User {id: $id})-[:FRIEND]->(b:User)-[:FRIEND]->(c:User)-[:FRIEND]->(a)
RETURN count(*) AS n
