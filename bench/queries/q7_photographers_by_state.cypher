// social: q7 photographers by state
MATCH (p:Person)-[:LIVES_IN]->(:City)-[:CITY_IN]->(s:State)
WHERE p.age >= 23 AND p.age <= 30 AND s.country = 'United States'
WITH p, s
MATCH (p)-[:HAS_INTEREST]->(i:Interest)
WHERE lower(i.interest) = lower('photography')
RETURN count(p.id) AS n, s.state AS state
ORDER BY n DESC, state LIMIT 1
