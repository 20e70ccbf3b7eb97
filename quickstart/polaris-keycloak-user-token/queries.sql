SHOW SCHEMAS;
DROP TABLE IF EXISTS quickstart.demo.events;
CREATE TABLE quickstart.demo.events (id BIGINT, kind VARCHAR, amount DOUBLE);
INSERT INTO quickstart.demo.events VALUES (1,'click',1.50),(2,'purchase',42.00),(3,'click',0.75),(4,'purchase',13.25);
SELECT kind, COUNT(*) AS n, ROUND(SUM(amount), 2) AS total FROM quickstart.demo.events GROUP BY kind ORDER BY total DESC;
