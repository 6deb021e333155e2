// social: q1 most followed
MATCH (f:Person)-[:FOLLOWS]->(p:Person)
RETURN p.id AS id, p.name AS name, count(f.id) AS n
ORDER BY n DESC, id LIMIT 3
