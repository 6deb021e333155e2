// social: q11 one hop, property of the far end
MATCH (a:Person)-[:FOLLOWS]->(b:Person)
WHERE b.age > 40
RETURN count(*) AS n, sum(a.age) AS s
