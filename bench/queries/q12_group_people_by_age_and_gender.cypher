// social: q12 group people by age and gender
MATCH (p:Person)
RETURN p.age AS age, p.gender AS gender, count(*) AS n
ORDER BY n DESC, age, gender LIMIT 5
