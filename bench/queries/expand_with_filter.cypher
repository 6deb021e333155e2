// social: expand with filter
MATCH (a:Person)-[:FOLLOWS]->(b:Person)
WHERE b.age > $age
RETURN count(*) AS n
