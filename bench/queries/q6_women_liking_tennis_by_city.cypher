// social: q6 women liking tennis by city
MATCH (p:Person)-[:HAS_INTEREST]->(i:Interest)
WHERE lower(i.interest) = lower('tennis') AND lower(p.gender) = lower('female')
WITH p, i
MATCH (p)-[:LIVES_IN]->(c:City)
RETURN count(p.id) AS n, c.id AS id
ORDER BY n DESC, id LIMIT 5
