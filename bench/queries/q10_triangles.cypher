// social: q10 triangles
MATCH (a:Person)-[:FOLLOWS]->(b:Person)-[:FOLLOWS]->(c:Person), (a)-[:FOLLOWS]->(c)
WHERE a.age < 25
RETURN count(*) AS n
