// social: q3 youngest cities
MATCH (p:Person)-[:LIVES_IN]->(c:City)-[:CITY_IN]->(s:State)-[:STATE_IN]->(co:Country)
WHERE co.country = 'United States'
RETURN c.id AS id, avg(p.age) AS a
ORDER BY a, id LIMIT 5
