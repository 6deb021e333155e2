// social: q4 people aged 30-40 a country
MATCH (p:Person)-[:LIVES_IN]->(c:City)-[:CITY_IN]->(s:State)-[:STATE_IN]->(co:Country)
WHERE p.age >= 30 AND p.age <= 40
RETURN co.country AS country, count(*) AS n
ORDER BY n DESC LIMIT 3
