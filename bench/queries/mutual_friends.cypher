// pokec: mutual friends
MATCH (a:User)-[:FRIEND]->(b:User)-[:FRIEND]->(a)
RETURN count(*) AS n
