-- Articles, their place on the shelf, and who holds how many pieces.
CREATE TABLE article (
    sku         TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    shelf       TEXT NOT NULL,
    on_hand     INTEGER NOT NULL CHECK (on_hand >= 0)
);

CREATE TABLE reservation (
    id          TEXT PRIMARY KEY,
    sku         TEXT NOT NULL REFERENCES article (sku),
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    expires_at  TIMESTAMP NOT NULL
);

-- Articles to order again: fewer than 20 free pieces.
CREATE VIEW low_stock AS
SELECT article.sku, article.on_hand - COALESCE(SUM(reservation.quantity), 0) AS free
FROM article LEFT JOIN reservation ON reservation.sku = article.sku
GROUP BY article.sku, article.on_hand
HAVING free < 20;
