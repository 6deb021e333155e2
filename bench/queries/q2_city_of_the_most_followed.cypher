// social: q2 city of the most followed
MATCH (f:Person)-[:FOLLOWS]->(p:Person)
WITH p, count(f.id) AS n
ORDER BY n DESC, p.id LIMIT 1
MATCH (p)-[:LIVES_IN]->(c:City)
RETURN p.name AS name, n, c.city AS city, c.state AS state, c.country AS country
