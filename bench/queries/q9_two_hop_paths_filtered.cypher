// social: q9 two-hop paths, filtered
MATCH (a:Person)-[:FOLLOWS]->(b:Person)-[:FOLLOWS]->(c:Person)
WHERE b.age < 50 AND c.age > 25
RETURN count(*) AS n
