// social: q5 men in London liking fine dining
MATCH (p:Person)-[:HAS_INTEREST]->(i:Interest)
WHERE lower(i.interest) = lower('fine dining') AND lower(p.gender) = lower('male')
WITH p, i
MATCH (p)-[:LIVES_IN]->(c:City)
WHERE c.city = 'London' AND c.country = 'United Kingdom'
RETURN count(p) AS n
