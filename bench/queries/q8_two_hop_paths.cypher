// social: q8 two-hop paths
MATCH (a:Person)-[:FOLLOWS]->(b:Person)-[:FOLLOWS]->(c:Person)
RETURN count(*) AS n
